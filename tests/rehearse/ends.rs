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

const PLAINLY: &str = "tried in a transaction, without CONCURRENTLY";
const TOGETHER: &str = "tried in a transaction, though it does not run in one";

#[test]
fn b5_what_does_not_run_in_a_transaction() {
    let verdict = |verdict: &str, note: &str| format!("{verdict}: {note}");
    let unique = ("001_a.sql", "CREATE UNIQUE INDEX CONCURRENTLY i ON users (age)");
    let using = ("002_b.sql", "ALTER TABLE users ADD CONSTRAINT c UNIQUE USING INDEX i");
    check(
        &[unique, using, ("003_c.sql", "SELECT 1")],
        &[&verdict("001 passed", PLAINLY), "002 passed", "003 passed"],
        None,
    );
    check(
        &[unique, ("002_b.sql", "DROP INDEX CONCURRENTLY i")],
        &[&verdict("001 passed", PLAINLY), &verdict("002 passed", PLAINLY)],
        None,
    );
    check(
        &[("001_a.sql", "-- atlas:no-transaction\nCREATE TABLE t (id int)"), ("002_b.sql", NEEDS_T)],
        &[&verdict("001 passed", TOGETHER), "002 passed"],
        None,
    );
    // What a run is sure to refuse.
    let doubled = ("001_a.sql", "CREATE UNIQUE INDEX CONCURRENTLY i ON doubled (a)");
    check(&[doubled, using], &["001 failed", "002 not rehearsed: 001 a failed"], Some((Some(1), "23505")));
    let parted = ("001_a.sql", "CREATE INDEX CONCURRENTLY i ON parted (a)");
    check(&[parted], &["001 failed"], Some((Some(1), "0A000")));
    check(&[("001_a.sql", "DROP INDEX CONCURRENTLY parted_a_idx")], &["001 failed"], Some((Some(1), "0A000")));
    check(&[("001_a.sql", "CREATE INDEX CONCURRENTLY i ON nowhere (a)")], &["001 failed"], Some((Some(1), "42P01")));
}

#[test]
fn b5_what_cannot_be_tried() {
    let cannot =
        |version: &str, what: &str| format!("{version} not rehearsed: `{what}` cannot be tried in a transaction");
    let vacuum = ("001_a.sql", "VACUUM users");
    check(&[vacuum, ("002_b.sql", "SELECT 1")], &[&cannot("001", "VACUUM"), "002 passed"], None);
    check(&[vacuum, ("002_b.sql", NEEDS_T)], &[&cannot("001", "VACUUM"), "002 failed"], Some((Some(1), "42P01")));
    for (file, what) in [
        ("REINDEX TABLE CONCURRENTLY users", "REINDEX CONCURRENTLY"),
        ("ALTER SYSTEM SET work_mem = '9MB'", "ALTER SYSTEM"),
        ("CREATE DATABASE nowhere", "CREATE DATABASE"),
    ] {
        check(&[("001_a.sql", file), ("002_b.sql", "SELECT 1")], &[&cannot("001", what), "002 passed"], None);
    }
    // What it would have done is missing, and that is no fault of those that need it; other faults are.
    let commits = "-- atlas:no-transaction\nDO $$ BEGIN CREATE TABLE t (id int); COMMIT; END $$";
    let lacks = "002 not rehearsed: relation \"t\" does not exist, and it may need 001 a, which was not rehearsed";
    check(
        &[("001_a.sql", commits), ("002_b.sql", NEEDS_T), ("003_c.sql", "SELECT 1")],
        &[&cannot("001", "DO"), lacks, "003 passed"],
        None,
    );
    check(
        &[("001_a.sql", commits), ("002_b.sql", "SELECT 1 / 0")],
        &[&cannot("001", "DO"), "002 failed"],
        Some((Some(1), "22012")),
    );
    let calls = "-- atlas:no-transaction\nCREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN CREATE TABLE t (id int); END';\nCALL p()";
    let together = format!("001 passed: {TOGETHER}");
    check(&[("001_a.sql", calls), ("002_b.sql", NEEDS_T)], &[&together, "002 passed"], None);
}

#[test]
fn b6_enum_values() {
    let adds = "ALTER TYPE mood ADD VALUE 'b'; CREATE TABLE m (mood mood DEFAULT 'b')";
    let unsafe_use = Some((Some(2), "55P04"));
    check(&[("001_a.sql", adds)], &["001 failed"], unsafe_use);
    check(&[("001_a.sql", "SELECT 1"), ("002_b.sql", adds)], &["001 passed", "002 failed"], unsafe_use);
    check(
        &[("001_a.sql", "VACUUM users"), ("002_b.sql", adds)],
        &["001 not rehearsed: `VACUUM` cannot be tried in a transaction", "002 failed"],
        unsafe_use,
    );
    let by_itself = format!("-- atlas:no-transaction\n{adds}");
    check(
        &[("001_a.sql", &by_itself)],
        &["001 not rehearsed: it uses an enum value that has to be committed first"],
        None,
    );
    // Another type has the value already, or gets it from an earlier migration.
    let another = "CREATE TYPE other AS ENUM ('b')";
    check(&[("001_a.sql", another), ("002_b.sql", adds)], &["001 passed", "002 failed"], unsafe_use);
    let committed = "002 not rehearsed: it uses an enum value that has to be committed first";
    check(
        &[("001_a.sql", "ALTER TYPE mood ADD VALUE 'b'"), ("002_b.sql", "CREATE TABLE m (mood mood DEFAULT 'b')")],
        &["001 passed", committed],
        None,
    );
    // A type that is made in the same file is another matter, and one that an earlier pending file makes is none.
    let files = [
        ("001_a.sql", "CREATE TYPE new AS ENUM ('a')"),
        ("002_b.sql", "ALTER TYPE new ADD VALUE 'b'; CREATE TABLE n (x new DEFAULT 'b')"),
    ];
    let database = with_tables();
    let rehearsal = rehearse(&database, Driver::Postgres, &files);
    assert!(!verdicts(&rehearsal)[1].contains("passed"), "{rehearsal}");
    assert!(Driver::Postgres.connect(&database.url()).run(&migrator(&files)).is_err());
}

#[test]
fn passed_over() {
    check(
        &[
            ("001_a.sql", "CREATE TYPE state AS ENUM ('good')"),
            ("002_b.sql", "ALTER TABLE posts ADD state state"),
            ("003_c.sql", "ALTER TYPE state ADD VALUE 'bad'"),
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
    database.query("CREATE TABLE moods (mood mood)");
    let files = [
        ("001_a.sql", "ALTER TYPE mood ADD VALUE 'bad'"),
        ("002_b.sql", "CREATE TABLE t (); INSERT INTO moods VALUES ('bad')"),
        ("003_c.sql", "ALTER TABLE moods ADD a int"),
        ("004_d.sql", "ALTER TABLE t ADD a int"),
    ];
    let rehearsal = rehearse(&database, Driver::Deadpool, &files);
    let passed_over = "002 not rehearsed: it uses an enum value that has to be committed first";
    let lacks = "004 not rehearsed: relation \"t\" does not exist, and it may need 002 b, which was not rehearsed";
    assert_eq!(verdicts(&rehearsal), ["001 passed", passed_over, "003 passed", lacks]);
    assert_eq!(rehearsal.migrations()[2].statements()[0].warnings().len(), 1, "{rehearsal}");
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
