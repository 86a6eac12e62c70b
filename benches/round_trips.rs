//! `cargo bench -p atlas-migrate-benches --bench round_trips`: round trips, bytes and time of a run with each tool, on the
//! same SQL and the same server, through a proxy that counts. Connecting and closing are included.
//!
//! Counts are the same each time; times are of this machine and this moment, so look at the ratios.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use atlas_migrate::{Migrations, Migrator};
use atlas_migrate_tests::{Counts, Database, Proxy};
use sqlx::Connection as _;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Clone, Copy)]
enum Tool {
    AtlasMigrateOverSqlx,
    AtlasMigrateOverTokioPostgres,
    SqlxMigrate,
    Refinery,
}

const TOOLS: [(Tool, &str); 4] = [
    (Tool::AtlasMigrateOverSqlx, "atlas-migrate (sqlx)"),
    (Tool::AtlasMigrateOverTokioPostgres, "atlas-migrate (tokio-postgres)"),
    (Tool::SqlxMigrate, "sqlx migrate"),
    (Tool::Refinery, "refinery (tokio-postgres)"),
];

/// So many migrations, under names that the tool reads.
fn folder(tool: Tool, count: usize) -> Outcome<PathBuf> {
    let name = |n: usize| match tool {
        Tool::Refinery => format!("V{n}__table.sql"),
        _ => format!("{n}_table.sql"),
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("round_trips_{}_{count}", tool as usize));
    std::fs::create_dir_all(&folder)?;
    for n in 1..=count {
        let text = format!("CREATE TABLE t{n} (id bigint PRIMARY KEY, name text);\nCREATE INDEX ON t{n} (name);\n");
        std::fs::write(folder.join(name(n)), text)?;
    }
    Ok(folder)
}

async fn run(tool: Tool, url: &str, folder: &Path) -> Outcome<()> {
    match tool {
        Tool::AtlasMigrateOverSqlx => {
            let mut connection = sqlx::PgConnection::connect(url).await?;
            Migrator::new(Migrations::from_directory(folder)?).run(&mut connection).await?;
            connection.close().await?;
        }
        Tool::SqlxMigrate => {
            let mut connection = sqlx::PgConnection::connect(url).await?;
            sqlx::migrate::Migrator::new(folder).await?.run(&mut connection).await?;
            connection.close().await?;
        }
        Tool::AtlasMigrateOverTokioPostgres => {
            let (mut client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
            let connection = tokio::spawn(connection);
            Migrator::new(Migrations::from_directory(folder)?).run(&mut client).await?;
            drop(client);
            connection.await??;
        }
        Tool::Refinery => {
            let (mut client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
            let connection = tokio::spawn(connection);
            let migrations = refinery::load_sql_migrations(folder)?;
            refinery::Runner::new(&migrations).run_async(&mut client).await?;
            drop(client);
            connection.await??;
        }
    }
    Ok(())
}

async fn measured(tool: Tool, database: &Database, folder: &Path) -> Outcome<(Counts, Duration)> {
    let proxy = Proxy::new(&database.url());
    let started = Instant::now();
    run(tool, &proxy.url(&database.url()), folder).await?;
    Ok((proxy.counts(), started.elapsed()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    println!("{:<32} {:>10} {:>12} {:>12} {:>10}", "", "migrations", "round trips", "bytes back", "ms");
    for count in [1, 12, 100] {
        for (what, runs) in [("pending", 1), ("up to date", 2)] {
            println!("{count} {what}");
            for (tool, name) in TOOLS {
                let folder = folder(tool, count)?;
                let database = tokio::task::spawn_blocking(Database::new).await?;
                let mut last = measured(tool, &database, &folder).await?;
                for _ in 1..runs {
                    last = measured(tool, &database, &folder).await?;
                }
                let (counts, time) = last;
                println!(
                    "  {name:<30} {count:>10} {:>12} {:>12} {:>10.1}",
                    counts.round_trips,
                    counts.received,
                    time.as_secs_f64() * 1000.0
                );
                tokio::task::spawn_blocking(move || drop(database)).await?;
            }
        }
    }
    Ok(())
}
