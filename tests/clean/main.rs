//! Emptying databases: what goes, what stays, in what order, and what is refused.

use atlas_migrate::clean::Cleaner;
use atlas_migrate_tests::{Connection, Database, Driver, every_driver};

mod basics;
mod dropped;
mod guard;
mod messages;
mod order;
mod reset;
mod rights;
mod seeds;
mod tables;

atlas_migrate_tests::on_every_version!(at_both_ends);

/// A database for development with these tables, and a connection with it.
fn with(driver: Driver, tables: &str) -> (Database, Connection) {
    let database = Database::new();
    database.query(MARK);
    database.query(tables);
    let connection = driver.connect(&database.url());
    (database, connection)
}

/// As a run of seeds leaves it.
const MARK: &str = "CREATE TABLE schema_environment (environment text NOT NULL, marked_at timestamptz NOT NULL,
        marked_by text NOT NULL, one boolean PRIMARY KEY DEFAULT true CHECK (one));
    INSERT INTO schema_environment VALUES ('dev', now(), current_user)";

/// What was emptied: the statement's number, the table, its rows and the means.
#[track_caller]
fn emptied(connection: &mut Connection, cleaner: &Cleaner) -> Vec<String> {
    let report = connection.clean(cleaner).unwrap_or_else(|error| panic!("{error}"));
    report.tables().iter().map(|emptied| format!("{}. {emptied}", emptied.statement())).collect()
}

/// The tables outside of the system that have rows, with their number.
#[track_caller]
fn filled(database: &Database) -> Vec<String> {
    let tables = database.query(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
         WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema' AND tablename !~ '^schema_' ORDER BY 1",
    );
    let rows = |table: &String| (table.clone(), database.value(&format!("SELECT count(*) FROM ONLY {table}")));
    tables.iter().map(rows).filter(|(_, rows)| rows != "0").map(|(table, rows)| format!("{table} {rows}")).collect()
}
