//! A migration in a transaction: one message.

use std::time::{Duration, Instant};

use atlas_migrate_core::history::State as EntryState;
use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::statement;

use super::{Engine, Open, Task, Turn, UNKNOWN, Work, failure, is_transient};
use crate::Error;
use crate::migrations::migrator::TransactionMode;
use crate::migrations::report::Outcome;
use crate::migrations::sql::Record;
use crate::postgres::lock::{holders, random};
use crate::postgres::message::Message;
use crate::postgres::session::{Cause, Failure, ServerError, Session};
use crate::postgres::sql::{self, Sql};
use crate::progress::{Event, Holder};

/// The first and the longest pause before a migration is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What a message with statements of a file is made of, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Timeouts, the search path; or whatever else comes before.
    Head,
    /// The statements of the file.
    Script,
    /// The session put back, the row in the history, the session's own path.
    Record,
    Commit,
    /// The session cleared up, and the beginning of the next migration's transaction.
    Next,
}

/// A message that is to be sent, and what it does.
struct Sending {
    message: Message<Part>,
    /// The state of the migration in the history behind it; nothing if it has no row then.
    state: Option<EntryState>,
    outcome: Outcome,
    /// It ends the last transaction.
    is_last: bool,
    /// It marks repeatable migrations, so that there may be more to do.
    marks: bool,
    started: Instant,
}

impl<S: Session> Engine<'_, S> {
    /// Runs the script, or nothing if there is none, and writes the migration's row, in one transaction.
    pub(super) async fn in_transaction(&mut self, task: Task<'_>, open: Open) -> Result<Option<Turn>, Error> {
        let conditions = self.conditions(task.work, task.rest.first());
        let sending = self.sending(&task, &conditions);
        self.pass_over_notices();
        let text = sending.message.text();
        let sent = match self.options.mode {
            _ if sending.is_last => self.conversation.end(open, text).await.map(|_| None),
            TransactionMode::Each => self.conversation.end_and_begin(open, text).await.map(Some),
            TransactionMode::All => self.conversation.send(text).await.map(|reply| Some((reply, open))),
        };
        let next = match sent {
            Ok(next) => next,
            Err(failure) => return self.not_taken(&task, sending, failure).await.map(Some),
        };
        self.tell_notices(task.migration, &sending.message);
        self.finished(task.migration, sending.outcome, sending.started.elapsed());
        let Some((reply, open)) = next else { return Ok(None) };
        let turn = match self.options.mode {
            TransactionMode::Each if conditions.is_empty() => self.await_next_turn(reply, open).await?,
            TransactionMode::Each => self.await_turn(reply, open, &conditions).await?,
            TransactionMode::All if conditions.is_empty() && !sending.marks => {
                Turn { open, changed: false, outcomes: vec![] }
            }
            TransactionMode::All => {
                let state = self.read_state(&reply)?;
                Turn { open, changed: sending.marks && !state.current, outcomes: state.outcomes }
            }
        };
        Ok(Some(turn))
    }

    /// The message of a migration. From now on the history is expected to be as behind it.
    fn sending(&mut self, task: &Task<'_>, conditions: &[&str]) -> Sending {
        let Task { work, migration, script, rest, .. } = *task;
        let (outcome, state) = match (work, script) {
            (Work::Run, Some(_)) => (Outcome::Applied, Some(EntryState::Applied)),
            (Work::Run, None) => (Outcome::Skipped, Some(EntryState::Skipped)),
            (Work::Revert(_), _) => (Outcome::Reverted, None),
        };
        let mut message = Message::new();
        if let Some(script) = script {
            message.add(Part::Head, &(Sql::title(migration) + &self.sql.head(self.timeouts(script))));
            // The line feed ends a comment that the file may end in.
            message.add(Part::Script, &(script.sql() + "\n;\n"));
        }
        let marks = script.map_or(String::new(), |script| self.marks(work, migration, script));
        // What is marked has its turn behind the last one.
        let is_last = rest.is_empty() && marks.is_empty();
        let restores = script.is_some_and(Script::may_change_session) || rest.is_empty();
        // Either lets what follows go by our path.
        message.add(Part::Record, &if restores { self.sql.restore(&self.before) } else { sql::OWN_PATH.to_owned() });
        // Only after a commit it shows what outlives it; where there is none, what there is has to do.
        if restores && !is_last && self.options.mode == TransactionMode::All {
            message.add(Part::Record, &self.sql.clear(&self.before));
        }
        message.add(Part::Record, &marks);
        let statements = script.map_or(0, |script| script.statements().len());
        let record = match state {
            Some(state) => {
                let (row, fingerprint) = (self.row(migration), migration.up().fingerprint());
                self.sql.record(&Record { migration, row, state, statements, fingerprint })
            }
            None => self.sql.forget(self.spelled(migration)),
        };
        message.add(Part::Record, &record);
        self.expect(migration, state);
        let marks = !marks.is_empty();
        self.add_tail(&mut message, is_last, restores, conditions, marks);
        Sending { message, state, outcome, is_last, marks, started: Instant::now() }
    }

    /// Adds what ends a migration's message: the commit, and the beginning of the next one.
    fn add_tail(&self, message: &mut Message<Part>, is_last: bool, clears: bool, conditions: &[&str], marks: bool) {
        if self.options.mode == TransactionMode::All && !is_last {
            if !conditions.is_empty() || marks {
                message.add(Part::Next, &self.sql.locked_read(&self.current(), conditions));
            }
            return;
        }
        // What was deferred to the commit goes by the session's path.
        message.add(Part::Record, &self.sql.session_path());
        message.add(Part::Commit, sql::COMMIT);
        if clears {
            message.add(Part::Next, &self.sql.clear_up(&self.before));
        }
        match is_last {
            true => {}
            false if conditions.is_empty() => message.add(Part::Next, &self.sql.begin_next()),
            false => message.add(Part::Next, &self.sql.begin(&self.current(), conditions)),
        }
    }

    /// The server has not carried out all of a migration's message: tries again, or says what failed.
    async fn not_taken(&mut self, task: &Task<'_>, sending: Sending, failure: Failure) -> Result<Turn, Error> {
        let Task { work, migration, script, .. } = *task;
        let at = failure.completed.and_then(|completed| sending.message.at(completed));
        let (server, script) = match (failure.cause, script) {
            (Cause::Server(server), _)
                if is_transient(&server.code)
                    && at.is_none_or(|(part, _)| part <= Part::Commit)
                    && self.may_retry() =>
            {
                return self.retry(migration, &server).await;
            }
            (Cause::Server(server), Some(script)) if !server.ends_connection() => (server, script),
            (Cause::Server(server), None) if !server.ends_connection() => {
                return Err(Error::of_history("recording a migration", Cause::Server(server)));
            }
            (cause, script) => return Err(failure::lost(work, migration, script, cause)),
        };
        self.tell_notices(migration, &sending.message);
        let has_committed = match at {
            Some((part, _)) => part > Part::Commit,
            None => match self.is_recorded(migration, sending.state).await {
                Some(is_recorded) => is_recorded,
                None => return Err(failure::lost(work, migration, Some(script), Cause::Server(server))),
            },
        };
        if has_committed {
            self.finished(migration, sending.outcome, sending.started.elapsed());
            return Err(Error::own("going on to the next migration", Cause::Server(server)));
        }
        let parts = failure::Parts { work, migration, script, message: &sending.message };
        Err(self.failed(&parts, at, &server).await)
    }

    /// Whether the history says so, for a client that does not tell how far a message came; none if it cannot be read.
    async fn is_recorded(&mut self, migration: &Migration, state: Option<EntryState>) -> Option<bool> {
        self.conversation.abandon().await;
        let reply = self.conversation.look(&self.sql.look(UNKNOWN)).await;
        self.read_state(&reply.ok()?).ok()?;
        let row = self.entries.iter().find(|entry| entry.key() == migration.key());
        let fingerprint = migration.up().fingerprint();
        Some(match state {
            Some(_) => row.is_some_and(|row| row.state.is_done() && row.fingerprint == fingerprint),
            None => row.is_none(),
        })
    }

    /// What marks the repeatable migrations whose objects this script may drop.
    pub(super) fn marks(&self, work: Work<'_>, migration: &Migration, script: &Script) -> String {
        let may_drop = match work {
            Work::Run => statement::may_drop(&script.sql()),
            Work::Revert(_) => true,
        };
        if !may_drop {
            return String::new();
        }
        let is_done =
            |known: &Migration| self.entries.iter().any(|entry| entry.key() == known.key() && entry.state.is_done());
        // What has run once in this run does not run again, be it that two of them drop each other.
        let has_run = |known: &Migration| self.ran.contains(known.version());
        let is_meant = |known: &&Migration| {
            !known.key().is_versioned() && known.key() != migration.key() && is_done(known) && !has_run(known)
        };
        self.sql.mark_gone_of_session(&self.known.iter().filter(is_meant).collect::<Vec<_>>())
    }

    pub(super) fn may_retry(&self) -> bool {
        let budget = self.options.retry_budget;
        self.attempts.map_or(!budget.is_zero(), |(since, _)| since.elapsed() < budget)
    }

    /// Rolls back, pauses, and begins anew: with this migration, or with the first one where all share a transaction.
    async fn retry(&mut self, migration: &Migration, server: &ServerError) -> Result<Turn, Error> {
        let end = self.conversation.rollback().to_owned();
        let holder = self.holder_of_lock(migration, server, &end).await?;
        let pause = self.pause_before_retry(migration, server, holder.as_ref());
        if self.options.mode == TransactionMode::All {
            self.report.done.clear();
            self.ran.clear();
        }
        self.conversation.pause(if has_ended(server) { "" } else { &end }, pause, "").await?;
        let turn = self.begin(&[]).await?;
        Ok(Turn { changed: true, ..turn })
    }

    /// Notes and tells that the migration at hand will be tried again. Processes that were in each other's way do not pause
    /// for equally long.
    pub(super) fn pause_before_retry(
        &mut self,
        migration: &Migration,
        server: &ServerError,
        holder: Option<&Holder>,
    ) -> Duration {
        let (since, attempts) = self.attempts.map_or((Instant::now(), 1), |(since, attempts)| (since, attempts + 1));
        self.attempts = Some((since, attempts));
        let pause = FIRST_PAUSE.saturating_mul(1 << (attempts - 1).min(16)).min(LONGEST_PAUSE);
        let jitter = (random() >> 40) as f32 / (1 << 24) as f32;
        let pause = pause.mul_f32(0.5 + jitter);
        let reason = &server.message;
        self.options.patience.listener.tell(&Event::Retrying { migration, attempts, reason, pause, holder });
        pause
    }

    /// Ends what is open and asks who has the lock that a migration did not get in time. If it is no lock that it wants, nothing
    /// is sent.
    pub(super) async fn holder_of_lock(
        &mut self,
        migration: &Migration,
        server: &ServerError,
        end: &str,
    ) -> Result<Option<Holder>, Error> {
        if !has_ended(server) {
            return Ok(None);
        }
        let texts = [Some(migration.up()), migration.down()].into_iter().flatten().map(Script::text);
        let names = failure::names(&texts.collect::<Vec<_>>().join(" "));
        let message = format!("{end}{}", Sql::blockers(&names.iter().map(String::as_str).collect::<Vec<_>>()));
        let reply = self.conversation.send(&message).await.map_err(Failure::own("asking who has a lock"))?;
        Ok(holders(&reply).into_iter().next())
    }
}

/// Whether somebody is asked for, in a message that ends what is open.
pub(super) fn has_ended(server: &ServerError) -> bool {
    server.code == "55P03"
}
