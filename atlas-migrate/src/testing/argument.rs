//! What a test may ask for.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::Database;
use crate::Error;

/// What an `async` test takes: a pool or connection of one of the clients, or the [`Database`] itself.
#[diagnostic::on_unimplemented(
    message = "an `async` test cannot take `{Self}`",
    label = "not a way to reach the database of a test",
    note = "take `sqlx::PgPool`, `sqlx::PgConnection`, `tokio_postgres::Client`, `deadpool_postgres::Pool` or \
            `atlas_migrate::testing::Database`, and enable the feature of that client",
    note = "`postgres::Client` blocks: tests that take it are not `async`"
)]
pub trait Argument: Sized {
    #[doc(hidden)]
    fn open(database: Database) -> impl Future<Output = Result<Opened<Self>, Error>>;
}

/// What a test takes that is not `async`: `postgres::Client`, or the [`Database`] itself.
#[diagnostic::on_unimplemented(
    message = "a test that is not `async` cannot take `{Self}`",
    label = "not a way to reach the database of a test without waiting",
    note = "take `postgres::Client` (feature `postgres`) or `atlas_migrate::testing::Database`, or make it an `async fn`"
)]
pub trait BlockingArgument: Sized {
    #[doc(hidden)]
    fn open(database: Database) -> Result<Opened<Self>, Error>;
}

impl Argument for Database {
    async fn open(database: Database) -> Result<Opened<Self>, Error> {
        Ok(Opened::new(database.share(), database))
    }
}

impl BlockingArgument for Database {
    fn open(database: Database) -> Result<Opened<Self>, Error> {
        Ok(Opened::new(database.share(), database))
    }
}

/// An argument, and what is left to do after the test.
pub struct Opened<A> {
    pub(super) argument: A,
    pub(super) database: Database,
    pub(super) close: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl<A> Opened<A> {
    pub(crate) fn new(argument: A, database: Database) -> Self {
        Self { argument, database, close: None }
    }

    /// This closes the connections that are still open.
    #[cfg(any(feature = "deadpool-postgres", feature = "sqlx"))]
    pub(crate) fn closed_by(mut self, close: impl Future<Output = ()> + 'static) -> Self {
        self.close = Some(Box::pin(close));
        self
    }
}

impl<A> fmt::Debug for Opened<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("database", &self.database).finish_non_exhaustive()
    }
}
