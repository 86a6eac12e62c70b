//! The order of effects, and nothing else: what is sent when, and what is made of the answers.
//!
//! 1. *Look*: one message, which writes nothing. Mostly it is the only one.
//! 2. *Begin*: a transaction, the lock, and a second look under it.
//! 3. For each migration one message: its SQL, the session put back, its row, the commit, and [`begin`](Engine::begin)
//!    for the next one.
//!
//! A [`Turn`] has the transaction that is open; a step takes it, and gives the next one.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use atlas_migrate_core::history::{self, Entry, Key, Lease, State as EntryState};
use atlas_migrate_core::migration::{Migration, Script, Transaction};
use atlas_migrate_core::plan::{self, Revert, Standing, Step, Target};
use atlas_migrate_core::version::Version;

use crate::Error;
use crate::postgres::refusal::{asked_for, check_names};
use tracing::Instrument;

use crate::migrations::migrator::{Migrator, Options, TransactionMode};
use crate::migrations::report::{Done, Outcome, Plan, Report, Status};
use crate::postgres::session::{Failure, Reply, Session};
use crate::postgres::sql::{self, SessionSettings, Sql, Timeouts};
use crate::postgres::transaction::{Conversation, Transaction as Open};
use crate::progress::Event;

pub(crate) mod back;
mod batch;
mod beside;
mod drift;
mod failure;
mod fill;
mod in_doubt;
mod judge;
mod notices;
mod one_by_one;
mod record;
pub(crate) mod refusal;
mod rehearse;
mod state;
mod stopped;
mod transaction;
mod turn;
mod warning;

use state::{Form, Names, State};
use turn::Turn;

/// A digest that no history has: the rows come in any case.
const UNKNOWN: &str = "unknown";

pub(crate) struct Engine<'a, S> {
    conversation: Conversation<'a, S>,
    known: &'a [Migration],
    options: &'a Options,
    sql: Sql,
    /// The history, as it is known to be.
    entries: Vec<Entry>,
    /// The session's own settings.
    before: SessionSettings,
    names: Names,
    /// The process id of the session at the first look; none once it was another one, which is a pooler's doing.
    backend: Option<i32>,
    report: Report,
    /// What this call has done, whatever the history says.
    ran: HashSet<Version>,
    /// The places of the migrations that a revert of so many is about, by its first look.
    meant: Option<Vec<usize>>,
    /// Since when, and how often, the transaction at hand has been tried: of one migration, or of all.
    attempts: Option<(Instant, u32)>,
    /// Whether migrations may share a message.
    may_share: bool,
    /// Whether the server can look if its client is still there.
    may_check_connection: bool,
    /// Whether each row is written with all that may keep the history from taking it in mind, since something did.
    thorough: bool,
    /// The migration whose text the server could not read: nothing of a message that has it runs.
    stop_before: Option<Version>,
    /// Whether there may be commits that have not waited for the disk.
    unflushed: bool,
}

/// What is being done.
#[derive(Clone, Copy)]
enum Work<'a> {
    Run,
    Revert(&'a Revert),
}

/// A step of that.
#[derive(Clone, Copy)]
struct Task<'t> {
    work: Work<'t>,
    step: Step,
    migration: &'t Migration,
    /// The steps behind it.
    rest: &'t [Step],
}

impl<'a, S: Session> Engine<'a, S> {
    pub(crate) fn new(session: &'a mut S, migrator: &'a Migrator) -> Result<Self, Error> {
        let options = &migrator.options;
        check_names(&options.schema, &options.table, &options.namespace, options.role.as_deref())?;
        let mut report = Report::default();
        for warning in migrator.migrations.warnings() {
            options.patience.listener.tell(&Event::Warning(&warning));
            report.warnings.push(warning);
        }
        let scripts =
            migrator.migrations.as_slice().iter().flat_map(|migration| [Some(migration.up()), migration.down()]);
        let custom_settings = scripts.flatten().flat_map(Script::custom_settings).collect();
        Ok(Self {
            conversation: Conversation::new(session),
            known: migrator.migrations.as_slice(),
            options,
            sql: Sql { custom_settings, ..options.sql() },
            entries: Vec::new(),
            before: SessionSettings::default(),
            names: Names::default(),
            backend: None,
            report,
            ran: HashSet::new(),
            meant: None,
            attempts: None,
            may_share: false,
            may_check_connection: false,
            thorough: false,
            stop_before: None,
            unflushed: false,
        })
    }

    pub(crate) async fn run(mut self) -> Result<Report, Error> {
        let state = self.look(&self.digest_when_current()).await?;
        if state.current {
            return Ok(self.report);
        }
        for line in plan::compare(self.known, &self.entries) {
            if let (Standing::Superseded, Some(known)) = (line.standing, line.known()) {
                self.warn(refusal::superseded(&self.known[known]));
            }
        }
        self.warn_of_failed();
        self.carry_out(Work::Run, &state).await
    }

    pub(crate) async fn plan(mut self) -> Result<Plan, Error> {
        let state = self.look(&self.digest_when_current()).await?;
        if state.current {
            return Ok(Plan::default());
        }
        let steps = self.steps(Work::Run)?;
        if !steps.is_empty() {
            self.refuse_others().await?;
        }
        Ok(Plan::new(self.known, &steps))
    }

    pub(crate) async fn status(mut self) -> Result<Status, Error> {
        self.look(UNKNOWN).await?;
        self.warn_of_others().await?;
        let mut status = Status::new(self.known, &self.entries, &plan::compare(self.known, &self.entries));
        status.warnings = self.report.warnings;
        Ok(status)
    }

    pub(crate) async fn check(mut self) -> Result<(), Error> {
        let state = self.look(&self.digest_when_current()).await?;
        if state.current {
            return Ok(());
        }
        let steps = self.steps(Work::Run)?;
        self.warn_of_failed();
        if steps.is_empty() {
            return Ok(());
        }
        self.refuse_others().await?;
        Err(refusal::pending(self.known, &self.entries, &steps))
    }

    /// The digest of a history with which there is nothing to do; of none if the target is a version that there is not, which the
    /// plan then says.
    fn digest_when_current(&self) -> String {
        match &self.options.plan.target {
            Target::Version(version) if !self.known.iter().any(|known| known.key() == Key::Versioned(version)) => {
                UNKNOWN.to_owned()
            }
            _ => history::digest_when_current(self.known),
        }
    }

    /// Does the work that there is, after a look.
    async fn carry_out(mut self, work: Work<'_>, state: &State) -> Result<Report, Error> {
        let steps = self.steps(work)?;
        if steps.is_empty() {
            return Ok(self.report);
        }
        state.server.writable(match work {
            Work::Run => "there are migrations to run",
            Work::Revert(_) => "there are migrations to revert",
        })?;
        if let Work::Run = work {
            self.warn_of_own_name(&steps);
            self.mind_others();
            self.warn_of_schema(&steps);
        }
        if !self.names.asked.is_empty() {
            self.warn(asked_for(&self.names.asked));
        }
        let result = self.work(work, steps.into()).await;
        self.conclude(result).await
    }

    /// Leaves no transaction open, and lets an error carry what was done before it.
    async fn conclude(mut self, result: Result<(), Error>) -> Result<Report, Error> {
        let Err(mut error) = self.conversation.close(result).await else { return Ok(self.report) };
        if self.options.mode == TransactionMode::All && !self.report.done.is_empty() {
            error = refusal::all_together(error, &self.report);
            self.report.done.clear();
        }
        Err(error.after(self.report))
    }

    async fn work(&mut self, work: Work<'_>, mut steps: VecDeque<Step>) -> Result<(), Error> {
        self.check_mode(&steps, work)?;
        let mut turn = self.begin(&self.conditions(work, steps.front())).await?;
        loop {
            if turn.changed {
                steps = self.steps(work)?.into();
                self.check_mode(&steps, work)?;
            }
            let Some(step) = steps.front().copied() else {
                if let Work::Revert(_) = work {
                    self.warn_of_gone();
                }
                return self.end_run(turn.open).await;
            };
            let conditions = self.conditions(work, Some(&step));
            let outcomes = match turn.changed && !conditions.is_empty() {
                true => self.evaluate(&conditions).await?,
                false => turn.outcomes,
            };
            match self.step(work, &mut steps, turn.open, &outcomes).await? {
                Some(next) => turn = next,
                None => return Ok(()),
            }
        }
    }

    /// One migration, or as many as go together. Gives no turn if it was the last one, and committed.
    async fn step(
        &mut self,
        work: Work<'_>,
        steps: &mut VecDeque<Step>,
        open: Open,
        outcomes: &[String],
    ) -> Result<Option<Turn>, Error> {
        let step = steps[0];
        let migration = &self.known[step.known];
        let script = self.script(work, &step);
        if self.ran.contains(migration.version()) {
            return Err(refusal::twice(migration, matches!(work, Work::Revert(_)), &self.sql.history()));
        }
        if let Some(script) = script {
            in_doubt::check(migration, script, self.entries.iter().find(|entry| entry.key() == migration.key()))?;
        }
        let skipped = match script {
            Some(script) if step.done == 0 => !refusal::conditions_hold(migration, script, outcomes)?,
            Some(_) => false,
            None => true,
        };
        let version = atlas_migrate_core::fault::shown(migration.version().as_str());
        let span = tracing::info_span!("migration", %version, name = migration.name());
        match script.filter(|_| !skipped) {
            Some(script) if is_one_by_one(script, &step) => {
                steps.pop_front();
                let started = Event::Started { migration, remaining: steps.len() + 1 };
                span.in_scope(|| self.options.patience.listener.tell(&started));
                let task = Task { work, step, migration, rest: steps.make_contiguous() };
                self.one_by_one(task, script, open).instrument(span).await
            }
            _ => {
                let items = self.together(work, steps, skipped);
                steps.drain(..items.len());
                // Of those that go together each event says which one it is about.
                let span = if items.len() == 1 { span } else { tracing::Span::none() };
                self.in_transaction(work, items, steps.make_contiguous(), open).instrument(span).await
            }
        }
    }

    /// What there is to do.
    fn steps(&self, work: Work<'_>) -> Result<Vec<Step>, Error> {
        let steps = match work {
            Work::Run => plan::plan(self.known, &self.entries, &self.options.plan),
            Work::Revert(revert) => match &self.meant {
                None => plan::plan_revert(self.known, &self.entries, revert),
                Some(meant) => {
                    let is_there = |known: &&usize| self.row(&self.known[**known]).is_some();
                    let left = meant.iter().filter(is_there).count();
                    plan::plan_revert(self.known, &self.entries, &Revert::Steps(left))
                }
            },
        };
        let steps = steps.map_err(|problem| refusal::problem(self.known, &self.entries, problem))?;
        let is_new = |step: &&Step| self.meant.as_ref().is_some_and(|meant| !meant.contains(&step.known));
        let error = match (work, steps.iter().find(is_new)) {
            (Work::Revert(_), Some(step)) => Some(refusal::applied_meanwhile(&self.known[step.known])),
            (Work::Revert(_), None) => None,
            (Work::Run, _) => drift::runs_again(self.known, &self.entries, &steps),
        };
        match error {
            Some(error) => Err(error),
            None => Ok(steps),
        }
    }

    /// The file that a step runs; none where a migration that was skipped is reverted.
    fn script(&self, work: Work<'_>, step: &Step) -> Option<&'a Script> {
        let migration = &self.known[step.known];
        let skipped = |entry: &Entry| entry.key() == migration.key() && entry.state == EntryState::Skipped;
        match work {
            Work::Run => Some(migration.up()),
            Work::Revert(_) if self.entries.iter().any(skipped) => None,
            Work::Revert(_) => migration.down(),
        }
    }

    fn conditions(&self, work: Work<'_>, step: Option<&Step>) -> Vec<&'a str> {
        match step.and_then(|step| self.script(work, step).filter(|_| step.done == 0)) {
            Some(script) => {
                let header = script.header();
                header
                    .skip_unless
                    .iter()
                    .chain(header.require.iter().map(|r| &r.condition))
                    .map(AsRef::as_ref)
                    .collect()
            }
            None => Vec::new(),
        }
    }

    fn check_mode(&self, steps: &VecDeque<Step>, work: Work<'_>) -> Result<(), Error> {
        let alone = |step: &&Step| self.script(work, step).is_some_and(|script| is_one_by_one(script, step));
        match steps.iter().find(alone) {
            Some(step) if self.options.mode == TransactionMode::All => {
                Err(refusal::not_in_one_transaction(&self.known[step.known]))
            }
            _ => Ok(()),
        }
    }

    /// Reads the state of the database without writing, waiting or locking.
    async fn look(&mut self, current: &str) -> Result<State, Error> {
        let reply = self
            .conversation
            .look(&self.sql.look(current))
            .await
            .map_err(Failure::of_history("reading the history"))?;
        let state = self.read_state(&reply)?;
        state.server.usable()?;
        self.sql.server_version = state.server.version_number;
        self.backend = Some(state.backend);
        self.may_share = state.takes_batches;
        self.may_check_connection = state.checks_connection;
        if let Some(settings) = &state.settings {
            self.before = settings.clone();
            self.conversation.clear_up_with(&self.sql.clear_up(&self.before));
        }
        self.sql.path.clone_from(&state.names.path);
        self.names = state.names.clone();
        Ok(state)
    }

    /// Takes what came back about the history.
    fn read_state(&mut self, reply: &Reply) -> Result<State, Error> {
        let state = State::read(reply, &self.sql)?;
        self.check_others(reply)?;
        self.backend = self.backend.filter(|backend| *backend == state.backend);
        match state.form {
            Form::Ours if !state.current => self.entries = state::entries(reply)?,
            Form::Absent => self.entries.clear(),
            Form::Ours | Form::Busy => {}
        }
        Ok(state)
    }

    /// Evaluates conditions in the transaction that is open.
    async fn evaluate(&mut self, conditions: &[&str]) -> Result<Vec<String>, Error> {
        let current = history::digest(&self.entries);
        let message = self.sql.locked_read(&current, conditions);
        let reply = self.conversation.send(&message).await.map_err(Failure::own("evaluating conditions"))?;
        Ok(self.read_state(&reply)?.outcomes)
    }

    /// Ends the last transaction, which has done nothing; what was committed before is on disk then.
    async fn end_run(&mut self, open: Open) -> Result<(), Error> {
        let touch = if self.unflushed { self.sql.touch() } else { String::new() };
        self.end(open, &(touch + sql::COMMIT), "ending the run").await
    }

    /// Sends the last message of a transaction.
    async fn end(&mut self, open: Open, message: &str, doing: &str) -> Result<(), Error> {
        self.conversation.end(open, message).await.map(drop).map_err(Failure::of_history(doing))
    }

    /// The timeouts of a script.
    fn timeouts(&self, script: &Script) -> Timeouts {
        let header = script.header();
        // Building an index concurrently waits for every transaction that began before it, and must not give up by itself.
        let lock = match header.transaction {
            Transaction::Wrapped => self.options.patience.lock_timeout,
            Transaction::None => Duration::ZERO,
        };
        let limit = |own: Option<Duration>, default| Some(own.unwrap_or(default)).filter(|limit| !limit.is_zero());
        Timeouts {
            lock: limit(header.lock_timeout, lock),
            statement: limit(header.statement_timeout, self.options.statement_timeout),
        }
    }

    /// The version of a migration as its row in the history has it, if there is one.
    fn row(&self, migration: &Migration) -> Option<&Version> {
        self.entries.iter().find(|entry| entry.key() == migration.key()).map(|entry| &entry.version)
    }

    /// The same, of a row that is there or is about to be.
    fn spelled<'v>(&'v self, migration: &'v Migration) -> &'v Version {
        self.row(migration).unwrap_or(migration.version())
    }

    /// Notes and tells that a migration came to its end.
    fn finished(&mut self, migration: &Migration, outcome: Outcome, duration: Duration) {
        self.ran.insert(migration.version().clone());
        self.note_done(Done {
            version: migration.version().clone(),
            name: migration.name().to_owned(),
            outcome,
            duration,
        });
        if self.options.mode == TransactionMode::Each {
            self.attempts = None;
        }
    }

    fn note_done(&mut self, done: Done) {
        self.options.patience.listener.tell(&Event::Finished(&done));
        self.report.done.push(done);
    }

    /// Takes it that a step is done: the history is without the migration's row, or has it in this state.
    ///
    /// If the step then fails, the next look tells the difference.
    fn expect(&mut self, migration: &Migration, state: Option<EntryState>) {
        let version = self.spelled(migration).clone();
        self.entries.retain(|entry| entry.key() != migration.key());
        self.entries.extend(state.map(|state| Entry {
            version,
            name: migration.name().to_owned(),
            kind: migration.kind(),
            state,
            statements: 0,
            compatible: migration.up().header().compatible,
            checksum: migration.up().checksum(),
            fingerprint: migration.up().fingerprint(),
            applied_at: String::new(),
            applied_by: String::new(),
            execution_time: Duration::ZERO,
            lease: Lease::None,
            superseded: Vec::new(),
        }));
    }
}

/// Whether a script runs statement by statement: it says so, or some of its statements have run like that.
fn is_one_by_one(script: &Script, step: &Step) -> bool {
    script.header().transaction == Transaction::None || step.done > 0
}

/// Whether the same SQL may pass in a moment: lock_not_available, deadlock_detected, serialization_failure.
fn is_transient(code: &str) -> bool {
    matches!(code, "55P03" | "40P01" | "40001")
}
