//! Several processes that boot at once.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use atlas_migrate_tests::{DRIVERS, Database, Driver};

/// A folder with migrations that count how often they ran, an index that is built concurrently among them.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let files = [
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
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    folder
}

fn start(driver: Driver, database: &Database, folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_runner"))
        .args([format!("{driver:?}"), database.url(), folder.display().to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for all, and gives how many migrations each applied.
#[track_caller]
fn outcomes(mut processes: Vec<Child>) -> Vec<usize> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while processes.iter_mut().any(|process| process.try_wait().unwrap().is_none()) {
        if Instant::now() > deadline {
            processes.iter_mut().for_each(|process| process.kill().unwrap());
            panic!("after 60 s there are processes that still migrate");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let outcome = |process: Child| {
        let output = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        String::from_utf8_lossy(&output.stdout).trim().parse().unwrap()
    };
    processes.into_iter().map(outcome).collect()
}

#[track_caller]
fn check(drivers: impl Fn(usize) -> Driver, name: &str) {
    let database = Database::new();
    let folder = folder(name);
    let applied = outcomes((0..8).map(|index| start(drivers(index), &database, &folder)).collect());
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
    check(|_| Driver::SqlxPool, "races_sqlx");
}

#[test]
fn eight_processes_with_tokio_postgres() {
    check(|_| Driver::TokioPostgres, "races_tokio_postgres");
}

#[test]
fn eight_processes_with_deadpool() {
    check(|_| Driver::Deadpool, "races_deadpool");
}

#[test]
fn eight_processes_with_postgres() {
    check(|_| Driver::Postgres, "races_postgres");
}

#[test]
fn eight_processes_with_any_driver() {
    check(|index| DRIVERS[index % DRIVERS.len()], "races_any");
}
