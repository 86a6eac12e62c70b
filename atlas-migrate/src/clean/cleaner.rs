//! The builder: which tables are emptied, with which options, and the verbs.

use std::time::Duration;

use tracing::Instrument;

use super::engine::Engine;
use super::scope::Scope;
use super::{CleanPlan, CleanReport};
use crate::Error;
use crate::postgres::driver::{Database, Job};
use crate::postgres::lock::Patience;
use crate::postgres::session::Session;
use crate::progress::{Event, Listener};

/// Empties the tables of a database and keeps its schema.
///
/// Options are methods that take and give the builder; verbs take a [`Database`].
#[derive(Clone, Debug)]
#[must_use = "a cleaner does nothing until one of its verbs is called"]
pub struct Cleaner {
    options: Options,
}

/// What the engine goes by.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) scope: Scope,
    pub(crate) restart_identity: bool,
    pub(crate) confirmation: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) patience: Patience,
}

impl Default for Cleaner {
    fn default() -> Self {
        Self::new()
    }
}

impl Cleaner {
    /// A cleaner of all tables, with default options.
    pub fn new() -> Self {
        Self {
            options: Options {
                scope: Scope::default(),
                restart_identity: false,
                confirmation: None,
                role: None,
                patience: Patience::default(),
            },
        }
    }

    /// The schemas whose tables are emptied. Default: all, except those of the server and of extensions.
    pub fn schemas<T: Into<String>>(mut self, schemas: impl IntoIterator<Item = T>) -> Self {
        self.options.scope.schemas = Some(schemas.into_iter().map(Into::into).collect());
        self
    }

    /// The tables that are emptied, and no others: `users`, or `app.users` where several schemas have one of that name.
    /// Names are taken as they are, capitals included. Default: all of the schemas.
    pub fn tables<T: Into<String>>(mut self, tables: impl IntoIterator<Item = T>) -> Self {
        self.options.scope.tables = Some(tables.into_iter().map(Into::into).collect());
        self
    }

    /// Tables that keep their rows. What these refer to cannot be emptied.
    pub fn keep<T: Into<String>>(mut self, tables: impl IntoIterator<Item = T>) -> Self {
        self.options.scope.keep.extend(tables.into_iter().map(Into::into));
        self
    }

    /// Lets the sequences that number columns begin again, those of tables without rows included, unless they number a table
    /// that keeps its rows. Default: they go on.
    pub fn restart_identity(mut self) -> Self {
        self.options.restart_identity = true;
        self
    }

    /// Names what is to lose its data, so that nobody empties the wrong database: `production` for one that is marked so, the
    /// name of the database for one without a mark. Databases of other environments need no confirmation.
    pub fn confirm(mut self, name: impl Into<String>) -> Self {
        self.options.confirmation = Some(name.into());
        self
    }

    /// The role that everything runs as (`SET ROLE`). Default: the session's own.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.options.role = Some(role.into());
        self
    }

    /// How long it waits for a table lock. Default: 3 seconds; zero waits forever.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.options.patience.lock_timeout = timeout;
        self
    }

    /// For how long in all it waits for other processes that migrate this database or load seeds. Default: 15 minutes; after
    /// that it fails with [`Busy`](crate::ErrorKind::Busy). Zero does not wait.
    pub fn wait_budget(mut self, budget: Duration) -> Self {
        self.options.patience.wait_budget = budget;
        self
    }

    /// Tells a function what is going on: [`Event::Waiting`] for another process.
    pub fn on_progress(mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.options.patience.listener = Listener::new(listener);
        self
    }

    /// What [`run`](Self::run) would do. Writes nothing, locks nothing, and needs no confirmation.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run), except those of locks and of the confirmation.
    pub fn plan<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<CleanPlan> {
        database.perform(Plan(self.clone()))
    }

    /// Empties the tables, in one transaction.
    ///
    /// # Errors
    ///
    /// [`Environment`](crate::ErrorKind::Environment) if the confirmation is missing, before anything else;
    /// [`Usage`](crate::ErrorKind::Usage) if a name has no table, or a table that keeps its rows refers to one that does not;
    /// [`Busy`](crate::ErrorKind::Busy) and [`LockTimeout`](crate::ErrorKind::LockTimeout) if another process is in the way;
    /// [`ReadOnly`](crate::ErrorKind::ReadOnly), [`Connection`](crate::ErrorKind::Connection),
    /// [`Database`](crate::ErrorKind::Database). Nothing was removed then.
    pub fn run<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<CleanReport> {
        database.perform(Run(self.clone()))
    }
}

struct Plan(Cleaner);
struct Run(Cleaner);

impl Job for Plan {
    type Output = CleanPlan;

    async fn perform<S: Session>(self, session: &mut S) -> Result<CleanPlan, Error> {
        Engine::new(session, &self.0.options)?.plan().instrument(tracing::info_span!("clean", verb = "plan")).await
    }
}

impl Job for Run {
    type Output = CleanReport;

    async fn perform<S: Session>(self, session: &mut S) -> Result<CleanReport, Error> {
        Engine::new(session, &self.0.options)?.run().instrument(tracing::info_span!("clean", verb = "run")).await
    }
}
