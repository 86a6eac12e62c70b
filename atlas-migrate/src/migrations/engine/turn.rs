//! Taking turns: the lock, and waiting for whoever is at work.

use std::time::Duration;

use atlas_migrate_core::history::{self, Entry, Lease};

use super::state::{self, Form};
use super::{Engine, UNKNOWN, Work, refusal};
use crate::Error;
use crate::migrations::sql::Held;
use crate::postgres::session::{Reply, Session};
use crate::postgres::sql::{self, Sql};
use crate::postgres::wait::{self, Wait};
use crate::progress::{Event, Holder};
use crate::render::time::shown;

/// What somebody does who has the lock of a history.
const MIGRATING: &str = "migrating";

/// The lock is ours, the transaction open, the history known.
pub(super) struct Turn {
    /// The history is not what it was expected to be.
    pub(super) changed: bool,
    /// What the conditions of the next step came to.
    pub(super) outcomes: Vec<String>,
}

impl<S: Session> Engine<'_, S> {
    /// Begins a transaction, takes the lock and looks again; waits for whoever is at work.
    pub(super) async fn begin(&mut self, conditions: &[&str]) -> Result<Turn, Error> {
        let reply = self.send_begin(&self.current(), conditions).await?;
        let turn = self.await_turn(reply, conditions).await?;
        self.sql.finds_others = false;
        Ok(turn)
    }

    async fn send_begin(&mut self, current: &str, conditions: &[&str]) -> Result<Reply, Error> {
        self.unsettle();
        let message = self.sql.begin(current, conditions);
        self.session.send(&message).await.map_err(|failure| Error::own("preparing the history", failure.cause))
    }

    /// Makes sure that nobody else is at work, going by the answer to a [`Sql::begin`].
    pub(super) async fn await_turn(&mut self, mut reply: Reply, conditions: &[&str]) -> Result<Turn, Error> {
        let mut wait = Wait::new();
        let mut changed = false;
        loop {
            let state = self.read_state(&reply)?;
            changed |= state.form == Form::Absent || (state.form == Form::Ours && !state.current);
            let held = match state.form {
                Form::Busy => Held::Lock,
                _ if self.entries.iter().any(|entry| entry.lease == Lease::Held) => Held::Lease,
                _ => return Ok(Turn { changed, outcomes: state.outcomes }),
            };
            let waited = wait.started.elapsed();
            if waited >= self.options.patience.wait_budget {
                let holder = match wait.holders.pop() {
                    Some(holder) => Some(holder),
                    None => self.holder(held).await?,
                };
                return Err(wait::busy(MIGRATING, waited, holder.as_ref()));
            }
            if wait.is_complete && wait.is_to_tell(waited) {
                let holder = wait.holders.first();
                self.options.patience.listener.tell(&Event::Waiting { doing: MIGRATING, waited, holder });
            }
            let pause = wait.next_pause();
            wait.is_complete = waited + pause >= wait.next_told.min(self.options.patience.wait_budget);
            let ask = if wait.is_complete { self.sql.holder(held) } else { String::new() };
            wait.holders = wait::holders(&self.pause(sql::ROLLBACK, pause, &ask).await?);
            reply = self.send_begin(&self.current(), conditions).await?;
        }
    }

    /// Ends what is open, and pauses.
    ///
    /// By a message of its own: behind a pooler that shares sessions by transaction, the process that is waited for may need
    /// this very session to go on.
    pub(super) async fn pause(&mut self, end: &str, pause: Duration, then: &str) -> Result<Reply, Error> {
        let message = format!("{end}{}", Sql::pause(pause, then));
        self.session.send(&message).await.map_err(|failure| Error::own("waiting", failure.cause))
    }

    /// Who it is that has kept this process waiting.
    async fn holder(&mut self, held: Held) -> Result<Option<Holder>, Error> {
        let reply = self.session.send(&self.sql.holder(held)).await;
        let reply = reply.map_err(|failure| Error::own("asking who is at work", failure.cause))?;
        Ok(wait::holders(&reply).into_iter().next())
    }

    /// The same, going by the answer to a [`Sql::begin_next`]. Only if it is not what was expected, there is more to read.
    pub(super) async fn await_next_turn(&mut self, reply: Reply) -> Result<Turn, Error> {
        if state::is_as_expected(&reply, &self.current()) {
            return Ok(Turn { changed: false, outcomes: Vec::new() });
        }
        let reply = self.session.send(&self.sql.locked_read(UNKNOWN, &[])).await;
        let reply = reply.map_err(|failure| Error::own("reading the history", failure.cause))?;
        self.await_turn(reply, &[]).await
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
        let mut wait = Wait::new();
        loop {
            if self.look(&current).await?.current {
                return Ok(());
            }
            let steps = self.steps(Work::Run)?;
            if steps.is_empty() {
                return Ok(());
            }
            if wait.next_told.is_zero() {
                self.refuse_others().await?;
            }
            let waited = wait.started.elapsed();
            if waited >= self.options.patience.wait_budget {
                let error = refusal::pending(self.known, &self.entries, &steps);
                return Err(error.note(format!("waited {} for another process to run them", shown(waited))));
            }
            if wait.is_to_tell(waited) {
                self.options.patience.listener.tell(&Event::Pending { waited, pending: steps.len() });
            }
            self.session.if_dropped(Some(String::new()));
            let paused = self.pause("", wait.next_pause(), "").await;
            self.session.if_dropped(None);
            paused?;
        }
    }
}
