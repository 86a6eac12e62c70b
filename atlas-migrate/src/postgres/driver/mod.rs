//! One thin driver for each client. None of them knows SQL, or another driver.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::Error;
use crate::postgres::session::Session;

mod connection;
#[cfg(feature = "deadpool-postgres")]
mod deadpool_postgres;
#[cfg(feature = "testing")]
pub(crate) mod link;
#[cfg(feature = "sqlx")]
mod overheard;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
mod rust_postgres;
#[cfg(feature = "sqlx")]
pub(crate) mod sqlx;
#[cfg(feature = "tokio-postgres")]
pub(crate) mod tokio_postgres;

pub use connection::Connection;
use connection::InOneSession;

/// A database that migrations can run on: a pool or connection of one of the supported clients.
///
/// | Client | Feature | Type | What comes back |
/// |---|---|---|---|
/// | sqlx 0.9 | `sqlx` | `&PgPool`, `&mut PgConnection`, `&mut PoolConnection<Postgres>` | a future |
/// | tokio-postgres 0.7 | `tokio-postgres` | `&mut Client` | a future |
/// | deadpool-postgres 0.14 | `deadpool-postgres` | `&Pool`, `&mut Object` | a future |
/// | postgres 0.19 | `postgres` | `&mut Client` | a `Result` |
///
/// A pool lends one connection. It gets it back if there was nothing to do; one on which migrations have run is closed
/// instead, so that nothing that they left in the session (temporary tables, `LISTEN`, locks) reaches its next user. A
/// connection that a pool has lent to the program stays the program's, and is put in order before it goes on.
///
/// The futures are `Send` and may be dropped at any time: no transaction of theirs stays open.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a database that atlas-migrate can run on",
    label = "not a pool or connection of a supported client",
    note = "pass `&sqlx::PgPool`, `&mut sqlx::PgConnection`, `&mut tokio_postgres::Client`, `&deadpool_postgres::Pool` or \
            `&mut postgres::Client`, and enable the feature of that client (`sqlx`, `tokio-postgres`, `deadpool-postgres`, \
            `postgres`)",
    note = "if that is what you pass, the client has another version: sqlx 0.9, tokio-postgres 0.7, deadpool-postgres 0.14 and \
            postgres 0.19 are supported (`cargo tree -i sqlx` shows what is there). Upgrade it, or connect with a supported \
            one for the migrations alone, beside yours: `sqlx_for_migrations = {{ package = \"sqlx\", version = \"0.9\" }}`"
)]
pub trait Database<'c>: sealed::Sealed + Sized {
    /// What a verb gives: `Result<T, Error>` for a blocking client, a future of it for the others.
    type Outcome<T: Send + 'c>;

    /// The same with an error of the caller's own: what [`in_one_session`](Self::in_one_session) gives.
    type OutcomeWith<T: Send + 'c, E: Send + 'c>;

    #[doc(hidden)]
    fn perform<J: Job + 'c>(self, job: J) -> Self::Outcome<J::Output>;

    /// Several verbs on one connection, one after the other, with whatever error the caller wants: for functions that take any
    /// client.
    ///
    /// The work gets a [`Connection`], which verbs take as they take any other database. What they give is a future,
    /// whatever the client. If the client is a blocking one, the work runs to its end before this returns, and blocks the
    /// thread wherever it waits. There is no transaction around the work: each verb commits as it does by itself.
    ///
    /// ```
    /// use atlas_migrate::{Database, Error};
    ///
    /// mod migrations {
    ///     # #[cfg(any())]
    ///     atlas_migrate::embed_migrations!("migrations");
    ///     # atlas_migrate::embed_migrations!("../migrations");
    /// }
    ///
    /// #[derive(Debug)]
    /// pub enum JobsError {
    ///     Database(Error),
    ///     NothingToRun,
    /// }
    ///
    /// impl From<Error> for JobsError {
    ///     fn from(error: Error) -> Self {
    ///         Self::Database(error)
    ///     }
    /// }
    ///
    /// /// Makes the tables of the job queue, and gives the number of migrations that it has.
    /// pub fn migrate<'c, D: Database<'c>>(database: D) -> D::OutcomeWith<usize, JobsError> {
    ///     database.in_one_session(|connection| {
    ///         Box::pin(async move {
    ///             let migrator = migrations::migrator().namespace("jobs");
    ///             migrator.run(&mut *connection).await?;
    ///             let status = migrator.status(&mut *connection).await?;
    ///             let count = status.migrations().len();
    ///             if count == 0 { Err(JobsError::NothingToRun) } else { Ok(count) }
    ///         })
    ///     })
    /// }
    /// # fn main() {}
    /// ```
    fn in_one_session<T, E, W>(self, work: W) -> Self::OutcomeWith<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        W: for<'s> FnOnce(&'s mut Connection<'_>) -> Work<'s, T, E> + Send + 'c,
    {
        Self::flatten(self.perform(InOneSession::new(work)))
    }

    #[doc(hidden)]
    fn flatten<T: Send + 'c, E: From<Error> + Send + 'c>(
        outcome: Self::Outcome<Result<T, E>>,
    ) -> Self::OutcomeWith<T, E>;
}

/// What is done in one session: a boxed future.
pub type Work<'s, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 's>>;

mod sealed {
    pub trait Sealed {}

    impl Sealed for &mut super::Connection<'_> {}

    #[cfg(feature = "deadpool-postgres")]
    impl Sealed for &deadpool_postgres::Pool {}
    #[cfg(feature = "deadpool-postgres")]
    impl Sealed for &mut deadpool_postgres::Object {}
    #[cfg(feature = "postgres")]
    impl Sealed for &mut postgres::Client {}
    #[cfg(feature = "sqlx")]
    impl Sealed for &sqlx::PgPool {}
    #[cfg(feature = "sqlx")]
    impl Sealed for &mut sqlx::PgConnection {}
    #[cfg(feature = "sqlx")]
    impl Sealed for &mut sqlx::pool::PoolConnection<sqlx::Postgres> {}
    #[cfg(feature = "tokio-postgres")]
    impl Sealed for &mut tokio_postgres::Client {}
}

/// A verb with all that it needs: what the engine does with a session, whatever the client.
pub trait Job: Send {
    type Output: Send + 'static;

    fn perform<S: Session>(self, session: &mut S) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// What a verb gives for a client that is not blocking: a future of its result.
#[must_use = "futures do nothing unless awaited"]
pub struct Running<'c, T, E = Error>(Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>);

impl<'c, T, E> Running<'c, T, E> {
    fn new(future: impl Future<Output = Result<T, E>> + Send + 'c) -> Self {
        Self(Box::pin(future))
    }
}

impl<'c, T: Send + 'c, E: From<Error> + Send + 'c> Running<'c, Result<T, E>> {
    fn flatten(self) -> Running<'c, T, E> {
        Running::new(async move { self.await? })
    }
}

impl<T, E> Future for Running<'_, T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

/// Polls once, for what a future does before it first waits: in `Drop` nobody can wait.
#[cfg(any(feature = "sqlx", feature = "tokio-postgres"))]
fn start<F: Future>(future: F) -> Poll<F::Output> {
    std::pin::pin!(future).poll(&mut Context::from_waker(std::task::Waker::noop()))
}

#[cfg(test)]
mod tests {
    /// What is said of versions is what this is compiled with.
    #[test]
    fn e7_versions_of_the_clients() {
        let manifest = include_str!("../../../../Cargo.toml");
        for client in ["sqlx", "tokio-postgres", "deadpool-postgres", "postgres"] {
            let line = manifest.lines().find(|line| line.starts_with(&format!("{client} = "))).unwrap_or_default();
            let version = line.split('"').nth(1).unwrap_or_default();
            let series = version.rsplit_once('.').map_or(version, |(series, _)| series);
            for text in [include_str!("mod.rs"), include_str!("../../lib.rs")] {
                assert!(text.contains(&format!("{client} {series}")), "{client} {series} is not named");
            }
        }
    }
}
