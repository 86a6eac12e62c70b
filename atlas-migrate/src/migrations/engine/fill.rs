//! All migrations at once, into a schema that is empty and nobody else's: for tests.

use std::time::Duration;

use atlas_migrate_core::history::State as EntryState;
use atlas_migrate_core::migration::{Script, Transaction};

use super::{Engine, UNKNOWN, Work};
use crate::Error;
use crate::migrations::report::{Outcome, Report};
use crate::migrations::sql::Record;
use crate::postgres::session::Session;
use crate::postgres::sql;

impl<S: Session> Engine<'_, S> {
    /// What [`run`](Self::run) does, by one message after the look if no migration has conditions or statements that run by
    /// themselves. An error is found by running them one after the other.
    pub(crate) async fn fill(mut self) -> Result<Report, Error> {
        self.look(UNKNOWN).await?;
        let steps = self.steps(Work::Run)?;
        let is_plain = |script: &Script| {
            let header = script.header();
            header.transaction == Transaction::Wrapped && header.require.is_empty() && header.skip_unless.is_none()
        };
        // A message is read as a whole by the settings that there are when it arrives.
        if self.names.rules_are_broken || !steps.iter().all(|step| is_plain(self.known[step.known].up())) {
            return self.run().await;
        }
        let mut message = self.sql.begin(UNKNOWN, &[]);
        for step in &steps {
            let migration = &self.known[step.known];
            let script = migration.up();
            message += &self.sql.session_path();
            message += &script.sql();
            message += "\n;\n";
            if script.may_change_session() {
                message += &self.sql.restore(&self.before);
                message += &self.sql.clear(&self.before);
            } else {
                message += sql::OWN_PATH;
            }
            let statements = script.statements().len();
            let (state, fingerprint) = (EntryState::Applied, script.fingerprint());
            message += &self.sql.record(&Record { migration, row: None, state, statements, fingerprint, behind: None });
        }
        message += &self.sql.session_path();
        if self.conversation.whole(&(message + sql::COMMIT)).await.is_err() {
            return self.run().await;
        }
        for step in &steps {
            self.finished(&self.known[step.known], Outcome::Applied, Duration::ZERO);
        }
        Ok(self.report)
    }
}
