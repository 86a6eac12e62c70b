//! A migration in a transaction: one message.

use std::time::{Duration, Instant};

use atlas_migrate_core::history::State as EntryState;
use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::plan::Step;
use atlas_migrate_core::statement;

use super::{Engine, Turn, UNKNOWN, Work, failure, is_transient};
use crate::Error;
use crate::migrations::migrator::TransactionMode;
use crate::migrations::report::Outcome;
use crate::migrations::sql::Record;
use crate::postgres::session::{Cause, Failure, ServerError, Session};
use crate::postgres::sql::{self, Sql};
use crate::postgres::wait::{self, random};
use crate::progress::{Event, Holder};

/// The first and the longest pause before a migration is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl<S: Session> Engine<'_, S> {
    /// Runs the script, or nothing if there is none, and writes the migration's row, in one transaction.
    pub(super) async fn in_transaction(
        &mut self,
        work: Work<'_>,
        step: Step,
        script: Option<&Script>,
        rest: &[Step],
    ) -> Result<Option<Turn>, Error> {
        let migration = &self.known[step.known];
        let (outcome, state) = match (work, script) {
            (Work::Run, Some(_)) => (Outcome::Applied, Some(EntryState::Applied)),
            (Work::Run, None) => (Outcome::Skipped, Some(EntryState::Skipped)),
            (Work::Revert(_), _) => (Outcome::Reverted, None),
        };
        let statements = script.map_or(0, |script| script.statements().len());
        let head = script.map_or(String::new(), |script| Sql::title(migration) + &self.sql.head(self.timeouts(script)));
        let mut message = head.clone();
        if let Some(script) = script {
            // The line feed ends a comment that the file may end in.
            message += &script.sql();
            message += "\n;\n";
        }
        let marks = script.map_or(String::new(), |script| self.marks(work, migration, script));
        // What is marked has its turn behind the last one.
        let is_last = rest.is_empty() && marks.is_empty();
        let restores = script.is_some_and(Script::may_change_session) || rest.is_empty();
        // Only after a commit it shows what outlives it; where there is none, what there is has to do.
        let clears = restores && !is_last && self.options.mode == TransactionMode::All;
        // Either lets what follows go by our path.
        message += &if restores { self.sql.restore(&self.before) } else { sql::OWN_PATH.to_owned() };
        if clears {
            message += &self.sql.clear(&self.before);
        }
        message += &marks;
        message += &match state {
            Some(state) => {
                let fingerprint = migration.up().fingerprint();
                let row = self.row(migration);
                self.sql.record(&Record { migration, row, state, statements, fingerprint })
            }
            None => self.sql.forget(self.spelled(migration)),
        };
        self.expect(migration, state);
        let conditions = self.conditions(work, rest.first());
        message += &self.tail(is_last, restores, &conditions, !marks.is_empty());

        // So many statements stand before the commit: behind the script our path, the row, and the session's path.
        let commit = Sql::HEAD + statements + usize::from(clears) + usize::from(!marks.is_empty()) + 3;
        let started = Instant::now();
        self.pass_over_notices();
        match self.session.send(&message).await {
            Ok(reply) => {
                self.tell_notices(migration, &head, statements, Some(commit));
                self.finished(migration, outcome, started.elapsed());
                if is_last {
                    self.settle();
                    return Ok(None);
                }
                match self.options.mode {
                    TransactionMode::Each if conditions.is_empty() => self.await_next_turn(reply).await.map(Some),
                    TransactionMode::Each => self.await_turn(reply, &conditions).await.map(Some),
                    TransactionMode::All if conditions.is_empty() && marks.is_empty() => {
                        Ok(Some(Turn { changed: false, outcomes: vec![] }))
                    }
                    TransactionMode::All => {
                        let state = self.read_state(&reply)?;
                        let changed = !marks.is_empty() && !state.current;
                        Ok(Some(Turn { changed, outcomes: state.outcomes }))
                    }
                }
            }
            Err(Failure { completed, cause: Cause::Server(server) })
                if is_transient(&server.code) && completed.is_none_or(|c| c <= commit) && self.may_retry() =>
            {
                self.retry(step, &server).await.map(Some)
            }
            Err(Failure { completed, cause: Cause::Server(server) }) if !server.ends_connection() => {
                let Some(script) = script else {
                    return Err(Error::own("recording a migration", Cause::Server(server)));
                };
                self.tell_notices(migration, &head, statements, Some(commit));
                let parts = failure::Parts { work, migration, script, head: &head, statements, commit };
                let has_committed = match completed {
                    Some(completed) => completed > commit,
                    None => match self.is_recorded(migration, state).await {
                        Some(is_recorded) => is_recorded,
                        None => return Err(failure::lost(work, migration, Some(script), Cause::Server(server))),
                    },
                };
                if has_committed {
                    self.finished(migration, outcome, started.elapsed());
                    return Err(Error::own("going on to the next migration", Cause::Server(server)));
                }
                Err(self.failed(&parts, completed, &server).await)
            }
            Err(Failure { cause, .. }) => Err(failure::lost(work, migration, script, cause)),
        }
    }

    /// Whether the history says so, for a client that does not tell how far a message came; none if it cannot be read.
    async fn is_recorded(&mut self, migration: &Migration, state: Option<EntryState>) -> Option<bool> {
        self.abandon().await;
        self.session.if_dropped(Some(String::new()));
        let reply = self.session.send(&self.sql.look(UNKNOWN)).await;
        self.session.if_dropped(None);
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

    /// What ends a migration's message: the commit, and the beginning of the next one.
    fn tail(&self, is_last: bool, clears: bool, conditions: &[&str], marks: bool) -> String {
        if self.options.mode == TransactionMode::All && !is_last {
            return if conditions.is_empty() && !marks {
                String::new()
            } else {
                self.sql.locked_read(&self.current(), conditions)
            };
        }
        let clear_up = if clears { self.sql.clear_up(&self.before) } else { String::new() };
        let next = match is_last {
            true => String::new(),
            false if conditions.is_empty() => self.sql.begin_next(),
            false => self.sql.begin(&self.current(), conditions),
        };
        // What was deferred to the commit goes by the session's path.
        format!("{}{}{clear_up}{next}", self.sql.session_path(), sql::COMMIT)
    }

    pub(super) fn may_retry(&self) -> bool {
        let budget = self.options.retry_budget;
        self.attempts.map_or(!budget.is_zero(), |(since, _)| since.elapsed() < budget)
    }

    /// Rolls back, pauses, and begins anew: with this migration, or with the first one where all share a transaction.
    async fn retry(&mut self, step: Step, server: &ServerError) -> Result<Turn, Error> {
        let (migration, end) = (&self.known[step.known], self.rollback());
        let holder = self.holder_of_lock(migration, server, &end).await?;
        let pause = self.pause_before_retry(migration, server, holder.as_ref());
        if self.options.mode == TransactionMode::All {
            self.report.done.clear();
            self.ran.clear();
        }
        self.pause(if has_ended(server) { "" } else { &end }, pause, "").await?;
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
        let reply = self.session.send(&message).await;
        let reply = reply.map_err(|failure| Error::own("asking who has a lock", failure.cause))?;
        Ok(wait::holders(&reply).into_iter().next())
    }
}

/// Whether somebody is asked for, in a message that ends what is open.
pub(super) fn has_ended(server: &ServerError) -> bool {
    server.code == "55P03"
}
