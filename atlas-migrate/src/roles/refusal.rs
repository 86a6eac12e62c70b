//! What is said when nothing was changed.

use std::collections::HashSet;

use atlas_migrate_core::roles::PRIVILEGES;

use super::declaration::Roles;
use super::state::{Container, Role};
use crate::postgres::refusal::{check_names, locked};
use crate::postgres::session::Failure;
use crate::{Error, ErrorKind};

/// What makes no sense whatever the database is.
pub(super) fn check(roles: &Roles) -> Result<(), Error> {
    let usage = |message: String, hint: &str| Err(Error::new(ErrorKind::Usage, message).hint(hint.to_owned()));
    let mut seen = HashSet::new();
    for name in roles.names() {
        check_names("public", "schema_migrations", "default", Some(name))?;
        if name.starts_with("pg_") || ["public", "none"].contains(&name) {
            return usage(
                format!("{name} cannot be the name of a role"),
                "PostgreSQL keeps it to itself: give another",
            );
        }
        if !seen.insert(name) {
            return usage(format!("the role {name} is declared twice"), "let each role be one thing");
        }
    }
    for schema in &roles.schemas {
        check_names(schema, "schema_migrations", "default", None)?;
        if schema.starts_with("pg_") || schema == "information_schema" {
            return usage(format!("the schema {schema} is the server's own"), "name the schemas of the application");
        }
    }
    if let Some(login) = roles.logins().find(|login| login.verifier.as_deref() == Some("")) {
        return usage(
            format!("the password of {} is empty", login.name),
            "give one; or leave it out, and the password is left alone",
        );
    }
    match roles.grants.iter().find(|extra| !PRIVILEGES.contains(&extra.privilege.as_str())) {
        None => Ok(()),
        Some(extra) => usage(
            format!("there is no privilege {}", extra.privilege),
            &format!("there are: {}", PRIVILEGES.join(", ")),
        ),
    }
}

/// A role that no privilege would hold back.
pub(super) fn above(role: &Role) -> Error {
    let message =
        format!("the role {} has {}, so that privileges do not hold it back", role.name, role.above.join(" and "));
    Error::new(ErrorKind::Usage, message).hint("let a superuser take that from it, or declare another role")
}

/// The privileges of a database or schema are somebody else's to change.
pub(super) fn of_another<'a>(
    kind: &str,
    container: &Container,
    session: &Role,
    statements: impl Iterator<Item = &'a str>,
) -> Error {
    let message = format!(
        "the {kind} {} belongs to {}, and {} may not change who may do what in it",
        container.name, container.owner, session.name
    );
    let statements: Vec<_> = statements.map(str::trim_end).collect();
    Error::new(ErrorKind::Database, message)
        .note(format!("it lacks: {}", statements.join(" ")))
        .hint(format!("let {} run that, or give it to {} with ALTER … OWNER TO", container.owner, session.name))
}

/// Whether another process has changed the same roles meanwhile: duplicate_object, unique_violation, deadlock_detected, and a row of
/// the catalog that was updated, which has no code of its own.
pub(super) fn is_overtaken(error: &Error) -> bool {
    matches!(error.sqlstate(), Some("42710" | "23505" | "40P01" | "XX000"))
}

/// The connection went away in the middle of the changes.
pub(super) fn unknown_whether_changed(error: Error) -> Error {
    error.unless_answered(
        "roles may have been changed",
        "check that the server is running; then apply the roles again: what is as declared by then is left as it is",
    )
}

/// The server refused a statement.
pub(super) fn failed(doing: &str, failure: Failure) -> Error {
    let error = locked(doing, failure.cause);
    if error.is_connection() {
        return error;
    }
    let error = error.fate("rolled back: nothing was changed");
    match error.sqlstate() {
        Some("42501") => error.hint(
            "connect as a role with CREATEROLE that owns the database; of roles that others have made it needs the admin option",
        ),
        _ => error,
    }
}
