//! `tokio-postgres`: a client whose connection is driven by a task of the application's.

use std::pin::pin;

use futures_core::Stream;
use tokio_postgres::Client;

use super::{Database, Job, Running, rust_postgres, start};
use crate::Error;
#[cfg(feature = "seeds")]
use crate::postgres::session::{Chunks, CopyFailure};
use crate::postgres::session::{Failure, Reply, Session};

/// A client that belongs to somebody else: what is left to put in order at the end is sent after it.
struct Borrowed<'c> {
    client: &'c mut Client,
    cleanup: Option<String>,
}

impl<'c> Database<'c> for &'c mut Client {
    type Outcome<T: Send + 'c> = Running<'c, T>;
    type OutcomeWith<T: Send + 'c, E: Send + 'c> = Running<'c, T, E>;

    fn perform<J: Job + 'c>(self, job: J) -> Running<'c, J::Output> {
        Running::new(async move { job.perform(&mut Borrowed { client: self, cleanup: None }).await })
    }

    fn flatten<T: Send + 'c, E: From<Error> + Send + 'c>(outcome: Running<'c, Result<T, E>>) -> Running<'c, T, E> {
        outcome.flatten()
    }
}

impl Session for Borrowed<'_> {
    async fn send_telling(&mut self, sql: &str, progress: &mut (dyn FnMut(&Reply) + Send)) -> Result<Reply, Failure> {
        exchange(self.client, sql, progress).await
    }

    #[cfg(feature = "seeds")]
    async fn copy_in(&mut self, statement: &str, rows: &mut dyn Chunks) -> Result<u64, CopyFailure> {
        copy_in(self.client, statement, rows).await
    }

    fn if_dropped(&mut self, cleanup: Option<String>) {
        self.cleanup = cleanup;
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(cleanup) = &self.cleanup {
            // The message is queued by the first poll, behind what the server is still at; the answer is thrown away.
            let _queued = start(self.client.batch_execute(cleanup));
        }
    }
}

/// A connection of our own, driven by the runtime that this is called in.
#[cfg(feature = "testing")]
pub(crate) async fn connect(url: &str) -> Result<Client, Error> {
    let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
    let (client, connection) = connected.map_err(|error| Error::not_connected(super::rust_postgres::cause(error)))?;
    tokio::spawn(connection);
    Ok(client)
}

/// Sends one message over a connection of our own.
#[cfg(feature = "testing")]
pub(super) async fn send(client: &Client, sql: &str) -> Result<Reply, Failure> {
    exchange(client, sql, &mut |_| {}).await
}

/// Sends one message, collects what comes back, and tells what has so far.
pub(super) async fn exchange(
    client: &Client,
    sql: &str,
    progress: &mut (dyn FnMut(&Reply) + Send),
) -> Result<Reply, Failure> {
    let mut reply = Reply::default();
    let stream = match client.simple_query_raw(sql).await {
        Ok(stream) => stream,
        Err(error) => return Err(reply.failed(rust_postgres::cause(error))),
    };
    let mut stream = pin!(stream);
    loop {
        match std::future::poll_fn(|context| stream.as_mut().poll_next(context)).await {
            Some(Ok(message)) => {
                rust_postgres::collect(&mut reply, &message);
                progress(&reply);
            }
            Some(Err(error)) => return Err(reply.failed(rust_postgres::cause(error))),
            None => return Ok(reply),
        }
    }
}

/// Sends rows. Where they end too early, the sink goes out of scope, which makes the statement fail.
#[cfg(feature = "seeds")]
pub(super) async fn copy_in(client: &Client, statement: &str, rows: &mut dyn Chunks) -> Result<u64, CopyFailure> {
    use std::future::poll_fn;

    use futures_sink::Sink;

    let failed = |error| CopyFailure::Server(rust_postgres::cause(error));
    let prepared = client.prepare(statement).await.map_err(failed)?;
    let sink = client.copy_in::<_, std::io::Cursor<Vec<u8>>>(&prepared).await;
    drop(prepared);
    let mut sink = pin!(match sink {
        Ok(sink) => sink,
        Err(error) => {
            closed(client).await;
            return Err(failed(error));
        }
    });
    loop {
        let mut buffer = Vec::new();
        if !rows.next(&mut buffer).map_err(CopyFailure::Rows)? {
            return sink.finish().await.map_err(failed);
        }
        let ready = poll_fn(|context| sink.as_mut().poll_ready(context)).await;
        if ready.and_then(|()| sink.as_mut().start_send(std::io::Cursor::new(buffer))).is_err() {
            // The server has refused what came before, and says why at the end.
            return sink.finish().await.map_err(failed);
        }
    }
}

/// Waits until the connection has closed, for up to five seconds.
///
/// Where the server refuses a `COPY` before it takes rows, the client ends the request twice (tokio-postgres 0.7.18). The server
/// answers twice, so that each later request would be given the answer of the one before. If there is no request, the client
/// closes the connection instead, as nobody waits for that answer; and the server rolls back.
#[cfg(feature = "seeds")]
async fn closed(client: &Client) {
    use std::task::Poll;
    use std::time::{Duration, Instant};

    let started = Instant::now();
    while !client.is_closed() && started.elapsed() < Duration::from_secs(5) {
        let mut yielded = false;
        let others_first = std::future::poll_fn(|context| {
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        });
        others_first.await;
    }
}
