//! Rehearsals: what a run would do, tried in a transaction that is rolled back.

use atlas_migrate::rehearse::{Rehearsal, Rehearsed};
use atlas_migrate_tests::{Database, Driver, every_driver, migrator};

mod dropped;
mod ends;
mod findings;
mod messages;
mod nothing_stays;

atlas_migrate_tests::on_every_version!(at_both_ends);

/// What is in the databases before, with some rows.
const TABLES: &str = "
    CREATE TABLE users (id int PRIMARY KEY, name text, age int);
    INSERT INTO users SELECT n, 'user ' || n, n FROM generate_series(1, 1000) n;
    CREATE TABLE posts (id int PRIMARY KEY, author int);
    CREATE VIEW names AS SELECT name FROM users;
    CREATE MATERIALIZED VIEW ages AS SELECT age FROM users;
    CREATE TABLE doubled (a int); INSERT INTO doubled VALUES (1), (1); CREATE TYPE mood AS ENUM ('good');
    CREATE TABLE parted (a int) PARTITION BY LIST (a); CREATE INDEX ON parted (a); CREATE INDEX users_name ON users (name);
    CREATE SEQUENCE numbers";

/// A database with the tables.
fn with_tables() -> Database {
    let database = Database::new();
    database.query(TABLES);
    database
}

#[track_caller]
fn rehearse(database: &Database, driver: Driver, files: &[(&str, &str)]) -> Rehearsal {
    let rehearsal = driver.connect(&database.url()).rehearse(&migrator(files));
    rehearsal.unwrap_or_else(|error| panic!("{error}"))
}

/// Each migration's version and verdict, and why.
fn verdicts(rehearsal: &Rehearsal) -> Vec<String> {
    let verdict = |one: &Rehearsed| {
        let why = one.note().map(|note| format!(": {note}")).unwrap_or_default();
        format!("{} {}{why}", one.version(), one.verdict().as_str())
    };
    rehearsal.migrations().iter().map(verdict).collect()
}
