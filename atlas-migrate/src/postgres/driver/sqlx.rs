//! `sqlx`: a pool, or a connection of its own.

use std::pin::Pin;

use futures_core::Stream;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgDatabaseError, PgErrorPosition, PgPool, PgRow, PgSeverity};
use sqlx::{AssertSqlSafe, Column, Connection, Either, Executor, Postgres, Row, ValueRef};

use super::overheard::Overheard;
use super::{Database, Job, Running, start};
use crate::Error;
use crate::postgres::session::{Cause, Failure, Notice, Reply, ServerError, Session};
#[cfg(feature = "seeds")]
use crate::postgres::session::{Chunks, CopyFailure};

/// A connection on loan. It goes back only if nothing but one message was sent, and that one came to its end.
struct Pooled {
    connection: Option<PoolConnection<Postgres>>,
    messages: usize,
    clean: bool,
    overheard: Overheard,
}

/// A connection that belongs to somebody else: what is left to put in order at the end is sent after it.
struct Borrowed<'c> {
    connection: &'c mut PgConnection,
    cleanup: Option<String>,
    overheard: Overheard,
    #[cfg(feature = "seeds")]
    copying: bool,
}

impl<'c> Borrowed<'c> {
    fn new(connection: &'c mut PgConnection) -> Self {
        Self {
            connection,
            cleanup: None,
            overheard: Overheard::default(),
            #[cfg(feature = "seeds")]
            copying: false,
        }
    }
}

impl<'c> Database<'c> for &'c PgPool {
    type Outcome<T: Send + 'c> = Running<'c, T>;
    type OutcomeWith<T: Send + 'c, E: Send + 'c> = Running<'c, T, E>;

    fn perform<J: Job + 'c>(self, job: J) -> Running<'c, J::Output> {
        Running::new(async move {
            let connection = self.acquire().await.map_err(not_connected)?;
            let mut session =
                Pooled { connection: Some(connection), messages: 0, clean: true, overheard: Overheard::default() };
            let result = job.perform(&mut session).await;
            session.close().await;
            result
        })
    }

    fn flatten<T: Send + 'c, E: From<Error> + Send + 'c>(outcome: Running<'c, Result<T, E>>) -> Running<'c, T, E> {
        outcome.flatten()
    }
}

impl<'c> Database<'c> for &'c mut PgConnection {
    type Outcome<T: Send + 'c> = Running<'c, T>;
    type OutcomeWith<T: Send + 'c, E: Send + 'c> = Running<'c, T, E>;

    fn perform<J: Job + 'c>(self, job: J) -> Running<'c, J::Output> {
        Running::new(async move { job.perform(&mut Borrowed::new(self)).await })
    }

    fn flatten<T: Send + 'c, E: From<Error> + Send + 'c>(outcome: Running<'c, Result<T, E>>) -> Running<'c, T, E> {
        outcome.flatten()
    }
}

impl<'c> Database<'c> for &'c mut PoolConnection<Postgres> {
    type Outcome<T: Send + 'c> = Running<'c, T>;
    type OutcomeWith<T: Send + 'c, E: Send + 'c> = Running<'c, T, E>;

    fn perform<J: Job + 'c>(self, job: J) -> Running<'c, J::Output> {
        let connection: &mut PgConnection = self;
        connection.perform(job)
    }

    fn flatten<T: Send + 'c, E: From<Error> + Send + 'c>(outcome: Running<'c, Result<T, E>>) -> Running<'c, T, E> {
        outcome.flatten()
    }
}

impl Pooled {
    fn is_clean(&self) -> bool {
        self.clean && self.messages <= 1
    }

    /// Says goodbye to the server, where the connection is not to be used again and nothing is open on it.
    async fn close(mut self) {
        if self.clean
            && !self.is_clean()
            && let Some(connection) = self.connection.take()
            && let Err(error) = connection.detach().close().await
        {
            tracing::debug!(%error, "the connection was lost while it was closed");
        }
    }
}

impl Session for Pooled {
    async fn send_telling(&mut self, sql: &str, progress: &mut (dyn FnMut(&Reply) + Send)) -> Result<Reply, Failure> {
        self.messages += 1;
        match &mut self.connection {
            Some(connection) => listened(&self.overheard, connection, sql, progress).await,
            None => unreachable!("the connection is taken out when the session ends"),
        }
    }

    #[cfg(feature = "seeds")]
    async fn copy_in(&mut self, statement: &str, rows: &mut dyn Chunks) -> Result<u64, CopyFailure> {
        self.messages += 1;
        match &mut self.connection {
            Some(connection) => self.overheard.during(copy_in(connection, statement, rows)).await,
            None => unreachable!("the connection is taken out when the session ends"),
        }
    }

    fn if_dropped(&mut self, cleanup: Option<String>) {
        self.clean = cleanup.is_none();
    }

    fn take_notices(&mut self) -> Vec<Notice> {
        self.overheard.take()
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let clean = self.is_clean();
        if let Some(connection) = self.connection.take()
            && !clean
        {
            // Taken out of the pool, the connection is closed when it goes out of scope.
            drop(connection.detach());
        }
    }
}

impl Session for Borrowed<'_> {
    async fn send_telling(&mut self, sql: &str, progress: &mut (dyn FnMut(&Reply) + Send)) -> Result<Reply, Failure> {
        listened(&self.overheard, self.connection, sql, progress).await
    }

    #[cfg(feature = "seeds")]
    async fn copy_in(&mut self, statement: &str, rows: &mut dyn Chunks) -> Result<u64, CopyFailure> {
        self.copying = true;
        let result = self.overheard.during(copy_in(self.connection, statement, rows)).await;
        self.copying = false;
        result
    }

    fn if_dropped(&mut self, cleanup: Option<String>) {
        self.cleanup = cleanup;
    }

    fn take_notices(&mut self) -> Vec<Notice> {
        self.overheard.take()
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        // Of a `COPY` that was dropped this client does not wait for the end, and would take it for that of the next
        // statement: better no connection than one that gives wrong answers.
        #[cfg(feature = "seeds")]
        if self.copying {
            // PostgreSQL 13 passes over the first message that it meets in a `COPY` that has not ended.
            let _queued = start(self.connection.begin_with(crate::postgres::sql::END_SESSION));
            self.cleanup = Some(crate::postgres::sql::END_SESSION.to_owned());
        }
        if let Some(cleanup) = self.cleanup.take()
            && !cleanup.is_empty()
        {
            // `begin_with` queues its statement, whatever it is, by the first poll and before it waits for the server: it
            // stands behind what the server is still at, and is sent before the connection's next statement.
            let _queued = start(self.connection.begin_with(AssertSqlSafe(cleanup)));
        }
    }
}

/// A connection of our own.
#[cfg(feature = "testing")]
pub(crate) async fn connect(url: &str) -> Result<PgConnection, Error> {
    use sqlx::ConnectOptions;
    use sqlx::postgres::PgConnectOptions;

    let options: PgConnectOptions = url.parse().map_err(not_connected)?;
    let connected = options.disable_statement_logging().connect().await;
    connected.map_err(not_connected)
}

/// What went wrong when a connection was made.
pub fn not_connected(error: sqlx::Error) -> Error {
    Error::not_connected(cause(error))
}

/// Sends one message over a connection of our own, which says nothing to the log.
#[cfg(feature = "testing")]
pub(crate) async fn send(connection: &mut PgConnection, sql: &str) -> Result<Reply, Failure> {
    exchange(connection, sql, |_| {}).await
}

/// Sends one message over a connection of somebody else's.
async fn listened(
    overheard: &Overheard,
    connection: &mut PgConnection,
    sql: &str,
    progress: &mut (dyn FnMut(&Reply) + Send),
) -> Result<Reply, Failure> {
    overheard.completed(0);
    let told = |reply: &Reply| {
        overheard.completed(reply.completed());
        progress(reply);
    };
    overheard.during(exchange(connection, sql, told)).await
}

async fn exchange(
    connection: &mut PgConnection,
    sql: &str,
    mut progress: impl FnMut(&Reply) + Send,
) -> Result<Reply, Failure> {
    let mut reply = Reply::default();
    // `Executor` of the connection, with the text as an argument: `raw_sql(..).fetch_many(connection)` is not `Send` here
    // ("implementation of `Executor` is not general enough").
    let mut stream = connection.fetch_many(sqlx::raw_sql(AssertSqlSafe(sql)));
    loop {
        match std::future::poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await {
            Some(Ok(Either::Left(result))) => {
                reply.complete(result.rows_affected());
                progress(&reply);
            }
            Some(Ok(Either::Right(row))) => {
                let first_column = row.columns().first().map_or("", |column| column.name());
                reply.row(first_column, || values(&row));
            }
            Some(Err(error)) => return Err(reply.failed(cause(error))),
            None => return Ok(reply),
        }
    }
}

#[cfg(feature = "seeds")]
pub(crate) async fn copy_in(
    connection: &mut PgConnection,
    statement: &str,
    rows: &mut dyn Chunks,
) -> Result<u64, CopyFailure> {
    let failed = |error| CopyFailure::Server(cause(error));
    let mut copy = connection.copy_in_raw(statement).await.map_err(failed)?;
    let mut buffer = Vec::new();
    loop {
        match rows.next(&mut buffer) {
            Ok(true) => copy.send(buffer.as_slice()).await.map(drop).map_err(failed)?,
            Ok(false) => return copy.finish().await.map_err(failed),
            Err(error) => {
                copy.abort("its rows cannot be had").await.map_err(failed)?;
                return Err(CopyFailure::Rows(error));
            }
        }
    }
}

/// The values as text, which is what a simple query gives.
fn values(row: &PgRow) -> crate::postgres::session::Row {
    (0..row.len())
        .map(|index| {
            let value = row.try_get_raw(index).ok()?;
            if value.is_null() { None } else { value.as_str().ok().map(str::to_owned) }
        })
        .collect()
}

fn cause(error: sqlx::Error) -> Cause {
    let Some(db) = error.as_database_error().and_then(|db| db.try_downcast_ref::<PgDatabaseError>()) else {
        return Cause::Connection(Box::new(error));
    };
    let mut server = ServerError {
        code: db.code().to_owned(),
        fatal: matches!(db.severity(), PgSeverity::Fatal | PgSeverity::Panic),
        // One line, whatever names and values are in it.
        message: atlas_migrate_core::fault::shown(db.message()).into_owned(),
        detail: db.detail().map(str::to_owned),
        hint: db.hint().map(str::to_owned),
        context: db.r#where().map(str::to_owned),
        position: None,
        internal: None,
    };
    match db.position() {
        Some(PgErrorPosition::Original(position)) => server.position = Some(position),
        Some(PgErrorPosition::Internal { position, query }) => server.internal = Some((query.to_owned(), position)),
        None => {}
    }
    Cause::Server(Box::new(server))
}
