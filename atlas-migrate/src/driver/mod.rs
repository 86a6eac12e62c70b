//! One thin driver for each client. None of them knows SQL, or another driver.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::Error;
use crate::session::Session;

#[cfg(feature = "deadpool-postgres")]
mod deadpool_postgres;
#[cfg(feature = "testing")]
pub(crate) mod link;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
mod rust_postgres;
#[cfg(feature = "sqlx")]
pub(crate) mod sqlx;
#[cfg(feature = "tokio-postgres")]
mod tokio_postgres;

/// A database that migrations can run on: a pool or connection of one of the supported clients.
///
/// | Client | Feature | Type | What comes back |
/// |---|---|---|---|
/// | `sqlx` | `sqlx` | `&PgPool`, `&mut PgConnection` | a future |
/// | `tokio-postgres` | `tokio-postgres` | `&mut Client` | a future |
/// | `deadpool-postgres` | `deadpool-postgres` | `&Pool` | a future |
/// | `postgres` | `postgres` | `&mut Client` | a `Result` |
///
/// A pool lends one connection. It gets it back if there was nothing to do; one on which migrations have run is closed
/// instead, so that nothing that they left in the session (temporary tables, `LISTEN`, locks) reaches its next user.
///
/// The futures are `Send` and may be dropped at any time: no transaction of theirs stays open.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a database that atlas-migrate can run on",
    label = "not a pool or connection of a supported client",
    note = "pass `&sqlx::PgPool`, `&mut sqlx::PgConnection`, `&mut tokio_postgres::Client`, `&deadpool_postgres::Pool` or \
            `&mut postgres::Client`, and enable the feature of that client (`sqlx`, `tokio-postgres`, `deadpool-postgres`, \
            `postgres`)"
)]
pub trait Database<'c>: sealed::Sealed {
    /// What a verb gives: `Result<T, Error>` for a blocking client, a future of it for the others.
    type Outcome<T: Send + 'c>;

    #[doc(hidden)]
    fn perform<J: Job>(self, job: J) -> Self::Outcome<J::Output>;
}

mod sealed {
    pub trait Sealed {}

    #[cfg(feature = "deadpool-postgres")]
    impl Sealed for &deadpool_postgres::Pool {}
    #[cfg(feature = "postgres")]
    impl Sealed for &mut postgres::Client {}
    #[cfg(feature = "sqlx")]
    impl Sealed for &sqlx::PgPool {}
    #[cfg(feature = "sqlx")]
    impl Sealed for &mut sqlx::PgConnection {}
    #[cfg(feature = "tokio-postgres")]
    impl Sealed for &mut tokio_postgres::Client {}
}

/// A verb with all that it needs: what the engine does with a session, whatever the client.
pub trait Job: Send + 'static {
    type Output: Send + 'static;

    fn perform<S: Session>(self, session: &mut S) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// What a verb gives for a client that is not blocking: a future of its result.
#[must_use = "futures do nothing unless awaited"]
pub struct Running<'c, T>(Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'c>>);

#[cfg(any(feature = "sqlx", feature = "tokio-postgres"))]
impl<'c, T> Running<'c, T> {
    fn new(future: impl Future<Output = Result<T, Error>> + Send + 'c) -> Self {
        Self(Box::pin(future))
    }
}

impl<T> Future for Running<'_, T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

/// Polls once, for what a future does before it first waits: in `Drop` nobody can wait.
#[cfg(any(feature = "sqlx", feature = "tokio-postgres"))]
fn start<F: Future>(future: F) -> Poll<F::Output> {
    std::pin::pin!(future).poll(&mut Context::from_waker(std::task::Waker::noop()))
}
