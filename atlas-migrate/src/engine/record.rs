//! Writing the history without running anything: a baseline, a repair.

use std::time::Duration;

use atlas_migrate_core::history::{Key, State as EntryState};
use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::plan::{self, Problem};
use atlas_migrate_core::version::Version;

use super::{Engine, UNKNOWN, refusal};
use crate::Error;
use crate::migrator::Repair;
use crate::report::{Outcome, Report};
use crate::session::Session;
use crate::sql::{self, Record};

impl<S: Session> Engine<'_, S> {
    pub(crate) async fn baseline(mut self, version: &Version) -> Result<Report, Error> {
        let state = self.look(UNKNOWN).await?;
        let key = Key::Versioned(version);
        if !self.known.iter().any(|migration| migration.key() == key) {
            return Err(self.unknown(version));
        }
        state.server.writable("a baseline is to be recorded")?;
        self.begin(&[]).await?;
        let is_new = |migration: &&Migration| {
            migration.key() <= key && self.entries.iter().all(|entry| entry.key() != migration.key())
        };
        let new: Vec<_> = self.known.iter().filter(is_new).collect();
        let mut message = String::new();
        for &migration in &new {
            let fingerprint = migration.up().fingerprint();
            let state = EntryState::Baseline;
            message += &self.sql.record(&Record { migration, row: None, state, statements: 0, fingerprint });
        }
        let result = self.end(message + sql::COMMIT, "recording the baseline").await;
        if result.is_ok() {
            new.into_iter().for_each(|migration| self.finished(migration, Outcome::Baseline, Duration::ZERO));
        }
        self.conclude(result).await
    }

    pub(crate) async fn repair(mut self, version: &Version, repair: Repair) -> Result<Report, Error> {
        let state = self.look(UNKNOWN).await?;
        let is_meant = |migration: &&Migration| match migration.key() {
            Key::Versioned(known) => known == version,
            Key::Repeatable(known) => known == version.as_str(),
        };
        let Some(migration) = self.known.iter().find(is_meant) else { return Err(self.unknown(version)) };
        let total = migration.up().statements().len();
        if let Repair::Failed { completed } = repair
            && completed > total
        {
            return Err(refusal::too_many_statements(migration, completed, total));
        }
        state.server.writable("the history is to be repaired")?;
        self.begin(&[]).await?;
        let row = self.row(migration);
        let record = |state, statements, fingerprint| {
            self.sql.record(&Record { migration, row, state, statements, fingerprint })
        };
        let message = match (repair, row) {
            (Repair::Applied, _) => record(EntryState::Applied, total, migration.up().fingerprint()),
            (Repair::Failed { completed }, _) => {
                let of_first = plan::fingerprint_of_first(completed, migration.up());
                record(EntryState::Failed, completed, of_first.unwrap_or(migration.up().fingerprint()))
            }
            (Repair::Pending, Some(row)) => self.sql.forget(row),
            (Repair::Pending, None) => String::new(),
        };
        let result = self.end(message + sql::COMMIT, "repairing the history").await;
        if result.is_ok() {
            self.finished(migration, Outcome::Repaired, Duration::ZERO);
        }
        self.conclude(result).await
    }

    fn unknown(&self, version: &Version) -> Error {
        refusal::problem(self.known, &self.entries, Problem::UnknownTarget(version.clone()))
    }
}
