//! The text of every statement that the library itself sends.
//!
//! A message is made of pieces; each piece is a run of statements that ends in `;` and a line feed. Names are quoted and
//! literals escaped here and nowhere else.

use std::collections::BTreeSet;
use std::time::Duration;

pub(crate) mod lock;
#[cfg(any(feature = "clean", feature = "roles", feature = "seeds", feature = "verify"))]
pub(crate) mod own_tables;
pub(crate) mod path;
#[cfg(any(feature = "bench", feature = "verify"))]
pub(crate) mod question;
pub(crate) mod session;
pub(crate) mod trust;
pub(crate) mod written;

pub use path::OWN_PATH;
pub(crate) use path::rules;
pub(crate) use session::{SessionSettings, Timeouts};
pub(crate) use trust::AT_COMMIT;

/// An identifier, quoted.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal that means the same whatever `standard_conforming_strings` is.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!(" E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// A body between dollar quotes that it does not contain itself.
pub(crate) fn dollar_quoted(body: &str) -> String {
    let mut tag = "$atlas$".to_owned();
    while body.contains(&tag) {
        tag.insert(tag.len() - 1, '_');
    }
    format!("{tag}{body}{tag}")
}

/// The statements about one history table and one namespace in it.
#[derive(Clone, Debug)]
pub(crate) struct Sql {
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) namespace: String,
    pub(crate) role: Option<String>,
    pub(crate) lock_timeout: Duration,
    /// The names of settings of their own that migrations may set.
    pub(crate) custom_settings: BTreeSet<String>,
    /// As `server_version_num` has it; zero until it is known.
    pub(crate) server_version: u32,
    /// Whether the look under the lock is also for the histories of others.
    pub(crate) finds_others: bool,
    /// The session's own search path; empty until it is known.
    pub(crate) path: String,
}

pub(crate) const BEGIN: &str = "BEGIN;\n";
pub(crate) const COMMIT: &str = "COMMIT;\n";
pub(crate) const ROLLBACK: &str = "ROLLBACK;\n";

/// Ends the session that sends it, whose transaction may have failed.
#[cfg(all(feature = "seeds", feature = "sqlx"))]
pub(crate) const END_SESSION: &str = "ROLLBACK; SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())";

impl Sql {
    /// About the table of this schema and name, and what it has of this namespace.
    pub(crate) fn new(schema: &str, table: &str, namespace: &str, role: Option<&str>, lock_timeout: Duration) -> Self {
        Self {
            schema: schema.to_owned(),
            table: table.to_owned(),
            namespace: namespace.to_owned(),
            role: role.map(str::to_owned),
            lock_timeout,
            custom_settings: BTreeSet::new(),
            server_version: 0,
            finds_others: false,
            path: String::new(),
        }
    }

    /// About none: for statements that have nothing to do with a history.
    #[cfg(any(feature = "clean", feature = "roles"))]
    pub(crate) fn without_table(role: Option<&str>, lock_timeout: Duration) -> Self {
        Self::new("public", "schema_migrations", "default", role, lock_timeout)
    }

    /// The history table, quoted and with its schema.
    pub(crate) fn history(&self) -> String {
        format!("{}.{}", ident(&self.schema), ident(&self.table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_mean_the_same_with_and_without_standard_conforming_strings() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"a\'b"), r" E'a\\''b'");
        assert_eq!(ident(r#"we"ird"#), r#""we""ird""#);
    }

    #[test]
    fn dollar_quotes_do_not_end_early() {
        assert_eq!(dollar_quoted("a $atlas$ b"), "$atlas_$a $atlas$ b$atlas_$");
    }
}
