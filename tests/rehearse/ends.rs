//! How rehearsals end: passed, failed, passed over.

use std::time::Duration;

use atlas_migrate::{ErrorKind, TransactionMode};

use super::*;

const NEEDS_T: &str = "INSERT INTO t VALUES (1)";

/// How it ends for these files, and which statement failed with which SQLSTATE.
#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str], failure: Option<(Option<usize>, &str)>) {
    for driver in [Driver::TokioPostgres, Driver::Postgres] {
        let database = with_tables();
        let rehearsal = rehearse(&database, driver, files);
        assert_eq!(verdicts(&rehearsal), expected, "{rehearsal}");
        let failed = rehearsal.failed().and_then(Rehearsed::failure);
        let found = failed.map(|failure| (failure.statement(), failure.sqlstate().unwrap_or("none")));
        assert_eq!((found, rehearsal.passed()), (failure, failure.is_none()), "{rehearsal}");
    }
}

every_driver! {
    fn a_statement_fails(driver) {
        let database = with_tables();
        let files = [
            ("001_a.sql", "CREATE TABLE t (id int)"),
            ("002_b.sql", "INSERT INTO t VALUES (1); INSERT INTO users VALUES (1); SELECT 1"),
            ("003_c.sql", "SELECT 1"),
        ];
        let rehearsal = rehearse(&database, driver, &files);
        assert_eq!(verdicts(&rehearsal), ["001 passed", "002 failed", "003 not rehearsed: 002 b failed"]);
        let failed = rehearsal.failed().unwrap();
        assert_eq!(failed.statements().len(), 1);
        let failure = failed.failure().unwrap();
        assert_eq!((failure.statement(), failure.sqlstate()), (Some(2), Some("23505")));
        assert!(failure.text().contains("migrations/002_b.sql:1:27"), "{failure:?}");
    }

    fn nothing_is_pending(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let migrator = migrator(&[("001_a.sql", "SELECT 1")]);
        connection.run(&migrator).unwrap();
        assert!(connection.rehearse(&migrator).unwrap().is_empty());
    }
}

#[test]
fn failures() {
    let all_pass = ["001 passed", "002 passed"];
    check(&[("001_a.sql", "CREATE TABLE t (id int)"), ("002_b.sql", NEEDS_T)], &all_pass, None);
    check(&[("001_a.sql", NEEDS_T)], &["001 failed"], Some((Some(1), "42P01")));
    // What is checked at the commit, and is to be so again for the next migration.
    let deferred = "CREATE TABLE t (id int REFERENCES users DEFERRABLE INITIALLY DEFERRED)";
    check(
        &[("001_a.sql", deferred), ("002_b.sql", "INSERT INTO t VALUES (0)")],
        &["001 passed", "002 failed"],
        Some((None, "23503")),
    );
    check(&[("001_a.sql", deferred), ("002_b.sql", "INSERT INTO t VALUES (0); UPDATE t SET id = 1")], &all_pass, None);
    // The row in the history cannot be written.
    check(&[("001_a.sql", "DROP TABLE schema_migrations")], &["001 failed"], Some((None, "42P01")));
    // What a migration sets does not reach the next one.
    check(
        &[
            ("001_a.sql", "CREATE SCHEMA s; SET search_path = s; SET ROLE pg_monitor"),
            ("002_b.sql", "SELECT 1 FROM users"),
        ],
        &all_pass,
        None,
    );
}

#[test]
fn where_all_share_a_transaction() {
    let database = with_tables();
    let deferred = "CREATE TABLE t (id int REFERENCES users DEFERRABLE INITIALLY DEFERRED)";
    let files =
        [("001_a.sql", deferred), ("002_b.sql", "INSERT INTO t VALUES (0)"), ("003_c.sql", "UPDATE t SET id = 1")];
    let all = migrator(&files).transaction_mode(TransactionMode::All);
    let rehearsal = Driver::SqlxPool.connect(&database.url()).rehearse(&all).unwrap();
    assert_eq!(verdicts(&rehearsal), ["001 passed", "002 passed", "003 passed"]);
}

#[test]
fn passed_over() {
    check(
        &[("001_a.sql", "CREATE INDEX CONCURRENTLY i ON users (name)"), ("002_b.sql", "SELECT 1")],
        &["001 not rehearsed: it does not run in a transaction", "002 passed"],
        None,
    );
    check(
        &[("001_a.sql", "-- atlas:no-transaction\nCREATE TABLE t (id int)"), ("002_b.sql", NEEDS_T)],
        &["001 not rehearsed: it does not run in a transaction", "002 failed"],
        Some((Some(1), "42P01")),
    );
    check(
        &[
            ("001_a.sql", "CREATE TYPE mood AS ENUM ('good')"),
            ("002_b.sql", "ALTER TABLE posts ADD mood mood"),
            ("003_c.sql", "ALTER TYPE mood ADD VALUE 'bad'"),
        ],
        &["001 passed", "002 passed", "003 passed"],
        None,
    );
    check(
        &[
            ("001_a.sql", "-- atlas:skip-unless false\nSELECT 1 / 0"),
            ("002_b.sql", "-- atlas:require EXISTS (SELECT FROM schema_migrations WHERE state = 'skipped')\nSELECT 1"),
            ("003_c.sql", "-- atlas:require false | no\nSELECT 1"),
            ("004_d.sql", "SELECT 1"),
        ],
        &["001 skipped: its condition is not true", "002 passed", "003 failed", "004 not rehearsed: 003 c failed"],
        Some((None, "none")),
    );
}

#[test]
fn an_enum_value_that_has_to_be_committed() {
    let database = with_tables();
    database.query("CREATE TYPE mood AS ENUM ('good'); CREATE TABLE moods (mood mood)");
    let files = [
        ("001_a.sql", "ALTER TYPE mood ADD VALUE 'bad'"),
        ("002_b.sql", "CREATE TABLE t (); INSERT INTO moods VALUES ('bad')"),
        ("003_c.sql", "ALTER TABLE moods ADD a int"),
        ("004_d.sql", "ALTER TABLE t ADD a int"),
    ];
    let rehearsal = rehearse(&database, Driver::Deadpool, &files);
    let passed_over = "002 not rehearsed: it uses an enum value that has to be committed first";
    assert_eq!(verdicts(&rehearsal), ["001 passed", passed_over, "003 passed", "004 failed"]);
    assert_eq!(rehearsal.migrations()[2].statements()[0].warnings().len(), 1, "{rehearsal}");
    let text = rehearsal.failed().unwrap().failure().unwrap().text();
    assert!(text.contains("002 b was not rehearsed, and this may need it"), "{text}");
}

#[test]
fn a_lock_is_waited_for_as_long_as_a_run_does() {
    let database = with_tables();
    let mut other = Driver::Postgres.connect(&database.url());
    other.sql("BEGIN; LOCK TABLE users");
    let migrator = migrator(&[("001_a.sql", "ALTER TABLE users ADD a int")]);
    let mut connection = Driver::TokioPostgres.connect(&database.url());
    let rehearsal = connection.rehearse(&migrator.lock_timeout(Duration::from_millis(50))).unwrap();
    let failure = rehearsal.failed().unwrap().failure().unwrap();
    assert_eq!(failure.sqlstate(), Some("55P03"));
    assert!(failure.text().contains("users is locked by"), "{}", failure.text());
}

#[test]
fn errors() {
    let database = with_tables();
    let mut connection = Driver::Postgres.connect(&database.url());
    let concurrently = migrator(&[("001_a.sql", "CREATE INDEX CONCURRENTLY i ON users (name)")]);
    let error = connection.rehearse(&concurrently.transaction_mode(TransactionMode::All)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    let migrator = migrator(&[("001_a.sql", "SELECT 1")]);
    connection.sql("BEGIN");
    assert_eq!(connection.rehearse(&migrator).unwrap_err().kind(), ErrorKind::Usage);
    connection.sql("ROLLBACK; SET default_transaction_read_only = on");
    assert_eq!(connection.rehearse(&migrator).unwrap_err().kind(), ErrorKind::ReadOnly);
    let mut other = Driver::Postgres.connect(&database.url());
    let ended = self::migrator(&[("001_a.sql", "SELECT pg_terminate_backend(pg_backend_pid())")]);
    assert_eq!(other.rehearse(&ended).unwrap_err().kind(), ErrorKind::Connection);
}
