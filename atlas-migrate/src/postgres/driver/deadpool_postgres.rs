//! `deadpool-postgres`: a pool of `tokio-postgres` clients.

use deadpool_postgres::{Object, Pool, PoolError};

use super::{Database, Job, Running, tokio_postgres::exchange};
use crate::Error;
#[cfg(feature = "seeds")]
use crate::postgres::session::{Chunks, CopyFailure};
use crate::postgres::session::{Failure, Reply, Session};

/// A client on loan. It goes back only if nothing but one message was sent, and that one came to its end.
struct Pooled {
    object: Option<Object>,
    messages: usize,
    clean: bool,
}

impl<'c> Database<'c> for &'c Pool {
    type Outcome<T: Send + 'c> = Running<'c, T>;
    type OutcomeWith<T: Send + 'c, E: Send + 'c> = Running<'c, T, E>;

    fn perform<J: Job + 'c>(self, job: J) -> Running<'c, J::Output> {
        Running::new(async move {
            let object = self.get().await.map_err(not_connected)?;
            job.perform(&mut Pooled { object: Some(object), messages: 0, clean: true }).await
        })
    }

    fn flatten<T: Send + 'c, E: From<Error> + Send + 'c>(outcome: Running<'c, Result<T, E>>) -> Running<'c, T, E> {
        outcome.flatten()
    }
}

impl<'c> Database<'c> for &'c mut Object {
    type Outcome<T: Send + 'c> = Running<'c, T>;
    type OutcomeWith<T: Send + 'c, E: Send + 'c> = Running<'c, T, E>;

    fn perform<J: Job + 'c>(self, job: J) -> Running<'c, J::Output> {
        let client: &mut tokio_postgres::Client = self;
        client.perform(job)
    }

    fn flatten<T: Send + 'c, E: From<Error> + Send + 'c>(outcome: Running<'c, Result<T, E>>) -> Running<'c, T, E> {
        outcome.flatten()
    }
}

fn not_connected(error: PoolError) -> Error {
    match error {
        PoolError::Backend(error) => Error::not_connected(super::rust_postgres::cause(error)),
        error => Error::connect(error),
    }
}

impl Session for Pooled {
    async fn send_telling(&mut self, sql: &str, progress: &mut (dyn FnMut(&Reply) + Send)) -> Result<Reply, Failure> {
        self.messages += 1;
        match &self.object {
            Some(object) => exchange(object, sql, progress).await,
            None => unreachable!("the client is taken out when the session is dropped"),
        }
    }

    #[cfg(feature = "seeds")]
    async fn copy_in(&mut self, statement: &str, rows: &mut dyn Chunks) -> Result<u64, CopyFailure> {
        self.messages += 1;
        match &self.object {
            Some(object) => super::tokio_postgres::copy_in(object, statement, rows).await,
            None => unreachable!("the client is taken out when the session is dropped"),
        }
    }

    fn if_dropped(&mut self, cleanup: Option<String>) {
        self.clean = cleanup.is_none();
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let clean = self.clean && self.messages <= 1;
        if let Some(object) = self.object.take()
            && !clean
        {
            // Taken out of the pool, the client closes its connection when it goes out of scope.
            drop(Object::take(object));
        }
    }
}
