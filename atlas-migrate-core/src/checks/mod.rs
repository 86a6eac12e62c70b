//! Checks: what is to be so in a database.

mod declared;
mod folder;
mod query;
mod types;

use std::time::Duration;

pub use self::folder::{assemble, is_ours};
pub use self::types::Type;
use crate::fault::Fault;
pub use crate::name::Name;
use crate::syntax::Syntax;
pub use crate::texts::{File, SourceFile};
use crate::version::Version;

/// Something that is to be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The line of its file that it begins in.
    pub line: usize,
    /// What is to be so.
    pub expectation: Expectation,
}

/// What is to be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// An extension is installed.
    Extension {
        /// Its name.
        name: String,
        /// The lowest version that will do.
        version: Option<Version>,
    },
    /// There is a table.
    Table(Table),
    /// There is an index, and it is used.
    Index(Index),
    /// There is a function, procedure or aggregate.
    Function {
        /// Its name.
        name: Name,
        /// The types of its arguments.
        arguments: Vec<Type>,
    },
    /// A table has a constraint, which holds for all of its rows.
    Constraint {
        /// The table.
        table: Name,
        /// The name of the constraint.
        name: String,
    },
    /// A table has a trigger, which fires.
    Trigger {
        /// The table.
        table: Name,
        /// The name of the trigger.
        name: String,
    },
    /// A table has so many rows.
    Rows {
        /// The table.
        table: Name,
        /// At least so many.
        min: u64,
        /// At most so many.
        max: Option<u64>,
    },
    /// A role has some privileges, and others not.
    Privilege(Privilege),
    /// A query gives what it should.
    Query(Query),
}

/// A table that there is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// Columns of it, and their types. It may have others.
    pub columns: Vec<(String, Type)>,
    /// Whether it has a primary key.
    pub primary_key: Option<bool>,
}

/// An index that there is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// The table.
    pub table: Name,
    /// The columns or expressions that it is on, in their order.
    pub columns: Option<Vec<String>>,
    /// Whether it is unique.
    pub unique: Option<bool>,
    /// Its access method.
    pub method: Option<String>,
}

/// What a role may do with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privilege {
    /// The role, or `public`.
    pub role: String,
    /// What the privileges are on.
    pub on: Object,
    /// What it may do.
    pub may: Vec<String>,
    /// What it may not do.
    pub may_not: Vec<String>,
}

/// What privileges are on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A table or view.
    Table(Name),
    /// A sequence.
    Sequence(Name),
    /// A schema.
    Schema(String),
    /// A function, with the types of its arguments.
    Function(Name, Vec<Type>),
    /// The database itself.
    Database,
}

/// A query, and what it is to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The query, without a semicolon. What stands before it is there too, as spaces, so that positions are those of the
    /// file.
    pub sql: String,
    /// What it is to give.
    pub answer: Answer,
    /// How long it may run, if that is not the usual time.
    pub timeout: Option<Duration>,
    /// What its `-- Description:` line says.
    pub title: Option<String>,
}

/// What a query is to give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Answer {
    /// No rows: each one is something that is wrong.
    #[default]
    NoRows,
    /// One row with one column, which is true.
    True,
}

impl File {
    /// What a file of checks says, in its order: expectations in TOML, or a query.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn checks(&self, syntax: Syntax) -> Result<Vec<Check>, Vec<Fault>> {
        let text = self.text();
        if self.path().ends_with(".toml") {
            declared::read(self.path(), &text)
        } else {
            query::read(self.path(), &text, syntax).map(|check| vec![check])
        }
    }
}
