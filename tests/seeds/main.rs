//! Seeds: files and generated rows, policies and environments, over every driver.

use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate_tests::{Connection, Database, Driver, every_driver};

mod basics;
mod binary;
mod deferred;
mod environments;
mod faults;
mod generated;
mod memory;
mod messages;
mod order;
mod policies;
mod values;

/// Seeds of these files, for the environment `dev`.
fn seeder(files: &[(&str, &str)]) -> Seeder {
    let seeds = Seeds::from_files("seeds", files.iter().copied()).unwrap_or_else(|error| panic!("{error}"));
    Seeder::new(seeds, "dev")
}

/// A database with these tables, and a connection with it.
fn with(driver: Driver, tables: &str) -> (Database, Connection) {
    let database = Database::new();
    database.query(tables);
    let connection = driver.connect(&database.url());
    (database, connection)
}

/// What was loaded: names and rows.
#[track_caller]
fn loaded(connection: &mut Connection, seeder: &Seeder) -> Vec<String> {
    let report = connection.seed(seeder).unwrap_or_else(|error| panic!("{error}"));
    report.seeds().iter().map(|seeded| format!("{} {}", seeded.name(), seeded.rows())).collect()
}

atlas_migrate_tests::on_every_version!(at_both_ends);
