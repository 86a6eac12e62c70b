//! Where it went wrong, what the server said, what became of the database, and what to do next.

use std::error::Error as StdError;
use std::fmt;

use atlas_migrate_core::fault::{self, Fault};
use atlas_migrate_core::words::listed;

use crate::error::hint::Hint;
use crate::error::place::Place;
use crate::postgres::session::{Cause, ServerError};
use crate::progress::done::{Done, Outcome, Report, label};

pub(crate) mod advice;
pub(crate) mod hint;
pub(crate) mod place;

/// Why a verb did not do what it was asked for.
///
/// `Display` is meant for people: what happened, the place in the file as rustc would show it, what the server said, what
/// was rolled back and what stays, and one hint. [`kind`](Self::kind) is meant for programs.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    place: Option<Place>,
    /// The place in a file whose text is not at hand.
    fault: Option<Fault>,
    /// What is wrong with files, of which the message is made.
    faults: Vec<Fault>,
    notes: Vec<String>,
    /// What became of the database.
    fate: Vec<String>,
    hint: Option<Hint>,
    sqlstate: Option<String>,
    report: Report,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What sort of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server could not be reached, or the connection was lost.
    Connection,
    /// An option of the migrator, or the state of the connection that it was given, makes no sense.
    Usage,
    /// The files of a source are not a valid set of migrations.
    Source,
    /// The server is too old: PostgreSQL 13 is the first that is supported.
    UnsupportedServer,
    /// There is a table of the history table's name that is not ours; or the database has the history of another tool, or of
    /// these migrations elsewhere, and none of them here. See [`other_history`](crate::Migrator::other_history).
    ForeignHistory,
    /// The server is a standby or the session is read-only, and there is something to do.
    ReadOnly,
    /// What was applied is not what this binary has: changed, missing, newer or out of order.
    Drift,
    /// `check` found migrations that have not run.
    Pending,
    /// A version that no migration has.
    UnknownVersion,
    /// A migration that was to be reverted cannot be.
    Irreversible,
    /// A `require` condition was not true.
    Precondition,
    /// A statement of a migration failed.
    Failed,
    /// A migration did not get its table locks within the budget.
    LockTimeout,
    /// Another process was migrating for longer than the budget.
    Busy,
    /// A statement was cut off or failed that cannot be in a transaction, and nothing tells whether it took effect, in part or
    /// as a whole: the catalog does not, or it commits by itself, as `CALL` does. See [`repair`](crate::Migrator::repair).
    InDoubt,
    /// The database is of another environment than the seeds are for, or of one whose data is not removed without a
    /// confirmation.
    #[cfg(any(feature = "seeds", feature = "clean"))]
    Environment,
    /// The server refused one of the library's own statements.
    Database,
    /// Migrations are not what they should be, as `testing::validate` found out.
    Invalid,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            place: None,
            fault: None,
            faults: Vec::new(),
            notes: Vec::new(),
            fate: Vec::new(),
            hint: None,
            sqlstate: None,
            report: Report::default(),
            source: None,
        }))
    }

    /// No connection could be made.
    #[cfg(any(feature = "sqlx", feature = "deadpool-postgres", feature = "testing"))]
    pub(crate) fn connect(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::connection("could not connect to the database", source.into())
    }

    /// No connection could be made; perhaps the server said why.
    #[cfg(any(
        feature = "sqlx",
        feature = "deadpool-postgres",
        all(feature = "testing", any(feature = "postgres", feature = "tokio-postgres"))
    ))]
    pub(crate) fn not_connected(cause: Cause) -> Self {
        match cause {
            Cause::Connection(source) => Self::connect(source),
            Cause::Server(server) => {
                let hint = advice::connecting(&server.message, Some(&server));
                Self::connect(server.message.clone()).server(&server).hint(hint)
            }
        }
    }

    fn connection(message: &str, source: Box<dyn StdError + Send + Sync>) -> Self {
        let said = chain(source.as_ref());
        let mut error =
            Self::new(ErrorKind::Connection, format!("{message}: {said}")).hint(advice::connecting(&said, None));
        error.0.source = Some(source);
        error
    }

    pub(crate) fn faults(faults: &[Fault]) -> Self {
        Self::faults_of(ErrorKind::Source, faults)
    }

    pub(crate) fn faults_of(kind: ErrorKind, faults: &[Fault]) -> Self {
        let texts: Vec<_> = faults.iter().map(Fault::to_string).collect();
        let mut error = Self::new(kind, texts.join("\n\n"));
        error.0.faults = faults.to_vec();
        error
    }

    /// One of the library's own statements was not carried out.
    pub(crate) fn own(doing: &str, cause: Cause) -> Self {
        Self::advised(doing, cause, advice::own)
    }

    /// One of those about the history was not.
    pub(crate) fn of_history(doing: &str, cause: Cause) -> Self {
        Self::advised(doing, cause, advice::history)
    }

    fn advised(doing: &str, cause: Cause, advice: fn(&ServerError) -> Option<Hint>) -> Self {
        match cause {
            Cause::Connection(source) => Self::connection(&format!("the connection was lost while {doing}"), source),
            Cause::Server(server) => {
                let message = format!("{doing} failed: {}", server.message);
                let kind = if server.ends_connection() { ErrorKind::Connection } else { ErrorKind::Database };
                // Where in the library's own statements it happened is of no use to anybody.
                let hint = advice(&server);
                let mut error =
                    Self::new(kind, message).server(&ServerError { context: None, internal: None, ..*server });
                error.0.hint = hint;
                error
            }
        }
    }

    /// What is wrong at a place of a file whose text is not at hand.
    #[cfg(feature = "seeds")]
    pub(crate) fn at(kind: ErrorKind, fault: Fault) -> Self {
        let mut error = Self::new(kind, fault.message());
        error.0.hint = fault.hint_text().map(|hint| hint.to_owned().into());
        error.0.fault = Some(fault);
        error
    }

    #[cfg(feature = "seeds")]
    pub(crate) fn saying(mut self, message: String) -> Self {
        self.0.message = message;
        self
    }

    pub(crate) fn place(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.0.notes.push(note.into());
        self
    }

    /// Adds what became of the database.
    pub(crate) fn fate(mut self, note: impl Into<String>) -> Self {
        self.0.fate.push(note.into());
        self
    }

    /// What it ran in was made for it, and has been removed since: nothing of what was done is left.
    #[cfg(feature = "testing")]
    pub(crate) fn without_trace(mut self, place: &str) -> Self {
        self.0.fate = vec![format!("it ran in a {place} of its own, which is gone")];
        self.0.report = Report::default();
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Of a message that ends in a commit: if its answer was lost, nobody knows whether what it says came about, and this is how
    /// to go on either way.
    pub(crate) fn unless_answered(self, what: &str, hint: impl Into<Hint>) -> Self {
        if !self.is_connection() {
            return self;
        }
        self.fate(format!("its answer was lost, so {what}: all of it took effect or nothing")).hint(hint)
    }

    /// Of another sort than it seemed.
    pub(crate) fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Where the hint says that it should be run again, it says something else.
    pub(crate) fn instead_of_run_again(mut self, other: &Hint) -> Self {
        self.0.hint = self.0.hint.map(|hint| hint.instead_of("run again", other));
        self
    }

    /// With the hint in these words.
    pub(crate) fn in_words(mut self, words: impl FnOnce(&Hint) -> String) -> Self {
        self.0.hint = self.0.hint.map(|hint| words(&hint).into());
        self
    }

    /// Adds all that the server said beside its message.
    pub(crate) fn server(mut self, server: &ServerError) -> Self {
        let notes = [
            ("sqlstate", Some(&server.code)),
            ("detail", server.detail.as_ref()),
            ("server's hint", server.hint.as_ref()),
            ("context", server.context.as_ref()),
        ];
        for (name, value) in notes {
            if let Some(value) = value {
                self.0.notes.push(format!("{name}: {value}"));
            }
        }
        if let Some((query, _)) = &server.internal {
            self.0.notes.push(format!("query: {query}"));
        }
        self.0.sqlstate = Some(server.code.clone());
        self
    }

    /// Adds what was done before, and says it.
    pub(crate) fn after(mut self, report: Report) -> Self {
        if !report.is_empty() {
            let name = |done: &Done| match done.outcome {
                Outcome::Skipped | Outcome::Reverted => {
                    format!("{} ({})", label(&done.version, &done.name), done.outcome)
                }
                _ => label(&done.version, &done.name),
            };
            let names: Vec<_> = report.done.iter().map(name).collect();
            self.0.fate.push(format!("done before it, and stays: {}", listed(&names)));
        }
        self.0.report = report;
        self
    }

    /// What happened, in one line or a few, without the rest.
    pub(crate) fn headline(&self) -> &str {
        &self.0.message
    }

    /// What happened, what is noted about it and about what became of the database, and the hint.
    pub(crate) fn parts(&self) -> (&str, Vec<&str>, Option<String>) {
        let inner = &self.0;
        let notes = inner.notes.iter().chain(&inner.fate).map(String::as_str).collect();
        (&inner.message, notes, inner.hint.as_ref().map(Hint::to_string))
    }

    /// What is wrong with each of several files.
    pub(crate) fn each_fault(&self) -> &[Fault] {
        &self.0.faults
    }

    /// What sort of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What the run had done before the error, which stays done.
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// The SQLSTATE, where the server reported an error: `42P07`.
    pub fn sqlstate(&self) -> Option<&str> {
        self.0.sqlstate.as_deref()
    }

    /// Where in which file: the path, and line and column counted from 1. Of several places the first.
    pub fn position(&self) -> Option<(&str, usize, usize)> {
        if let Some(fault) = self.0.fault.as_ref().or(self.0.faults.first()) {
            return fault.position().map(|(line, column)| (fault.path(), line, column));
        }
        let place = self.0.place.as_ref()?;
        let (line, column) = fault::line_column(&place.text, place.span.start);
        Some((&place.path, line, column))
    }

    /// The server could not be reached, or the connection was lost. Trying again later may help.
    pub fn is_connection(&self) -> bool {
        self.kind() == ErrorKind::Connection
    }

    /// What was applied is not what this binary has. Only people can decide what is right.
    pub fn is_drift(&self) -> bool {
        self.kind() == ErrorKind::Drift
    }

    /// `check` found migrations that have not run.
    pub fn is_pending(&self) -> bool {
        self.kind() == ErrorKind::Pending
    }

    /// A statement of a migration failed, and it will again until somebody fixes it.
    pub fn is_failed(&self) -> bool {
        self.kind() == ErrorKind::Failed
    }

    /// Somebody else was in the way for too long: a table lock, or another process that migrates. Trying again later may
    /// help.
    pub fn is_busy(&self) -> bool {
        matches!(self.kind(), ErrorKind::Busy | ErrorKind::LockTimeout)
    }
}

/// An error with all that caused it: `tokio-postgres` says no more than "error connecting to server" at the top.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text += ": ";
            text += &cause_text;
        }
        source = cause.source();
    }
    text
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        let notes = [inner.notes.as_slice(), &inner.fate].concat();
        let hint = inner.hint.as_ref().map(Hint::to_string);
        if let Some(fault) = &inner.fault {
            return f.write_str(&fault.render(&inner.message, &notes, hint.as_deref()));
        }
        let snippet = inner.place.as_ref().map(|place| fault::Snippet {
            path: &place.path,
            text: &place.text,
            span: place.span.clone(),
            label: &place.label,
        });
        f.write_str(&fault::render(&inner.message, snippet, &notes, hint.as_deref()))
    }
}

impl fmt::Debug for Error {
    /// As `Display`: this is what a `main` that returns the error prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
