//! What a rehearsal found: see [`Migrator::rehearse`](crate::Migrator::rehearse).
//!
//! # JSON
//!
//! [`Rehearsal::to_json`] gives an object. Times are in milliseconds, sizes in bytes; fields may be added, and none is renamed
//! or left out.
//!
//! ```json
//! {
//!   "passed": true,
//!   "migrations": [{
//!     "version": "002", "name": "age", "path": "migrations/002_age.sql", "verdict": "passed", "note": null, "error": null,
//!     "duration_ms": 12.5,
//!     "statements": [{
//!       "number": 1, "line": 1, "column": 1, "sql": "ALTER TABLE users ALTER age TYPE bigint", "duration_ms": 12.5,
//!       "locks": [{ "mode": "ACCESS EXCLUSIVE", "table": "public.users", "blocks": ["reads", "writes"], "held_ms": 12.5 }],
//!       "rewrites": [{ "table": "public.users", "bytes": 8192 }],
//!       "warnings": ["it rewrites public.users (8 kB), which nobody can read or write until the commit"]
//!     }]
//!   }],
//!   "warnings": []
//! }
//! ```
//!
//! A lock blocks others that read (`SELECT`) or write (`INSERT`, `UPDATE`, `DELETE`), both, or neither: then it is in the way of
//! other migrations alone. It is held until the migration is committed, which took `held_ms` here.
//!
//! The verdict is `passed`, `failed`, `skipped` or `not rehearsed`. An `error` has a `text`, and, where they are known, the
//! `statement` and the `sqlstate`; else these are null.

mod json;
mod text;

use std::fmt;
use std::time::Duration;

use crate::Version;

/// What a run would do, as it went when it was tried.
///
/// `Display` shows each migration with its statements, their times, locks and rewritten tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Rehearsal {
    pub(crate) migrations: Vec<Rehearsed>,
    pub(crate) warnings: Vec<String>,
}

/// A migration that is pending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    pub(crate) version: Version,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) statements: Vec<Statement>,
    pub(crate) verdict: Verdict,
    pub(crate) note: Option<String>,
    pub(crate) failure: Option<Failure>,
    /// Something that it does was not done: what comes behind it may lack that.
    pub(crate) is_partial: bool,
}

/// How it went with a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Its statements took effect.
    Passed,
    /// One of its statements did not, or what comes with its end.
    Failed,
    /// Its `skip-unless` condition is not true: a run would pass over it.
    Skipped,
    /// It cannot be tried in a transaction that is rolled back, or it needs one that cannot; or one before it failed.
    NotRehearsed,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub(crate) statement: Option<usize>,
    pub(crate) sqlstate: Option<String>,
    pub(crate) text: String,
}

/// A statement that took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub(crate) number: usize,
    pub(crate) place: (usize, usize),
    pub(crate) sql: String,
    /// It is committed by itself.
    pub(crate) is_alone: bool,
    pub(crate) duration: Duration,
    pub(crate) locks: Vec<Lock>,
    pub(crate) rewrites: Vec<Rewrite>,
}

/// A lock on a table that was there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    pub(crate) mode: LockMode,
    pub(crate) table: String,
    pub(crate) held: Duration,
}

/// How a table is locked, in the order of their strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "they are PostgreSQL's, and explained in its manual")]
pub enum LockMode {
    AccessShare,
    RowShare,
    RowExclusive,
    ShareUpdateExclusive,
    Share,
    ShareRowExclusive,
    Exclusive,
    AccessExclusive,
}

/// A table that was there before, and whose rows are in a new file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    pub(crate) table: String,
    pub(crate) bytes: u64,
}

impl Rehearsal {
    /// The migrations that are pending, in the order in which they run.
    pub fn migrations(&self) -> &[Rehearsed] {
        &self.migrations
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.migrations.is_empty()
    }

    /// Whether no migration failed. Those that could not be rehearsed are no failure.
    pub fn passed(&self) -> bool {
        self.failed().is_none()
    }

    /// The migration that failed, behind which none was rehearsed.
    pub fn failed(&self) -> Option<&Rehearsed> {
        self.migrations.iter().find(|migration| migration.verdict == Verdict::Failed)
    }

    /// What one should know of the set as a whole; those of a statement are with it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl Rehearsed {
    /// The version, as in the file name.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The name, as in the file name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How it went.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Why it was not rehearsed or would be skipped, or how it was tried if a run does it otherwise.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// What went wrong, if it failed.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Its statements, up to the one that failed.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// How long they took on the server.
    pub fn duration(&self) -> Duration {
        self.statements.iter().map(|statement| statement.duration).sum()
    }
}

impl Verdict {
    /// In small letters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::NotRehearsed => "not rehearsed",
        }
    }
}

impl Failure {
    /// Which statement failed, counted from 1. None if it was a condition, the row in the history or the commit.
    pub fn statement(&self) -> Option<usize> {
        self.statement
    }

    /// The SQLSTATE, where the server reported an error.
    pub fn sqlstate(&self) -> Option<&str> {
        self.sqlstate.as_deref()
    }

    /// The error, as a run would show it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Statement {
    /// Which one of the file it is, counted from 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Where it begins in the file: line and column, counted from 1.
    pub fn place(&self) -> (usize, usize) {
        self.place
    }

    /// Its SQL, as the file has it.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// How long it took on the server.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// The locks on tables that it took: of each table the strongest, if it is stronger than what an earlier statement took.
    pub fn locks(&self) -> &[Lock] {
        &self.locks
    }

    /// The tables whose rows are in a new file since.
    pub fn rewrites(&self) -> &[Rewrite] {
        &self.rewrites
    }

    /// What it would mean for those who use the tables meanwhile.
    pub fn warnings(&self) -> Vec<String> {
        let rewritten = |table: &str| self.rewrites.iter().any(|rewrite| rewrite.table == table && rewrite.bytes > 0);
        let end = if self.is_alone { "while it runs" } else { "until the commit" };
        let rewrites = self.rewrites.iter().filter(|rewrite| rewrite.bytes > 0).map(|Rewrite { table, bytes }| {
            let size = bytes.div_ceil(1024);
            format!("it rewrites {table} ({size} kB), which nobody can read or write {end}")
        });
        let blocks = |lock: &&Lock| lock.mode.blocks_writes() && !rewritten(&lock.table);
        let locks = self.locks.iter().filter(blocks).map(|Lock { table, mode, held }| {
            let who = match mode.blocks_reads() {
                true => "nobody can read or write it meanwhile",
                false => "nobody can write it meanwhile, reading goes on",
            };
            format!("it locks {table} {end} ({} here): {who}", crate::render::time::shown(*held))
        });
        rewrites.chain(locks).collect()
    }
}

impl Lock {
    /// How the table is locked.
    pub fn mode(&self) -> LockMode {
        self.mode
    }

    /// The table, view or sequence with its schema, quoted where it has to be.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// How long it was held here: from the beginning of the statement to the end of what is committed with it.
    pub fn held(&self) -> Duration {
        self.held
    }
}

impl LockMode {
    const ALL: [(&'static str, &'static str, Self); 8] = [
        ("AccessShareLock", "ACCESS SHARE", Self::AccessShare),
        ("RowShareLock", "ROW SHARE", Self::RowShare),
        ("RowExclusiveLock", "ROW EXCLUSIVE", Self::RowExclusive),
        ("ShareUpdateExclusiveLock", "SHARE UPDATE EXCLUSIVE", Self::ShareUpdateExclusive),
        ("ShareLock", "SHARE", Self::Share),
        ("ShareRowExclusiveLock", "SHARE ROW EXCLUSIVE", Self::ShareRowExclusive),
        ("ExclusiveLock", "EXCLUSIVE", Self::Exclusive),
        ("AccessExclusiveLock", "ACCESS EXCLUSIVE", Self::AccessExclusive),
    ];

    /// By the name that `pg_locks` has for it.
    pub(crate) fn of_catalog(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(in_catalog, ..)| *in_catalog == name).map(|(.., mode)| *mode)
    }

    /// By its name in `LOCK TABLE`.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, of_sql, _)| *of_sql == name).map(|(.., mode)| *mode)
    }

    /// Whether nobody else can read the table meanwhile: `SELECT`.
    pub fn blocks_reads(self) -> bool {
        self == Self::AccessExclusive
    }

    /// Whether nobody else can write to the table meanwhile: `INSERT`, `UPDATE`, `DELETE`.
    pub fn blocks_writes(self) -> bool {
        self >= Self::Share
    }

    /// As in `LOCK TABLE`: `ACCESS EXCLUSIVE`.
    pub fn as_str(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Rewrite {
    /// The table with its schema, quoted where it has to be.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// How large the new file is. Zero if there are no rows in it, of a table that was emptied for example.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}
