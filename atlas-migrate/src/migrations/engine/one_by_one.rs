//! A migration whose statements cannot be in a transaction: each is a message, and the history says how far it came.
//!
//! No lock can be held meanwhile: an open transaction would make `CREATE INDEX CONCURRENTLY` wait for itself. The
//! migration's row has a lease instead. Others take it over once its holder has gone: its backend is not there any more, or
//! runs none of its statements and has written nothing for a while. Whoever writes has to hold the lease.
//!
//! A statement that can be in a transaction is in one with the record that it completed. Of the others the row says before
//! each that it is next; if that was cut off, the catalog is asked what became of it. Before one that commits by itself the row
//! says that too: what it did people have to find out, if it is cut off or fails.

use std::time::Instant;

use atlas_migrate_core::history::{Entry, Lease as Held, State as EntryState};
use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::plan::{self, Step};
use atlas_migrate_core::statement::{self, Resume};

use super::batch::Part;
use super::judge::{self, Doubt, Verdict};
use super::refusal::name;
use super::transaction::has_ended;
use super::{Engine, Open, Task, Turn, Work, in_doubt, is_transient};
use crate::Error;
use crate::migrations::report::Outcome;
use crate::migrations::sql::{Advance, LEASE_LOST, Lease, Record, SESSION_LOST, SessionNeeds};
use crate::postgres::lock::random;
use crate::postgres::message::Message;
use crate::postgres::session::{Cause, Failure, Reply, Session};
use crate::postgres::sql::{self, Sql, Timeouts};
use crate::progress::Event;

/// A run of one migration.
pub(super) struct Job<'j> {
    pub(super) work: Work<'j>,
    pub(super) migration: &'j Migration,
    pub(super) script: &'j Script,
    pub(super) lease: Lease<'j>,
    /// What stands before each statement.
    tag: String,
}

/// Why a job cannot go on.
enum Stop {
    /// Another process took it over.
    Lost,
    Error(Error),
}

/// What failed of a statement.
struct Refusal {
    stage: Stage,
    /// What stood in the message before the statement.
    head: String,
    failure: Failure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Removing what it had left before.
    Before,
    /// The statement, or the transaction that it shares with its record.
    Statement,
    /// The record of a statement that took effect by itself.
    Record,
}

impl Stage {
    fn refused(self, head: &str) -> impl FnOnce(Failure) -> Refusal {
        let head = head.to_owned();
        move |failure| Refusal { stage: self, head, failure }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl<S: Session> Engine<'_, S> {
    pub(super) async fn one_by_one(
        &mut self,
        task: Task<'_>,
        script: &Script,
        open: Open,
    ) -> Result<Option<Turn>, Error> {
        let Task { work, step, migration, rest, .. } = task;
        let started = Instant::now();
        let token = format!("{:016x}{:016x}", random(), random());
        let row = self.spelled(migration).clone();
        let session = match (self.needs_of_session(script), self.backend) {
            (Some(SessionNeeds { is_changed: true, .. }), None) => {
                return Err(in_doubt::no_session(migration, script));
            }
            // The timeouts are the server's then.
            (_, None) => None,
            (session, Some(_)) => session,
        };
        let lease = Lease { row: &row, token: &token, session };
        let tag = Sql::tag(&token, migration);
        let job = Job { work, migration, script, lease, tag };
        match self.statements(&job, step, open).await {
            Ok(()) => {}
            Err(Stop::Lost) => {
                self.leave("").await?;
                let turn = self.begin(&[]).await?;
                return Ok(Some(Turn { changed: true, ..turn }));
            }
            Err(Stop::Error(error)) => return Err(error),
        }
        let (state, outcome) = match work {
            Work::Run => (Some(EntryState::Applied), Outcome::Applied),
            Work::Revert(_) => (None, Outcome::Reverted),
        };
        let is_last = rest.is_empty() && self.marks(work, migration, script, &[]).is_empty();
        self.expect(migration, state);
        self.finished(migration, outcome, started.elapsed());
        if is_last {
            return Ok(None);
        }
        self.begin(&self.conditions(work, rest.first())).await.map(Some)
    }

    async fn statements(&mut self, job: &Job<'_>, step: Step, open: Open) -> Result<(), Stop> {
        let mut doubt = self.doubt(job.migration);
        self.take_lease(job, step, open).await?;
        let total = job.script.statements().len();
        if step.done == total {
            // Nothing is left of it but its row.
            return self.record(job, total).await;
        }
        for index in step.done..total {
            self.statement(job, index, doubt).await?;
            doubt = Doubt::None;
            self.options.patience.listener.tell(&Event::Statement {
                migration: job.migration,
                completed: index + 1,
                total,
            });
        }
        Ok(())
    }

    /// Whether the next statement of a migration has begun before.
    fn doubt(&self, migration: &Migration) -> Doubt {
        match self.entries.iter().find(|entry| entry.key() == migration.key()) {
            Some(Entry { state, .. }) if state.is_done() => Doubt::None,
            // Part of another statement took effect than the one that is next now.
            Some(Entry { lease: Held::None | Held::Partly(_), .. }) => Doubt::Failed,
            // It failed half done: what is missing the catalog tells.
            Some(Entry { lease: Held::Expired, state: EntryState::Failed, .. }) => Doubt::Failed,
            Some(_) => Doubt::CutOff,
            None => Doubt::None,
        }
    }

    /// Runs a statement, and writes that it completed.
    async fn statement(&mut self, job: &Job<'_>, index: usize, mut doubt: Doubt) -> Result<(), Stop> {
        let sql = job.script.sql();
        let statement = &sql[job.script.statements()[index].range.clone()];
        let mut resume = statement::resume(statement);
        let (mut took_effect, mut announced) = (false, false);
        loop {
            let verdict = match (took_effect, judge::is_doubtful(&resume, doubt)) {
                (true, _) => Verdict::Done(Vec::new()),
                (false, true) => self.judge(&resume, doubt).await?,
                (false, false) => Verdict::Run,
            };
            let (before, runs) = match verdict {
                Verdict::Run => (Vec::new(), true),
                Verdict::RunAfter(statements) => (statements, true),
                Verdict::Done(statements) => (statements, false),
                Verdict::Passes(warning) => {
                    self.warn(format!("migration {}: {warning}", name(job.migration)));
                    (Vec::new(), true)
                }
                verdict => return Err(self.stopped_in_doubt(job, index, doubt, &verdict).await.into()),
            };
            if resume == Resume::Commits && runs && !announced {
                self.announce(job, "").await?;
                announced = true;
            }
            let Refusal { stage, head, failure } =
                match self.send_statement(job, index, &resume, before, runs.then_some(statement)).await {
                    Ok(()) => return Ok(()),
                    Err(refusal) => refusal,
                };
            let may_go_on = stage != Stage::Statement || resume != Resume::Commits;
            match failure.cause {
                Cause::Server(server) if server.code == LEASE_LOST => return Err(Stop::Lost),
                Cause::Server(server) if resume == Resume::Atomic && must_be_alone(statement, &server.code) => {
                    self.announce(job, sql::ROLLBACK).await?;
                    (resume, announced) = (Resume::Commits, true);
                }
                Cause::Server(server) if is_transient(&server.code) && may_go_on && self.may_retry() => {
                    let end = format!("{}{}", job.tag, sql::ROLLBACK);
                    let holder = self.holder_of_lock(job.migration, &server, &end).await?;
                    let pause = self.pause_before_retry(job.migration, &server, holder.as_ref());
                    self.conversation.pause(if has_ended(&server) { &job.tag } else { &end }, pause, "").await?;
                    match stage {
                        Stage::Before => {}
                        Stage::Statement => doubt = Doubt::Failed,
                        Stage::Record => took_effect = true,
                    }
                }
                cause if stage == Stage::Record => return Err(self.not_recorded(job, index, cause).await.into()),
                cause => return Err(self.stopped(job, index, &resume, &head, cause).await.into()),
            }
        }
    }

    /// Writes that the statement that is next commits by itself: if it is cut off or fails, it is in doubt, whatever the file
    /// says by then. Makes the session ready for it, if it is not.
    async fn announce(&mut self, job: &Job<'_>, end: &str) -> Result<(), Stop> {
        let ready = match (job.lease.session, self.backend) {
            (None, Some(_)) => self.sql.session_settings(self.timeouts(job.script)),
            (None, None) if self.options.role.is_some() => {
                return Err(in_doubt::no_session(job.migration, job.script).into());
            }
            _ => String::new(),
        };
        let timeouts = Sql::timeouts(self.timeouts_in_transaction(job));
        let advance = self.sql.advance(&job.lease, Advance::Commits, &self.before);
        let message = format!("{}{end}{}{timeouts}{advance}{}{ready}", job.tag, self.sql.begin_local(), sql::COMMIT);
        match self.conversation.send(&message).await {
            Err(Failure { cause: Cause::Server(server), .. }) if server.code == SESSION_LOST => {
                Err(in_doubt::no_session(job.migration, job.script).into())
            }
            sent => unless_lost(sent),
        }
    }

    /// Sends what is to be done before a statement, the statement and the record that it completed.
    async fn send_statement(
        &mut self,
        job: &Job<'_>,
        index: usize,
        resume: &Resume<'_>,
        before: Vec<String>,
        statement: Option<&str>,
    ) -> Result<(), Refusal> {
        for statement in before {
            let sent = self.conversation.send(&format!("{}{statement}", job.tag)).await;
            sent.map_err(Stage::Before.refused(&job.tag))?;
        }
        let mut message = Message::new();
        if *resume == Resume::Atomic {
            // A session that was made ready has the role that the statements before have left it with.
            // So are our rules then, unless it has set its own.
            let begin = match job.lease.session {
                Some(_) => sql::BEGIN.to_owned(),
                None => self.sql.begin_local() + &sql::rules(),
            };
            let timeouts = Sql::timeouts(self.timeouts_in_transaction(job));
            message.add((0, Part::Head), &format!("{}{begin}{timeouts}", job.tag));
            message.add((0, Part::Script), &format!("{}\n;\n", statement.unwrap_or_default()));
            message.add((0, Part::Record), &self.recording(job, index + 1));
            self.pass_over_notices();
            let sent = self.send_record(job, index + 1, message.text()).await;
            self.tell_notices(&[job.migration], &message);
            return sent.map(drop).map_err(Stage::Statement.refused(message.before((0, Part::Script))));
        }
        if let Some(statement) = statement {
            message.add((0, Part::Head), &job.tag);
            message.add((0, Part::Script), statement);
            self.pass_over_notices();
            let sent = self.conversation.send(message.text()).await;
            self.tell_notices(&[job.migration], &message);
            sent.map_err(Stage::Statement.refused(&job.tag))?;
        }
        let record = self.record_by_itself(job, index + 1);
        self.send_record(job, index + 1, &record).await.map(drop).map_err(Stage::Record.refused(""))
    }

    /// Writes that all statements have completed.
    async fn record(&mut self, job: &Job<'_>, completed: usize) -> Result<(), Stop> {
        let record = self.record_by_itself(job, completed);
        unless_lost(self.send_record(job, completed, &record).await)
    }

    /// Sends a message that writes that so many statements have completed: with the last of them, all is as it was before.
    async fn send_record(&mut self, job: &Job<'_>, completed: usize, message: &str) -> Result<Reply, Failure> {
        match completed < job.script.statements().len() {
            true => self.conversation.send(message).await,
            false => self.conversation.leave(message).await,
        }
    }

    fn record_by_itself(&self, job: &Job<'_>, completed: usize) -> String {
        let timeouts = Sql::timeouts(self.timeouts_in_transaction(job));
        format!("{}{timeouts}{}", self.sql.begin_local(), self.recording(job, completed))
    }

    /// What writes that so many statements have completed, and commits. After the last one the session is put back as well.
    fn recording(&self, job: &Job<'_>, completed: usize) -> String {
        let total = job.script.statements().len();
        let advance = match job.work {
            Work::Run if completed < total => Advance::To(completed, fingerprint(job.script, completed)),
            Work::Run => Advance::Applied(total, job.script),
            Work::Revert(_) if completed < total => Advance::Reverted(completed),
            Work::Revert(_) => Advance::Forgotten,
        };
        let advance = self.sql.advance(&job.lease, advance, &self.before);
        if completed < total {
            return advance + sql::COMMIT;
        }
        let (restore, clear_up) = (self.sql.restore(&self.before), self.sql.clear_up(&self.before));
        let (marks, path) = (self.marks(job.work, job.migration, job.script, &[]), self.sql.session_path());
        format!("{restore}{marks}{advance}{path}{}{clear_up}", sql::COMMIT)
    }

    /// Asks the catalog what became of a statement.
    async fn judge(&mut self, resume: &Resume<'_>, doubt: Doubt) -> Result<Verdict, Stop> {
        let Some(question) = self.sql.judge(resume) else { return Ok(Verdict::Unknown) };
        let reply = self.conversation.send(&question).await;
        let reply = reply.map_err(Failure::own("asking the catalog what a statement has left"))?;
        Ok(judge::verdict(resume, doubt, &reply))
    }

    /// Writes that the migration is under way, ends the transaction, and makes the session ready for its statements.
    async fn take_lease(&mut self, job: &Job<'_>, step: Step, open: Open) -> Result<(), Stop> {
        let mut message = match self.entries.iter().find(|entry| entry.key() == job.migration.key()) {
            Some(entry) if !entry.state.is_done() => self.sql.still(&entry.version, entry.state, entry.statements),
            _ => String::new(),
        };
        let state = match job.work {
            Work::Run => {
                let (migration, row) = (job.migration, self.row(job.migration));
                let fingerprint = fingerprint(job.script, step.done);
                let (state, statements) = (EntryState::Running, step.done);
                message += &self.sql.record(&Record { migration, row, state, statements, fingerprint, behind: None });
                state
            }
            Work::Revert(_) => EntryState::Reverting,
        };
        message += &self.sql.take_lease(&job.lease, state, step.done);
        message += sql::COMMIT;
        if let Some(session) = job.lease.session {
            message += &self.sql.session_settings(session.timeouts);
        }
        // What is left to do if it ends early is more than a rollback, and done when the session is dropped.
        let leaving = self.leaving(&self.sql.release(&job.lease));
        unless_lost(self.conversation.end_leaving(open, &message, leaving).await)
    }

    /// What the statements of a script need of the session, if it has some that stand alone or change it.
    fn needs_of_session(&self, script: &Script) -> Option<SessionNeeds> {
        let sql = script.sql();
        let texts: Vec<&str> = script.statements().into_iter().map(|statement| &sql[statement.range]).collect();
        let stands_alone = |text: &&str| statement::resume(text) != Resume::Atomic;
        let sets = |text: &&str| text.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("set"));
        // Of a statement that stands alone the rules are those of the session; of all of them, how they are read.
        let alone = texts.iter().any(stands_alone);
        let rules = self.names.strings_are_broken || self.names.rules_are_broken && alone;
        let is_changed = self.options.role.is_some() || texts.iter().any(sets) || rules;
        let is_needed = alone || texts.iter().any(sets) || rules;
        is_needed.then(|| SessionNeeds { timeouts: self.timeouts(script), is_changed })
    }

    /// The timeouts of a statement that is in a transaction: it waits for locks no longer than a migration would.
    fn timeouts_in_transaction(&self, job: &Job<'_>) -> Timeouts {
        let lock = job.script.header().lock_timeout.unwrap_or(self.options.patience.lock_timeout);
        Timeouts { lock: Some(lock).filter(|lock| !lock.is_zero()), ..self.timeouts(job.script) }
    }
}

/// Whether a statement that was taken for one that can be in a transaction is refused there, and may pass by itself:
/// active_sql_transaction; invalid_transaction_termination, of a block that commits.
fn must_be_alone(statement: &str, code: &str) -> bool {
    code == "25001" || (code == "2D000" && statement::is_block(statement))
}

/// What came of a message that only the holder of the lease may send.
fn unless_lost(sent: Result<Reply, Failure>) -> Result<(), Stop> {
    match sent {
        Ok(_) => Ok(()),
        Err(Failure { cause: Cause::Server(server), .. }) if server.code == LEASE_LOST => Err(Stop::Lost),
        Err(failure) => Err(Error::of_history("recording a migration", failure.cause).into()),
    }
}

fn fingerprint(script: &Script, statements: usize) -> atlas_migrate_core::checksum::Fingerprint {
    // There are as many: they have been split off this very script.
    plan::fingerprint_of_first(statements, script).unwrap_or(script.fingerprint())
}
