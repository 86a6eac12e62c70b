//! The one thing that a client has to be able to do: send a message of SQL text and give back what the server said.

#![cfg_attr(
    not(any(feature = "sqlx", feature = "tokio-postgres")),
    allow(dead_code, reason = "the crate compiles without a client too, and the blocking one counts no statements")
)]

use std::future::Future;

use crate::Error;

/// A connection, as the engine sees it.
///
/// It can be dropped at any time, with the answer to a message still to come. An implementation then puts the connection in
/// order or closes it.
pub trait Session: Send {
    /// Sends one simple-query message and waits until the server is ready again.
    fn send(&mut self, sql: &str) -> impl Future<Output = Result<Reply, Failure>> + Send {
        async move { self.send_telling(sql, &mut |_| {}).await }
    }

    /// The same, and tells meanwhile what has come back so far, where the client lets that be known.
    fn send_telling(
        &mut self,
        sql: &str,
        progress: &mut (dyn FnMut(&Reply) + Send),
    ) -> impl Future<Output = Result<Reply, Failure>> + Send;

    /// Whether the client says how many statements completed before one failed.
    fn counts(&self) -> bool {
        true
    }

    /// Sends rows to a `COPY … FROM STDIN`, and gives their number. If the rows cannot be had, the statement is made to fail.
    #[cfg(feature = "seeds")]
    fn copy_in(
        &mut self,
        statement: &str,
        rows: &mut dyn Chunks,
    ) -> impl Future<Output = Result<u64, CopyFailure>> + Send;

    /// Says what would put the connection in order if the session were dropped from now on, behind what the server is still
    /// at: SQL, which may be empty. Nothing, if there is nothing to put in order: the connection can be handed back.
    fn if_dropped(&mut self, cleanup: Option<String>);

    /// What the server has said beside its answers since this was asked last, where the client lets that be heard.
    fn take_notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }
}

/// What the server says beside an answer: `RAISE WARNING`, `RAISE NOTICE` and its own remarks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How many statements of the message had completed.
    pub completed: usize,
    pub severity: crate::progress::Severity,
    pub message: String,
}

/// Rows in the form that a `COPY` takes, piece by piece.
#[cfg(feature = "seeds")]
pub trait Chunks: Send {
    /// Replaces what is in the buffer with the next piece. False at the end, where the buffer is left empty.
    fn next(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error>;
}

/// Why rows were not copied.
#[cfg(feature = "seeds")]
#[derive(Debug)]
pub enum CopyFailure {
    /// The rows could not be had.
    Rows(Error),
    /// The server did not take them, or is gone.
    Server(Cause),
}

/// A row in text format.
pub(crate) type Row = Vec<Option<String>>;

/// The name of the column that a plan comes in.
pub(crate) const PLAN: &str = "QUERY PLAN";

/// What came back for a message.
#[derive(Debug, Default)]
pub struct Reply {
    /// For each statement that has completed, how many rows it is said to have touched.
    completed: Vec<u64>,
    rows: Vec<(String, Row)>,
}

impl Reply {
    /// A statement of the message has completed, which touched so many rows.
    pub(crate) fn complete(&mut self, touched: u64) {
        self.completed.push(touched);
    }

    /// How many rows each statement of the message touched.
    #[cfg(feature = "clean")]
    pub(crate) fn touched(&self) -> &[u64] {
        &self.completed
    }

    /// How many statements have completed.
    #[cfg(feature = "sqlx")]
    pub(crate) fn completed(&self) -> usize {
        self.completed.len()
    }

    /// A row has arrived. Only ours are kept, which carry their name in the first column's: a migration may select millions.
    /// Plans have a name that is the server's.
    pub(crate) fn row(&mut self, first_column: &str, values: impl FnOnce() -> Row) {
        if first_column.starts_with("atlas_") || first_column == PLAN {
            self.rows.push((first_column.to_owned(), values()));
        }
    }

    /// The rows whose first column has this name.
    pub(crate) fn rows<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a Row> {
        self.rows.iter().filter(move |(first_column, _)| first_column == name).map(|(_, row)| row)
    }

    /// How many statements completed before the server reported an error.
    pub(crate) fn failed(self, cause: Cause) -> Failure {
        Failure { completed: Some(self.completed.len()), cause }
    }
}

/// Why a message failed.
#[derive(Debug)]
pub struct Failure {
    /// How many statements of the message completed before; unknown where the client does not tell.
    pub completed: Option<usize>,
    pub cause: Cause,
}

#[derive(Debug)]
pub enum Cause {
    /// The server refused a statement.
    Server(Box<ServerError>),
    /// The connection could not be made, was lost, or did not speak the protocol.
    Connection(Box<dyn std::error::Error + Send + Sync>),
}

impl Failure {
    /// Whether nothing can be sent any more.
    pub(crate) fn ends_connection(&self) -> bool {
        match &self.cause {
            Cause::Server(server) => server.ends_connection(),
            Cause::Connection(_) => true,
        }
    }

    /// What is said if one of the library's own messages fails: while it was doing this.
    pub(crate) fn own(doing: &str) -> impl Fn(Self) -> Error {
        move |failure| Error::own(doing, failure.cause)
    }

    /// The same of a message about the history.
    pub(crate) fn of_history(doing: &str) -> impl Fn(Self) -> Error {
        move |failure| Error::of_history(doing, failure.cause)
    }
}

/// What the server says about an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerError {
    pub(crate) code: String,
    /// Its severity is FATAL or PANIC.
    pub(crate) fatal: bool,
    pub(crate) message: String,
    pub(crate) detail: Option<String>,
    pub(crate) hint: Option<String>,
    /// The call stack of functions and internal queries, innermost first.
    pub(crate) context: Option<String>,
    /// In characters, from 1, counted from the start of the message.
    pub(crate) position: Option<usize>,
    /// The text of an internal query, and the position in it.
    pub(crate) internal: Option<(String, usize)>,
}

impl ServerError {
    /// Whether the server ends the connection with it: it shuts down, crashed, or somebody terminated the session; or whether a
    /// pooler does, which has lost its own connection to the server.
    pub(crate) fn ends_connection(&self) -> bool {
        self.fatal
    }
}
