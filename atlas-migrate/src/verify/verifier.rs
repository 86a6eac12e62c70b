//! The builder: which checks, with which options, and the verb.

use std::time::Duration;

use tracing::Instrument;

use super::engine::Engine;
use super::{Checks, VerifyReport};
use crate::postgres::driver::{Database, Job};
use crate::postgres::session::Session;
use crate::progress::{Event, Listener};
use crate::{Error, Migrator};

/// Holds databases against what is to be so in them.
///
/// `embed_checks!` makes a function `verifier()` that gives one for the embedded checks; for other sources see [`Checks`].
#[derive(Clone, Debug)]
#[must_use = "a verifier does nothing until its verb is called"]
pub struct Verifier {
    pub(super) checks: Checks,
    pub(super) migrator: Option<Migrator>,
    pub(super) timeout: Duration,
    pub(super) listener: Listener,
}

impl Verifier {
    /// A verifier with these checks, with default options.
    pub fn new(checks: impl Into<Checks>) -> Self {
        Self { checks: checks.into(), migrator: None, timeout: Duration::from_secs(30), listener: Listener::default() }
    }

    /// Asks also whether these migrations are up to date. Default: does not ask.
    ///
    /// A [`Migrator`] is for those that have another schema, table or namespace than usual.
    pub fn migrations(mut self, migrations: impl Into<Migrator>) -> Self {
        self.migrator = Some(migrations.into());
        self
    }

    /// Asks about these migrations, unless it does about others.
    #[cfg(feature = "setup")]
    pub(crate) fn default_migrations(mut self, migrator: &Migrator) -> Self {
        self.migrator.get_or_insert_with(|| migrator.clone());
        self
    }

    /// How long each question may take. Default: 30 seconds; zero is without limit. `-- atlas:timeout` in a query overrides it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Tells a function what is going on: [`Event::Warning`].
    pub fn on_progress(mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.listener = Listener::new(listener);
        self
    }

    /// Holds a database against the checks. Writes nothing: everything runs in transactions that are read-only and are rolled
    /// back, so that it works on a standby too.
    ///
    /// What is not as it should be is in the report, and is no error.
    ///
    /// # Errors
    ///
    /// [`Connection`](crate::ErrorKind::Connection) if the server cannot be reached, or no longer;
    /// [`Usage`](crate::ErrorKind::Usage) in the middle of a transaction.
    pub fn run<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<VerifyReport> {
        database.perform(Verify(self.clone()))
    }
}

pub(crate) struct Verify(pub(crate) Verifier);

impl Job for Verify {
    type Output = VerifyReport;

    async fn perform<S: Session>(self, session: &mut S) -> Result<VerifyReport, Error> {
        Engine::new(session, &self.0)?.run().instrument(tracing::info_span!("verify")).await
    }
}
