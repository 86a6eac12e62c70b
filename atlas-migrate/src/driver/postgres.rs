//! `postgres`: the blocking client. Its futures are always ready.

use std::task::{Context, Poll, Waker};

use postgres::Client;

use super::{Database, Job, rust_postgres};
use crate::Error;
use crate::session::{Failure, Reply, Session};

/// A client that belongs to somebody else: a transaction that is still open at the end is rolled back.
struct Blocking<'c> {
    client: &'c mut Client,
    settled: bool,
}

impl<'c> Database<'c> for &'c mut Client {
    type Outcome<T: Send + 'c> = Result<T, Error>;

    fn perform<J: Job>(self, job: J) -> Result<J::Output, Error> {
        let mut session = Blocking { client: self, settled: true };
        let future = std::pin::pin!(job.perform(&mut session));
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => unreachable!("the engine waits for nothing but its session, and this one blocks"),
        }
    }
}

impl Session for Blocking<'_> {
    async fn send(&mut self, sql: &str) -> Result<Reply, Failure> {
        self.settled = false;
        let mut reply = Reply::default();
        match self.client.simple_query(sql) {
            Ok(messages) => {
                messages.iter().for_each(|message| rust_postgres::collect(&mut reply, message));
                Ok(reply)
            }
            // This client does not say how many statements completed before the error.
            Err(error) => Err(Failure { completed: None, cause: rust_postgres::cause(error) }),
        }
    }

    fn settled(&mut self) {
        self.settled = true;
    }
}

impl Drop for Blocking<'_> {
    fn drop(&mut self) {
        // Only after a panic or a lost connection: the engine ends its transactions itself. There is nobody to report to.
        if !self.settled && !self.client.is_closed() {
            let _unreported = self.client.batch_execute("ROLLBACK");
        }
    }
}
