//! What there is to do, so that all is as declared: a function of values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use atlas_migrate_core::fault::{shown, shown_lines};

use super::On;
use super::declaration::{Login, Roles};
use super::refusal;
use super::state::{Container, Kind, Object, Role, State, privileges};
use super::wanted::{Part, of_kind};
use crate::Error;
use crate::postgres::sql::COMMIT;
use crate::roles::sql;

/// What is to be changed, or was.
///
/// `Display` shows the statements, one in each line, without secrets: it is meant to be read before they are carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolesPlan {
    pub(super) steps: Vec<Step>,
    left: Vec<String>,
}

/// A statement.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) sql: String,
    /// What is shown of it, if that is not all.
    shown: Option<String>,
}

impl RolesPlan {
    /// The statements, as they are shown to people: the verifiers of passwords are left out.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.shown.as_deref().unwrap_or(&step.sql).trim_end())
    }

    /// Whether all is as declared. Passwords that were given are set every time, since nobody can see what they are.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The statements of both, and what the latter leaves.
    #[cfg(feature = "setup")]
    pub(crate) fn and_then(mut self, next: Self) -> Self {
        self.steps.extend(next.steps);
        Self { steps: self.steps, left: next.left }
    }

    /// What is sent, with the commit. A password has a message of its own: what a server logs or audits of a message is all of its
    /// text, and of a statement with a password it hides that.
    pub(super) fn messages(&self) -> (Vec<String>, String) {
        let mut messages = vec![String::new()];
        for step in &self.steps {
            let is_alone = step.shown.is_some();
            if is_alone {
                messages.push(String::new());
            }
            if let Some(last) = messages.last_mut() {
                last.push_str(&step.sql);
            }
            if is_alone {
                messages.push(String::new());
            }
        }
        let last = messages.pop().unwrap_or_default() + COMMIT;
        messages.retain(|message| !message.is_empty());
        (messages, last)
    }

    /// What is not as declared and is left as it is, since the session's role may not change it, or it is not there yet.
    pub fn left(&self) -> &[String] {
        &self.left
    }
}

impl fmt::Display for RolesPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.left.iter().map(|left| format!("-- left as it is: {}", shown(left)));
        let lines: Vec<_> = self.statements().map(|sql| shown_lines(sql).into_owned()).chain(left).collect();
        f.write_str(if lines.is_empty() { "-- nothing to do" } else { "" })?;
        f.write_str(&lines.join("\n"))
    }
}

/// Without secrets.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown.as_deref().unwrap_or(&self.sql).trim_end())
    }
}

/// Objects that get, or lose, the same privileges for the same role, in this order.
type Changes = BTreeMap<(Kind, bool, Option<String>, Vec<String>), Vec<String>>;

pub(super) fn plan(roles: &Roles, state: &State) -> Result<RolesPlan, Error> {
    let mut planner = Planner { roles, state, plan: RolesPlan::default() };
    planner.make_roles()?;
    planner.make_members();
    planner.set_passwords();
    planner.change_containers()?;
    planner.change_owners();
    planner.change_objects();
    planner.look_for_what_is_missing();
    Ok(planner.plan)
}

struct Planner<'a> {
    roles: &'a Roles,
    state: &'a State,
    plan: RolesPlan,
}

impl Planner<'_> {
    fn push(&mut self, sql: String) {
        self.plan.steps.push(Step { sql, shown: None });
    }

    fn make_roles(&mut self) -> Result<(), Error> {
        for name in self.roles.names() {
            let part = self.roles.part(Some(name));
            let (login, inherit) = (part != Part::Owner, part != Part::Migrator);
            let Some(role) = self.state.role(name) else {
                self.push(sql::create_role(name, login, inherit));
                continue;
            };
            if !role.above.is_empty() {
                return Err(refusal::above(role));
            }
            let mut attributes: Vec<_> = role.powers.iter().map(|power| format!("NO{power}")).collect();
            if role.login != login {
                attributes.push(if login { "LOGIN" } else { "NOLOGIN" }.to_owned());
            }
            if role.inherit && !inherit {
                attributes.push("NOINHERIT".to_owned());
            }
            if !attributes.is_empty() {
                self.push(sql::alter_role(name, &attributes.join(" ")));
            }
        }
        Ok(())
    }

    /// Only those who migrate are members of the owner, and whoever applies this.
    fn make_members(&mut self) {
        let owner = self.roles.owner.as_str();
        let declared: Vec<_> = self.roles.names().collect();
        for name in &declared {
            let part = self.roles.part(Some(name));
            let role = self.state.role(name);
            let has: Vec<&str> = role.map_or_else(Vec::new, |role| role.member_of.iter().map(String::as_str).collect());
            let is_wanted = |group: &str| part == Part::Migrator && group == owner;
            for group in has.iter().filter(|group| declared.contains(group) && !is_wanted(group)) {
                self.push(sql::revoke_membership(group, name));
            }
            if part == Part::Migrator && !has.contains(&owner) {
                self.push(sql::grant_membership(owner, name));
            } else if part == Part::Migrator
                && role.is_some_and(|role| role.inherits_owner && self.state.says_who_inherits)
            {
                self.push(sql::grant_acting(owner, name));
            }
            if part == Part::Migrator && role.is_none_or(|role| role.acts_as.as_deref() != Some(owner)) {
                self.push(sql::act_as(name, &self.state.database.name, owner));
            }
        }
        let session = &self.state.session;
        let within_reach = self.state.role(owner).is_some_and(|owner| owner.within_reach);
        if !is_superuser(session) && !within_reach {
            self.push(sql::grant_membership(owner, &session.name));
        }
    }

    fn set_passwords(&mut self) {
        for Login { name, verifier } in self.roles.logins() {
            if let Some(verifier) = verifier {
                let shown = Some(sql::set_password(name, "…"));
                self.plan.steps.push(Step { sql: sql::set_password(name, verifier), shown });
            }
        }
    }

    /// The database and the schemas.
    fn change_containers(&mut self) -> Result<(), Error> {
        for schema in self.roles.schemas.iter().filter(|schema| self.state.schema(schema).is_none()) {
            self.push(sql::create_schema(schema, &self.roles.owner));
        }
        let made =
            Container { name: String::new(), owner: self.roles.owner.clone(), may_change: true, acl: Vec::new() };
        let database = sql::On::Database(&self.state.database.name);
        let wanted = |role: Option<&str>| self.roles.wanted_on_database(role);
        let mut changes = self.changes(&self.state.database, &database, wanted);
        for name in &self.roles.schemas {
            let container = self.state.schema(name).unwrap_or(&made);
            let wanted = |role: Option<&str>| {
                let mut wanted = self.roles.wanted_on_schema(role, name);
                if role.is_none() {
                    // Who has nothing in it can do nothing with it.
                    wanted.extend(
                        privileges(&container.acl, None).into_iter().filter(|privilege| *privilege != "CREATE"),
                    );
                }
                wanted
            };
            changes.extend(self.changes(container, &sql::On::Schema(name), wanted));
        }
        // Whether it is in use or not, it is in the search path of everybody.
        if let Some(public) =
            self.state.schema("public").filter(|_| !self.roles.schemas.iter().any(|name| name == "public"))
            && privileges(&public.acl, None).contains("CREATE")
        {
            changes.push((public, sql::revoke(&["CREATE"], &sql::On::Schema("public"), None)));
        }
        if let Some((container, _)) = changes.iter().find(|(container, _)| !container.may_change) {
            let statements =
                changes.iter().filter(|(other, _)| other.name == container.name).map(|(_, sql)| sql.as_str());
            let kind = if std::ptr::eq(*container, &self.state.database) { "database" } else { "schema" };
            return Err(refusal::of_another(kind, container, &self.state.session, statements));
        }
        let statements: Vec<_> = changes.into_iter().map(|(_, statement)| statement).collect();
        statements.into_iter().for_each(|statement| self.push(statement));
        Ok(())
    }

    /// The statements that make the privileges on a container what they are to be.
    fn changes<'p, 'w>(
        &self,
        container: &'p Container,
        on: &sql::On<'_>,
        wanted: impl Fn(Option<&str>) -> BTreeSet<&'w str>,
    ) -> Vec<(&'p Container, String)> {
        let mut changes = Vec::new();
        for role in std::iter::once(Some(self.roles.owner.as_str())).chain(self.roles.grantees()) {
            if role == Some(container.owner.as_str()) {
                continue;
            }
            let (has, wanted) = (privileges(&container.acl, role), wanted(role));
            let missing: Vec<_> = wanted.difference(&has).copied().collect();
            let excess: Vec<_> = has.difference(&wanted).copied().collect();
            // Of the owner, and of roles that are not declared, nothing is taken.
            if !excess.is_empty() && !matches!(self.roles.part(role), Part::Owner | Part::Other) {
                changes.push((container, sql::revoke(&excess, on, role)));
            }
            if !missing.is_empty() {
                changes.push((container, sql::grant(&missing, on, role)));
            }
        }
        changes
    }

    fn change_owners(&mut self) {
        let objects = self.state.objects.iter().filter(|object| !object.belongs && object.owner != self.roles.owner);
        for object in objects {
            if object.may_change {
                self.push(sql::set_owner(&object.keyword, &object.quoted, &self.roles.owner));
            } else if object.kind == Kind::Other {
                let keyword = object.keyword.to_ascii_lowercase();
                self.plan.left.push(format!("{keyword} {} belongs to {}", object.quoted, object.owner));
            } else {
                self.plan.left.push(format!("{} belongs to {}", object.quoted, object.owner));
            }
        }
        // These are of the database, and may be another program's. That the owner may use its wrapper is not asked of a superuser.
        for loose in self.state.loose.iter().filter(|loose| loose.owner != self.roles.owner) {
            if loose.is_server && is_superuser(&self.state.session) {
                self.push(sql::set_owner("", &loose.name.replacen("server", "SERVER", 1), &self.roles.owner));
            } else {
                self.plan.left.push(format!("{} belongs to {}", loose.name, loose.owner));
            }
        }
    }

    /// What is granted on objects, and what will be: as the owner.
    fn change_objects(&mut self) {
        let mut changes = Changes::new();
        for object in
            self.state.objects.iter().filter(|object| object.kind.is_granted() && self.is_within_reach(object))
        {
            for role in self.roles.grantees() {
                let (has, wanted) = (privileges(&object.acl, role), self.roles.wanted_on_object(role, object));
                let mut change = |granted: bool, privileges: Vec<&str>| {
                    if !privileges.is_empty() {
                        let privileges = privileges.into_iter().map(str::to_owned).collect();
                        let key = (object.kind, granted, role.map(str::to_owned), privileges);
                        changes.entry(key).or_default().push(object.quoted.clone());
                    }
                };
                if self.roles.part(role) != Part::Other {
                    change(false, has.difference(&wanted).copied().collect());
                }
                change(true, wanted.difference(&has).copied().collect());
            }
        }
        let mut statements: Vec<_> = changes
            .into_iter()
            .map(|((kind, granted, role, privileges), objects)| {
                let on = sql::On::Objects(kind.into(), objects);
                let privileges: Vec<_> = privileges.iter().map(String::as_str).collect();
                let change = if granted { sql::grant } else { sql::revoke };
                change(&privileges, &on, role.as_deref())
            })
            .collect();
        statements.extend(self.defaults());
        if !statements.is_empty() {
            self.push(sql::become_role(&self.roles.owner));
            statements.into_iter().for_each(|statement| self.push(statement));
        }
    }

    /// Privileges of what will be made.
    fn defaults(&self) -> Vec<String> {
        let mut statements = Vec::new();
        let acl = |schema: Option<&str>, kind: Kind| {
            self.state.defaults.iter().find(|defaults| defaults.schema.as_deref() == schema && defaults.kind == kind)
        };
        // Functions are everybody's to call unless this is taken back, which cannot be for a schema alone.
        if acl(None, Kind::Routine).is_none_or(|defaults| privileges(&defaults.acl, None).contains("EXECUTE")) {
            statements.push(sql::default_revoke(None, Kind::Routine.into(), &["EXECUTE"], None));
        }
        for schema in &self.roles.schemas {
            for kind in [Kind::Table, Kind::Sequence, Kind::Routine] {
                for role in self.roles.logins().map(|login| login.name.as_str()) {
                    let wanted: BTreeSet<_> = of_kind(self.roles.part(Some(role)), kind).iter().copied().collect();
                    let has = acl(Some(schema), kind).map_or_else(BTreeSet::new, |d| privileges(&d.acl, Some(role)));
                    let missing: Vec<_> = wanted.difference(&has).copied().collect();
                    let excess: Vec<_> = has.difference(&wanted).copied().collect();
                    if !excess.is_empty() {
                        statements.push(sql::default_revoke(Some(schema), kind.into(), &excess, Some(role)));
                    }
                    if !missing.is_empty() {
                        statements.push(sql::default_grant(schema, kind.into(), &missing, role));
                    }
                }
            }
        }
        statements
    }

    /// Whether the owner has it, or will have.
    fn is_within_reach(&self, object: &Object) -> bool {
        object.owner == self.roles.owner || object.may_change
    }

    fn look_for_what_is_missing(&mut self) {
        for extra in &self.roles.grants {
            let is_there = |kind: Kind, schema: &str, name: &str| {
                self.state
                    .objects
                    .iter()
                    .any(|object| object.kind == kind && object.schema == schema && object.name == name)
            };
            let found = match &extra.on {
                On::Table { schema, name } => is_there(Kind::Table, schema, name),
                On::Sequence { schema, name } => is_there(Kind::Sequence, schema, name),
                On::Routine { schema, name } => is_there(Kind::Routine, schema, name),
                On::Schema(name) => self.roles.schemas.contains(name),
                On::Database => true,
            };
            if !found {
                self.plan.left.push(format!("{} for {}, since there is no {}", extra.privilege, extra.role, extra.on));
            }
        }
    }
}

impl From<Kind> for sql::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Table => Self::Table,
            Kind::Sequence => Self::Sequence,
            Kind::Routine => Self::Routine,
            // On neither is anything granted here.
            Kind::Type | Kind::Other => Self::Type,
        }
    }
}

pub(super) fn is_superuser(role: &Role) -> bool {
    role.above.iter().any(|attribute| attribute == "SUPERUSER")
}
