//! What roles may do, and files of TOML that declare them.

#[cfg(feature = "roles")]
mod declaration;

use std::fmt;

#[cfg(feature = "roles")]
pub use self::declaration::{Declaration, Grant, Login, read};

/// What privileges there are.
pub const PRIVILEGES: [&str; 13] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "TRUNCATE",
    "REFERENCES",
    "TRIGGER",
    "MAINTAIN",
    "USAGE",
    "EXECUTE",
    "CREATE",
    "CONNECT",
    "TEMPORARY",
];

/// What a privilege is for. Names are taken as they are, capitals included.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum On {
    /// A table, a view or the like.
    Table {
        /// Its schema.
        schema: String,
        /// Its name.
        name: String,
    },
    /// A sequence.
    Sequence {
        /// Its schema.
        schema: String,
        /// Its name.
        name: String,
    },
    /// The functions and procedures of a name, whatever their arguments.
    Routine {
        /// Its schema.
        schema: String,
        /// Its name.
        name: String,
    },
    /// A schema.
    Schema(String),
    /// The database.
    Database,
}

impl On {
    /// A table, a view or the like.
    pub fn table(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self::Table { schema: schema.into(), name: name.into() }
    }

    /// A sequence.
    pub fn sequence(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self::Sequence { schema: schema.into(), name: name.into() }
    }

    /// The functions and procedures of a name, whatever their arguments.
    pub fn routine(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self::Routine { schema: schema.into(), name: name.into() }
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table { schema, name } => write!(f, "table {schema}.{name}"),
            Self::Sequence { schema, name } => write!(f, "sequence {schema}.{name}"),
            Self::Routine { schema, name } => write!(f, "routine {schema}.{name}"),
            Self::Schema(name) => write!(f, "schema {name}"),
            Self::Database => f.write_str("database"),
        }
    }
}
