//! Waiting for another process, which holds a lock: in transactions that end, with growing pauses.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use atlas_migrate_core::statement;

#[cfg(any(feature = "clean", feature = "roles", feature = "seeds"))]
use crate::postgres::session::Session;
use crate::postgres::session::{Reply, Row};
#[cfg(any(feature = "clean", feature = "roles", feature = "seeds"))]
use crate::postgres::sql::{self, Sql};
use crate::progress::Holder;
#[cfg(any(feature = "clean", feature = "roles", feature = "seeds"))]
use crate::progress::{Event, Listener};
use crate::render::time::shown;
use crate::{Error, ErrorKind};

/// The pauses between two looks at what another process is at.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// After so long the listener is told who it is that is waited for, and again after each of the latter.
const MOMENT: Duration = Duration::from_secs(1);
const REMINDER: Duration = Duration::from_secs(5);

/// A wait that goes on.
pub(crate) struct Wait {
    pub(crate) started: Instant,
    pause: Duration,
    /// When the listener is told next.
    pub(crate) next_told: Duration,
    /// Who was at work during the last pause, as far as it was asked.
    pub(crate) holders: Vec<Holder>,
    /// Whether they tell who is at work, where the listener is to know that.
    pub(crate) is_complete: bool,
}

impl Wait {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            pause: FIRST_PAUSE,
            next_told: Duration::ZERO,
            holders: Vec::new(),
            is_complete: true,
        }
    }

    pub(crate) fn next_pause(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = pause.mul_f32(1.5).min(LONGEST_PAUSE);
        pause
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

/// A lock that another process may hold.
#[cfg(any(feature = "clean", feature = "roles", feature = "seeds"))]
pub(crate) struct Lock<'a> {
    /// What its holder does: `migrating`.
    pub(crate) doing: &'a str,
    /// The question who holds it.
    pub(crate) holder: String,
    pub(crate) budget: Duration,
    pub(crate) listener: &'a Listener,
}

#[cfg(any(feature = "clean", feature = "roles", feature = "seeds"))]
impl Lock<'_> {
    /// The lock was not available: ends the transaction that has asked for it, and pauses. An error when the budget is used up.
    ///
    /// By a message of its own: behind a pooler that shares sessions by transaction, the process that is waited for may need
    /// this very session to go on.
    pub(crate) async fn await_turn<S: Session>(&self, session: &mut S, wait: &mut Wait) -> Result<(), Error> {
        let waited = wait.started.elapsed();
        if waited >= self.budget {
            if wait.holders.is_empty() {
                wait.holders = holders(&self.send(session, &format!("{}{}", sql::ROLLBACK, self.holder)).await?);
            }
            return Err(busy(self.doing, waited, wait.holders.first()));
        }
        if wait.is_complete && wait.is_to_tell(waited) {
            self.listener.tell(&Event::Waiting { doing: self.doing, waited, holder: wait.holders.first() });
        }
        let pause = wait.next_pause();
        wait.is_complete = waited + pause >= wait.next_told.min(self.budget);
        let ask = if wait.is_complete { self.holder.as_str() } else { "" };
        let reply = self.send(session, &format!("{}{}", sql::ROLLBACK, Sql::pause(pause, ask))).await?;
        wait.holders = holders(&reply);
        Ok(())
    }

    async fn send<S: Session>(&self, session: &mut S, message: &str) -> Result<Reply, Error> {
        session.send(message).await.map_err(|failure| Error::own("waiting", failure.cause))
    }
}

/// Another process was at work for too long.
pub(crate) fn busy(doing: &str, waited: Duration, holder: Option<&Holder>) -> Error {
    let error = Error::new(
        ErrorKind::Busy,
        format!("another process has been {doing} for all of the {} that this one waited", shown(waited)),
    );
    match holder {
        Some(holder) => error.note(format!("it is {holder}")),
        None => error.note("it is none that pg_stat_activity shows; it may have ended just now"),
    }
    .hint("find out whether it still makes progress; wait longer with `wait_budget(..)`, or end it with pg_terminate_backend")
}

/// A lock of a table was not available in time: adds who has locked one of these, or, without names, who lets nobody read one.
/// The transaction has ended.
#[cfg(any(feature = "clean", feature = "roles", feature = "seeds"))]
pub(crate) async fn blame<S: Session>(session: &mut S, error: Error, tables: &[&str]) -> Error {
    if error.kind() != ErrorKind::LockTimeout {
        return error;
    }
    // What cannot be found out is not said.
    let question = if tables.is_empty() { Sql::blockers_of_readers() } else { Sql::blockers(tables) };
    let reply = session.send(&question).await.unwrap_or_default();
    holders(&reply).iter().fold(error, |error, holder| match &holder.table {
        Some(table) => error.note(format!("{table} is locked by {holder}")),
        None => error,
    })
}

/// The sessions that are in the way, as the server names them.
pub(crate) fn holders(reply: &Reply) -> Vec<Holder> {
    reply.rows("atlas_holder").filter_map(holder).collect()
}

fn holder(row: &Row) -> Option<Holder> {
    let text = |column: usize| row.get(column).cloned().flatten();
    Some(Holder {
        pid: text(0)?.parse().ok()?,
        user: text(1)?,
        application: text(2)?,
        host: text(3)?,
        state: text(4)?,
        since: Duration::from_millis(text(5)?.parse().ok()?),
        query: Holder::shown(&text(6)?),
        statement: statement::without_values(&text(6)?),
        table: text(7),
    })
}

/// For names that nobody else has, and pauses that differ.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
