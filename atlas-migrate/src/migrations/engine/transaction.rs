//! Migrations in transactions: a message, and what is made of the answer.

use std::time::{Duration, Instant};

use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::plan::Step;
use atlas_migrate_core::statement;

use super::batch::{Batch, Item, Part};
use super::{Engine, Open, Turn, UNKNOWN, Work, failure, is_transient};
use crate::Error;
use crate::migrations::migrator::TransactionMode;
use crate::migrations::report::Done;
use crate::postgres::lock::{holders, random};
use crate::postgres::row::parse;
use crate::postgres::session::{Cause, Failure, Reply, ServerError, Session};
use crate::postgres::sql::Sql;
use crate::progress::{Event, Holder, Listener};

/// The first and the longest pause before a migration is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Who is told how far a message has come.
struct Told<'t> {
    listener: &'t Listener,
    items: &'t [Item<'t>],
    behind: usize,
    /// Those that have come to their end.
    done: Vec<Done>,
    since: Instant,
}

impl<'t> Told<'t> {
    fn new(listener: &'t Listener, items: &'t [Item<'t>], behind: usize) -> Self {
        let told = Self { listener, items, behind, done: Vec::new(), since: Instant::now() };
        told.start();
        told
    }

    /// Tells that the next one is at work.
    fn start(&self) {
        if let Some(Item { migration, .. }) = self.items.get(self.done.len()) {
            let remaining = self.items.len() - self.done.len() + self.behind;
            self.listener.tell(&Event::Started { migration, remaining });
        }
    }

    /// Tells that one has come to its end, and the next one begins.
    fn finish(&mut self, duration: Duration) {
        let Some(Item { migration, outcome, .. }) = self.items.get(self.done.len()) else { return };
        let (version, name) = (migration.version().clone(), migration.name().to_owned());
        let done = Done { version, name, outcome: *outcome, duration };
        self.listener.tell(&Event::Finished(&done));
        self.done.push(done);
    }

    /// So many have come to their end, as the server lets it be known meanwhile.
    fn passed(&mut self, reply: &Reply) {
        // They are few, as somebody reads along.
        while reply.rows("atlas_committed").count() > self.done.len() {
            let now = Instant::now();
            self.finish(now - self.since);
            self.since = now;
            self.start();
        }
    }

    /// All have come to their end: how long each took the server says, where there are several.
    fn all(&mut self, reply: &Reply) -> Result<(), Error> {
        let until: Vec<u64> = reply.rows("atlas_took").map(|row| parse(row, 1)).collect::<Result<_, _>>()?;
        let from = |number: usize| number.checked_sub(1).and_then(|before| until.get(before)).copied().unwrap_or(0);
        while self.done.len() < self.items.len() {
            let number = self.done.len();
            let took = until.get(number).map(|until| Duration::from_micros(until.saturating_sub(from(number))));
            self.finish(took.unwrap_or_else(|| self.since.elapsed()));
            self.start();
        }
        Ok(())
    }

    /// So many have come to their end, and no more, before the message failed.
    fn first(&mut self, count: usize) {
        while self.done.len() < count {
            self.finish(Duration::ZERO);
            if self.done.len() < count {
                self.start();
            }
        }
    }
}

impl<S: Session> Engine<'_, S> {
    /// Runs scripts, or nothing where there is none, and writes the rows of their migrations, each in one transaction with its
    /// own.
    pub(super) async fn in_transaction(
        &mut self,
        work: Work<'_>,
        items: Vec<Item<'_>>,
        rest: &[Step],
        open: Open,
    ) -> Result<Option<Turn>, Error> {
        let conditions = self.conditions(work, rest.first());
        let batch = self.batch(work, items, rest.len(), &conditions);
        self.flush_later();
        self.pass_over_notices();
        let mut told = Told::new(&self.options.patience.listener, &batch.items, batch.behind);
        let text = batch.message.text();
        let sent = self.conversation.go_on(open, text, batch.is_last, &mut |reply| told.passed(reply)).await;
        let (reply, open) = match sent {
            Ok(sent) => sent,
            Err(failure) => return self.not_taken(&batch, told, failure).await.map(Some),
        };
        self.tell_notices(&batch.migrations(), &batch.message);
        told.all(&reply)?;
        self.note(told.done);
        let Some(open) = open else { return Ok(None) };
        if !batch.reads {
            return Ok(Some(Turn { open, changed: false, outcomes: Vec::new() }));
        }
        self.await_turn(reply, open, &conditions).await.map(Some)
    }

    /// From now on there may be commits that have not waited for the disk: whatever ends the run early lets one wait for all of
    /// them.
    fn flush_later(&mut self) {
        if self.options.mode == TransactionMode::Each && !self.options.flush_each_commit {
            self.conversation.clear_up_with(&(self.sql.clear_up(&self.before) + &self.sql.flush()));
            self.unflushed = true;
        }
    }

    /// Takes it that these have come to their end, which was told.
    fn note(&mut self, done: Vec<Done>) {
        if self.options.mode == TransactionMode::Each && !done.is_empty() {
            self.attempts = None;
        }
        self.ran.extend(done.iter().map(|done| done.version.clone()));
        self.report.done.extend(done);
    }

    /// The server has not carried out all of a message: goes on from where it came to, or says what failed.
    async fn not_taken(&mut self, batch: &Batch<'_>, mut told: Told<'_>, failure: Failure) -> Result<Turn, Error> {
        let Batch { work, items, message, .. } = batch;
        let at = failure.completed.map(|completed| message.at(completed));
        // How many have committed, or, where all share a transaction, completed.
        let counted = at.map(|at| match at {
            Some(((number, part), _)) => number + usize::from(part > Part::Commit),
            None => items.len(),
        });
        let server = match failure.cause {
            Cause::Server(server) if !server.ends_connection() => server,
            cause => {
                let first = counted.unwrap_or(told.done.len()).min(items.len() - 1);
                told.first(first);
                self.note(told.done);
                // What the server says last comes behind all that it had kept.
                let is_exact = counted.is_some() && matches!(cause, Cause::Server(_));
                let end = if is_exact { first + 1 } else { items.len() };
                return Err(failure::lost_together(*work, &items[first..end], self.options.mode, cause));
            }
        };
        self.tell_notices(&batch.migrations(), message);
        let by_position = server.position.and_then(|position| message.part_of(position));
        let Some(first) = self.first_not_done(items, counted, by_position).await else {
            return Err(failure::lost_together(*work, items, self.options.mode, Cause::Server(server)));
        };
        told.first(first);
        self.note(told.done);
        let at = at.flatten();
        let Some(Item { migration, script, .. }) = items.get(first) else {
            return Err(Error::own("going on to the next migration", Cause::Server(server)));
        };
        if at.is_some_and(|((_, part), _)| part == Part::Next) {
            return Err(Error::own("going on to the next migration", Cause::Server(server)));
        }
        if is_transient(&server.code) && self.may_retry() {
            return self.retry(migration, &server).await;
        }
        if let Some((number, _)) = by_position.filter(|(number, _)| *number > first) {
            self.stop_before = Some(items[number].migration.version().clone());
            return self.begin_again().await;
        }
        let is_of_script = match at {
            Some(((_, part), _)) => matches!(part, Part::Script | Part::Commit),
            None => by_position == Some((first, Part::Script)),
        };
        if items.len() > 1 && !self.thorough && !is_of_script && !is_transient(&server.code) {
            self.thorough = true;
            return self.begin_again().await;
        }
        let Some(script) = *script else {
            return Err(Error::of_history("recording a migration", Cause::Server(server)));
        };
        let parts = failure::Parts { work: *work, migration, script, message, number: first };
        Err(self.failed(&parts, at.map(|((_, part), index)| (part, index)), &server).await)
    }

    /// The first of these that has not come to its end; none if nobody can tell.
    async fn first_not_done(
        &mut self,
        items: &[Item<'_>],
        counted: Option<usize>,
        by_position: Option<(usize, Part)>,
    ) -> Option<usize> {
        match (counted, self.options.mode) {
            // Of a text that cannot be read nothing ran.
            (Some(0), TransactionMode::All) => Some(by_position.map_or(0, |(number, _)| number)),
            (Some(counted), _) => Some(counted),
            (None, TransactionMode::All) => Some(0),
            (None, TransactionMode::Each) => self.recorded(items).await,
        }
    }

    /// How many of these the history has, for a client that does not tell how far a message came; none if it cannot be read.
    async fn recorded(&mut self, items: &[Item<'_>]) -> Option<usize> {
        self.conversation.abandon().await;
        let reply = self.conversation.look(&self.sql.look(UNKNOWN)).await;
        self.read_state(&reply.ok()?).ok()?;
        let is_recorded = |item: &&Item<'_>| {
            let row = self.entries.iter().find(|entry| entry.key() == item.migration.key());
            let fingerprint = item.migration.up().fingerprint();
            match item.state {
                Some(_) => row.is_some_and(|row| row.state.is_done() && row.fingerprint == fingerprint),
                None => row.is_none(),
            }
        };
        Some(items.iter().take_while(is_recorded).count())
    }

    /// Rolls back, and begins from where the history is, or from the first migration where all share a transaction.
    async fn begin_again(&mut self) -> Result<Turn, Error> {
        self.conversation.abandon_open().await;
        if self.options.mode == TransactionMode::All {
            self.report.done.clear();
            self.ran.clear();
        }
        let turn = self.begin(&[]).await?;
        Ok(Turn { changed: true, ..turn })
    }

    /// What marks the repeatable migrations whose objects this script may drop.
    pub(super) fn marks(&self, work: Work<'_>, migration: &Migration, script: &Script, before: &[Item<'_>]) -> String {
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
        let has_run = |known: &Migration| {
            self.ran.contains(known.version()) || before.iter().any(|item| item.migration.key() == known.key())
        };
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
        self.conversation.pause(if has_ended(server) { "" } else { &end }, pause, "").await?;
        self.begin_again().await
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
