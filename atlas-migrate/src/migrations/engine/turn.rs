//! Taking turns: the lock, and waiting for whoever is at work.

use atlas_migrate_core::history::{self, Entry, Lease};

use super::state::Form;
use super::{Engine, Open, UNKNOWN, Work, refusal};
use crate::Error;
use crate::migrations::sql::Held;
use crate::postgres::lock::{Pace, Wait};
use crate::postgres::session::{Failure, Reply, Session};
use crate::postgres::sql::Sql;
use crate::progress::Event;
use crate::render::time::shown;

/// The lock is ours, the transaction open, the history known.
pub(super) struct Turn {
    pub(super) open: Open,
    /// The history is not what it was expected to be.
    pub(super) changed: bool,
    /// What the conditions of the next step came to.
    pub(super) outcomes: Vec<String>,
}

impl<S: Session> Engine<'_, S> {
    /// Begins a transaction, takes the lock and looks again; waits for whoever is at work.
    pub(super) async fn begin(&mut self, conditions: &[&str]) -> Result<Turn, Error> {
        let (reply, open) = self.send_begin(conditions).await?;
        let turn = self.await_turn(reply, open, conditions).await?;
        self.sql.finds_others = false;
        Ok(turn)
    }

    async fn send_begin(&mut self, conditions: &[&str]) -> Result<(Reply, Open), Error> {
        let message = self.sql.begin(&self.current(), conditions);
        self.conversation.begin(&message).await.map_err(Failure::of_history("preparing the history"))
    }

    /// Makes sure that nobody else is at work, going by the answer to a [`Sql::begin`].
    pub(super) async fn await_turn(
        &mut self,
        mut reply: Reply,
        mut open: Open,
        conditions: &[&str],
    ) -> Result<Turn, Error> {
        let mut wait = Wait::new("migrating", &self.options.patience);
        let mut changed = false;
        loop {
            let state = self.read_state(&reply)?;
            changed |= state.form == Form::Absent || (state.form == Form::Ours && !state.current);
            let held = match state.form {
                Form::Busy => Held::Lock,
                _ if self.entries.iter().any(|entry| entry.lease == Lease::Held) => Held::Lease,
                _ => return Ok(Turn { open, changed, outcomes: state.outcomes }),
            };
            wait.pause(&mut self.conversation, open, &self.sql.holder(held)).await?;
            (reply, open) = self.send_begin(conditions).await?;
        }
    }

    /// The digest of a history that need not be read again. None is of one with an unfinished migration: whether anybody is
    /// at work on that, the digest does not tell.
    pub(super) fn current(&self) -> String {
        let is_done = |entry: &Entry| entry.state.is_done();
        if self.entries.iter().all(is_done) { history::digest(&self.entries) } else { UNKNOWN.to_owned() }
    }

    /// Waits until somebody else has migrated.
    pub(crate) async fn wait(mut self) -> Result<(), Error> {
        let current = self.digest_when_current();
        let mut pace = Pace::new();
        loop {
            if self.look(&current).await?.current {
                return Ok(());
            }
            let steps = self.steps(Work::Run)?;
            if steps.is_empty() {
                return Ok(());
            }
            if pace.is_new() {
                self.refuse_others().await?;
            }
            let waited = pace.waited();
            if waited >= self.options.patience.wait_budget {
                let error = refusal::pending(self.known, &self.entries, &steps);
                return Err(error.note(format!("waited {} for another process to migrate", shown(waited))));
            }
            if pace.is_to_tell(waited) {
                self.options.patience.listener.tell(&Event::Pending { waited, pending: steps.len() });
            }
            let left = self.options.patience.wait_budget.saturating_sub(waited);
            let pause = Sql::pause(pace.next_pause(left), "");
            self.conversation.look(&pause).await.map_err(Failure::own("waiting"))?;
        }
    }
}
