//! What is pending, in one transaction that is rolled back.

mod alone;
mod stage;

use std::ops::Range;
use std::time::Duration;

use atlas_migrate_core::fault::line_column;
use atlas_migrate_core::history::{Entry, State as EntryState};
use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::plan::Step;
use atlas_migrate_core::statement::uses_own_value;

use self::stage::{Findings, Stage};
use super::batch::Part;
use super::{Engine, Work, failure, is_one_by_one, refusal};
use crate::Error;
use crate::migrations::migrator::TransactionMode;
use crate::migrations::rehearsal::{Failure, Rehearsal, Rehearsed, Statement, Verdict};
use crate::migrations::report::label;
use crate::migrations::sql::{Record, rehearse};
use crate::postgres::message::Message;
use crate::postgres::session::{Cause, Failure as Unsent, Reply, Row, ServerError, Session};
use crate::postgres::sql;

/// An enum value cannot be used in the transaction that adds it.
const UNSAFE_NEW_VALUE: &str = "55P04";

/// Since this version it can, if the transaction has made the type.
const OF_NEW_TYPES: u32 = 170_000;

/// What may come of something that was not done: of an object or column that is missing or still there, or of rows.
const CLASSES_OF_LACKS: [&str; 3] = ["23", "3F", "42"];

/// Of these it does not: syntax_error, insufficient_privilege.
const NO_LACKS: [&str; 2] = ["42601", "42501"];

impl<S: Session> Engine<'_, S> {
    pub(crate) async fn rehearse(mut self) -> Result<Rehearsal, Error> {
        let state = self.look(&self.digest_when_current()).await?;
        let steps = if state.current { Vec::new() } else { self.steps(Work::Run)? };
        if steps.is_empty() {
            return Ok(Rehearsal { migrations: Vec::new(), warnings: self.report.warnings });
        }
        state.server.writable("migrations are to be rehearsed")?;
        self.warn_of_own_name(&steps);
        self.mind_others();
        self.warn_of_schema(&steps);
        let result = self.rehearse_all(steps).await;
        let migrations = self.conversation.close(result).await?;
        Ok(Rehearsal { migrations, warnings: self.report.warnings })
    }

    async fn rehearse_all(&mut self, mut steps: Vec<Step>) -> Result<Vec<Rehearsed>, Error> {
        self.check_mode(&steps.clone().into(), Work::Run)?;
        let turn = self.begin(&[]).await?;
        if turn.changed {
            steps = self.steps(Work::Run)?;
            self.check_mode(&steps.clone().into(), Work::Run)?;
        }
        let mut stage = self.stage().await?;
        stage.begin();
        let mut done: Vec<Rehearsed> = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let mut one = Rehearsed::new(&self.known[step.known]);
            match done.iter().find(|one| one.verdict == Verdict::Failed) {
                Some(failed) => one.pass_over(format!("{} failed", label(&failed.version, &failed.name))),
                None => {
                    self.rehearse_one(step, index + 1 == steps.len(), &mut stage, &mut one, &done).await?;
                    self.judge_own_values(&steps[..index], step, &mut one);
                }
            }
            done.push(one);
        }
        self.conversation.roll_back(turn.open).await;
        Rehearsed::time_locks(&mut done, self.options.mode);
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
        if !self.is_to_run(step, one).await? {
            return Ok(());
        }
        let is_alone = is_one_by_one(script, step);
        let has_begun = |entry: &Entry| entry.key() == migration.key() && !entry.state.is_done();
        if is_alone && (step.done > 0 || self.entries.iter().any(has_begun)) {
            one.pass_over("it has begun, and goes on where it stopped, which is not in a transaction".to_owned());
            one.is_partial = true;
            return Ok(());
        }
        let timeouts = if is_alone { self.timeouts_of_trial(script) } else { self.timeouts(script) };
        let begin = format!("{}{}{}", rehearse::SAVEPOINT, self.sql.head(timeouts), rehearse::findings());
        stage.pass_over(&self.tell(&begin, "beginning a migration").await?)?;
        if self.options.mode == TransactionMode::Each {
            stage.begin();
        }
        let tried = match is_alone {
            true => self.rehearse_alone(migration, is_last, stage, one).await,
            false => self.rehearse_script(migration, is_last, stage, one).await,
        };
        let refusal = match tried {
            Ok(()) => return Ok(()),
            Err(Stop::Refused(refusal)) => refusal,
            Err(Stop::Error(error)) => return Err(error),
        };
        match self.excuse(&refusal, is_alone, done).await? {
            Some(reason) => {
                one.statements.clear();
                one.pass_over(reason);
                one.is_partial = true;
                *stage = self.stage().await?;
            }
            None => self.fail(migration, refusal, one, done).await,
        }
        Ok(())
    }

    /// Whether the conditions of a migration hold; if not, that is all there is to it.
    async fn is_to_run(&mut self, step: &Step, one: &mut Rehearsed) -> Result<bool, Error> {
        let migration = &self.known[step.known];
        let conditions = self.conditions(Work::Run, Some(step));
        if conditions.is_empty() {
            return Ok(true);
        }
        let outcomes = self.evaluate(&conditions).await?;
        match refusal::conditions_hold(migration, migration.up(), &outcomes) {
            Ok(true) => return Ok(true),
            Ok(false) => {
                one.verdict = Verdict::Skipped;
                one.note = Some("its condition is not true".to_owned());
                let message = self.record_rehearsed(migration, EntryState::Skipped);
                self.tell(&message, "recording that a migration is skipped").await?;
            }
            Err(error) => one.fail(None, &self.in_words(error)),
        }
        Ok(false)
    }

    /// A run would fail here. Nothing more is tried.
    async fn fail(&mut self, migration: &Migration, refusal: Refusal, one: &mut Rehearsed, done: &[Rehearsed]) {
        self.conversation.abandon().await;
        let Refusal { statement, doing, head, server, .. } = refusal;
        let script = migration.up();
        let span = statement.and_then(|index| failure::span_of_statement(script, index, &head, &server));
        let error = failure::describe(Work::Run, migration, script, span, doing, &server);
        let error = self.name_blockers(error, &script.text(), &server).await;
        let partial = done.iter().filter(|one| one.is_partial);
        let error = partial.fold(error, |error, one| {
            error.note(format!("{} was not rehearsed, and this may need it", label(&one.version, &one.name)))
        });
        one.fail(statement, &self.in_words(error));
    }

    fn in_words(&self, error: Error) -> Error {
        error.in_words(|hint| self.options.patience.listener.words(hint))
    }

    /// Why a run may accept what was refused here; then all of the migration is taken back.
    async fn excuse(&mut self, refusal: &Refusal, is_alone: bool, done: &[Rehearsed]) -> Result<Option<String>, Error> {
        let Refusal { server, is_plain, .. } = refusal;
        let code = server.code.as_str();
        if self.options.mode == TransactionMode::All {
            return Ok(None);
        }
        let lacks = |one: &&Rehearsed| {
            one.is_partial && CLASSES_OF_LACKS.iter().any(|class| code.starts_with(class)) && !NO_LACKS.contains(&code)
        };
        let reason = if code == UNSAFE_NEW_VALUE {
            "it uses an enum value that has to be committed first".to_owned()
        } else if let Some(partial) = done.iter().rev().find(lacks) {
            let name = label(&partial.version, &partial.name);
            format!("{}, and it may need {name}, which was not rehearsed", server.message)
        } else if *is_plain && code == "55P03" {
            "its table was in use: without CONCURRENTLY, as it was tried here, it needs a stronger lock".to_owned()
        } else {
            return Ok(None);
        };
        let message = format!("{}{}", rehearse::ROLLBACK_TO_SAVEPOINT, rehearse::enum_values());
        let reply = self.tell(&message, "rolling back a migration").await?;
        let is_meant = |row: &Row| match row.as_slice() {
            [Some(value), Some(of)] => says_value(&server.message, value, of),
            _ => false,
        };
        // What is still there an earlier migration has added, and a run commits that.
        let is_excused = code != UNSAFE_NEW_VALUE || is_alone || reply.rows("atlas_value").any(is_meant);
        Ok(is_excused.then_some(reason))
    }

    /// A server that takes a new value of a type that the same transaction has made does not do so in a run, where another
    /// migration has made the type.
    fn judge_own_values(&self, before: &[Step], step: &Step, one: &mut Rehearsed) {
        let in_doubt = one.verdict == Verdict::Passed
            && self.sql.server_version >= OF_NEW_TYPES
            && self.options.mode == TransactionMode::Each
            && !is_one_by_one(self.known[step.known].up(), step);
        if in_doubt {
            let sql = |step: &Step| self.known[step.known].up().sql().into_owned();
            let before: Vec<_> = before.iter().map(sql).collect();
            if uses_own_value(&before, &sql(step)) {
                one.pass_over("it seems to use an enum value that it adds, which a run refuses".to_owned());
            }
        }
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
            let trial = Trial { index, sql: &sql[statement.range.clone()], head: "", tail: "", is_plain: false };
            let findings = self.try_statement(migration, &trial, stage).await?;
            one.statements.push(findings.of(index, &text, statement.range, false));
        }
        self.finish(migration, is_last).await
    }

    /// Tries one statement.
    async fn try_statement(
        &mut self,
        migration: &Migration,
        trial: &Trial<'_>,
        stage: &mut Stage,
    ) -> Result<Findings, Stop> {
        let mut message = Message::new();
        message.add((0, Part::Head), &format!("{}{}", rehearse::start(), trial.head));
        message.add((0, Part::Script), &format!("{}\n;\n", trial.sql));
        message.add((0, Part::Record), &format!("{}{}", trial.tail, rehearse::findings()));
        self.pass_over_notices();
        let sent = self.conversation.send(message.text()).await;
        self.tell_notices(&[migration], &message);
        match sent {
            Ok(reply) => Ok(stage.take(&reply, trial.sql).map_err(Error::from)?),
            Err(failure) => match Stop::new(migration, Some(trial.index), "", failure) {
                Stop::Refused(refusal) => {
                    let head = message.before((0, Part::Script)).to_owned();
                    Err(Stop::Refused(Refusal { head, is_plain: trial.is_plain, ..refusal }))
                }
                stop => Err(stop),
            },
        }
    }

    /// What comes behind the statements: the session put back, the row, the commit.
    async fn finish(&mut self, migration: &Migration, is_last: bool) -> Result<(), Stop> {
        let mut end = String::new();
        if migration.up().may_change_session() {
            end += &self.sql.restore(&self.before);
            end += &self.sql.clear(&self.before);
        } else {
            end += sql::OWN_PATH;
        }
        end += &self.record_rehearsed(migration, EntryState::Applied);
        end += &self.sql.session_path();
        end += rehearse::RELEASE_SAVEPOINT;
        let mut rest = vec![(end.as_str(), " when it was recorded")];
        if self.options.mode == TransactionMode::Each || is_last {
            rest.push((rehearse::CHECK_CONSTRAINTS, " at its commit"));
        }
        for (message, doing) in rest {
            let sent = self.conversation.send(message).await;
            sent.map_err(|failure| Stop::new(migration, None, doing, failure))?;
        }
        Ok(())
    }

    /// Writes the row of a migration; conditions of later ones may look for it.
    fn record_rehearsed(&mut self, migration: &Migration, state: EntryState) -> String {
        let statements = if state == EntryState::Applied { migration.up().statements().len() } else { 0 };
        let (row, fingerprint) = (self.row(migration), migration.up().fingerprint());
        let message = self.sql.record(&Record { migration, row, state, statements, fingerprint, behind: None });
        self.expect(migration, Some(state));
        message
    }

    /// Reads what there is before anything is tried.
    async fn stage(&mut self) -> Result<Stage, Error> {
        let reply = self.tell(&format!("{}{}", rehearse::tables(), rehearse::findings()), "reading the tables").await?;
        Ok(Stage::read(&reply)?)
    }

    async fn tell(&mut self, message: &str, doing: &str) -> Result<Reply, Error> {
        self.conversation.send(message).await.map_err(Unsent::own(doing))
    }
}

/// A statement that is tried.
struct Trial<'t> {
    index: usize,
    sql: &'t str,
    /// What stands in the message before and behind it.
    head: &'t str,
    tail: &'t str,
    /// It is without the `CONCURRENTLY` that it has in the file.
    is_plain: bool,
}

impl Findings {
    fn of(self, index: usize, text: &str, range: Range<usize>, is_alone: bool) -> Statement {
        Statement {
            number: index + 1,
            place: line_column(text, range.start),
            sql: text[range].to_owned(),
            is_alone,
            duration: self.duration,
            locks: self.locks,
            rewrites: self.rewrites,
        }
    }
}

/// Whether the server's message is about this value of this enum. It quotes the value as its language does.
fn says_value(message: &str, value: &str, of: &str) -> bool {
    let is_quoted = |(start, _): (usize, &str)| {
        let before = message[..start].trim_end().chars().next_back();
        before.is_some_and(|quote| "\"'`«„“”‚‘»「『".contains(quote))
    };
    message.match_indices(value).any(is_quoted) && message.contains(of)
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
    /// What stood in the message before the statement.
    head: String,
    is_plain: bool,
    server: Box<ServerError>,
}

impl Stop {
    fn new(migration: &Migration, statement: Option<usize>, doing: &'static str, failure: Unsent) -> Self {
        match failure.cause {
            Cause::Server(server) if !server.ends_connection() => {
                Self::Refused(Refusal { statement, doing, head: String::new(), is_plain: false, server })
            }
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
            is_partial: false,
        }
    }

    /// Says of each lock how long it was held.
    fn time_locks(all: &mut [Self], mode: TransactionMode) {
        let mut held = Duration::ZERO;
        for one in all.iter_mut().rev() {
            if mode == TransactionMode::Each {
                held = Duration::ZERO;
            }
            for statement in one.statements.iter_mut().rev() {
                held = if statement.is_alone { statement.duration } else { held + statement.duration };
                statement.locks.iter_mut().for_each(|lock| lock.held = held);
            }
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
