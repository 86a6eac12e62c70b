//! Writing the history without running anything: a baseline, a repair.

use std::time::Duration;

use atlas_migrate_core::history::{Entry, Key, State as EntryState};
use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::plan::{self, Problem};
use atlas_migrate_core::version::Version;

use super::{Engine, UNKNOWN, refusal};
use crate::Error;
use crate::error::hint::{Verb, hint};
use crate::migrations::repair::Repair;
use crate::migrations::report::{Done, Outcome, Report};
use crate::migrations::sql::Record;
use crate::postgres::session::Session;
use crate::postgres::sql;

impl<S: Session> Engine<'_, S> {
    pub(crate) async fn baseline(mut self, version: &Version) -> Result<Report, Error> {
        let state = self.look(UNKNOWN).await?;
        let key = Key::Versioned(version);
        if !self.known.iter().any(|migration| migration.key() == key) {
            return Err(self.unknown(version));
        }
        state.server.writable("a baseline is to be recorded")?;
        let result = self.write_baseline(key).await;
        self.conclude(result).await
    }

    async fn write_baseline(&mut self, key: Key<'_>) -> Result<(), Error> {
        let open = self.begin(&[]).await?.open;
        let is_new = |migration: &&Migration| {
            migration.key() <= key && self.entries.iter().all(|entry| entry.key() != migration.key())
        };
        let new: Vec<_> = self.known.iter().filter(is_new).collect();
        let mut message = String::new();
        for &migration in &new {
            let fingerprint = migration.up().fingerprint();
            let state = EntryState::Baseline;
            message +=
                &self.sql.record(&Record { migration, row: None, state, statements: 0, fingerprint, behind: None });
        }
        self.end(open, &(message + sql::COMMIT), "recording the baseline").await.map_err(|error| {
            error.unless_answered(
                "it may have been recorded",
                "check that the server is running; then record the baseline again: what it has recorded stays as it is",
            )
        })?;
        new.into_iter().for_each(|migration| self.finished(migration, Outcome::Baseline, Duration::ZERO));
        Ok(())
    }

    pub(crate) async fn repair(mut self, version: &Version, repair: Repair) -> Result<Report, Error> {
        let state = self.look(UNKNOWN).await?;
        self.repairing(version, repair)?;
        state.server.writable("the history is to be repaired")?;
        let result = self.write_repair(version, repair).await;
        self.conclude(result).await
    }

    /// Goes by what the history says under the lock.
    async fn write_repair(&mut self, version: &Version, repair: Repair) -> Result<(), Error> {
        let open = self.begin(&[]).await?.open;
        let (message, done) = self.repairing(version, repair)?;
        self.end(open, &(message + sql::COMMIT), "repairing the history").await.map_err(|error| {
            error.unless_answered(
                "it may have been repaired",
                hint!["look at ", Verb::Status, " before you repair again: another process may have gone on since"],
            )
        })?;
        self.note_done(done);
        Ok(())
    }

    /// What is written, and what is told of it.
    fn repairing(&self, version: &Version, repair: Repair) -> Result<(String, Done), Error> {
        let is_meant = |key: Key<'_>| match key {
            Key::Versioned(known) => known == version,
            Key::Repeatable(known) => known == version.as_str(),
        };
        let entry = self.entries.iter().find(|entry| is_meant(entry.key()));
        let (message, version, name) = match (self.known.iter().find(|known| is_meant(known.key())), entry) {
            (Some(migration), entry) => {
                (self.repair_of_known(migration, entry, repair)?, migration.version(), migration.name())
            }
            (None, Some(entry)) => (self.repair_of_gone(entry, repair)?, &entry.version, entry.name.as_str()),
            (None, None) => return Err(self.unknown(version)),
        };
        let (version, name) = (version.clone(), name.to_owned());
        Ok((message, Done { version, name, outcome: Outcome::Repaired, duration: Duration::ZERO }))
    }

    fn repair_of_known(&self, migration: &Migration, entry: Option<&Entry>, repair: Repair) -> Result<String, Error> {
        let row = entry.map(|entry| &entry.version);
        let (script, reverting) = match (migration.down(), entry) {
            (Some(down), Some(entry)) if entry.state == EntryState::Reverting => (down, Some(&entry.version)),
            _ => (migration.up(), None),
        };
        let total = script.statements().len();
        let record = |state, statements| {
            let of_first = plan::fingerprint_of_first(statements, migration.up());
            let whole = migration.up().fingerprint();
            let fingerprint = if state == EntryState::Failed { of_first.unwrap_or(whole) } else { whole };
            self.sql.record(&Record { migration, row, state, statements, fingerprint, behind: None })
        };
        let stopped = |completed| match reverting {
            Some(row) => self.sql.mark_reverting(row, completed),
            None => record(EntryState::Failed, completed),
        };
        Ok(match repair {
            Repair::Applied => record(EntryState::Applied, migration.up().statements().len()),
            Repair::Pending => row.map_or(String::new(), |row| self.sql.forget(row)),
            Repair::Failed { completed } if completed <= total => stopped(completed),
            Repair::Partly { completed } => match plan::fingerprint_of_first(completed + 1, script) {
                Some(partly) => stopped(completed) + &self.sql.mark_partly(self.spelled(migration), partly),
                None => return Err(self.too_many(migration, script, completed + 1)),
            },
            Repair::Failed { completed } => return Err(self.too_many(migration, script, completed)),
            Repair::Removed => return Err(refusal::is_not_gone(migration)),
        })
    }

    fn too_many(&self, migration: &Migration, script: &Script, statements: usize) -> Error {
        refusal::too_many_statements(migration, script, statements, script.statements().len())
    }

    /// Of a migration whose file this binary does not have.
    fn repair_of_gone(&self, entry: &Entry, repair: Repair) -> Result<String, Error> {
        match repair {
            Repair::Applied => Ok(self.sql.accept(&entry.version)),
            Repair::Pending | Repair::Removed => Ok(self.sql.forget(&entry.version)),
            Repair::Failed { .. } | Repair::Partly { .. } => Err(refusal::has_no_file(entry)),
        }
    }

    fn unknown(&self, version: &Version) -> Error {
        refusal::problem(self.known, &self.entries, Problem::UnknownTarget(version.clone()))
    }
}
