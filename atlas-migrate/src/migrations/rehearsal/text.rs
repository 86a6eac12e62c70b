//! A rehearsal as text.

use std::fmt;

use atlas_migrate_core::fault;

use super::{Rehearsal, Rehearsed, Statement, Verdict};
use crate::migrations::report::label;
use crate::render::time::shown;

/// So many characters of a statement are shown.
const SHOWN: usize = 60;

impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            f.write_str("nothing to rehearse")?;
        }
        for migration in &self.migrations {
            writeln!(f, "{migration}")?;
        }
        if !self.is_empty() {
            f.write_str("rolled back: nothing of it stays, except the numbers that were taken from sequences")?;
        }
        self.warnings.iter().try_for_each(|warning| write!(f, "\nwarning: {}", fault::shown(warning)))
    }
}

impl fmt::Display for Rehearsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", label(&self.version, &self.name), self.verdict.as_str())?;
        if matches!(self.verdict, Verdict::Passed | Verdict::Failed) {
            write!(f, "  {}", shown(self.duration()))?;
        }
        if let Some(note) = &self.note {
            write!(f, ": {}", fault::shown(note))?;
        }
        for statement in &self.statements {
            write!(f, "\n  {}. {}:", statement.number, self.path)?;
            statement.write(f)?;
        }
        if let Some(failure) = &self.failure {
            write!(f, "\n  {}", failure.text.replace('\n', "\n  "))?;
        }
        Ok(())
    }
}

impl Statement {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.place;
        let words: Vec<_> = self.sql.split_whitespace().collect();
        let sql = fault::shown(&words.join(" ")).into_owned();
        let excerpt: String = match sql.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &sql[..end]),
            None => sql,
        };
        let time = shown(self.duration);
        write!(f, "{line}:{column}  {time}  {excerpt}")?;
        self.locks.iter().try_for_each(|lock| write!(f, "\n     {} on {}", lock.mode, fault::shown(&lock.table)))?;
        for rewrite in self.rewrites.iter().filter(|rewrite| rewrite.bytes == 0) {
            write!(f, "\n     new file without rows for {}", fault::shown(&rewrite.table))?;
        }
        self.warnings().iter().try_for_each(|warning| write!(f, "\n     warning: {}", fault::shown(warning)))
    }
}
