//! A database for each test, migrated, in the time that PostgreSQL needs to copy one.
//!
//! ```no_run
//! # mod migrations { atlas_migrate::embed_migrations!("../migrations"); }
//! # #[cfg(feature = "sqlx")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use atlas_migrate::testing;
//!
//! let database = testing::Database::new(&migrations::MIGRATIONS).await?;
//! let pool = sqlx::PgPool::connect(database.url()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where
//!
//! On the server that `DATABASE_URL` names, in the environment or in a file `.env` (in the package's folder, or the nearest one
//! above it that has one); without it on the [throw-away server](crate::ephemeral) that all test processes
//! share. The role of `DATABASE_URL` should have the right to create databases.
//!
//! # How
//!
//! The migrations run once, in a database that becomes a template. Its name says what it was made of (the migrations with
//! all their text, the options of the migrator, the role and the database of the URL, the major version of the server, the
//! release of this library), so that one is made again only when one of these has changed; it is used by all processes and all
//! runs. Each test gets a copy, which has the template's settings (`ALTER DATABASE … SET`) too. Some copies are made ahead, while tests run; they stay for the next run, as the template does,
//! which goes a week after its last use.
//!
//! # Without the right to create databases
//!
//! Managed servers sometimes don't give it. Then each test has a schema of its own in the database of `DATABASE_URL`, filled
//! by one message, and first on the search path of the [URL](Database::url). This is slower, and has limits: migrations must
//! not name a schema themselves, extensions have to be there (in `public`), and what belongs to the database as a whole
//! (publications, event triggers, settings) is shared by all tests.
//!
//! # What it costs
//!
//! Milliseconds a test, of 50 tests that each open a pool and send one query, one at a time and 8 at once; in one process, as
//! `cargo test` runs them:
//!
//! | | 12 files, 1 | 12 files, 8 | 100 files, 1 | 100 files, 8 |
//! |---|---:|---:|---:|---:|
//! | `#[atlas_migrate::test]` | 11.4 | 8.9 | 14.2 | 10.7 |
//! | `#[sqlx::test]` | 49.8 | 33.0 | 118.4 | 74.1 |
//! | `CREATE DATABASE … TEMPLATE` and `DROP DATABASE` by hand | 19.0 | 15.8 | 25.2 | 20.7 |
//! | the same with `STRATEGY FILE_COPY` | 14.7 | 8.6 | 18.0 | 10.2 |
//! | `#[atlas_migrate::test]`, the run that makes the template | 12.6 | 9.9 | 17.0 | 13.6 |
//! | by hand, the run that makes the template | 14.8 | 9.1 | 19.7 | 12.5 |
//!
//! And in a process each, as `cargo nextest` runs them, where each also starts, connects and reads the files:
//!
//! | | 12 files, 1 | 12 files, 8 | 100 files, 1 | 100 files, 8 |
//! |---|---:|---:|---:|---:|
//! | `#[atlas_migrate::test]` | 21.9 | 14.3 | 25.8 | 17.9 |
//! | `#[sqlx::test]` | 44.8 | 29.6 | 113.0 | 73.4 |
//! | `CREATE DATABASE … TEMPLATE` and `DROP DATABASE` by hand | 24.9 | 18.5 | 33.3 | 25.4 |
//! | the same with `STRATEGY FILE_COPY` | 18.3 | 10.3 | 23.4 | 12.9 |
//! | `#[atlas_migrate::test]`, the run that makes the template | 22.4 | 15.6 | 28.2 | 20.9 |
//! | by hand, the run that makes the template | 19.1 | 11.1 | 26.6 | 15.8 |
//!
//! On 2 processors, with PostgreSQL 15 as the throw-away server runs it; look at the ratios. The copies by hand have one
//! connection in each thread or process, and read no files. `cargo bench -p atlas-migrate-benches --bench testing` makes the
//! table.
//!
//! # When it ends
//!
//! The database of a test is dropped with the [`Database`]. That of a test that fails is kept, and its URL is printed. The URL
//! has no password, even if that of `DATABASE_URL` has one. The next run of a `#[atlas_migrate::test]` removes what was kept of
//! it. The throw-away server stays for ten minutes after the last process once something is kept on it. What processes have left that were killed is removed by the next
//! one that makes a database on this server.

pub(crate) mod argument;
pub mod catalog;
#[cfg(any(feature = "postgres", feature = "sqlx", feature = "tokio-postgres"))]
mod clients;
mod contents;
mod database;
mod maintenance;
mod run;
mod schema;
mod server;
mod spare;
pub(crate) mod sql;
mod template;
mod validate;

pub use argument::{Argument, BlockingArgument};
pub use contents::Contents;
pub use database::Database;
pub use validate::{validate, validate_except};

/// For `#[atlas_migrate::test]`.
#[doc(hidden)]
pub mod __private {
    pub use super::run::{Expected, Runtime, run, run_blocking};
}
