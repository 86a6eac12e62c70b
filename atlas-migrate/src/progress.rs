//! What a run tells while it is under way.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use atlas_migrate_core::migration::Migration;

use crate::report::Done;

/// Something that a run has just begun or ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Another process holds the lock, or is in the middle of a migration that runs statement by statement.
    Waiting {
        /// For how long so far.
        waited: Duration,
    },
    /// A migration begins.
    Started {
        /// Which.
        migration: &'a Migration,
        /// How many the run has yet to do, this one included.
        remaining: usize,
    },
    /// A statement of a migration that runs statement by statement has completed.
    Statement {
        /// Which.
        migration: &'a Migration,
        /// How many have completed.
        completed: usize,
        /// How many there are.
        total: usize,
    },
    /// A migration came to its end.
    Finished(&'a Done),
    /// A migration did not get a table lock in time (or lost a deadlock); it was rolled back and will be tried again.
    Retrying {
        /// Which.
        migration: &'a Migration,
        /// How often it was tried.
        attempts: u32,
        /// What the server said.
        reason: &'a str,
        /// How long the run pauses before the next attempt.
        pause: Duration,
    },
    /// What a developer should know, though it is no error.
    Warning(&'a str),
}

/// Who is told.
#[derive(Clone, Default)]
pub(crate) struct Listener(Option<Arc<Callback>>);

type Callback = dyn Fn(&Event<'_>) + Send + Sync;

impl Listener {
    pub(crate) fn new(listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Tells the listener, and the log.
    pub(crate) fn tell(&self, event: &Event<'_>) {
        match event {
            Event::Waiting { waited } => tracing::info!(?waited, "waiting for another process that is migrating"),
            Event::Started { migration, remaining } => {
                tracing::debug!(version = %migration.version(), name = migration.name(), remaining, "migration started");
            }
            Event::Statement { migration, completed, total } => {
                tracing::debug!(version = %migration.version(), completed, total, "statement completed");
            }
            Event::Finished(done) => {
                tracing::info!(version = %done.version, name = done.name, outcome = %done.outcome, duration = ?done.duration,
                    "migration finished");
            }
            Event::Retrying { migration, attempts, reason, pause } => {
                tracing::warn!(version = %migration.version(), attempts, reason, ?pause, "migration will be tried again");
            }
            Event::Warning(warning) => tracing::warn!("{warning}"),
        }
        if let Some(listener) = &self.0 {
            listener(event);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Listener" } else { "None" })
    }
}
