//! A large file, by the library and by psql.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use atlas_migrate::ephemeral::Server;
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate_tests::{Database, Driver, PEOPLE, write_people};

use super::{DRIVERS, Outcome, median, must_hold, timed};

pub(super) const ROWS: u64 = 1_000_000;

const ROUNDS: usize = 5;

/// Of psql's throughput.
const LEAST: f64 = 0.9;

/// A folder with the file, removed with the value.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Outcome<Self> {
        let folder = Self(std::env::temp_dir().join(format!("atlas-migrate-seeds-{}", std::process::id())));
        fs::create_dir_all(&folder.0)?;
        write_people(&folder.file(), ROWS)?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    fn file(&self) -> PathBuf {
        self.0.join("people.csv")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{}: {error}", self.0.display());
        }
    }
}

/// By psql from a file of `COPY`'s format, or by the library, its client connecting each time.
#[derive(Clone, Copy)]
enum Way {
    Psql(&'static str),
    Seeder(Driver),
}

/// How long one way took in each round.
struct Times {
    way: Way,
    name: String,
    /// Reading and checking the folder, which a program that has embedded it does when it is compiled.
    checks: Vec<f64>,
    loads: Vec<f64>,
}

/// Prints the table.
pub(super) fn run(server: &Server, folder: &Folder) -> Outcome<bool> {
    let megabytes = fs::metadata(folder.file())?.len() as f64 / 1e6;
    println!(
        "\n{ROWS} rows of CSV, {megabytes:.0} MB: seconds, median of {ROUNDS} rounds; ratios are of the same round"
    );
    unload(server, folder)?;
    let psql =
        [("csv, HEADER", "psql \\copy"), ("text", "the same rows as text"), ("binary", "the same rows as binary")];
    let psql = psql.map(|(format, name)| (Way::Psql(format), name));
    let ways = psql.into_iter().chain(DRIVERS.map(|(driver, name)| (Way::Seeder(driver), name)));
    let mut all: Vec<_> =
        ways.map(|(way, name)| Times { way, name: name.to_owned(), checks: Vec::new(), loads: Vec::new() }).collect();
    for _ in 0..ROUNDS {
        for Times { way, checks, loads, .. } in &mut all {
            let (check, load) = load(server, folder, *way)?;
            checks.push(check.as_secs_f64());
            loads.push(load.as_secs_f64());
        }
    }

    println!(
        "{:<28} {:>8} {:>8} {:>8} {:>8} {:>9} {:>13}",
        "", "check", "load", "MB/s", "rows/s", "of psql", "load of psql"
    );
    let mut least = f64::MAX;
    let of_psql = all[0].loads.clone();
    for Times { way, name, checks, loads } in &all {
        let totals: Vec<_> = checks.iter().zip(loads).map(|(check, load)| check + load).collect();
        let ratio = |times: &[f64]| median(of_psql.iter().zip(times).map(|(psql, time)| psql / time));
        let (whole, load) = (ratio(&totals), ratio(loads));
        if let Way::Seeder(_) = way {
            least = least.min(whole);
        }
        let seconds = median(totals);
        println!(
            "{name:<28} {:>8.2} {:>8.2} {:>8.1} {:>8.0} {whole:>9.2} {load:>13.2}",
            median(checks.iter().copied()),
            median(loads.iter().copied()),
            megabytes / seconds,
            ROWS as f64 / seconds,
        );
    }
    Ok(must_hold(&format!("at least {LEAST} of psql's throughput, check included: {least:.2}"), least >= LEAST))
}

/// One load into an empty table of a database of its own: how long the check took, and all the rest.
fn load(server: &Server, folder: &Folder, way: Way) -> Outcome<(Duration, Duration)> {
    let database = Database::on(server);
    database.query(PEOPLE);
    let url = database.url();
    let times = match way {
        Way::Psql(format) => {
            let file = if format.ends_with("HEADER") { folder.file() } else { folder.0.join(format) };
            let ((), load) = timed(|| psql(server, &url, &copy(&file, "FROM", format)))?;
            (Duration::ZERO, load)
        }
        Way::Seeder(driver) => {
            let (seeds, check) = timed(|| Ok(Seeds::from_directory(folder.path())?))?;
            let (_, load) = timed(|| Ok(driver.connect(&url).seed(&Seeder::new(seeds, "dev"))?))?;
            (check, load)
        }
    };
    if database.value("SELECT count(*) FROM people") != ROWS.to_string() {
        return Err("not all rows have come".into());
    }
    Ok(times)
}

/// Writes the rows in each format of `COPY`, so that formats can be compared.
fn unload(server: &Server, folder: &Folder) -> Outcome<()> {
    let database = Database::on(server);
    database.query(PEOPLE);
    psql(server, &database.url(), &copy(&folder.file(), "FROM", "csv, HEADER"))?;
    for format in ["text", "binary"] {
        psql(server, &database.url(), &copy(&folder.0.join(format), "TO", format))?;
    }
    Ok(())
}

fn copy(file: &Path, direction: &str, format: &str) -> String {
    format!("\\copy people {direction} '{}' WITH (FORMAT {format})", file.display())
}

/// Has the server's own psql do something; one on `PATH` if it has none.
fn psql(server: &Server, url: &str, command: &str) -> Outcome<()> {
    let own = server.binaries().join("psql");
    let program = if own.exists() { own } else { "psql".into() };
    let status = Command::new(&program).args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", command, url]).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{}: {status}", program.display()).into()),
        Err(error) => {
            let hint = "install PostgreSQL's clients (postgresql-client on Debian, libpq on Homebrew)";
            Err(format!("{}: {error}; {hint}", program.display()).into())
        }
    }
}
