//! What a run tells while it is under way.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use atlas_migrate_core::fault;
use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::statement;

use self::done::Done;
use crate::error::hint::Hint;
use crate::render::time::shown;

pub(crate) mod done;

/// Something that a run has just begun or ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Another process holds the lock, or is in the middle of a migration that runs statement by statement.
    Waiting {
        /// What that one does: `migrating`, `loading seeds`, `changing roles`.
        doing: &'a str,
        /// For how long so far.
        waited: Duration,
        /// Who it is, once the wait is longer than a second.
        holder: Option<&'a Holder>,
    },
    /// The database is not yet what the binary needs, and [`wait`](crate::Migrator::wait) waits for somebody to migrate it.
    Pending {
        /// For how long so far.
        waited: Duration,
        /// How many migrations have not run.
        pending: usize,
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
        /// Who has the lock, if that can be seen.
        holder: Option<&'a Holder>,
    },
    /// Rows of a seed were sent.
    #[cfg(feature = "seeds")]
    Seeding {
        /// Its path below the folder, or `generated:` and the table.
        seed: &'a str,
        /// How many so far.
        rows: u64,
        /// How many there are, where that is known.
        total_rows: Option<u64>,
        /// How many bytes of the file were read so far; of rows that a program makes, how many were sent.
        bytes: u64,
        /// How many bytes the file has.
        total_bytes: Option<u64>,
    },
    /// A seed came to its end.
    #[cfg(feature = "seeds")]
    Seeded(&'a done::Seeded),
    /// What a developer should know, though it is no error.
    Warning(&'a str),
    /// The server said something while it ran a migration or a seed: `RAISE WARNING`, `RAISE NOTICE`, or a remark of its own.
    ///
    /// Only `sqlx` lets that be heard, and only in a program that has a subscriber of `tracing`; the other clients pass it to
    /// what the program made the connection with.
    Notice {
        /// The migration, as messages name it, or the name of the seed.
        of: &'a str,
        /// How much it matters.
        severity: Severity,
        /// What the server said.
        message: &'a str,
    },
}

/// How much it matters what a server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// For whoever wants to know.
    Notice,
    /// For everybody.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
        })
    }
}

/// A session that is in the way: it holds a lock, or is at work on a migration.
///
/// `Display` says all of it. A login without the rights of `pg_read_all_stats` sees of other users' sessions the process,
/// the user and the application; `?` and `<insufficient privilege>` stand for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub(crate) pid: i32,
    pub(crate) user: String,
    pub(crate) application: String,
    pub(crate) host: String,
    pub(crate) state: String,
    pub(crate) since: Duration,
    pub(crate) query: String,
    /// More of it.
    pub(crate) statement: String,
    /// The table that it has locked, if that is what is waited for.
    pub(crate) table: Option<String>,
}

impl Holder {
    /// The process id of its backend: what `pg_terminate_backend` takes.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The user that it logged in as.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Its `application_name`, which may be empty.
    pub fn application(&self) -> &str {
        &self.application
    }

    /// The host that it came from: a name or an address, or `local` for a Unix socket. Behind a pooler, the pooler's.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// For how long its transaction has been open, or its last statement has been running.
    pub fn since(&self) -> Duration {
        self.since
    }

    /// What its last statement is: the words of the command, without names, values and comments (`CREATE INDEX`), or
    /// `migration` and which one.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The table that it has locked, if that is what is waited for.
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref()
    }

    /// The first 300 characters of its last message, in one line, without values and comments.
    pub fn statement(&self) -> &str {
        &self.statement
    }

    /// What is shown of a message.
    pub(crate) fn shown(message: &str) -> String {
        // What stands behind the title of a migration is mostly the library's own. One that runs statement by statement has a
        // token before its name.
        let title = message.strip_prefix("/* atlas-migrate").and_then(|message| message.split_once(" */"));
        let migration = title.and_then(|(title, _)| title.trim_start().split_once(' '));
        match migration {
            Some((_, migration)) => format!("migration {migration}"),
            None => statement::command(message),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, user, application, host, state, since, query, .. } = self;
        let since = shown(*since);
        let [user, host, state, query] = [user, host, state, query].map(|text| fault::shown(text));
        write!(f, "pid {pid} (user {user}, application {application:?}, host {host}), {state} for {since}")?;
        if query.is_empty() { Ok(()) } else { write!(f, ": {query}") }
    }
}

/// Who is told.
#[derive(Clone, Default)]
pub(crate) struct Listener {
    callback: Option<Arc<Callback>>,
    words: Option<Arc<Words>>,
}

type Callback = dyn Fn(&Event<'_>) + Send + Sync;

/// Says what is to be done in the words of whoever reads it.
type Words = dyn Fn(&Hint) -> String + Send + Sync;

impl Listener {
    pub(crate) fn new(listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self { callback: Some(Arc::new(listener)), words: None }
    }

    /// Whether somebody is told, beside the log.
    pub(crate) fn is_there(&self) -> bool {
        self.callback.is_some()
    }

    /// In whose words warnings say what is to be done, if not in Rust.
    pub(crate) fn speaking(self, words: impl Fn(&Hint) -> String + Send + Sync + 'static) -> Self {
        Self { words: Some(Arc::new(words)), ..self }
    }

    pub(crate) fn words(&self, hint: &Hint) -> String {
        self.words.as_ref().map_or_else(|| hint.to_string(), |words| words(hint))
    }

    /// Tells the listener, and the log.
    pub(crate) fn tell(&self, event: &Event<'_>) {
        match event {
            Event::Waiting { doing, waited, holder: None } => {
                tracing::info!(?waited, "waiting for another process that is {doing}");
            }
            Event::Waiting { doing, waited, holder: Some(holder) } => {
                tracing::info!(?waited, pid = holder.pid, user = holder.user, application = holder.application,
                    host = holder.host, since = ?holder.since, query = holder.query,
                    "waiting for another process that is {doing}");
            }
            Event::Pending { waited, pending } => {
                tracing::info!(?waited, pending, "waiting for another process to migrate");
            }
            Event::Started { migration, remaining } => {
                tracing::debug!(version = %fault::shown(migration.version().as_str()), name = migration.name(), remaining, "migration started");
            }
            Event::Statement { migration, completed, total } => {
                tracing::debug!(version = %fault::shown(migration.version().as_str()), completed, total, "statement completed");
            }
            Event::Finished(done) => {
                tracing::info!(version = %fault::shown(done.version.as_str()), name = done.name, outcome = %done.outcome, duration = ?done.duration,
                    "migration finished");
            }
            Event::Retrying { migration, attempts, reason, pause, holder } => {
                let holder = holder.map(tracing::field::display);
                tracing::warn!(version = %fault::shown(migration.version().as_str()), attempts, reason, ?pause, holder, "migration will be tried again");
            }
            #[cfg(feature = "seeds")]
            Event::Seeding { seed, rows, bytes, .. } => tracing::trace!(seed, rows, bytes, "rows sent"),
            #[cfg(feature = "seeds")]
            Event::Seeded(seeded) => {
                tracing::info!(seed = seeded.name, rows = seeded.rows, duration = ?seeded.duration, "seed loaded");
            }
            Event::Warning(warning) => tracing::warn!("{}", fault::shown_lines(warning)),
            Event::Notice { of, severity: Severity::Warning, message } => {
                tracing::warn!(of, "{}", fault::shown(message));
            }
            Event::Notice { of, severity: Severity::Notice, message } => {
                tracing::info!(of, "{}", fault::shown(message));
            }
        }
        if let Some(listener) = &self.callback {
            listener(event);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.callback.is_some() { "Listener" } else { "None" })
    }
}
