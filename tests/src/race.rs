//! Several processes that boot at once.

use crate::{Database, Driver, Folder, Runner, tried};

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

/// Has eight processes run the same migrations on an empty database, to which this URL leads. The program and the folder
/// for temporary files are the `CARGO_BIN_EXE_runner` and `CARGO_TARGET_TMPDIR` of the test.
#[track_caller]
pub fn race(program: &str, below: &str, drivers: impl Fn(usize) -> Driver, database: &Database, url: &str) {
    let folder = Folder::new(below, &COUNTED);
    let processes: Vec<_> = (0..8).map(|index| Runner::start(program, drivers(index), url, &folder)).collect();
    let applied = processes.into_iter().map(|process| process.outcome().unwrap_or_else(|error| panic!("{error}")));
    let applied: Vec<_> = applied.collect();
    assert_eq!(applied.iter().sum::<usize>(), 7, "{applied:?}");
    assert_eq!(database.query("SELECT step FROM counter ORDER BY step"), ["1", "2", "4", "6", "7"]);
    assert_eq!(
        database.value("SELECT count(*) FROM pg_index WHERE indrelid = 'counter'::regclass AND indisvalid"),
        "3"
    );
    assert_eq!(database.value("SELECT count(*) FROM schema_migrations WHERE state = 'applied'"), "7");
    assert_eq!(database.errors(), [""; 0]);
    tried(applied.len(), "racers");
}
