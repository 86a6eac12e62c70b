//! What is sent about roles and privileges.

use crate::postgres::sql::path::{OWN_PATH, answered};
use crate::postgres::sql::{Sql, ident, literal};

mod read;
mod trials;

pub(crate) use read::Asked;
pub(crate) use trials::{Need, Trial, attempt, made, tried, tried_in_database};

/// Whoever changes roles of a database holds this lock.
pub(crate) const LOCK: &str = "hashtextextended('atlas-migrate roles', 0)";

/// The server, as it describes itself.
pub(crate) fn look() -> String {
    let query = "SELECT pg_is_in_recovery() AS atlas_server, current_setting('transaction_read_only'), \
        now() = statement_timestamp(), current_setting('server_version_num'), current_setting('server_version'), \
        current_setting('search_path')";
    answered(&[("atlas_answer", query)])
}

/// What a privilege is on.
pub(crate) enum On<'a> {
    Database(&'a str),
    Schema(&'a str),
    /// Quoted.
    Objects(Kind, Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    Sequence,
    Routine,
    Type,
}

impl Kind {
    fn keyword(self) -> &'static str {
        match self {
            Self::Table => "TABLE",
            Self::Sequence => "SEQUENCE",
            Self::Routine => "ROUTINE",
            Self::Type => "TYPE",
        }
    }
}

impl On<'_> {
    fn sql(&self) -> String {
        match self {
            On::Database(name) => format!("DATABASE {}", ident(name)),
            On::Schema(name) => format!("SCHEMA {}", ident(name)),
            On::Objects(kind, names) => format!("{} {}", kind.keyword(), names.join(", ")),
        }
    }
}

fn role(name: Option<&str>) -> String {
    name.map_or_else(|| "PUBLIC".to_owned(), ident)
}

pub(crate) fn create_role(name: &str, login: bool, inherit: bool) -> String {
    let (login, inherit) = (if login { " LOGIN" } else { "" }, if inherit { "" } else { " NOINHERIT" });
    format!("CREATE ROLE {}{login}{inherit};\n", ident(name))
}

pub(crate) fn alter_role(name: &str, attributes: &str) -> String {
    format!("ALTER ROLE {} {attributes};\n", ident(name))
}

pub(crate) fn set_password(name: &str, verifier: &str) -> String {
    format!("ALTER ROLE {} PASSWORD {};\n", ident(name), literal(verifier))
}

/// Lets a role act as another one from the beginning of its sessions with a database.
pub(crate) fn act_as(name: &str, database: &str, owner: &str) -> String {
    format!("ALTER ROLE {} IN DATABASE {} SET role = {};\n", ident(name), ident(database), literal(owner))
}

pub(crate) fn grant_membership(group: &str, name: &str) -> String {
    format!("GRANT {} TO {};\n", ident(group), ident(name))
}

/// Without its privileges, until the member acts as it: since PostgreSQL 16 that is said with each grant.
pub(crate) fn grant_acting(group: &str, name: &str) -> String {
    format!("GRANT {} TO {} WITH INHERIT FALSE;\n", ident(group), ident(name))
}

pub(crate) fn revoke_membership(group: &str, name: &str) -> String {
    format!("REVOKE {} FROM {};\n", ident(group), ident(name))
}

pub(crate) fn create_schema(name: &str, owner: &str) -> String {
    format!("CREATE SCHEMA {} AUTHORIZATION {};\n", ident(name), ident(owner))
}

pub(crate) fn set_owner(keyword: &str, quoted: &str, owner: &str) -> String {
    let object = [keyword, quoted].join(" ");
    format!("ALTER {} OWNER TO {};\n", object.trim_start(), ident(owner))
}

pub(crate) fn grant(privileges: &[&str], on: &On<'_>, name: Option<&str>) -> String {
    format!("GRANT {} ON {} TO {};\n", privileges.join(", "), on.sql(), role(name))
}

pub(crate) fn revoke(privileges: &[&str], on: &On<'_>, name: Option<&str>) -> String {
    format!("REVOKE {} ON {} FROM {};\n", privileges.join(", "), on.sql(), role(name))
}

/// Of what the role at hand will make in a schema.
pub(crate) fn default_grant(schema: &str, kind: Kind, privileges: &[&str], name: &str) -> String {
    let (schema, privileges) = (ident(schema), privileges.join(", "));
    let name = ident(name);
    format!("ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT {privileges} ON {}S TO {name};\n", kind.keyword())
}

/// Of what the role at hand will make, in a schema or wherever.
pub(crate) fn default_revoke(schema: Option<&str>, kind: Kind, privileges: &[&str], name: Option<&str>) -> String {
    let schema = schema.map_or_else(String::new, |schema| format!(" IN SCHEMA {}", ident(schema)));
    let (privileges, name) = (privileges.join(", "), role(name));
    format!("ALTER DEFAULT PRIVILEGES{schema} REVOKE {privileges} ON {}S FROM {name};\n", kind.keyword())
}

/// Until the end of the transaction.
pub(crate) fn become_role(name: &str) -> String {
    format!("SET LOCAL ROLE {};\n", ident(name))
}

impl Sql {
    /// Begins a transaction that changes nothing.
    pub(crate) fn begin_reading_roles(&self) -> String {
        format!("BEGIN READ ONLY;\n{OWN_PATH}SET LOCAL statement_timeout = 0;\n{}", self.limit_locks())
    }
}
