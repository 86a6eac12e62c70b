//! What is pending, in one transaction that is rolled back.

mod stage;

use atlas_migrate_core::fault::line_column;
use atlas_migrate_core::history::{self, State as EntryState};
use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::plan::Step;

use self::stage::Stage;
use super::{Engine, Work, failure, is_one_by_one, refusal};
use crate::Error;
use crate::migrator::TransactionMode;
use crate::rehearse::{Failure, Rehearsal, Rehearsed, Statement, Verdict};
use crate::report::label;
use crate::session::{Cause, Failure as Unsent, Reply, ServerError, Session};
use crate::sql::{Record, Sql, rehearse};

/// An enum value cannot be used in the transaction that adds it.
const UNSAFE_NEW_VALUE: &str = "55P04";

impl<S: Session> Engine<'_, S> {
    pub(crate) async fn rehearse(mut self) -> Result<Rehearsal, Error> {
        let state = self.look(&history::digest_when_current(self.known)).await?;
        let steps = if state.current { Vec::new() } else { self.steps(Work::Run)? };
        if steps.is_empty() {
            return Ok(Rehearsal { migrations: Vec::new(), warnings: self.report.warnings });
        }
        state.server.writable("migrations are to be rehearsed")?;
        self.warn_of_own_name(&steps);
        self.mind_others();
        let result = self.rehearse_all(steps).await;
        if self.open && !result.as_ref().is_err_and(Error::is_connection) {
            self.abandon().await;
        }
        Ok(Rehearsal { migrations: result?, warnings: self.report.warnings })
    }

    async fn rehearse_all(&mut self, mut steps: Vec<Step>) -> Result<Vec<Rehearsed>, Error> {
        self.check_mode(&steps.clone().into(), Work::Run)?;
        if self.begin(&[]).await?.changed {
            steps = self.steps(Work::Run)?;
            self.check_mode(&steps.clone().into(), Work::Run)?;
        }
        let mut stage = self.stage().await?;
        let mut done: Vec<Rehearsed> = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let mut one = Rehearsed::new(&self.known[step.known]);
            match done.iter().find(|one| one.verdict == Verdict::Failed) {
                Some(failed) => one.pass_over(format!("{} failed", label(&failed.version, &failed.name))),
                None => self.rehearse_one(step, index + 1 == steps.len(), &mut stage, &mut one, &done).await?,
            }
            done.push(one);
        }
        Ok(done)
    }

    /// One migration, behind those that are done.
    async fn rehearse_one(
        &mut self,
        step: &Step,
        is_last: bool,
        stage: &mut Stage,
        one: &mut Rehearsed,
        done: &[Rehearsed],
    ) -> Result<(), Error> {
        let migration = &self.known[step.known];
        let script = migration.up();
        let conditions = self.conditions(Work::Run, Some(step));
        if !conditions.is_empty() {
            let outcomes = self.evaluate(&conditions).await?;
            match refusal::conditions_hold(migration, script, &outcomes) {
                Ok(true) => {}
                Ok(false) => {
                    one.verdict = Verdict::Skipped;
                    one.note = Some("its condition is not true".to_owned());
                    let message = self.record_rehearsed(migration, EntryState::Skipped);
                    self.tell(&message, "recording that a migration is skipped").await?;
                    return Ok(());
                }
                Err(error) => {
                    one.fail(None, &error);
                    return Ok(());
                }
            }
        }
        if is_one_by_one(script, step) {
            one.pass_over("it does not run in a transaction".to_owned());
            return Ok(());
        }
        let timeouts = Sql::timeouts(self.timeouts(script));
        let begin = format!("{}{timeouts}{}", rehearse::SAVEPOINT, rehearse::FINDINGS);
        stage.pass_over(&self.tell(&begin, "beginning a migration").await?)?;
        let Refusal { statement, doing, server } = match self.rehearse_script(migration, is_last, stage, one).await {
            Ok(()) => return Ok(()),
            Err(Stop::Refused(refusal)) => refusal,
            Err(Stop::Error(error)) => return Err(error),
        };
        if server.code == UNSAFE_NEW_VALUE && self.options.mode == TransactionMode::Each && !done.is_empty() {
            one.statements.clear();
            one.pass_over("it uses an enum value that has to be committed first".to_owned());
            self.tell(rehearse::ROLLBACK_TO_SAVEPOINT, "rolling back a migration").await?;
            *stage = self.stage().await?;
            return Ok(());
        }
        self.abandon().await;
        let span = statement.and_then(|index| failure::span_of_statement(script, index, rehearse::START, &server));
        let error = failure::describe(Work::Run, migration, script, span, doing, &server);
        let error = self.name_blockers(error, &script.text(), &server).await;
        let unknown = done.iter().filter(|one| one.verdict == Verdict::NotRehearsed);
        let error = unknown.fold(error, |error, one| {
            error.note(format!("{} was not rehearsed, and this may need it", label(&one.version, &one.name)))
        });
        one.fail(statement, &error);
        Ok(())
    }

    /// Its statements, its row, its commit.
    async fn rehearse_script(
        &mut self,
        migration: &Migration,
        is_last: bool,
        stage: &mut Stage,
        one: &mut Rehearsed,
    ) -> Result<(), Stop> {
        let script = migration.up();
        let (sql, text) = (script.sql(), script.text());
        for (index, statement) in script.statements().into_iter().enumerate() {
            let head = rehearse::START;
            let message = format!("{head}{}\n;\n{}", &sql[statement.range.clone()], rehearse::FINDINGS);
            match self.session.send(&message).await {
                Ok(reply) => {
                    let findings = stage.take(&reply)?;
                    one.statements.push(Statement {
                        number: index + 1,
                        place: line_column(&text, statement.range.start),
                        sql: text[statement.range].to_owned(),
                        duration: findings.duration,
                        locks: findings.locks,
                        rewrites: findings.rewrites,
                    });
                }
                Err(failure) => return Err(Stop::new(migration, Some(index), "", failure)),
            }
        }
        let mut end = String::new();
        if script.may_change_session() {
            end += &self.sql.restore(&self.before);
            end += &self.sql.clear(&self.before);
        }
        end += &self.record_rehearsed(migration, EntryState::Applied);
        end += rehearse::RELEASE_SAVEPOINT;
        let mut rest = vec![(end.as_str(), " when it was recorded")];
        if self.options.mode == TransactionMode::Each || is_last {
            rest.push((rehearse::CHECK_CONSTRAINTS, " at its commit"));
        }
        for (message, doing) in rest {
            let sent = self.session.send(message).await;
            sent.map_err(|failure| Stop::new(migration, None, doing, failure))?;
        }
        Ok(())
    }

    /// Writes the row of a migration; conditions of later ones may look for it.
    fn record_rehearsed(&mut self, migration: &Migration, state: EntryState) -> String {
        let statements = if state == EntryState::Applied { migration.up().statements().len() } else { 0 };
        let (row, fingerprint) = (self.row(migration), migration.up().fingerprint());
        let message = self.sql.record(&Record { migration, row, state, statements, fingerprint });
        self.expect(migration, Some(state));
        message
    }

    /// Reads what there is before anything is tried.
    async fn stage(&mut self) -> Result<Stage, Error> {
        let reply = self.tell(&format!("{}{}", rehearse::TABLES, rehearse::FINDINGS), "reading the tables").await?;
        Stage::read(&reply)
    }

    async fn tell(&mut self, message: &str, doing: &str) -> Result<Reply, Error> {
        self.session.send(message).await.map_err(|failure| Error::own(doing, failure.cause))
    }
}

/// Why a migration did not come to its end.
enum Stop {
    Refused(Refusal),
    Error(Error),
}

/// What the server refused.
struct Refusal {
    statement: Option<usize>,
    /// What it was at, if it was no statement of the file.
    doing: &'static str,
    server: Box<ServerError>,
}

impl Stop {
    fn new(migration: &Migration, statement: Option<usize>, doing: &'static str, failure: Unsent) -> Self {
        match failure.cause {
            Cause::Server(server) if !server.ends_connection() => Self::Refused(Refusal { statement, doing, server }),
            cause => Self::Error(failure::lost(Work::Run, migration, Some(migration.up()), cause)),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Rehearsed {
    fn new(migration: &Migration) -> Self {
        Self {
            version: migration.version().clone(),
            name: migration.name().to_owned(),
            path: migration.up().path().to_owned(),
            statements: Vec::new(),
            verdict: Verdict::Passed,
            note: None,
            failure: None,
        }
    }

    fn pass_over(&mut self, reason: String) {
        self.verdict = Verdict::NotRehearsed;
        self.note = Some(reason);
    }

    fn fail(&mut self, statement: Option<usize>, error: &Error) {
        self.verdict = Verdict::Failed;
        let sqlstate = error.sqlstate().map(str::to_owned);
        self.failure = Some(Failure { statement: statement.map(|index| index + 1), sqlstate, text: error.to_string() });
    }
}
