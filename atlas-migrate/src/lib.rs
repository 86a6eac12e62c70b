//! PostgreSQL migrations that a program carries in its binary, and applies to its database when it boots.
//!
//! ```
//! # #[cfg(feature = "sqlx")] mod example {
//! mod migrations {
//!     # #[cfg(any())]
//!     atlas_migrate::embed_migrations!("migrations");
//!     # atlas_migrate::embed_migrations!("../migrations");
//! }
//!
//! pub async fn boot(pool: &sqlx::PgPool) -> Result<(), atlas_migrate::Error> {
//!     let report = migrations::run(pool).await?;
//!     println!("{report}");
//!     Ok(())
//! }
//! # }
//! ```
//!
//! [`embed_migrations!`] reads the SQL files of a folder when the program is compiled. What is wrong with one of them, from
//! its name to its syntax, is a compile error with the file, the line and the column. What was read is what runs: there is
//! no folder to ship, and no work at start.
//!
//! `run` brings a database up to date. With nothing to do it is one round trip that only reads, whatever the number of
//! migrations; otherwise three, and one more for each 400. Every migration takes effect exactly once, however
//! many processes boot at the same time.
//!
//! `run` is a short form: `migrations::migrator()` gives the builder, a [`Migrator`], which has the options (lock timeout,
//! target, role, namespace, progress…) and the other verbs (plan, status, check, wait, revert, baseline, repair). Migrations that are not
//! embedded come from [`Migrations`].
//!
//! # Clients
//!
//! Each client is a feature, none of which is on by default. What `run` gives is what one expects of the client: a
//! `Result` if it blocks, and a future, which can be spawned, if it does not.
//!
//! ```toml
//! [dependencies]
//! atlas-migrate = { version = "0.1", features = ["sqlx"] }
//!
//! # So that cargo notices new files: see the module `build`.
//! [build-dependencies]
//! atlas-migrate = "0.1"
//! ```
//!
//! | Feature | Runs on |
//! |---|---|
//! | `sqlx` | `&sqlx::PgPool`, `&mut sqlx::PgConnection`, `&mut PoolConnection<Postgres>`, of sqlx 0.9 |
//! | `tokio-postgres` | `&mut tokio_postgres::Client`, of tokio-postgres 0.7 |
//! | `deadpool-postgres` | `&deadpool_postgres::Pool`, `&mut deadpool_postgres::Object`, of deadpool-postgres 0.14 |
//! | `postgres` | `&mut postgres::Client`, of postgres 0.19, which blocks |
//!
//! The feature `seeds` brings the data of environments into databases: see the module [`seed`]. The feature `clean` takes data
//! out again: see the module [`clean`]. The feature `roles` makes roles with just the rights that they need: see the module
//! [`roles`]. The feature `verify` holds a database against what is to be so in it (the module [`verify`]), and reports on its
//! tables, indexes and connections (the module [`usage`]). The feature `setup` has all of it in one call: see the module [`setup`].
//! The feature `bench` measures what statements cost: see the module
//! [`bench`](mod@bench). All of it is a command line too, the program `atlas-migrate`, also for a program that embeds its migrations:
//! see the crate [`atlas-migrate-cli`](https://docs.rs/atlas-migrate-cli).
//!
//! Four more features: `include-dir` takes migrations from a folder that the crate `include_dir` has compiled in, `syntax`
//! checks the SQL of a folder that is read when the program runs, as `embed_migrations!` does, `ephemeral` starts throw-away
//! servers for tests and examples, and `testing` gives each test a database of its own (`#[atlas_migrate::test]`, the module
//! `testing`) and compares what is in a database before and after (the module `catalog`). PostgreSQL 13 is the oldest version
//! that is supported.
#![doc = ""]
#![doc = include_str!("docs/running.md")]
#![doc = include_str!("docs/files.md")]
#![doc = include_str!("docs/directives.md")]
#![doc = include_str!("docs/history.md")]
#![doc = include_str!("docs/adopting.md")]
//!
//! # Libraries
//!
//! A library that owns tables in its users' databases embeds its migrations just the same, and takes a namespace of its own,
//! so that its versions and those of the application have nothing to do with each other. It needs no client:
//!
//! ```
//! use atlas_migrate::{Database, Migrator, Report};
//!
//! mod migrations {
//!     # #[cfg(any())]
//!     atlas_migrate::embed_migrations!("migrations");
//!     # atlas_migrate::embed_migrations!("../migrations");
//! }
//!
//! /// Makes the tables of the job queue, or brings them up to date.
//! pub fn migrate<'c, D: Database<'c>>(database: D) -> D::Outcome<Report> {
//!     migrator().run(database)
//! }
//!
//! /// The same with options, for applications that have some: `jobs::migrator().role("shop_owner").run(&pool)`.
//! pub fn migrator() -> Migrator {
//!     migrations::migrator().namespace("jobs")
//! }
//! # fn main() {}
//! ```
//!
//! One that uses several verbs, or has an error of its own, does it in one session: see [`Database::in_one_session`].
//!
//! # Errors
//!
//! There is one type, [`Error`]. Printed, it says what happened, where in which file, what the server said, what became of
//! the database, and what to do next:
//!
//! ```text
//! migration 002 next failed: duplicate key value violates unique constraint "a_pkey"
//!  --> migrations/002_next.sql:2:1
//!   |
//! 2 | INSERT INTO a
//!   | ^^^^^^^^^^^^^
//!   |
//!   = note: sqlstate: 23505
//!   = note: detail: Key (id)=(1) already exists.
//!   = note: rolled back: nothing of it took effect
//!   = note: done before it, and stays: 001 a
//!   = hint: fix the rows that are in the way, by hand or earlier in this migration, then run again
//! ```
//!
//! A program asks for its [`kind`](Error::kind) and the [report](Error::report) of what was done before it.
//!
//! # Logs
//!
//! What happens is told to [`tracing`](https://docs.rs/tracing), and to a function of the program's own if there is one: see
//! [`on_progress`](Migrator::on_progress).

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use atlas_migrate_core::migration::{Header, Kind, Migration, Require, Script, Transaction};
pub use atlas_migrate_core::plan::{Newer, OutOfOrder, Revert, Standing, Target};
pub use atlas_migrate_core::version::Version;
#[cfg(feature = "bench")]
pub use atlas_migrate_macros::embed_benchmarks;
#[cfg(feature = "verify")]
pub use atlas_migrate_macros::embed_checks;
pub use atlas_migrate_macros::embed_migrations;
#[cfg(feature = "seeds")]
pub use atlas_migrate_macros::embed_seeds;
#[cfg(feature = "testing")]
pub use atlas_migrate_macros::test;

pub use error::{Error, ErrorKind};
pub use migrations::migrator::{Migrator, OtherHistory, TransactionMode};
#[doc(inline)]
pub use migrations::rehearsal as rehearse;
pub use migrations::repair::Repair;
pub use migrations::report::{Done, MigrationStatus, Outcome, Plan, Planned, Report, Status};
pub use postgres::driver::{Connection, Database, Running, Work};
pub use progress::{Event, Holder, Severity};
pub use source::{Migrations, build};
#[cfg(feature = "testing")]
#[doc(inline)]
pub use testing::catalog;
#[cfg(feature = "verify")]
#[doc(inline)]
pub use verify::usage;

#[doc(hidden)]
pub mod __private;
#[cfg(feature = "bench")]
pub mod bench;
#[cfg(feature = "clean")]
pub mod clean;
#[cfg(feature = "ephemeral")]
pub mod ephemeral;
mod error;
mod migrations;
mod postgres;
mod progress;
mod render;
#[cfg(feature = "roles")]
pub mod roles;
#[cfg(feature = "seeds")]
pub mod seed;
#[cfg(feature = "setup")]
pub mod setup;
mod source;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "verify")]
pub mod verify;
