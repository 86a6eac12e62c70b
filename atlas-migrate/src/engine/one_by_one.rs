//! A migration whose statements cannot be in a transaction: each is a message, and the history says how far it came.
//!
//! No lock can be held meanwhile: an open transaction would make `CREATE INDEX CONCURRENTLY` wait for itself. The
//! migration's row has a lease instead. Others take it over once its holder has gone: its backend is not there any more, or
//! runs none of its statements and has written nothing for a while. Whoever writes has to hold the lease.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Instant;

use atlas_migrate_core::history::State as EntryState;
use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::plan::{self, Step};

use super::{Engine, Turn, Work, failure};
use crate::progress::Event;
use crate::report::Outcome;
use crate::session::{Cause, Failure, Reply, Session};
use crate::sql::{self, Advance, Record, Sql};
use crate::{Error, ErrorKind};

impl<S: Session> Engine<'_, S> {
    pub(super) async fn one_by_one(
        &mut self,
        work: Work<'_>,
        step: Step,
        script: &Script,
        rest: &[Step],
    ) -> Result<Option<Turn>, Error> {
        let migration = &self.known[step.known];
        let started = Instant::now();
        let runner = token();
        self.take_lease(work, step, script, &runner).await?;
        let text = script.sql();
        let statements = script.statements();
        for (index, statement) in statements.iter().enumerate().skip(step.done) {
            let message = Sql::tag(&runner) + &text[statement.range.clone()];
            if let Err(Failure { cause, .. }) = self.session.send(&message).await {
                return Err(self.stopped(work, migration, script, &runner, index, cause).await);
            }
            let completed = index + 1;
            self.options.listener.tell(&Event::Statement { migration, completed, total: statements.len() });
            if completed < statements.len() {
                let advance = match work {
                    Work::Run => Advance::To(completed, fingerprint(script, completed)),
                    Work::Revert(_) => Advance::Reverted(completed),
                };
                self.advance(migration, &runner, advance).await?;
            }
        }

        // The settings that its statements made, and its row.
        let mut message = sql::BEGIN.to_owned() + &self.sql.restore(&self.before);
        let (state, outcome) = match work {
            Work::Run => (Some(EntryState::Applied), Outcome::Applied),
            Work::Revert(_) => (None, Outcome::Reverted),
        };
        let row = self.spelled(migration);
        message += &match work {
            Work::Run => self.sql.advance(row, &runner, Advance::Applied(statements.len(), script)),
            Work::Revert(_) => self.sql.forget_leased(row, &runner),
        };
        message += sql::COMMIT;
        let reply = self.session.send(&message).await;
        let reply = reply.map_err(|failure| Error::own("recording a migration", failure.cause))?;
        self.settle();
        still_leased(migration, &reply)?;
        self.expect(migration, state);
        self.finished(migration, outcome, started.elapsed());
        if rest.is_empty() {
            return Ok(None);
        }
        self.begin("", &self.conditions(work, rest.first())).await.map(Some)
    }

    /// Writes that the migration is under way, ends the transaction, and makes the session ready for its statements.
    async fn take_lease(&mut self, work: Work<'_>, step: Step, script: &Script, runner: &str) -> Result<(), Error> {
        let migration = &self.known[step.known];
        let mut message = String::new();
        let state = match work {
            Work::Run => {
                let fingerprint = fingerprint(script, step.done);
                let (state, statements) = (EntryState::Running, step.done);
                let row = self.row(migration);
                message += &self.sql.record(&Record { migration, row, state, statements, fingerprint });
                state
            }
            Work::Revert(_) => EntryState::Reverting,
        };
        let row = self.spelled(migration);
        message += &self.sql.take_lease(row, runner, state, step.done);
        message += sql::COMMIT;
        message += &self.sql.session_settings(self.timeouts(script));
        let cleanup = format!(
            "{}{}{}{}{}",
            sql::ROLLBACK,
            sql::BEGIN,
            self.sql.restore(&self.before),
            self.sql.release(row, runner),
            sql::COMMIT
        );
        self.session.if_dropped(Some(cleanup));
        let reply = self.session.send(&message).await;
        let reply = reply.map_err(|failure| Error::own("recording a migration", failure.cause))?;
        // What is left to do if it ends early is more than a rollback, and done when the session is dropped.
        self.open = false;
        still_leased(migration, &reply)
    }

    async fn advance(&mut self, migration: &Migration, runner: &str, advance: Advance<'_>) -> Result<(), Error> {
        let reply = self.session.send(&self.sql.advance(self.spelled(migration), runner, advance)).await;
        let reply = reply.map_err(|failure| Error::own("recording the progress of a migration", failure.cause))?;
        still_leased(migration, &reply)
    }

    /// Notes how far it came, if that can be noted, and says why it stopped.
    async fn stopped(
        &mut self,
        work: Work<'_>,
        migration: &Migration,
        script: &Script,
        runner: &str,
        index: usize,
        cause: Cause,
    ) -> Error {
        let server = match cause {
            Cause::Server(server) if !server.ends_connection() => server,
            cause => return failure::lost(migration, Some(script), cause),
        };
        let state = match work {
            Work::Run => EntryState::Failed,
            Work::Revert(_) => EntryState::Reverting,
        };
        let message = format!(
            "{}{}{}{}",
            sql::BEGIN,
            self.sql.restore(&self.before),
            self.sql.advance(self.spelled(migration), runner, Advance::Stopped(state, index)),
            sql::COMMIT
        );
        let noted = self.session.send(&message).await;
        if noted.is_ok() {
            self.settle();
        }
        let error = failure::of_statement(work, migration, script, index, Sql::tag(runner).chars().count(), &server);
        let total = script.statements().len();
        let error = match index {
            0 => error.note("nothing of it took effect"),
            1 => error.note(format!(
                "its first statement took effect and stays; the next run goes on with statement 2 of {total}"
            )),
            _ => error.note(format!(
                "its first {index} statements took effect and stay; the next run goes on with statement {} of {total}",
                index + 1
            )),
        };
        match noted {
            Ok(_) => error,
            Err(failure) => error.note(Error::own("recording that", failure.cause).to_string()),
        }
    }
}

fn fingerprint(script: &Script, statements: usize) -> atlas_migrate_core::checksum::Fingerprint {
    // There are as many: they have been split off this very script.
    plan::fingerprint_of_first(statements, script).unwrap_or(script.fingerprint())
}

/// What tells this run of a migration from all others.
fn token() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

/// A write that asks for the lease gives a row if it was held.
fn still_leased(migration: &Migration, reply: &Reply) -> Result<(), Error> {
    if reply.rows("atlas_runner").next_back().is_some() {
        return Ok(());
    }
    let version = migration.version();
    Err(Error::new(
        ErrorKind::Busy,
        format!("another process took over migration {version} while this one stood still"),
    )
    .hint("run again: it finds out what there is left to do"))
}
