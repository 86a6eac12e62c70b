//! A rehearsal as JSON.

use serde::{Serialize, Serializer};

use super::{Failure, Rehearsal, Rehearsed, Statement};
use crate::render::time::milliseconds;

#[derive(Serialize)]
struct Report<'r> {
    passed: bool,
    migrations: Vec<Migration<'r>>,
    warnings: &'r [String],
}

#[derive(Serialize)]
struct Migration<'r> {
    version: &'r str,
    name: &'r str,
    path: &'r str,
    verdict: &'static str,
    note: Option<&'r str>,
    error: Option<OfFailure<'r>>,
    duration_ms: f64,
    statements: Vec<OfStatement<'r>>,
}

#[derive(Serialize)]
struct OfFailure<'r> {
    statement: Option<usize>,
    sqlstate: Option<&'r str>,
    text: &'r str,
}

#[derive(Serialize)]
struct OfStatement<'r> {
    number: usize,
    line: usize,
    column: usize,
    sql: &'r str,
    duration_ms: f64,
    locks: Vec<Lock<'r>>,
    rewrites: Vec<Rewrite<'r>>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Lock<'r> {
    mode: &'static str,
    table: &'r str,
    blocks: Vec<&'static str>,
    held_ms: f64,
}

#[derive(Serialize)]
struct Rewrite<'r> {
    table: &'r str,
    bytes: u64,
}

impl Rehearsal {
    /// All of it as JSON, in the form that [the module](super#json) describes.
    pub fn to_json(&self) -> String {
        crate::render::json::pretty(self)
    }

    fn as_json(&self) -> impl Serialize + '_ {
        Report {
            passed: self.passed(),
            migrations: self.migrations.iter().map(Migration::new).collect(),
            warnings: &self.warnings,
        }
    }
}

/// As the object that [`to_json`](Rehearsal::to_json) writes.
impl Serialize for Rehearsal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_json().serialize(serializer)
    }
}

impl<'r> Migration<'r> {
    fn new(migration: &'r Rehearsed) -> Self {
        let error = |Failure { statement, sqlstate, text }: &'r Failure| OfFailure {
            statement: *statement,
            sqlstate: sqlstate.as_deref(),
            text,
        };
        Self {
            version: migration.version.as_str(),
            name: &migration.name,
            path: &migration.path,
            verdict: migration.verdict.as_str(),
            note: migration.note(),
            error: migration.failure.as_ref().map(error),
            duration_ms: milliseconds(migration.duration()),
            statements: migration.statements.iter().map(OfStatement::new).collect(),
        }
    }
}

impl<'r> Lock<'r> {
    fn new(lock: &'r super::Lock) -> Self {
        let blocks = [("reads", lock.mode.blocks_reads()), ("writes", lock.mode.blocks_writes())];
        Self {
            mode: lock.mode.as_str(),
            table: &lock.table,
            blocks: blocks.into_iter().filter(|(_, blocks)| *blocks).map(|(what, _)| what).collect(),
            held_ms: milliseconds(lock.held),
        }
    }
}

impl<'r> OfStatement<'r> {
    fn new(statement: &'r Statement) -> Self {
        let Statement { number, place: (line, column), sql, duration, locks, rewrites, .. } = statement;
        Self {
            number: *number,
            line: *line,
            column: *column,
            sql,
            duration_ms: milliseconds(*duration),
            locks: locks.iter().map(Lock::new).collect(),
            rewrites: rewrites.iter().map(|one| Rewrite { table: &one.table, bytes: one.bytes }).collect(),
            warnings: statement.warnings(),
        }
    }
}
