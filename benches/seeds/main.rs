//! `cargo bench -p atlas-migrate-benches --bench seeds`: a million rows of CSV and of JSON beside psql's `\copy` of the
//! CSV, rows that refer to each other, how much memory that takes, and generated rows beside inserts.
//!
//! Everything is on a throw-away server of its own, rounds alternate, and the median counts. Times are of this machine and
//! this moment, so look at the ratios. The limits that must hold are printed with what was measured; a limit that is missed
//! makes it fail.

mod copy;
mod generated;
mod memory;
mod network;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use atlas_migrate::ephemeral::Server;
use atlas_migrate_tests::Driver;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The ways to connect that differ in how rows are sent.
const DRIVERS: [(Driver, &str); 3] = [
    (Driver::SqlxConnection, "sqlx"),
    (Driver::TokioPostgres, "tokio-postgres"),
    (Driver::Postgres, "postgres (blocking)"),
];

fn main() -> Outcome<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [verb, driver, url, folder] = arguments.as_slice()
        && verb == memory::VERB
    {
        memory::load(driver, url, folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    // Neither a checkpoint nor a vacuum in the middle of a round.
    let server = Server::options().setting("max_wal_size", "8GB").setting("autovacuum", "off").private()?;
    println!("PostgreSQL {}, {} processors", server.version() / 10_000, std::thread::available_parallelism()?);
    let folder = copy::Folder::new()?;
    let mut held = copy::run(&server, &folder)?;
    held &= memory::run(&server, &folder)?;
    held &= generated::run(&server)?;
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn timed<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, Duration)> {
    let started = Instant::now();
    let result = work()?;
    Ok((result, started.elapsed()))
}

fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Prints whether what was measured keeps to its limit, and tells.
fn must_hold(what: &str, holds: bool) -> bool {
    println!("{} {what}", if holds { "holds: " } else { "MISSED:" });
    holds
}
