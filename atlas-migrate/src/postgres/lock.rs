//! Taking turns: a lock that another process may hold is tried, in transactions that end, with growing pauses between them.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use atlas_migrate_core::statement;

use crate::error::hint::{Opt, clause, hint};
#[cfg(any(feature = "clean", feature = "roles"))]
use crate::postgres::row;
use crate::postgres::row::{Unreadable, optional, parse, string};
use crate::postgres::session::{Failure, Reply, Row, Session};
#[cfg(any(feature = "clean", feature = "roles", feature = "seeds"))]
use crate::postgres::sql::Sql;
use crate::postgres::transaction::{Conversation, Transaction};
use crate::progress::{Event, Holder, Listener};
use crate::render::time::shown;
use crate::{Error, ErrorKind};

/// The pauses between two looks at what another process is at.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// After so long the listener is told who it is that is waited for, and again after each of the latter.
const MOMENT: Duration = Duration::from_secs(1);
const REMINDER: Duration = Duration::from_secs(5);

/// For how long others are waited for, and who is told of it: the same options for every verb that writes.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    /// For how long a statement waits for the lock of a table; zero is forever.
    pub(crate) lock_timeout: Duration,
    /// For how long another process is waited for that is at the same.
    pub(crate) wait_budget: Duration,
    pub(crate) listener: Listener,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_secs(3),
            wait_budget: Duration::from_secs(900),
            listener: Listener::default(),
        }
    }
}

/// How a wait goes on: its pauses, and when the listener is told of it.
pub(crate) struct Pace {
    /// When it was first asked how long it has been: the message that found out that there is a wait is no part of it.
    started: Option<Instant>,
    pause: Duration,
    next_told: Duration,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { started: None, pause: FIRST_PAUSE, next_told: Duration::ZERO }
    }

    pub(crate) fn waited(&mut self) -> Duration {
        self.started.get_or_insert_with(Instant::now).elapsed()
    }

    /// Not longer than there is time `left`.
    pub(crate) fn next_pause(&mut self, left: Duration) -> Duration {
        let pause = self.pause;
        self.pause = pause.mul_f32(1.5).min(LONGEST_PAUSE);
        pause.min(left)
    }

    /// Whether nothing was told yet.
    pub(crate) fn is_new(&self) -> bool {
        self.next_told.is_zero()
    }

    /// Whether the listener is to be told now.
    pub(crate) fn is_to_tell(&mut self, waited: Duration) -> bool {
        let is_due = waited >= self.next_told;
        if is_due {
            self.next_told = if waited < MOMENT { MOMENT } else { waited + REMINDER };
        }
        is_due
    }
}

/// Waiting for another process.
pub(crate) struct Wait<'a> {
    /// What that one does: `migrating`.
    doing: &'a str,
    patience: &'a Patience,
    pace: Pace,
    /// Who was at work during the last pause, as far as it was asked.
    holders: Vec<Holder>,
    /// Whether that tells who is at work, where the listener is to know it.
    is_complete: bool,
}

impl<'a> Wait<'a> {
    pub(crate) fn new(doing: &'a str, patience: &'a Patience) -> Self {
        Self { doing, patience, pace: Pace::new(), holders: Vec::new(), is_complete: true }
    }

    /// It is another process's turn: ends the transaction in which that was seen, and pauses. An error when the budget is used
    /// up. `holder` is the question who it is.
    pub(crate) async fn pause<S: Session>(
        &mut self,
        conversation: &mut Conversation<'_, S>,
        transaction: Transaction,
        holder: &str,
    ) -> Result<(), Error> {
        let Patience { wait_budget, listener, .. } = self.patience;
        let waited = self.pace.waited();
        if waited >= *wait_budget {
            if self.holders.is_empty() {
                let reply = conversation.send(holder).await.map_err(Failure::own("asking who is at work"))?;
                self.holders = holders(&reply);
            }
            conversation.roll_back(transaction).await;
            return Err(self.busy(waited));
        }
        if self.is_complete && self.pace.is_to_tell(waited) {
            listener.tell(&Event::Waiting { doing: self.doing, waited, holder: self.holders.first() });
        }
        let pause = self.pace.next_pause(wait_budget.saturating_sub(waited));
        self.is_complete = waited + pause >= self.pace.next_told.min(*wait_budget);
        let ask = if self.is_complete { holder } else { "" };
        self.holders = holders(&conversation.give_way(transaction, pause, ask).await?);
        Ok(())
    }

    fn busy(&self, waited: Duration) -> Error {
        let message = match self.patience.wait_budget {
            Duration::ZERO => format!("another process is {}, and this one is not to wait", self.doing),
            _ => {
                format!("another process has been {} for all of the {} that this one waited", self.doing, shown(waited))
            }
        };
        let error = Error::new(ErrorKind::Busy, message);
        match self.holders.first() {
            Some(holder) => error.note(format!("it is {holder}")),
            None => error.note("it is none that pg_stat_activity shows; it may have ended just now"),
        }
        .hint(hint![
            "find out whether it still makes progress; ",
            clause!["wait longer with ", Opt::WaitBudget; or "wait"],
            ", or end it with pg_terminate_backend"
        ])
    }
}

/// Advisory locks that one process has at a time, until the end of its transaction.
#[cfg(any(feature = "clean", feature = "roles"))]
pub(crate) struct Lock<'a> {
    /// What whoever has one of them does: `migrating`.
    pub(crate) doing: &'a str,
    /// Expressions.
    pub(crate) keys: &'a [String],
    /// The question who is at work with a lease, and without one of them; empty if nobody can be.
    pub(crate) leases: &'a str,
}

#[cfg(any(feature = "clean", feature = "roles"))]
impl Lock<'_> {
    /// Begins a transaction with this message, and takes the locks in it. Tells whether another process was waited for, which
    /// may have changed what was seen before.
    pub(crate) async fn take<S: Session>(
        &self,
        conversation: &mut Conversation<'_, S>,
        patience: &Patience,
        begin: &str,
    ) -> Result<(Transaction, bool), Error> {
        let begin = [begin, &Sql::try_locks(self.keys), self.leases].concat();
        let holder = Sql::holder_of_locks(self.keys);
        let mut wait = Wait::new(self.doing, patience);
        loop {
            let begun = conversation.begin(&begin).await;
            let (reply, transaction) = begun.map_err(Failure::own("taking the lock"))?;
            let holder = match row::flag(row::one(&reply, "atlas_lock")?, 0)? {
                true if holders(&reply).is_empty() => return Ok((transaction, !wait.pace.is_new())),
                true => self.leases,
                false => &holder,
            };
            wait.pause(conversation, transaction, holder).await?;
        }
    }
}

/// A lock of a table was not available in time: adds who has locked one of these, or, without names, who lets nobody read one.
/// The transaction has ended.
#[cfg(any(feature = "clean", feature = "roles", feature = "seeds"))]
pub(crate) async fn blame<S: Session>(conversation: &mut Conversation<'_, S>, error: Error, tables: &[&str]) -> Error {
    if error.kind() != ErrorKind::LockTimeout {
        return error;
    }
    // What cannot be found out is not said.
    let question = if tables.is_empty() { Sql::blockers_of_readers() } else { Sql::blockers(tables) };
    let reply = conversation.look(&question).await.unwrap_or_default();
    holders(&reply).iter().fold(error, |error, holder| match &holder.table {
        Some(table) => error.note(format!("{table} is locked by {holder}")),
        None => error,
    })
}

/// The sessions that are in the way, as the server names them.
pub(crate) fn holders(reply: &Reply) -> Vec<Holder> {
    reply.rows("atlas_holder").filter_map(|row| holder(row).ok()).collect()
}

fn holder(row: &Row) -> Result<Holder, Unreadable> {
    let message = string(row, 6)?;
    Ok(Holder {
        pid: parse(row, 0)?,
        user: string(row, 1)?,
        application: string(row, 2)?,
        host: string(row, 3)?,
        state: string(row, 4)?,
        since: Duration::from_millis(parse(row, 5)?),
        query: Holder::shown(&message),
        statement: statement::without_values(&message),
        table: optional(row, 7).map(str::to_owned),
    })
}

/// For names that nobody else has, and pauses that differ.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
