//! What is looked at and tried, and what should come of it.

use super::declaration::Roles;
use super::plan::is_superuser;
use super::proof::Probe;
use super::state::{Container, Kind, State, privileges};
use super::wanted::{Part, of_kind};
use crate::roles::sql;

/// The SQLSTATE of what a role may not do.
const REFUSED: &str = "42501";

/// A statement that is tried as a role.
pub(super) struct Trial {
    role: String,
    sql: String,
    what: String,
    /// Whether it is to succeed.
    allowed: bool,
    /// It is for the ones after it, and is not undone.
    keep: bool,
}

/// Roles that are declared and are not there.
pub(super) fn missing(roles: &Roles, state: &State) -> Vec<Probe> {
    let missing = roles.names().filter(|name| state.role(name).is_none());
    missing.map(|name| probe(format!("role {name}"), "there", "not there")).collect()
}

/// What can be seen in the catalog.
pub(super) fn compare(roles: &Roles, state: &State) -> Vec<Probe> {
    let mut probes = Vec::new();
    for role in roles.names().filter_map(|name| state.role(name)) {
        let part = roles.part(Some(&role.name));
        let attributes = [role.above.as_slice(), &role.powers].concat();
        let login = if role.login { "LOGIN" } else { "NOLOGIN" };
        let expected = if part == Part::Owner { "NOLOGIN" } else { "LOGIN" };
        probes.push(probe(
            format!("{}: attributes", role.name),
            expected,
            [&[login.to_owned()], attributes.as_slice()].concat().join(" "),
        ));
        if part != Part::Owner {
            let what = format!("{}: member of {}", role.name, roles.owner);
            probes.push(probe(what, yes(part == Part::Migrator), yes(role.in_owner)));
        }
        if part == Part::Migrator {
            let what = format!("{}: has what {} has without acting as it", role.name, roles.owner);
            probes.push(probe(what, "no", yes(role.inherits_owner)));
            let acts_as = role.acts_as.as_deref().unwrap_or("itself");
            probes.push(probe(format!("{}: acts as", role.name), &roles.owner, acts_as));
        }
    }
    let on_database = |role: Option<&str>| roles.wanted_on_database(role);
    probes.extend(compare_container(roles, &state.database, "database", on_database));
    for schema in &roles.schemas {
        match state.schema(schema) {
            None => probes.push(probe(format!("schema {schema}"), "there", "not there")),
            Some(container) => {
                let on_schema = |role: Option<&str>| {
                    let mut wanted = roles.wanted_on_schema(role, schema);
                    wanted.extend(
                        privileges(&container.acl, None).into_iter().filter(|privilege| *privilege != "CREATE"),
                    );
                    wanted
                };
                probes.extend(compare_container(roles, container, "schema", on_schema));
            }
        }
    }
    for object in &state.objects {
        if !object.belongs {
            probes.push(probe(format!("{}: owner", object.quoted), &roles.owner, &object.owner));
        }
        if !object.kind.is_granted() {
            continue;
        }
        for role in roles.logins().map(|login| login.name.as_str()) {
            let found = list(privileges(&object.held, Some(role)));
            let expected = list(roles.wanted_on_object(Some(role), object));
            probes.push(probe(format!("{role} on {}", object.quoted), expected, found));
        }
    }
    probes
}

fn compare_container<'w>(
    roles: &Roles,
    container: &Container,
    kind: &str,
    wanted: impl Fn(Option<&str>) -> std::collections::BTreeSet<&'w str>,
) -> Vec<Probe> {
    let logins = roles.logins().map(|login| Some(login.name.as_str()));
    let compare = |role: Option<&str>| {
        let mut found = privileges(&container.acl, role);
        found.extend(privileges(&container.acl, None));
        let name = role.unwrap_or("PUBLIC");
        probe(format!("{name} on {kind} {}", container.name), list(wanted(role)), list(found))
    };
    std::iter::once(None).chain(logins).map(compare).collect()
}

/// What is tried: a migrator makes objects, and everybody does with them what they may and what they may not.
pub(super) fn trials(roles: &Roles, state: &State) -> Vec<Trial> {
    let mut trials = Vec::new();
    let makers: Vec<_> = roles.migrators.iter().take(1).map(|login| login.name.as_str()).collect();
    let maker = makers.first().copied().unwrap_or(&roles.owner);
    for schema in roles.schemas.iter().filter(|schema| state.schema(schema).is_some()) {
        for (what, statement) in sql::made(schema) {
            // What a migrator does is done as the owner, as its sessions are from the beginning.
            let what = format!("{maker} as {}: {what} in {schema}", roles.owner);
            trials.push(Trial { role: roles.owner.clone(), sql: statement, what, allowed: true, keep: true });
        }
        for role in roles.logins().map(|login| login.name.as_str()) {
            let part = roles.part(Some(role));
            let on_schema = roles.wanted_on_schema(Some(role), schema);
            for (need, what, statement) in sql::tried(schema) {
                let allowed = match need {
                    sql::Need::Privilege(kind, privilege) => of_kind(part, kind.into()).contains(&privilege),
                    sql::Need::CreateInSchema => on_schema.contains("CREATE"),
                    sql::Need::Ownership => false,
                };
                let what = format!("{role}: {what} in {schema}");
                trials.push(Trial { role: role.to_owned(), sql: statement, what, allowed, keep: false });
            }
        }
    }
    for role in roles.logins().map(|login| login.name.as_str()) {
        let on_database = roles.wanted_on_database(Some(role));
        for (privilege, what, statement) in sql::tried_in_database() {
            let allowed = privilege.is_some_and(|privilege| on_database.contains(privilege));
            let what = format!("{role}: {what}");
            trials.push(Trial { role: role.to_owned(), sql: statement.to_owned(), what, allowed, keep: false });
        }
    }
    trials
}

/// Takes the roles on that are out of reach, and tries it all.
pub(super) fn message(roles: &Roles, state: &State, trials: &[Trial]) -> String {
    let session = &state.session;
    let out_of_reach = roles.names().filter(|name| state.role(name).is_some_and(|role| !role.within_reach));
    let grants: String = if is_superuser(session) {
        String::new()
    } else {
        out_of_reach.map(|name| sql::grant_membership(name, &session.name)).collect()
    };
    let trials: Vec<_> =
        trials.iter().map(|Trial { role, sql, keep, .. }| sql::Trial { role, sql, keep: *keep }).collect();
    grants + &sql::attempt(&trials)
}

/// What came of it.
pub(super) fn judge(trials: &[Trial], codes: Vec<Option<String>>) -> Vec<Probe> {
    let judge = |(trial, code): (&Trial, Option<String>)| {
        let found = match code.as_deref() {
            None => "done".to_owned(),
            Some(REFUSED) => "refused".to_owned(),
            Some(other) => format!("failed with {other}"),
        };
        probe(trial.what.clone(), if trial.allowed { "done" } else { "refused" }, found)
    };
    trials.iter().zip(codes).map(judge).collect()
}

fn probe(what: String, expected: impl Into<String>, found: impl Into<String>) -> Probe {
    Probe { what, expected: expected.into(), found: found.into() }
}

fn list<'a>(privileges: impl IntoIterator<Item = &'a str>) -> String {
    let privileges: Vec<_> = privileges.into_iter().collect();
    if privileges.is_empty() { "nothing".to_owned() } else { privileges.join(" ") }
}

fn yes(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

impl From<sql::Kind> for Kind {
    fn from(kind: sql::Kind) -> Self {
        match kind {
            sql::Kind::Table => Self::Table,
            sql::Kind::Sequence => Self::Sequence,
            sql::Kind::Routine => Self::Routine,
            sql::Kind::Type => Self::Type,
        }
    }
}
