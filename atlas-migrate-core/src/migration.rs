//! What a migration is once its files were read.

use std::borrow::Cow;
use std::time::Duration;

pub use crate::script::{Direction, Script};
use crate::version::Version;

/// One migration: a version (or, for a repeatable one, a name), the SQL that applies it and, where there is one, the SQL
/// that reverts it.
#[derive(Clone, Debug)]
pub struct Migration {
    version: Version,
    name: Cow<'static, str>,
    kind: Kind,
    up: Script,
    down: Option<Script>,
}

/// Whether a migration runs once or whenever it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Runs once, in the order of the versions.
    Versioned,
    /// `R__name.sql`: runs after the versioned ones, again whenever its SQL changes.
    Repeatable,
}

/// What the comment lines before the first statement say: directives (`-- atlas:…`) and metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whether the file runs in a transaction: `-- atlas:no-transaction`, or nothing but statements that cannot.
    pub transaction: Transaction,
    /// `-- atlas:lock-timeout 2s`.
    pub lock_timeout: Option<Duration>,
    /// `-- atlas:statement-timeout 10min`.
    pub statement_timeout: Option<Duration>,
    /// `-- atlas:compatible`: a binary that does not know this migration may still run on a database that has it.
    pub compatible: bool,
    /// `-- atlas:require <boolean SQL> | message`: stops the run with the message unless true.
    pub require: Cow<'static, [Require]>,
    /// `-- atlas:skip-unless <boolean SQL>`: recorded as skipped unless true.
    pub skip_unless: Option<Cow<'static, str>>,
    /// `-- Migration: …`
    pub title: Option<Cow<'static, str>>,
    /// `-- Description: …`
    pub description: Option<Cow<'static, str>>,
    /// `-- Date: …`
    pub date: Option<Cow<'static, str>>,
}

/// How the statements of a file are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transaction {
    /// All of them in one transaction.
    Wrapped,
    /// One by one, each by itself.
    None,
}

/// A condition that must hold before a migration runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Require {
    /// A boolean SQL expression.
    pub condition: Cow<'static, str>,
    /// What is said when it is not true.
    pub message: Option<Cow<'static, str>>,
}

impl Migration {
    /// Of parts, each of which was checked: for the macro and for [`set`](crate::set).
    pub const fn new(version: Version, name: Cow<'static, str>, kind: Kind, up: Script, down: Option<Script>) -> Self {
        Self { version, name, kind, up, down }
    }

    /// The version; of a repeatable migration its file name without `.sql` (`R__views`).
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The name, as in the file name: `create_users`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Versioned or repeatable.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The SQL that applies it.
    pub fn up(&self) -> &Script {
        &self.up
    }

    /// The SQL that reverts it, where there is one.
    pub fn down(&self) -> Option<&Script> {
        self.down.as_ref()
    }
}

impl Default for Header {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Header {
    /// What a file without any directive has.
    pub const EMPTY: Self = Self {
        transaction: Transaction::Wrapped,
        lock_timeout: None,
        statement_timeout: None,
        compatible: false,
        require: Cow::Borrowed(&[]),
        skip_unless: None,
        title: None,
        description: None,
        date: None,
    };
}

/// A duration as directives have it, and PostgreSQL: `250ms`, `2s`, `10min`, `1h`, `1d`, `0`.
///
/// # Errors
///
/// What is wrong with the text.
pub fn duration(text: &str) -> Result<Duration, &'static str> {
    crate::directive::value::duration(text).map_err(|problem| problem.label)
}
