//! One face for all the drivers.

use crate::library::{Library, LibraryError};
use atlas_migrate::bench::{BenchReport, Bencher};
use atlas_migrate::catalog::Snapshot;
use atlas_migrate::clean::{CleanPlan, CleanReport, Cleaner, ResetPlan, ResetReport, Resetter};
use atlas_migrate::rehearse::Rehearsal;
use atlas_migrate::roles::{Proof, Roles, RolesPlan};
use atlas_migrate::seed::{SeedReport, Seeder};
use atlas_migrate::setup::{Setup, SetupReport};
use atlas_migrate::usage::{self, Usage};
use atlas_migrate::verify::{Verifier, VerifyReport};
use atlas_migrate::{Database, Error, Migrator, Plan, Repair, Report, Revert, Status};
use sqlx::{Connection as _, Executor as _, Row as _};
use tokio::runtime::Runtime;

/// A way to reach a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// `&sqlx::PgPool`
    SqlxPool,
    /// `&mut sqlx::PgConnection`
    SqlxConnection,
    /// `&mut tokio_postgres::Client`
    TokioPostgres,
    /// `&deadpool_postgres::Pool`
    Deadpool,
    /// `&mut postgres::Client`
    Postgres,
}

/// All of them.
pub const DRIVERS: [Driver; 5] =
    [Driver::SqlxPool, Driver::SqlxConnection, Driver::TokioPostgres, Driver::Deadpool, Driver::Postgres];

/// A connection or pool that stays open over several verbs.
pub struct Connection(Kind);

enum Kind {
    SqlxPool(Runtime, sqlx::PgPool),
    SqlxConnection(Runtime, Box<sqlx::PgConnection>),
    TokioPostgres(Runtime, Box<tokio_postgres::Client>),
    Deadpool(Runtime, deadpool_postgres::Pool),
    Postgres(Box<postgres::Client>),
}

impl Driver {
    /// Connects. A pool has one connection at the most, so that what is left on it is met again.
    #[track_caller]
    pub fn connect(self, url: &str) -> Connection {
        self.try_connect(url).unwrap_or_else(|error| panic!("{self:?} could not connect to {url}: {error}"))
    }

    /// Connects, where that may fail; a pool fails later, when it is asked for a connection.
    #[allow(clippy::missing_errors_doc, reason = "those of the client")]
    pub fn try_connect(self, url: &str) -> Result<Connection, Box<dyn std::error::Error>> {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Connection(match self {
            Self::SqlxPool => {
                let runtime = runtime()?;
                let options = sqlx::postgres::PgPoolOptions::new().max_connections(1).test_before_acquire(false);
                let pool = runtime.block_on(async { options.connect_lazy(url) })?;
                Kind::SqlxPool(runtime, pool)
            }
            Self::SqlxConnection => {
                let runtime = runtime()?;
                let connection = runtime.block_on(sqlx::PgConnection::connect(url))?;
                Kind::SqlxConnection(runtime, Box::new(connection))
            }
            Self::TokioPostgres => {
                let runtime = runtime()?;
                let (client, connection) = runtime.block_on(tokio_postgres::connect(url, tokio_postgres::NoTls))?;
                runtime.spawn(connection);
                Kind::TokioPostgres(runtime, Box::new(client))
            }
            Self::Deadpool => {
                let runtime = runtime()?;
                let manager = deadpool_postgres::Manager::new(url.parse()?, tokio_postgres::NoTls);
                let pool = deadpool_postgres::Pool::builder(manager).max_size(1).build()?;
                Kind::Deadpool(runtime, pool)
            }
            Self::Postgres => Kind::Postgres(Box::new(postgres::Client::connect(url, postgres::NoTls)?)),
        }))
    }
}

macro_rules! verb {
    ($self:ident, $migrator:ident . $verb:ident ( $($argument:expr),* )) => {
        match &mut $self.0 {
            Kind::SqlxPool(runtime, pool) => runtime.block_on($migrator.$verb(&*pool $(, $argument)*)),
            Kind::SqlxConnection(runtime, connection) => {
                runtime.block_on($migrator.$verb(&mut **connection $(, $argument)*))
            }
            Kind::TokioPostgres(runtime, client) => runtime.block_on($migrator.$verb(&mut **client $(, $argument)*)),
            Kind::Deadpool(runtime, pool) => runtime.block_on($migrator.$verb(&*pool $(, $argument)*)),
            Kind::Postgres(client) => $migrator.$verb(&mut **client $(, $argument)*),
        }
    };
}

struct UsageOf;

impl UsageOf {
    fn read<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<Usage> {
        usage::read(database)
    }
}

#[allow(clippy::missing_errors_doc, reason = "those of the migrator")]
impl Connection {
    /// [`Migrator::run`]
    pub fn run(&mut self, migrator: &Migrator) -> Result<Report, Error> {
        verb!(self, migrator.run())
    }

    /// [`Migrator::plan`]
    pub fn plan(&mut self, migrator: &Migrator) -> Result<Plan, Error> {
        verb!(self, migrator.plan())
    }

    /// [`Migrator::rehearse`]
    pub fn rehearse(&mut self, migrator: &Migrator) -> Result<Rehearsal, Error> {
        verb!(self, migrator.rehearse())
    }

    /// [`Migrator::status`]
    pub fn status(&mut self, migrator: &Migrator) -> Result<Status, Error> {
        verb!(self, migrator.status())
    }

    /// [`Migrator::check`]
    pub fn check(&mut self, migrator: &Migrator) -> Result<(), Error> {
        verb!(self, migrator.check())
    }

    /// [`Migrator::revert`]
    pub fn revert(&mut self, migrator: &Migrator, revert: Revert) -> Result<Report, Error> {
        verb!(self, migrator.revert(revert))
    }

    /// [`Migrator::baseline`]
    pub fn baseline(&mut self, migrator: &Migrator, version: &str) -> Result<Report, Error> {
        verb!(self, migrator.baseline(version.to_owned()))
    }

    /// [`Migrator::wait`]
    pub fn wait(&mut self, migrator: &Migrator) -> Result<(), Error> {
        verb!(self, migrator.wait())
    }

    /// [`Migrator::repair`]
    pub fn repair(&mut self, migrator: &Migrator, version: &str, repair: Repair) -> Result<Report, Error> {
        verb!(self, migrator.repair(version.to_owned(), repair))
    }

    /// [`Migrator::snapshot`]
    pub fn snapshot(&mut self, migrator: &Migrator) -> Result<Snapshot, Error> {
        verb!(self, migrator.snapshot())
    }

    /// [`Seeder::run`]
    pub fn seed(&mut self, seeder: &Seeder) -> Result<SeedReport, Error> {
        verb!(self, seeder.run())
    }

    /// [`Seeder::dry_run`]
    pub fn dry_run(&mut self, seeder: &Seeder) -> Result<SeedReport, Error> {
        verb!(self, seeder.dry_run())
    }

    /// [`Seeder::mark`]
    pub fn mark(&mut self, seeder: &Seeder) -> Result<(), Error> {
        verb!(self, seeder.mark())
    }

    /// [`Verifier::run`]
    pub fn verify(&mut self, verifier: &Verifier) -> Result<VerifyReport, Error> {
        verb!(self, verifier.run())
    }

    /// [`Bencher::run`]
    pub fn bench(&mut self, bencher: &Bencher) -> Result<BenchReport, Error> {
        verb!(self, bencher.run())
    }

    /// [`usage::read`]
    pub fn usage(&mut self) -> Result<Usage, Error> {
        let usage = UsageOf;
        verb!(self, usage.read())
    }

    /// [`Cleaner::run`]
    pub fn clean(&mut self, cleaner: &Cleaner) -> Result<CleanReport, Error> {
        verb!(self, cleaner.run())
    }

    /// [`Cleaner::plan`]
    pub fn plan_clean(&mut self, cleaner: &Cleaner) -> Result<CleanPlan, Error> {
        verb!(self, cleaner.plan())
    }

    /// [`Resetter::run`]
    pub fn reset(&mut self, resetter: &Resetter) -> Result<ResetReport, Error> {
        verb!(self, resetter.run())
    }

    /// [`Resetter::plan`]
    pub fn plan_reset(&mut self, resetter: &Resetter) -> Result<ResetPlan, Error> {
        verb!(self, resetter.plan())
    }

    /// [`Roles::plan`]
    pub fn plan_roles(&mut self, roles: &Roles) -> Result<RolesPlan, Error> {
        verb!(self, roles.plan())
    }

    /// [`Roles::apply`]
    pub fn apply_roles(&mut self, roles: &Roles) -> Result<RolesPlan, Error> {
        verb!(self, roles.apply())
    }

    /// [`Roles::prove`]
    pub fn prove_roles(&mut self, roles: &Roles) -> Result<Proof, Error> {
        verb!(self, roles.prove())
    }

    /// [`Setup::run`]
    pub fn set_up(&mut self, setup: &Setup) -> Result<SetupReport, Error> {
        verb!(self, setup.run())
    }

    /// [`Library::migrate`]
    pub fn migrate(&mut self, library: &Library) -> Result<usize, LibraryError> {
        verb!(self, library.migrate())
    }

    /// Sends SQL over the same connection and gives the first column of the last row.
    #[track_caller]
    pub fn sql(&mut self, sql: &str) -> String {
        self.try_sql(sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The same, where that may fail.
    pub fn try_sql(&mut self, sql: &str) -> Result<String, Box<dyn std::error::Error>> {
        let last = |messages: Vec<tokio_postgres::SimpleQueryMessage>| {
            let rows = messages.iter().rev().find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            });
            rows.unwrap_or_default()
        };
        let text = |rows: &[sqlx::postgres::PgRow]| -> Result<String, sqlx::Error> {
            rows.last().map_or(Ok(String::new()), |row| row.try_get_unchecked(0))
        };
        let raw = || sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        Ok(match &mut self.0 {
            Kind::SqlxPool(runtime, pool) => text(&runtime.block_on(pool.fetch_all(raw()))?)?,
            Kind::SqlxConnection(runtime, connection) => text(&runtime.block_on(connection.fetch_all(raw()))?)?,
            Kind::TokioPostgres(runtime, client) => last(runtime.block_on(client.simple_query(sql))?),
            Kind::Deadpool(runtime, pool) => runtime.block_on(async {
                let client = pool.get().await.map_err(Box::<dyn std::error::Error>::from)?;
                Ok::<_, Box<dyn std::error::Error>>(last(client.simple_query(sql).await?))
            })?,
            Kind::Postgres(client) => last(client.simple_query(sql)?),
        })
    }
}

/// Makes a test of each case for each driver.
#[macro_export]
macro_rules! every_driver {
    ($($(#[$attribute:meta])* fn $case:ident($driver:ident) $body:block)*) => {
        $(
            $(#[$attribute])*
            mod $case {
                use super::*;

                fn case($driver: $crate::Driver) $body

                #[test]
                fn sqlx_pool() {
                    case($crate::Driver::SqlxPool);
                }

                #[test]
                fn sqlx_connection() {
                    case($crate::Driver::SqlxConnection);
                }

                #[test]
                fn tokio_postgres() {
                    case($crate::Driver::TokioPostgres);
                }

                #[test]
                fn deadpool() {
                    case($crate::Driver::Deadpool);
                }

                #[test]
                fn postgres() {
                    case($crate::Driver::Postgres);
                }
            }
        )*
    };
}
