//! A large file, by the library and by psql: as CSV and as JSON, and rows that refer to others of their table.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use atlas_migrate::ephemeral::Server;
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate_tests::{Database, Driver, PEOPLE, write_people};

use super::{DRIVERS, Outcome, median, must_hold, timed};

pub(super) const ROWS: u64 = 1_000_000;

/// Of those that refer to each other.
const TREE: u64 = 300_000;

/// Those of seeds.
pub(super) const FORMATS: [&str; 3] = ["csv", "json", "ndjson"];

const ROUNDS: usize = 5;

/// Of psql's throughput.
const LEAST: f64 = 0.9;

/// A folder for each format with the same rows, removed with the value; and, as `tree`, with rows that refer to others.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Outcome<Self> {
        let folder = Self(std::env::temp_dir().join(format!("atlas-migrate-seeds-{}", std::process::id())));
        for format in FORMATS {
            fs::create_dir_all(folder.of(format))?;
            write_people(&folder.file(format), ROWS)?;
        }
        fs::create_dir_all(folder.of("tree"))?;
        let row = |id: u64| format!("{id},{},{}.50,2024-06-30 12:00:00+00\n", id / 2, id % 1_000);
        let rows: String = (1..=TREE).map(row).collect();
        fs::write(
            folder.of("tree").join("tree.csv"),
            format!("id,parent,amount,created\n0,0,0,2024-06-30 12:00:00+00\n{rows}"),
        )?;
        Ok(folder)
    }

    /// That of a format, or `tree`.
    pub(super) fn of(&self, format: &str) -> PathBuf {
        self.0.join(format)
    }

    fn file(&self, format: &str) -> PathBuf {
        self.of(format).join(format!("people.{format}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{}: {error}", self.0.display());
        }
    }
}

/// By psql from a file of `COPY`'s format, or by the library from one of the formats of seeds, its client connecting each time.
#[derive(Clone, Copy)]
enum Way {
    Psql(&'static str),
    Seeder(Driver, &'static str),
}

/// How long one way took in each round.
struct Times {
    way: Way,
    name: String,
    /// Reading and checking the folder, which a program that has embedded it does when it is compiled.
    checks: Vec<f64>,
    loads: Vec<f64>,
}

/// Prints the tables.
pub(super) fn run(server: &Server, folder: &Folder) -> Outcome<bool> {
    unload(server, folder)?;
    let psql =
        [("csv, HEADER", "psql \\copy"), ("text", "the same rows as text"), ("binary", "the same rows as binary")];
    let psql = psql.map(|(format, name)| (Way::Psql(format), name.to_owned()));
    let seeders = FORMATS
        .into_iter()
        .flat_map(|format| DRIVERS.map(|(driver, name)| (Way::Seeder(driver, format), format!("{format}, {name}"))));
    let people = Table { schema: PEOPLE, name: "people", rows: ROWS };
    println!("\n{ROWS} rows of seven columns: seconds, medians of {ROUNDS} rounds; ratios are of the same round");
    let mut held = compare(server, folder, &people, psql.into_iter().chain(seeders).collect())?;

    let tree = Table {
        schema: "CREATE TABLE tree (id bigint PRIMARY KEY, parent bigint NOT NULL REFERENCES tree, amount numeric NOT NULL, \
            created timestamptz NOT NULL)",
        name: "tree",
        rows: TREE + 1,
    };
    let ways = DRIVERS.map(|(driver, name)| (Way::Seeder(driver, "tree"), format!("csv, {name}")));
    println!("\n{} rows that refer to others of their table", tree.rows);
    held &= compare(
        server,
        folder,
        &tree,
        [(Way::Psql("tree"), "psql \\copy".to_owned())].into_iter().chain(ways).collect(),
    )?;
    Ok(held)
}

/// The table that rows are for.
struct Table {
    schema: &'static str,
    name: &'static str,
    rows: u64,
}

fn compare(server: &Server, folder: &Folder, table: &Table, ways: Vec<(Way, String)>) -> Outcome<bool> {
    let times = |(way, name)| Times { way, name, checks: Vec::new(), loads: Vec::new() };
    let mut all: Vec<_> = ways.into_iter().map(times).collect();
    for _ in 0..ROUNDS {
        for Times { way, checks, loads, .. } in &mut all {
            let (check, load) = load(server, folder, table, *way)?;
            checks.push(check.as_secs_f64());
            loads.push(load.as_secs_f64());
        }
    }

    println!("{:<28} {:>8} {:>8} {:>8} {:>9} {:>13}", "", "check", "load", "rows/s", "of psql", "load of psql");
    let mut least = f64::MAX;
    let of_psql = all[0].loads.clone();
    for Times { way, name, checks, loads } in &all {
        let totals: Vec<_> = checks.iter().zip(loads).map(|(check, load)| check + load).collect();
        let ratio = |times: &[f64]| median(of_psql.iter().zip(times).map(|(psql, time)| psql / time));
        let (whole, load) = (ratio(&totals), ratio(loads));
        if let Way::Seeder(..) = way {
            least = least.min(whole);
        }
        println!(
            "{name:<28} {:>8.2} {:>8.2} {:>8.0} {whole:>9.2} {load:>13.2}",
            median(checks.iter().copied()),
            median(loads.iter().copied()),
            table.rows as f64 / median(totals),
        );
    }
    Ok(must_hold(&format!("at least {LEAST} of psql's throughput, check included: {least:.2}"), least >= LEAST))
}

/// One load into an empty table of a database of its own: how long the check took, and all the rest.
fn load(server: &Server, folder: &Folder, table: &Table, way: Way) -> Outcome<(Duration, Duration)> {
    let database = Database::on(server);
    database.query(table.schema);
    let url = database.url();
    let times = match way {
        Way::Psql(format) => {
            let (file, format) = match format {
                "csv, HEADER" => (folder.file("csv"), format),
                "tree" => (folder.of("tree").join("tree.csv"), "csv, HEADER"),
                _ => (folder.0.join(format), format),
            };
            let ((), load) = timed(|| psql(server, &url, &copy(table.name, &file, "FROM", format)))?;
            (Duration::ZERO, load)
        }
        Way::Seeder(driver, format) => {
            let (seeds, check) = timed(|| Ok(Seeds::from_directory(folder.of(format))?))?;
            let (_, load) = timed(|| Ok(driver.connect(&url).seed(&Seeder::new(seeds, "dev"))?))?;
            (check, load)
        }
    };
    if database.value(&format!("SELECT count(*) FROM {}", table.name)) != table.rows.to_string() {
        return Err("not all rows have come".into());
    }
    Ok(times)
}

/// Writes the rows in each format of `COPY`, so that formats can be compared.
fn unload(server: &Server, folder: &Folder) -> Outcome<()> {
    let database = Database::on(server);
    database.query(PEOPLE);
    psql(server, &database.url(), &copy("people", &folder.file("csv"), "FROM", "csv, HEADER"))?;
    for format in ["text", "binary"] {
        psql(server, &database.url(), &copy("people", &folder.0.join(format), "TO", format))?;
    }
    Ok(())
}

fn copy(table: &str, file: &Path, direction: &str, format: &str) -> String {
    format!("\\copy {table} {direction} '{}' WITH (FORMAT {format})", file.display())
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
