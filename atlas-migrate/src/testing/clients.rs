//! What each client may be asked for.

use super::Database;
#[cfg(any(feature = "sqlx", feature = "tokio-postgres"))]
use super::argument::Argument;
#[cfg(feature = "postgres")]
use super::argument::BlockingArgument;
use super::argument::Opened;
use crate::Error;
use crate::postgres::driver;

#[cfg(feature = "sqlx")]
mod sqlx {
    use ::sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};

    use super::{Argument, Database, Error, Opened, driver};

    /// So many connections at the most: many tests run at once.
    const CONNECTIONS: u32 = 5;

    impl Argument for PgPool {
        async fn open(database: Database) -> Result<Opened<Self>, Error> {
            let options = PgPoolOptions::new().max_connections(CONNECTIONS);
            let pool = options.connect(database.url()).await.map_err(Error::connect)?;
            let closed = pool.clone();
            Ok(Opened::new(pool, database).closed_by(async move { closed.close().await }))
        }
    }

    impl Argument for PgConnection {
        async fn open(database: Database) -> Result<Opened<Self>, Error> {
            let connection = driver::sqlx::connect(database.url()).await?;
            Ok(Opened::new(connection, database))
        }
    }
}

#[cfg(feature = "tokio-postgres")]
impl Argument for tokio_postgres::Client {
    async fn open(database: Database) -> Result<Opened<Self>, Error> {
        let client = driver::tokio_postgres::connect(database.url()).await?;
        Ok(Opened::new(client, database))
    }
}

#[cfg(feature = "deadpool-postgres")]
impl Argument for deadpool_postgres::Pool {
    async fn open(database: Database) -> Result<Opened<Self>, Error> {
        let config: tokio_postgres::Config =
            database.url().parse().map_err(|error: tokio_postgres::Error| Error::connect(error))?;
        let manager = deadpool_postgres::Manager::new(config, tokio_postgres::NoTls);
        let pool = Self::builder(manager).build().map_err(Error::connect)?;
        let closed = pool.clone();
        Ok(Opened::new(pool, database).closed_by(async move { closed.close() }))
    }
}

#[cfg(feature = "postgres")]
impl BlockingArgument for postgres::Client {
    fn open(database: Database) -> Result<Opened<Self>, Error> {
        let client = driver::postgres::connect(database.url())?;
        Ok(Opened::new(client, database))
    }
}
