//! Migrations that share a message: which ones, and what it is made of.

use std::collections::VecDeque;

use atlas_migrate_core::history::{Entry, State as EntryState};
use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::plan::Step;

use super::{Engine, Work, in_doubt, is_one_by_one};
use crate::migrations::migrator::TransactionMode;
use crate::migrations::report::Outcome;
use crate::migrations::sql::{Record, batch as sql_of_batches};
use crate::postgres::message::Message;
use crate::postgres::session::Session;
use crate::postgres::sql::{self, Sql};

/// The server keeps a message in memory as a whole, many times over, and an error writes it to the log.
const MOST_BYTES: usize = 1 << 20;

/// A message is carried out to its end, be its client gone: so much at most, in migrations that only define something.
const MOST_WORK: usize = 400;

/// What may take its time counts as so many of those.
const WORK_OF_ROWS: usize = 20;

/// What a message with statements of files is made of, in this order for each of the files.
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

/// A migration of a message, and what becomes of it.
pub(super) struct Item<'t> {
    pub(super) migration: &'t Migration,
    /// What runs; nothing where a migration is skipped, or one that was skipped is reverted.
    pub(super) script: Option<&'t Script>,
    pub(super) outcome: Outcome,
    /// The state of the migration in the history behind it; nothing if it has no row then.
    pub(super) state: Option<EntryState>,
}

/// A message that is to be sent, and what it does.
pub(super) struct Batch<'t> {
    pub(super) work: Work<'t>,
    pub(super) items: Vec<Item<'t>>,
    /// How many steps come behind them.
    pub(super) behind: usize,
    pub(super) message: Message<(usize, Part)>,
    /// It ends the last transaction.
    pub(super) is_last: bool,
    /// What comes back of the history is to be read: repeatable migrations were marked, so that there may be more to do,
    /// conditions were evaluated, or there is an unfinished migration that somebody may be at.
    pub(super) reads: bool,
}

impl<'t> Batch<'t> {
    pub(super) fn migrations(&self) -> Vec<&'t Migration> {
        self.items.iter().map(|item| item.migration).collect()
    }
}

impl<'a, S: Session> Engine<'a, S> {
    /// The migrations that go out together: the first of these steps, which is to be skipped or not, and those behind it for which
    /// nothing has to be known that comes of it.
    pub(super) fn together<'t>(&self, work: Work<'t>, steps: &VecDeque<Step>, skipped: bool) -> Vec<Item<'t>>
    where
        'a: 't,
    {
        let mut items = Vec::new();
        let (mut bytes, mut weight) = (0, 0);
        for (index, step) in steps.iter().enumerate() {
            let migration = &self.known[step.known];
            let script = self.script(work, step).filter(|_| index > 0 || !skipped);
            if index > 0 && !self.may_follow(work, step, migration, script) {
                break;
            }
            bytes += script.map_or(0, |script| script.text().len());
            weight += script.map_or(1, work_of);
            if index > 0 && (bytes > MOST_BYTES || weight > MOST_WORK) {
                break;
            }
            let (outcome, state) = match (work, script) {
                (Work::Run, Some(_)) => (Outcome::Applied, Some(EntryState::Applied)),
                (Work::Run, None) => (Outcome::Skipped, Some(EntryState::Skipped)),
                (Work::Revert(_), _) => (Outcome::Reverted, None),
            };
            items.push(Item { migration, script, outcome, state });
        }
        items
    }

    /// Whether it needs no answer to what comes before it in its message.
    fn may_follow(&self, work: Work<'_>, step: &Step, migration: &Migration, script: Option<&Script>) -> bool {
        let entry = self.entries.iter().find(|entry| entry.key() == migration.key());
        self.may_share
            && (self.options.mode == TransactionMode::Each || self.conversation.counts())
            && self.stop_before.as_ref() != Some(migration.version())
            && !self.ran.contains(migration.version())
            && self.conditions(work, Some(step)).is_empty()
            && !script.is_some_and(|script| is_one_by_one(script, step))
            && script.is_none_or(|script| in_doubt::check(migration, script, entry).is_ok())
    }

    /// The message of these migrations, with so many steps behind them; the conditions are those of the next one. From now on the
    /// history is expected to be as behind all of them.
    pub(super) fn batch<'t>(
        &mut self,
        work: Work<'t>,
        items: Vec<Item<'t>>,
        behind: usize,
        conditions: &[&str],
    ) -> Batch<'t> {
        let marks: Vec<_> = (0..items.len()).map(|number| self.marks_of(work, &items, number)).collect();
        let marked = marks.iter().any(|marks| !marks.is_empty());
        // What is marked has its turn behind the last one.
        let is_last = behind == 0 && !marked;
        let is_unfinished = |entry: &Entry| !entry.state.is_done();
        let reads = marked || !conditions.is_empty() || self.entries.iter().any(is_unfinished);
        let mut batch = Batch { work, items, behind, message: Message::new(), is_last, reads };
        batch.message.add((0, Part::Head), &Sql::title(&batch.migrations()));
        if self.bridges(&batch) {
            batch.message.add((0, Part::Head), &self.sql.hold_lock());
        }
        if self.prepares(&batch) {
            batch.message.add((0, Part::Head), &self.sql.prepare());
        }
        for (number, marks) in marks.iter().enumerate() {
            self.add_file(&mut batch, number);
            self.add_record(&mut batch, number, marks);
            self.add_end(&mut batch, number, conditions);
        }
        batch
    }

    fn marks_of(&self, work: Work<'_>, items: &[Item<'_>], number: usize) -> String {
        let Item { migration, script, .. } = &items[number];
        script.map_or(String::new(), |script| self.marks(work, migration, script, &items[..number]))
    }

    /// Whether the lock is held from one transaction to the next.
    fn bridges(&self, batch: &Batch<'_>) -> bool {
        self.options.mode == TransactionMode::Each && (batch.items.len() > 1 || !batch.is_last)
    }

    /// Whether rows are written by statements that are prepared for all: to read and plan one for each takes longer.
    fn prepares(&self, batch: &Batch<'_>) -> bool {
        !self.thorough && matches!(batch.work, Work::Run) && batch.items.len() > 1
    }

    /// Adds what a migration runs, and what stands before it.
    fn add_file(&self, batch: &mut Batch<'_>, number: usize) {
        let script = batch.items[number].script;
        let is_chained = number > 0 && self.options.mode == TransactionMode::Each;
        let is_last = batch.is_last && number + 1 == batch.items.len();
        let timeouts = script.map(|script| self.timeouts(script)).unwrap_or_default();
        let mut head = match is_chained {
            true => self.sql.chained_head(timeouts),
            false => Sql::timeouts(timeouts),
        };
        if self.options.mode == TransactionMode::Each {
            if batch.items.len() > 1 && self.may_check_connection {
                head += sql_of_batches::CHECK_CONNECTION;
            }
            if is_last && number > 0 {
                head += &self.sql.hand_lock_over();
            }
        }
        batch.message.add((number, Part::Head), &head);
        if let Some(script) = script {
            // Behind a commit it is in effect.
            if !is_chained {
                batch.message.add((number, Part::Head), &self.sql.session_path());
            }
            // The line feed ends a comment that the file may end in.
            batch.message.add((number, Part::Script), &(script.sql() + "\n;\n"));
        }
    }

    /// Adds the row of a migration, in its own transaction; before it the session is put back.
    fn add_record(&mut self, batch: &mut Batch<'_>, number: usize, marks: &str) {
        let Item { migration, script, state, .. } = batch.items[number];
        let is_end = batch.behind == 0 && number + 1 == batch.items.len();
        let part = (number, Part::Record);
        let restores = Self::may_change_session(&batch.items[number]) || is_end;
        // Either lets what follows go by our path.
        batch.message.add(part, &if restores { self.sql.restore(&self.before) } else { sql::OWN_PATH.to_owned() });
        let is_last = is_end && batch.is_last;
        if self.options.mode == TransactionMode::Each && !is_last && !self.options.flush_each_commit {
            batch.message.add(part, sql_of_batches::NO_FLUSH);
        }
        // Only after a commit it shows what outlives it; where there is none, what there is has to do.
        if restores && self.options.mode == TransactionMode::All && !is_last {
            batch.message.add(part, &self.sql.clear(&self.before));
        }
        batch.message.add(part, marks);
        let behind = match number.checked_sub(1).map(|before| &batch.items[before]) {
            Some(before) if before.state.is_some() => Some(self.spelled(before.migration).clone()),
            _ => None,
        };
        let (record, prepared) = match state {
            Some(state) => {
                let statements = script.map_or(0, |script| script.statements().len());
                let (row, fingerprint) = (self.row(migration), migration.up().fingerprint());
                let record = Record { migration, row, state, statements, fingerprint, behind: behind.as_ref() };
                match Sql::record_prepared(&record).filter(|_| self.prepares(batch)) {
                    Some(prepared) => (prepared, true),
                    None => (self.sql.record(&record), false),
                }
            }
            None => (self.sql.forget(self.spelled(migration)), false),
        };
        batch.message.add(part, &record);
        self.expect(migration, state);
        if batch.items.len() > 1 {
            batch.message.add(part, &sql_of_batches::took(prepared));
        }
    }

    /// Adds what ends a migration's transaction and begins the next one.
    fn add_end(&self, batch: &mut Batch<'_>, number: usize, conditions: &[&str]) {
        let is_end = number + 1 == batch.items.len();
        let restores = Self::may_change_session(&batch.items[number]) || (is_end && batch.behind == 0);
        let (commit, next) = ((number, Part::Commit), (number, Part::Next));
        if self.options.mode == TransactionMode::All && !(is_end && batch.is_last) {
            if !is_end {
                batch.message.add(next, self.let_it_be_known());
                return;
            }
            if self.prepares(batch) {
                batch.message.add(next, &Sql::unprepare());
            }
            if batch.reads {
                batch.message.add(next, &self.sql.locked_read(&self.current(), conditions));
            }
            return;
        }
        // What was deferred to the commit goes by the session's path.
        batch.message.add((number, Part::Record), &self.sql.session_path());
        if is_end && batch.is_last {
            batch.message.add(commit, sql::COMMIT);
            batch.message.add(next, &self.sql.clear_up(&self.before));
            return;
        }
        batch.message.add(commit, sql_of_batches::COMMIT_AND_GO_ON);
        if restores {
            batch.message.add(next, sql::OWN_PATH);
            batch.message.add(next, &self.sql.clear(&self.before));
            batch.message.add(next, sql_of_batches::COMMIT_AND_GO_ON);
        }
        if is_end {
            batch.message.add(next, &self.sql.chained_open());
            batch.message.add(next, &self.sql.hand_lock_over());
            if self.prepares(batch) {
                batch.message.add(next, &Sql::unprepare());
            }
        } else {
            batch.message.add(next, self.let_it_be_known());
        }
        if is_end && batch.reads {
            batch.message.add(next, &self.sql.locked_read(&self.current(), conditions));
        }
    }

    fn may_change_session(item: &Item<'_>) -> bool {
        item.script.is_some_and(Script::may_change_session)
    }

    /// What lets the client know how far a message has come, if somebody is told.
    fn let_it_be_known(&self) -> &'static str {
        let is_heard = self.options.patience.listener.is_there() && self.conversation.counts();
        if is_heard { sql_of_batches::TELL } else { "" }
    }
}

/// How much a script may be to do.
fn work_of(script: &Script) -> usize {
    let text = script.text();
    let words = |range: std::ops::Range<usize>| -> Vec<String> {
        text[range]
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .take(3)
            .collect()
    };
    let statements: Vec<_> = script.statements().iter().map(|statement| words(statement.range.clone())).collect();
    let begins = |statement: &[String], with: &[&str]| with.iter().zip(statement).all(|(a, b)| a == b);
    let makes_tables = statements.iter().any(|statement| begins(statement, &["create", "table"]));
    // Of a table that has just been made there are no rows.
    let is_about_rows = |statement: &Vec<String>| match statement.first().map(String::as_str) {
        Some("create" | "alter") => {
            let has_rows = begins(statement, &["create", "index"])
                || begins(statement, &["create", "unique"])
                || begins(statement, &["create", "materialized"])
                || begins(statement, &["alter", "table"]);
            has_rows && !makes_tables
        }
        Some("drop" | "comment" | "grant" | "revoke" | "set") | None => false,
        Some("insert") => text.to_ascii_lowercase().contains("select"),
        Some(_) => true,
    };
    if statements.iter().any(is_about_rows) { WORK_OF_ROWS } else { 1 }
}
