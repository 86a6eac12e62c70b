//! The builder: which benchmarks, with which options, and the verb.

use std::time::Duration;

use tracing::Instrument;

use super::engine::Engine;
use super::{BenchReport, Benchmarks};
use crate::Error;
use crate::postgres::driver::{Database, Job};
use crate::postgres::session::Session;
use crate::progress::{Event, Listener};

/// The executions of a prepared statement after which PostgreSQL decides how it is planned from then on.
const UNDECIDED: usize = 5;

/// Measures benchmarks.
///
/// `embed_benchmarks!` makes a function `bencher()` that gives one for the embedded benchmarks; for other sources see
/// [`Benchmarks`].
#[derive(Clone, Debug)]
#[must_use = "a bencher does nothing until its verb is called"]
pub struct Bencher {
    pub(super) benchmarks: Benchmarks,
    pub(super) iterations: usize,
    pub(super) warm_up: Option<usize>,
    pub(super) only: Option<Vec<String>>,
    pub(super) timeout: Duration,
    pub(super) lock_timeout: Duration,
    pub(super) listener: Listener,
}

impl Bencher {
    /// A bencher of these benchmarks, with default options.
    pub fn new(benchmarks: impl Into<Benchmarks>) -> Self {
        Self {
            benchmarks: benchmarks.into(),
            iterations: 100,
            warm_up: None,
            only: None,
            timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(3),
            listener: Listener::default(),
        }
    }

    /// How often each statement is measured. Default: 100. `-- atlas:iterations` in a file overrides it.
    pub fn iterations(mut self, iterations: usize) -> Self {
        self.iterations = iterations;
        self
    }

    /// How often each statement runs before it is measured. Default: a tenth of the iterations, and 5 at least: from then on
    /// PostgreSQL keeps to one way to plan a prepared statement.
    pub fn warm_up(mut self, executions: usize) -> Self {
        self.warm_up = Some(executions);
        self
    }

    /// The benchmarks that are measured, by their names. Default: all.
    pub fn only<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.only = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// How long each execution may take. Default: 30 seconds; zero is without limit.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long an execution waits for a lock. Default: 3 seconds; zero waits forever.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Tells a function what is going on: [`Event::Warning`].
    pub fn on_progress(mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.listener = Listener::new(listener);
        self
    }

    /// Measures the benchmarks, one after the other, each in a transaction that is rolled back.
    ///
    /// A statement that is slower than it should be, or that fails, is in the report, and is no error.
    ///
    /// # Errors
    ///
    /// [`Connection`](crate::ErrorKind::Connection) if the server cannot be reached, or no longer;
    /// [`Usage`](crate::ErrorKind::Usage) if a name has no benchmark, without iterations, and in the middle of a transaction;
    /// [`UnsupportedServer`](crate::ErrorKind::UnsupportedServer).
    pub fn run<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<BenchReport> {
        database.perform(Run(self.clone()))
    }

    /// How often a statement runs before it is measured.
    pub(super) fn warm_up_of(&self, iterations: usize) -> usize {
        self.warm_up.unwrap_or_else(|| (iterations / 10).max(UNDECIDED))
    }
}

struct Run(Bencher);

impl Job for Run {
    type Output = BenchReport;

    async fn perform<S: Session>(self, session: &mut S) -> Result<BenchReport, Error> {
        Engine::new(session, &self.0)?.run().instrument(tracing::info_span!("bench")).await
    }
}
