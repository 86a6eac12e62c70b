//! What each role is to have: a function of the declaration.

use std::collections::BTreeSet;

use super::On;
use super::declaration::Roles;
use super::state::{Kind, Object};

/// What a role is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Owner,
    Migrator,
    Application,
    ReadOnly,
    /// Whoever has no other.
    Public,
    /// Named only where it gets a privilege more.
    Other,
}

impl Roles {
    /// What the role of this name is; without a name it is PUBLIC.
    pub(super) fn part(&self, role: Option<&str>) -> Part {
        let Some(role) = role else { return Part::Public };
        let is_one_of = |logins: &[super::Login]| logins.iter().any(|login| login.name == role);
        if role == self.owner {
            Part::Owner
        } else if is_one_of(&self.migrators) {
            Part::Migrator
        } else if is_one_of(&self.applications) {
            Part::Application
        } else if is_one_of(&self.readers) {
            Part::ReadOnly
        } else {
            Part::Other
        }
    }

    /// Those whose privileges on objects are seen to: PUBLIC, all that log in, and who gets a privilege more.
    pub(super) fn grantees(&self) -> Vec<Option<&str>> {
        let mut grantees = vec![None];
        for role in
            self.logins().map(|login| login.name.as_str()).chain(self.grants.iter().map(|extra| extra.role.as_str()))
        {
            if !grantees.contains(&Some(role)) && role != self.owner {
                grantees.push(Some(role));
            }
        }
        grantees
    }

    pub(super) fn wanted_on_object(&self, role: Option<&str>, object: &Object) -> BTreeSet<&str> {
        let mut wanted: BTreeSet<_> = of_kind(self.part(role), object.kind).iter().copied().collect();
        if object.ours {
            wanted.retain(|privilege| *privilege == "SELECT");
        }
        let (schema, name) = (object.schema.clone(), object.name.clone());
        let on = match object.kind {
            Kind::Table => On::Table { schema, name },
            Kind::Sequence => On::Sequence { schema, name },
            Kind::Routine => On::Routine { schema, name },
            Kind::Type | Kind::Other => return wanted,
        };
        wanted.extend(self.extra(role, &on));
        wanted
    }

    pub(super) fn wanted_on_schema(&self, role: Option<&str>, schema: &str) -> BTreeSet<&str> {
        let mut wanted: BTreeSet<_> = match self.part(role) {
            Part::Owner => ["CREATE", "USAGE"].into(),
            Part::Application | Part::ReadOnly => ["USAGE"].into(),
            Part::Migrator | Part::Public | Part::Other => BTreeSet::new(),
        };
        wanted.extend(self.extra(role, &On::Schema(schema.to_owned())));
        wanted
    }

    pub(super) fn wanted_on_database(&self, role: Option<&str>) -> BTreeSet<&str> {
        let mut wanted: BTreeSet<_> = match self.part(role) {
            Part::Owner => ["CREATE", "TEMPORARY"].into(),
            Part::Migrator | Part::Application | Part::ReadOnly => ["CONNECT"].into(),
            Part::Public | Part::Other => BTreeSet::new(),
        };
        wanted.extend(self.extra(role, &On::Database));
        wanted
    }

    fn extra(&self, role: Option<&str>, on: &On) -> impl Iterator<Item = &str> {
        let is_it = move |extra: &&super::declaration::Extra| Some(extra.role.as_str()) == role && extra.on == *on;
        self.grants.iter().filter(is_it).map(|extra| extra.privilege.as_str()).collect::<Vec<_>>().into_iter()
    }
}

/// What a role has on all objects of a kind, those that will be made included.
pub(super) fn of_kind(part: Part, kind: Kind) -> &'static [&'static str] {
    match (part, kind) {
        (Part::Application, Kind::Table) => &["DELETE", "INSERT", "SELECT", "UPDATE"],
        (Part::Application, Kind::Sequence) => &["SELECT", "USAGE"],
        (Part::Application, Kind::Routine) => &["EXECUTE"],
        (Part::ReadOnly, Kind::Table | Kind::Sequence) => &["SELECT"],
        _ => &[],
    }
}
