//! The mark of the environment, and what is said when it is not known.

use atlas_migrate_core::fault::shown;
use serde::Deserialize;

use crate::error::hint::{Hint, Opt, clause, hint};
use crate::postgres::row::{Unreadable, optional};
use crate::postgres::session::Row;
use crate::postgres::sql::ident;
use crate::{Error, ErrorKind};

/// Why a role does not know what is in a table of this library.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(crate) enum Hidden {
    #[serde(rename = "privilege")]
    Privilege,
    #[serde(rename = "row security")]
    RowSecurity,
    /// It has several rows.
    #[serde(rename = "rows")]
    Rows,
    /// Another role may have made it, and may run code when it is read.
    #[serde(rename = "distrust")]
    Distrust,
}

impl Hidden {
    /// As the server says it, where there is something to say.
    pub(crate) fn optional(row: &Row, column: usize) -> Result<Option<Self>, Unreadable> {
        let read = |why: &str| serde_json::from_value(why.into()).map_err(|error| Unreadable(error.to_string()));
        optional(row, column).map(read).transpose()
    }

    /// Which seeds were loaded is not known. The table is quoted.
    #[cfg(feature = "seeds")]
    pub(crate) fn seeds(self, table: &str, user: &str) -> Error {
        let shown = shown(table);
        let (message, hint) = match self {
            Self::RowSecurity => (
                format!("row-level security hides which seeds were loaded, {shown}, from the role {user}"),
                format!("let its owner show it: ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"),
            ),
            _ => (
                format!("the role {user} may not read which seeds were loaded, {shown}"),
                format!("grant it: GRANT SELECT ON {table} TO {}", ident(user)),
            ),
        };
        Error::new(ErrorKind::Database, message).hint(hint)
    }

    /// The mark that is not known may be one of production, and counts as such. The table is quoted.
    pub(crate) fn mark(self, table: &str, user: &str) -> Error {
        let shown = shown(table);
        let counts = "so that the database counts as one in production";
        let (message, hint): (_, Hint) = match self {
            Self::Privilege => (
                format!("the role {user} may not read the mark of the environment, {shown}, {counts}"),
                format!("grant it: GRANT SELECT ON {table} TO {}", ident(user)).into(),
            ),
            Self::RowSecurity => (
                format!(
                    "row-level security hides the mark of the environment, {shown}, from the role {user}, {counts}"
                ),
                format!("let its owner show it: ALTER TABLE {table} DISABLE ROW LEVEL SECURITY").into(),
            ),
            Self::Rows => (
                format!("the mark of the environment, {shown}, has more than one row, {counts}"),
                "delete all of them except one".into(),
            ),
            Self::Distrust => (
                format!(
                    "the mark of the environment, {shown}, is not a plain table of a role that is trusted, and is not read, \
                     {counts}"
                ),
                hint![
                    "if the role that owns it migrates this database, do it as that role",
                    clause![", with ", Opt::Role(None)],
                    format!("; if only what it says is true, ALTER TABLE {table} OWNER TO CURRENT_USER; else drop it")
                ],
            ),
        };
        Error::new(ErrorKind::Environment, message).hint(hint)
    }
}
