//! Several processes that boot at once.

use atlas_migrate_tests::{DRIVERS, Database, Driver, race};

#[track_caller]
fn check(drivers: impl Fn(usize) -> Driver) {
    let database = Database::new();
    race(env!("CARGO_BIN_EXE_runner"), env!("CARGO_TARGET_TMPDIR"), drivers, &database, &database.url());
}

#[test]
fn eight_processes_with_sqlx() {
    check(|_| Driver::SqlxPool);
}

#[test]
fn eight_processes_with_tokio_postgres() {
    check(|_| Driver::TokioPostgres);
}

#[test]
fn eight_processes_with_deadpool() {
    check(|_| Driver::Deadpool);
}

#[test]
fn eight_processes_with_postgres() {
    check(|_| Driver::Postgres);
}

#[test]
fn eight_processes_with_any_driver() {
    check(|index| DRIVERS[index % DRIVERS.len()]);
}

atlas_migrate_tests::on_every_version!(at_both_ends);
