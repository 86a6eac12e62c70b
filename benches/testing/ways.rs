//! The ways to come to a database.

use std::path::{Path, PathBuf};

use atlas_migrate::testing::__private::{Expected, Runtime, run};
use atlas_migrate::{Migrations, Migrator};
use sqlx::testing::{TestArgs, TestFn};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};

use crate::Outcome;

/// How a test comes to its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    AtlasMigrate,
    Sqlx,
    ByHand,
    ByHandFileByFile,
}

/// The template of those by hand.
const TEMPLATE: &str = "by_hand";

/// What each test does.
async fn test(pool: PgPool) {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM t1").fetch_one(&pool).await.expect("a query");
    assert_eq!(count, 0);
}

fn folder(count: usize) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("testing_{count}"))
}

pub(crate) fn write_migrations(count: usize) -> Outcome<()> {
    let folder = folder(count);
    std::fs::create_dir_all(&folder)?;
    for n in 1..=count {
        let text = format!("CREATE TABLE t{n} (id bigint PRIMARY KEY, name text);\nCREATE INDEX ON t{n} (name);\n");
        std::fs::write(folder.join(format!("{n}_table.sql")), text)?;
    }
    Ok(())
}

impl Way {
    /// Carries out tests one after another.
    pub(crate) fn run(self, url: &str, count: usize, numbers: &mut dyn Iterator<Item = usize>) -> Outcome<()> {
        match self {
            Self::AtlasMigrate => {
                let migrator = Migrator::new(Migrations::from_directory(folder(count))?);
                numbers.for_each(|_| run(migrator.clone().into(), Expected::Return, Runtime::OneThread, test));
                Ok(())
            }
            Self::Sqlx => {
                let migrator: &_ =
                    Box::leak(Box::new(one_thread()?.block_on(sqlx::migrate::Migrator::new(folder(count)))?));
                numbers.for_each(|number| {
                    let mut arguments = TestArgs::new(Box::leak(format!("test_{number}").into_boxed_str()));
                    arguments.migrator(migrator);
                    let test: fn(PgPool) -> _ = test;
                    test.run_test(arguments);
                });
                Ok(())
            }
            Self::ByHand => one_thread()?.block_on(run_by_hand(url, "", numbers)),
            Self::ByHandFileByFile => one_thread()?.block_on(run_by_hand(url, "STRATEGY FILE_COPY", numbers)),
        }
    }

    /// What the names of the databases begin with that it leaves for the next run.
    pub(crate) fn left(self) -> &'static str {
        match self {
            Self::AtlasMigrate => "atlas_",
            Self::Sqlx => "_sqlx_",
            Self::ByHand | Self::ByHandFileByFile => TEMPLATE,
        }
    }
}

/// Has one connection for all of its databases.
async fn run_by_hand(url: &str, strategy: &str, numbers: &mut dyn Iterator<Item = usize>) -> Outcome<()> {
    let mut connection = PgConnection::connect(url).await?;
    for number in numbers {
        let name = format!("by_hand_{number}");
        let create = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} {strategy}");
        connection.execute(AssertSqlSafe(create)).await?;
        let pool = PgPool::connect(&url_of(url, &name)).await?;
        test(pool.clone()).await;
        pool.close().await;
        close_database(&mut connection, &name).await?;
        connection.execute(AssertSqlSafe(format!("DROP DATABASE {name}"))).await?;
    }
    Ok(connection.close().await?)
}

/// What the copies by hand are made of.
pub(crate) async fn make_template_by_hand(url: &str, count: usize) -> Outcome<()> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {TEMPLATE} STRATEGY FILE_COPY"))).await?;
    let mut draft = PgConnection::connect(&url_of(url, TEMPLATE)).await?;
    sqlx::migrate::Migrator::new(folder(count)).await?.run(&mut draft).await?;
    draft.close().await?;
    close_database(&mut connection, TEMPLATE).await?;
    Ok(connection.close().await?)
}

/// Sessions that are being closed would make `DROP DATABASE` wait for a tenth of a second.
async fn close_database(connection: &mut PgConnection, name: &str) -> Outcome<()> {
    let wait = format!(
        "DO $$BEGIN
           WHILE EXISTS (SELECT FROM pg_stat_activity WHERE datname = '{name}') LOOP
             PERFORM pg_sleep(0.002), pg_stat_clear_snapshot();
           END LOOP;
         END$$"
    );
    connection.execute(AssertSqlSafe(wait)).await?;
    Ok(())
}

fn url_of(url: &str, database: &str) -> String {
    let (server, _) = url.rsplit_once('/').expect("the URL of a server names a database");
    format!("{server}/{database}")
}

fn one_thread() -> Outcome<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
