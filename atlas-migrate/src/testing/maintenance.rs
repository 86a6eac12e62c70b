//! The connections over which databases of tests are made and dropped. A process uses them again and again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::template;
use crate::Error;
use crate::postgres::driver::link::Link;
use crate::postgres::session::{Cause, Failure, Reply};
use crate::testing::sql;
use crate::testing::sql::Strategy;

/// So many are kept open between tests.
const IDLE: usize = 8;

const QUERY_CANCELED: &str = "57014";

/// How long removing a database may take, in milliseconds: a session of another kind may not let go of it. And how long once
/// that has happened.
const REMOVAL: u32 = 5_000;
const NEXT_REMOVAL: u32 = 1_000;

static SOME_STAY: AtomicBool = AtomicBool::new(false);

static IDLERS: Mutex<Vec<Maintenance>> = Mutex::new(Vec::new());

/// A connection to the database of `DATABASE_URL`. It holds the lock that says that the database of a test has an owner.
pub(super) struct Maintenance {
    link: Link,
    url: String,
    version: u32,
    syncs: bool,
    may_create: bool,
    role: String,
    database: String,
}

impl Maintenance {
    /// One for a test: idle, or new. A new one removes what processes have left that are gone.
    pub(super) fn for_test(url: &str) -> Result<Self, Error> {
        if let Some(idle) = Self::idle(url) {
            return Ok(idle);
        }
        let mut maintenance = Self::open(url)?;
        maintenance.sweep()?;
        Ok(maintenance)
    }

    /// One to make a spare copy over, in the background: the process may end while it is at it.
    pub(super) fn for_spare(url: &str) -> Result<Self, Error> {
        Self::idle(url).map_or_else(|| Self::open(url), Ok)
    }

    /// One that is idle, with no locks.
    fn idle(url: &str) -> Option<Self> {
        loop {
            let mut idlers = IDLERS.lock().unwrap_or_else(PoisonError::into_inner);
            let index = idlers.iter().position(|idler| idler.url == url)?;
            let mut idle = idlers.swap_remove(index);
            drop(idlers);
            // The server may have been started anew since.
            if idle.link.send(&sql::unlock_all()).is_ok() {
                return Some(idle);
            }
        }
    }

    fn open(url: &str) -> Result<Self, Error> {
        let mut link = Link::open(url)?;
        let reply = answer(&mut link, "looking at the server", &sql::open())?;
        let row = reply.rows("atlas_server").next_back();
        let cell = |column: usize| row.and_then(|row| row.get(column)).and_then(Option::as_deref);
        Ok(Self {
            link,
            url: url.to_owned(),
            version: cell(0).and_then(|version| version.parse().ok()).unwrap_or(0),
            syncs: cell(1) == Some("t"),
            may_create: cell(2) == Some("t"),
            role: cell(3).unwrap_or_default().to_owned(),
            database: cell(4).unwrap_or_default().to_owned(),
        })
    }

    /// Removes what processes have left that are gone.
    fn sweep(&mut self) -> Result<(), Error> {
        let reply = self.send("looking for what was left behind", &sql::leftovers())?;
        let leftovers: Vec<_> = reply.rows("atlas_leftover").filter_map(|row| row.first()?.as_deref()).collect();
        for name in &leftovers {
            if let Err(error) = self.sweep_one(name) {
                tracing::warn!(%error, "{name} was left behind by another process, and stays");
            }
        }
        if !leftovers.is_empty() {
            self.send("letting others have what was not removed", &sql::unlock_all())?;
        }
        Ok(())
    }

    /// Removes what is left of another process, unless that has just said to keep it, or somebody else was quicker.
    fn sweep_one(&mut self, name: &str) -> Result<(), Error> {
        let found = self.send("looking at what was left behind", &sql::is_leftover(name))?;
        if found.rows("atlas_leftover").next().is_some() { template::remove(self, name) } else { Ok(()) }
    }

    /// Gives it to the next test.
    pub(super) fn rest(self) {
        let mut idlers = IDLERS.lock().unwrap_or_else(PoisonError::into_inner);
        if idlers.len() < IDLE {
            idlers.push(self);
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The role may create databases.
    pub(super) fn may_create(&self) -> bool {
        self.may_create
    }

    /// What templates depend on: the server's major version, the role that owns what is in them, and the database that this is
    /// connected to, since locks are of one database.
    pub(super) fn kind(&self) -> (u32, &str, &str) {
        (self.version / 10_000, &self.role, &self.database)
    }

    pub(super) fn send(&mut self, doing: &str, sql: &str) -> Result<Reply, Error> {
        answer(&mut self.link, doing, sql)
    }

    /// Removes something, which must not take forever.
    pub(super) fn within_limit(&mut self, remove: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        let limit = if SOME_STAY.load(Ordering::Relaxed) { NEXT_REMOVAL } else { REMOVAL };
        self.send("limiting a removal", &sql::limit(limit))?;
        let removed = remove(self);
        if removed.as_ref().is_err_and(|error| error.sqlstate() == Some(QUERY_CANCELED)) {
            SOME_STAY.store(true, Ordering::Relaxed);
        }
        self.send("going on behind a removal", &sql::limit(0))?;
        removed.map_err(|error| match error.sqlstate() {
            Some(QUERY_CANCELED) => error
                .note(format!("it was not gone after {} s", f64::from(limit) / 1000.0))
                .hint("end what is connected to it (pg_stat_activity); the next run of a test removes it then"),
            _ => error,
        })
    }

    /// Gives a copy the settings of its template.
    pub(super) fn copy_settings(&mut self, template: &str, database: &str) -> Result<(), Error> {
        self.send("copying the settings of a database", &sql::copy_settings(template, database)).map(drop)
    }

    /// Copies a template, as quickly as the server can.
    pub(super) fn copy(&mut self, template: &str, database: &str) -> Result<(), Error> {
        let strategy = if self.version >= 150_000 && !self.syncs { Strategy::Files } else { Strategy::Default };
        self.send("copying a database", &sql::copy(template, database, strategy)).map(drop)
    }

    /// Makes a spare copy that of a test. It fails where somebody looks into the spare one.
    pub(super) fn rename(&mut self, spare: &str, database: &str) -> Result<bool, Error> {
        match self.link.send(&sql::rename(spare, database)) {
            Ok(_) => Ok(true),
            Err(Failure { cause: Cause::Server(_), .. }) => Ok(false),
            Err(failure) => Err(Error::own("taking a database that was made ahead", failure.cause)),
        }
    }
}

fn answer(link: &mut Link, doing: &str, sql: &str) -> Result<Reply, Error> {
    link.send(sql).map_err(|failure| Error::own(doing, failure.cause))
}
