//! Several processes that boot at once.

use atlas_migrate_tests::{DRIVERS, Database, Driver, Folder, Runner};

/// Migrations that count how often they ran, indexes that are built concurrently among them.
const COUNTED: [(&str, &str); 7] = [
    ("001_counter.sql", "CREATE TABLE counter (step int); INSERT INTO counter VALUES (1);"),
    ("002_slow.sql", "INSERT INTO counter SELECT 2 FROM pg_sleep(0.2);"),
    ("003_index.sql", "CREATE INDEX CONCURRENTLY by_step ON counter (step);"),
    ("004_more.sql", "INSERT INTO counter VALUES (4);"),
    (
        "005_indexes.sql",
        "CREATE INDEX CONCURRENTLY a ON counter (step, step);\nCREATE INDEX CONCURRENTLY b ON counter ((step + 1));",
    ),
    ("006_last.sql", "INSERT INTO counter VALUES (6);"),
    ("R__view.sql", "CREATE OR REPLACE VIEW steps AS SELECT step FROM counter; INSERT INTO counter VALUES (7);"),
];

#[track_caller]
fn check(drivers: impl Fn(usize) -> Driver) {
    let database = Database::new();
    let folder = Folder::new(env!("CARGO_TARGET_TMPDIR"), &COUNTED);
    let start = |index| Runner::start(env!("CARGO_BIN_EXE_runner"), drivers(index), &database, &folder);
    let processes: Vec<_> = (0..8).map(start).collect();
    let applied: Vec<_> = processes.into_iter().map(|process| process.outcome().unwrap()).collect();
    assert_eq!(applied.iter().sum::<usize>(), 7, "{applied:?}");
    assert_eq!(database.query("SELECT step FROM counter ORDER BY step"), ["1", "2", "4", "6", "7"]);
    assert_eq!(
        database.value("SELECT count(*) FROM pg_index WHERE indrelid = 'counter'::regclass AND indisvalid"),
        "3"
    );
    assert_eq!(database.value("SELECT count(*) FROM schema_migrations WHERE state = 'applied'"), "7");
    assert_eq!(database.errors(), [""; 0]);
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

atlas_migrate_tests::on_every_version!();
