//! `cargo bench -p atlas-migrate-benches --bench clean`: what it takes to empty tables that refer to each other with a
//! [`Cleaner`], with `DELETE` in the order of the foreign keys, and with one `TRUNCATE` of them all.
//!
//! `DELETE` and `TRUNCATE` are one message each, of a transaction, over the same client, and are told what there is; a
//! cleaner looks for itself. Ways take turns, each in a database and over a connection of its own, and the median counts: of
//! times, and of the ratios within a round. Times are of this machine and this moment, so look at the ratios. The limits that
//! must hold are printed with what was measured; a limit that is missed makes it fail.

use std::process::ExitCode;
use std::time::Instant;

use atlas_migrate::clean::Cleaner;
use atlas_migrate::ephemeral::Server;
use atlas_migrate_tests::Database;
use tokio_postgres::{Client, NoTls};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Cleaner,
    Delete,
    Truncate,
}

const WAYS: [(Way, &str); 3] =
    [(Way::Cleaner, "Cleaner"), (Way::Delete, "DELETE, by foreign keys"), (Way::Truncate, "TRUNCATE of them all")];

/// The role that owns the tables and is no superuser.
const OWNER: &str = "clean_bench_owner";

/// Tables, each of which refers to the one before.
struct Case {
    tables: usize,
    /// In each of them.
    rows: usize,
    superuser: bool,
    rounds: usize,
    /// The cleaner takes at most so many times as long as this.
    most: Option<(Way, f64)>,
}

const CASES: [Case; 5] = [
    Case { tables: 100, rows: 0, superuser: false, rounds: 15, most: None },
    Case { tables: 100, rows: 5, superuser: false, rounds: 25, most: Some((Way::Delete, 1.0)) },
    Case { tables: 100, rows: 5, superuser: true, rounds: 15, most: Some((Way::Delete, 1.0)) },
    Case { tables: 30, rows: 1_000, superuser: false, rounds: 15, most: None },
    Case { tables: 30, rows: 50_000, superuser: false, rounds: 9, most: Some((Way::Truncate, 1.05)) },
];

impl Case {
    fn schema(&self) -> String {
        let table = |n: usize| {
            let parent = n.saturating_sub(1);
            format!(
                "CREATE TABLE t{n} (id int PRIMARY KEY, parent int REFERENCES t{parent}, name text);\n\
                 CREATE INDEX ON t{n} (parent);\n"
            )
        };
        (0..self.tables).map(table).collect()
    }

    fn fill(&self) -> String {
        let insert =
            |n: usize| format!("INSERT INTO t{n} SELECT i, i, 'row ' || i FROM generate_series(1, {}) i;\n", self.rows);
        (0..self.tables).map(insert).collect()
    }

    fn names(&self) -> impl DoubleEndedIterator<Item = String> {
        (0..self.tables).map(|n| format!("t{n}"))
    }

    fn list(&self) -> String {
        self.names().collect::<Vec<_>>().join(", ")
    }

    /// How long it takes, in milliseconds: for whoever waits, and of the server's processor.
    async fn measure(&self, way: Way, url: &str) -> Outcome<(f64, f64)> {
        let (mut client, connection) = tokio_postgres::connect(url, NoTls).await?;
        let connection = tokio::spawn(connection);
        if self.rows > 0 {
            client.batch_execute(&self.fill()).await?;
            client.batch_execute(&format!("VACUUM ANALYZE {}", self.list())).await?;
        }
        let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        let (started, before) = (Instant::now(), processor(pid));
        self.empty(way, &mut client).await?;
        let (elapsed, after) = (started.elapsed(), processor(pid));
        drop(client);
        connection.await??;
        Ok((elapsed.as_secs_f64() * 1e3, after - before))
    }

    async fn empty(&self, way: Way, client: &mut Client) -> Outcome<()> {
        match way {
            Way::Cleaner => {
                let name: String = client.query_one("SELECT current_database()::text", &[]).await?.get(0);
                Cleaner::new().confirm(name).run(client).await?;
            }
            Way::Delete => {
                let deletes: String = self.names().rev().map(|name| format!("DELETE FROM {name};\n")).collect();
                client.batch_execute(&format!("BEGIN;\n{deletes}COMMIT;\n")).await?;
            }
            Way::Truncate => {
                client.batch_execute(&format!("TRUNCATE {};\n", self.list())).await?;
            }
        }
        Ok(())
    }

    /// Prints the table.
    fn run(&self, server: &Server, runtime: &tokio::runtime::Runtime) -> Outcome<bool> {
        let Self { tables, rows, superuser, rounds, most } = self;
        let who = if *superuser { "a superuser" } else { "the owner, no superuser" };
        println!("\n{tables} tables of {rows} rows, by {who}: milliseconds, medians of {rounds} rounds");
        let databases = WAYS.map(|_| Database::on(server));
        let urls = databases.each_ref().map(|database| {
            database.query(&format!("ALTER SCHEMA public OWNER TO {OWNER}"));
            if *superuser { database.url() } else { database.url_as(OWNER) }
        });
        for (database, url) in databases.iter().zip(&urls) {
            let owner = if *superuser { String::new() } else { format!("SET ROLE {OWNER};\n") };
            database.query(&(owner + &self.schema()));
            runtime.block_on(self.measure(Way::Delete, url))?;
        }
        let mut measured = WAYS.map(|_| Vec::new());
        for _ in 0..*rounds {
            for (((way, _), url), all) in WAYS.iter().zip(&urls).zip(&mut measured) {
                all.push(runtime.block_on(self.measure(*way, url))?);
            }
        }
        println!("{:<26} {:>9} {:>9} {:>12} {:>14}", "", "time", "server", "Cleaner, of", "of the server's");
        let mut held = true;
        for ((way, name), all) in WAYS.iter().zip(&measured) {
            let ratio = |of: fn(&(f64, f64)) -> f64| {
                median(measured[0].iter().zip(all).map(|(cleaner, other)| of(cleaner) / of(other)))
            };
            let (time, server) = (median(all.iter().map(|(time, _)| *time)), median(all.iter().map(|(_, cpu)| *cpu)));
            println!("{name:<26} {time:>9.1} {server:>9.1} {:>12.2} {:>14.2}", ratio(|m| m.0), ratio(|m| m.1));
            if let Some((_, most)) = most.filter(|(of, _)| of == way) {
                held &=
                    must_hold(&format!("at most {most} times {name}: {:.2}", ratio(|m| m.0)), ratio(|m| m.0) <= most);
            }
        }
        Ok(held)
    }
}

/// What a process has used of the processor, in milliseconds; nothing where the system does not tell.
fn processor(pid: i32) -> f64 {
    let times = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
    times.split_whitespace().next().and_then(|time| time.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e6
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Prints whether what was measured keeps to its limit, and tells.
fn must_hold(what: &str, holds: bool) -> bool {
    println!("{} {what}", if holds { "holds: " } else { "MISSED:" });
    holds
}

fn main() -> Outcome<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    // Neither a checkpoint nor a vacuum in the middle of a round.
    let server = Server::options().setting("max_wal_size", "8GB").setting("autovacuum", "off").private()?;
    println!("PostgreSQL {}, {} processors", server.version() / 10_000, std::thread::available_parallelism()?);
    let first = Database::on(&server);
    first.query(&format!("CREATE ROLE {OWNER} LOGIN"));
    let mut held = true;
    for case in &CASES {
        held &= case.run(&server, &runtime)?;
    }
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
