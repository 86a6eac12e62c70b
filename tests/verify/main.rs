//! Verifying: what holds for any database, expectations and queries, over every driver; and how a database is used.

use atlas_migrate::verify::{Checked, Checks, Verdict, Verifier, VerifyReport};
use atlas_migrate_tests::{Connection, Database, Driver, every_driver};
use role::Role;

mod any_database;
mod basics;
mod declared;
mod dropped;
mod queries;
mod reports;
mod rights;
mod role;
mod usage;

atlas_migrate_tests::on_every_version!(at_both_ends);

/// A verifier with these files.
fn verifier(files: &[(&str, &str)]) -> Verifier {
    if files.is_empty() {
        return Verifier::new(Checks::empty());
    }
    let checks = Checks::from_files("checks", files.iter().copied()).unwrap_or_else(|error| panic!("{error}"));
    Verifier::new(checks)
}

/// A database in which this SQL has run, and a connection with it.
fn with(driver: Driver, sql: &str) -> (Database, Connection) {
    let database = Database::new();
    database.query(sql);
    let connection = driver.connect(&database.url());
    (database, connection)
}

#[track_caller]
fn verify(connection: &mut Connection, verifier: &Verifier) -> VerifyReport {
    connection.verify(verifier).unwrap_or_else(|error| panic!("{error}"))
}

/// What came of the check of this name.
#[track_caller]
fn checked<'r>(report: &'r VerifyReport, name: &str) -> &'r Checked {
    report.checks().iter().find(|check| check.name() == name).unwrap_or_else(|| panic!("{name} is not in\n{report}"))
}

/// All that is said of a check, except its time.
fn told(check: &Checked) -> String {
    let note = check.note().map_or(String::new(), |note| format!(": {note}"));
    let mut text = format!("{} {}{note}\n", check.verdict().as_str(), check.name());
    for finding in check.findings() {
        text += &format!("  {}: expected {}, found {}\n", finding.object(), finding.expected(), finding.found());
    }
    for sample in check.samples() {
        let cells: Vec<_> = sample.cells().map(|(name, value)| format!("{name}={}", value.unwrap_or("null"))).collect();
        text += &format!("    {}\n", cells.join(" "));
    }
    if let Some(place) = check.place()
        && check.verdict() != Verdict::Pass
    {
        text += &format!("  at {place}\n");
    }
    text
}

/// All that is said of the checks of files.
fn told_of_files(report: &VerifyReport) -> String {
    report.checks().iter().filter(|check| check.place().is_some()).map(told).collect()
}

/// What this SQL makes, held against this file, or these files.
#[track_caller]
fn told_of(sql: &str, files: &[(&str, &str)]) -> String {
    let (database, mut connection) = with(Driver::TokioPostgres, sql);
    let told = told_of_files(&verify(&mut connection, &verifier(files)));
    assert!(!told.contains("(XX000)"), "{told}");
    drop(connection);
    drop(database);
    told
}
