//! A rehearsal as JSON.

use super::{Failure, Lock, Rehearsal, Rehearsed, Rewrite, Statement};
use crate::render::json::Json;

impl Rehearsal {
    /// All of it as JSON, in the form that [the module](super#json) describes.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl From<&Rehearsal> for Json {
    fn from(rehearsal: &Rehearsal) -> Self {
        Self::object()
            .with("passed", rehearsal.passed())
            .with("migrations", Self::list(&rehearsal.migrations))
            .with("warnings", Self::list(&rehearsal.warnings))
    }
}

impl From<&Rehearsed> for Json {
    fn from(migration: &Rehearsed) -> Self {
        Self::object()
            .with("version", migration.version.as_str())
            .with("name", &migration.name)
            .with("path", &migration.path)
            .with("verdict", migration.verdict.as_str())
            .with("note", migration.note())
            .with("error", migration.failure.as_ref())
            .with("duration_ms", migration.duration())
            .with("statements", Self::list(&migration.statements))
    }
}

impl From<&Failure> for Json {
    fn from(failure: &Failure) -> Self {
        Self::object()
            .with("statement", failure.statement)
            .with("sqlstate", failure.sqlstate.as_deref())
            .with("text", &failure.text)
    }
}

impl From<&Statement> for Json {
    fn from(statement: &Statement) -> Self {
        let (line, column) = statement.place;
        Self::object()
            .with("number", statement.number)
            .with("line", line)
            .with("column", column)
            .with("sql", &statement.sql)
            .with("duration_ms", statement.duration)
            .with("locks", Self::list(&statement.locks))
            .with("rewrites", Self::list(&statement.rewrites))
            .with("warnings", Self::list(statement.warnings()))
    }
}

impl From<&Lock> for Json {
    fn from(lock: &Lock) -> Self {
        let blocks = [("reads", lock.mode.blocks_reads()), ("writes", lock.mode.blocks_writes())];
        Self::object()
            .with("mode", lock.mode.as_str())
            .with("table", &lock.table)
            .with("blocks", Self::list(blocks.into_iter().filter(|(_, blocks)| *blocks).map(|(what, _)| what)))
            .with("held_ms", lock.held)
    }
}

impl From<&Rewrite> for Json {
    fn from(rewrite: &Rewrite) -> Self {
        Self::object().with("table", &rewrite.table).with("bytes", rewrite.bytes)
    }
}
