//! `postgres`: the blocking client. Its futures are always ready.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use postgres::Client;

use super::{Database, Job, rust_postgres};
use crate::Error;
#[cfg(feature = "seeds")]
use crate::postgres::session::{Chunks, CopyFailure};
use crate::postgres::session::{Failure, Reply, Session};

/// A client that belongs to somebody else: what is left to put in order at the end is sent after it.
struct Blocking<'c> {
    client: &'c mut Client,
    cleanup: Option<String>,
}

impl<'c> Database<'c> for &'c mut Client {
    type Outcome<T: Send + 'c> = Result<T, Error>;
    type OutcomeWith<T: Send + 'c, E: Send + 'c> = Result<T, E>;

    fn perform<J: Job + 'c>(self, job: J) -> Result<J::Output, Error> {
        wait_for(job.perform(&mut Blocking { client: self, cleanup: None }))
    }

    fn flatten<T: Send + 'c, E: From<Error> + Send + 'c>(outcome: Result<Result<T, E>, Error>) -> Result<T, E> {
        outcome?
    }
}

/// The engine waits for nothing but its session, and this one blocks. What others do in one session may wait for anything.
fn wait_for<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Session for Blocking<'_> {
    fn counts(&self) -> bool {
        false
    }

    async fn send_telling(&mut self, sql: &str, _progress: &mut (dyn FnMut(&Reply) + Send)) -> Result<Reply, Failure> {
        send(self.client, sql)
    }

    #[cfg(feature = "seeds")]
    async fn copy_in(&mut self, statement: &str, rows: &mut dyn Chunks) -> Result<u64, CopyFailure> {
        copy_in(self.client, statement, rows)
    }

    fn if_dropped(&mut self, cleanup: Option<String>) {
        self.cleanup = cleanup;
    }
}

impl Drop for Blocking<'_> {
    fn drop(&mut self) {
        // Only after a panic or a lost connection: the engine ends its transactions itself. There is nobody to report to.
        if let Some(cleanup) = &self.cleanup
            && !self.client.is_closed()
        {
            let _unreported = self.client.batch_execute(cleanup);
        }
    }
}

/// A connection of our own.
#[cfg(feature = "testing")]
pub(crate) fn connect(url: &str) -> Result<Client, Error> {
    Client::connect(url, postgres::NoTls).map_err(|error| Error::not_connected(super::rust_postgres::cause(error)))
}

pub(super) fn send(client: &mut Client, sql: &str) -> Result<Reply, Failure> {
    let mut reply = Reply::default();
    match client.simple_query(sql) {
        Ok(messages) => {
            messages.iter().for_each(|message| rust_postgres::collect(&mut reply, message));
            Ok(reply)
        }
        // This client does not say how many statements completed before the error.
        Err(error) => Err(Failure { completed: None, cause: rust_postgres::cause(error) }),
    }
}

/// Sends rows.
#[cfg(feature = "seeds")]
pub(super) fn copy_in(client: &mut Client, statement: &str, rows: &mut dyn Chunks) -> Result<u64, CopyFailure> {
    use postgres::fallible_iterator::FallibleIterator;

    let failed = |error| CopyFailure::Server(rust_postgres::cause(error));
    // Where the rows end too early, the writer goes out of scope, which makes the statement fail.
    let prepared = client.prepare(statement).map_err(failed)?;
    let refused = match client.copy_in(&prepared) {
        Ok(writer) => return write(writer, rows),
        Err(error) => failed(error),
    };
    drop(prepared);
    // As of tokio-postgres: the connection has to close, since the server answers such a request twice.
    let _closed = client.notifications().timeout_iter(std::time::Duration::from_secs(5)).next();
    Err(refused)
}

#[cfg(feature = "seeds")]
fn write(mut writer: postgres::CopyInWriter<'_>, rows: &mut dyn Chunks) -> Result<u64, CopyFailure> {
    use std::io::Write;

    let failed = |error| CopyFailure::Server(rust_postgres::cause(error));
    let mut buffer = Vec::new();
    while rows.next(&mut buffer).map_err(CopyFailure::Rows)? {
        if writer.write_all(&buffer).is_err() {
            // The server has refused what came before, and says why at the end.
            break;
        }
    }
    writer.finish().map_err(failed)
}
