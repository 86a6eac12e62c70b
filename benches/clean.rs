//! `cargo bench -p atlas-migrate-benches --bench clean`: what it takes to empty tables that refer to each other with a
//! [`Cleaner`], with `DELETE` in the order of the foreign keys, and with one `TRUNCATE` of them all.
//!
//! `DELETE` and `TRUNCATE` are one message each, of a transaction, over the same client, and are told what there is; a
//! cleaner looks for itself. Times are of this machine and this moment, the least of some rounds; look at the ratios.

use std::time::{Duration, Instant};

use atlas_migrate::clean::Cleaner;
use atlas_migrate_tests::Database;
use tokio_postgres::{Client, NoTls};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Clone, Copy)]
enum Way {
    Cleaner,
    Delete,
    Truncate,
}

const WAYS: [(Way, &str); 3] =
    [(Way::Cleaner, "Cleaner"), (Way::Delete, "DELETE, by foreign keys"), (Way::Truncate, "TRUNCATE of them all")];

/// Tables, each of which refers to the one before, and rows in each of them; how often it is measured.
const SIZES: [(usize, usize, usize); 4] = [(100, 0, 10), (100, 5, 10), (30, 1_000, 5), (30, 50_000, 2)];

fn tables(count: usize) -> String {
    let table = |n: usize| {
        let parent = n.saturating_sub(1);
        format!(
            "CREATE TABLE t{n} (id int PRIMARY KEY, parent int REFERENCES t{parent}, name text);\n\
                 CREATE INDEX ON t{n} (parent);\n"
        )
    };
    (0..count).map(table).collect()
}

fn rows(count: usize, rows: usize) -> String {
    let insert = |n: usize| format!("INSERT INTO t{n} SELECT i, i, 'row ' || i FROM generate_series(1, {rows}) i;\n");
    (0..count).map(insert).collect()
}

async fn empty(way: Way, client: &mut Client, count: usize) -> Outcome<Duration> {
    let deletes: String = (0..count).rev().map(|n| format!("DELETE FROM t{n};\n")).collect();
    let truncated: Vec<_> = (0..count).map(|n| format!("t{n}")).collect();
    let name: String = client.query_one("SELECT current_database()::text", &[]).await?.get(0);
    let started = Instant::now();
    match way {
        Way::Cleaner => {
            Cleaner::new().confirm(name).run(client).await?;
        }
        Way::Delete => client.batch_execute(&format!("BEGIN;\n{deletes}COMMIT;\n")).await?,
        Way::Truncate => client.batch_execute(&format!("TRUNCATE {};\n", truncated.join(", "))).await?,
    }
    Ok(started.elapsed())
}

async fn least(way: Way, url: &str, (count, per_table, rounds): (usize, usize, usize)) -> Outcome<Duration> {
    let mut least = Duration::MAX;
    for _ in 0..rounds {
        let (mut client, connection) = tokio_postgres::connect(url, NoTls).await?;
        let connection = tokio::spawn(connection);
        if per_table > 0 {
            client.batch_execute(&rows(count, per_table)).await?;
            client.batch_execute("VACUUM ANALYZE").await?;
        }
        least = empty(way, &mut client, count).await?.min(least);
        drop(client);
        connection.await??;
    }
    Ok(least)
}

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    for (count, per_table, rounds) in SIZES {
        println!("{count} tables of {per_table} rows");
        for (way, name) in WAYS {
            let database = Database::new();
            database.query(&tables(count));
            let least = runtime.block_on(least(way, &database.url(), (count, per_table, rounds)))?;
            println!("  {name:24} {:8.1} ms", least.as_secs_f64() * 1000.0);
        }
    }
    Ok(())
}
