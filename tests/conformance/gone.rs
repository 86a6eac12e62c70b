//! Rows of the history whose files the binary does not have.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use atlas_migrate::{Error, ErrorKind, Event, Migrator, Repair, Revert, Standing};
use atlas_migrate_tests::{Connection, Database, Driver, migrator, some};

const SOME: [Driver; 2] = [Driver::SqlxPool, Driver::Postgres];
const TABLE: (&str, &str) = ("1_t.up.sql", "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1);");
const DOWN: (&str, &str) = ("1_t.down.sql", "DROP TABLE t;");
const UNIQUE: (&str, &str) = ("2_unique.sql", "CREATE UNIQUE INDEX CONCURRENTLY one ON t (a);");

/// The warnings that a verb tells.
fn heard(set: Migrator) -> (Migrator, Arc<Mutex<Vec<String>>>) {
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let heard = warnings.clone();
    let set = set.on_progress(move |event| {
        if let Event::Warning(warning) = event {
            heard.lock().unwrap().push((*warning).to_owned());
        }
    });
    (set, warnings)
}

/// A deploy whose index failed was rolled back: the binary without the file starts, and says what there is.
#[test]
fn b1_what_failed_without_effect_blocks_nobody() {
    for driver in some(SOME) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let error = connection.run(&migrator(&[TABLE, DOWN, UNIQUE])).unwrap_err();
        assert_eq!(error.sqlstate(), Some("23505"), "{error}");
        let older = migrator(&[TABLE, DOWN]);
        type Verb = fn(&mut Connection, &Migrator) -> Result<(), Error>;
        let verbs: [Verb; 3] = [Connection::check, |c, set| c.run(set).map(drop), Connection::wait];
        for verb in verbs {
            verb(&mut connection, &older).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
        }
        let (older, warnings) = heard(older);
        connection.check(&older).unwrap();
        assert_eq!(warnings.lock().unwrap().len(), 1);
        assert!(warnings.lock().unwrap()[0].contains("migration 2 unique failed in its first statement"));
        let status = connection.status(&older).unwrap();
        assert_eq!((status.migrations()[1].standing(), status.pending().count()), (Standing::Failed, 0));
        // A hotfix of the older binary runs, and what it has applied is taken back.
        let hotfix =
            migrator(&[TABLE, DOWN, ("3_fix.up.sql", "INSERT INTO t VALUES (3);"), ("3_fix.down.sql", "SELECT 1;")]);
        assert_eq!(connection.run(&hotfix).unwrap().applied().count(), 1);
        assert_eq!(connection.revert(&hotfix, Revert::To("1".into())).unwrap().reverted().count(), 1);
        // The newer one comes again, when nothing is in its way any more.
        database.query("DELETE FROM t");
        assert_eq!(connection.run(&migrator(&[TABLE, DOWN, UNIQUE])).unwrap().applied().count(), 1);
        assert_eq!(database.history().last().map(String::as_str), Some("2|applied|1"), "{driver:?}");
    }
}

#[test]
fn b1_what_may_have_had_an_effect_does_block() {
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    let stops = ("2_stops.sql", "-- atlas:no-transaction\nINSERT INTO t VALUES (2);\nSELECT 1 / 0;");
    connection.run(&migrator(&[TABLE, stops])).unwrap_err();
    assert_eq!(connection.run(&migrator(&[TABLE])).unwrap_err().kind(), ErrorKind::Drift);
    let commits = ("3_commits.sql", "-- atlas:no-transaction\nDO $$ BEGIN COMMIT; PERFORM 1 / 0; END $$");
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    connection.run(&migrator(&[TABLE, commits])).unwrap_err();
    assert_eq!(connection.run(&migrator(&[TABLE])).unwrap_err().kind(), ErrorKind::Drift);
}

/// A statement that fails when a part of it has taken effect: the binary without the file stops, and that with it does the
/// rest, whatever it was that failed.
#[track_caller]
fn half_done(prepare: &str, statement: &str, holder: &str, left: &str, expected: &str) {
    for driver in some(SOME) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let older = migrator(&[("1_t.sql", prepare)]);
        connection.run(&older).unwrap();
        let mut other = Driver::Postgres.connect(&database.url());
        other.sql(&format!("BEGIN; {holder}"));
        let file = format!("-- atlas:lock-timeout 300ms\n{statement};");
        let set = migrator(&[("1_t.sql", prepare), ("2_half.sql", &file)]).retry_budget(Duration::ZERO);
        let error = connection.run(&set).unwrap_err();
        let said = error.to_string();
        assert_eq!(error.sqlstate(), Some("55P03"), "{driver:?}: {error}");
        assert!(said.contains("a part of it took effect and stays: the next run does the rest"), "{error}");
        assert!(!said.contains("nothing of it took effect"), "{error}");
        assert_eq!(database.value(left), "t", "{driver:?} {statement}");
        let error = connection.run(&older).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Drift, "{error}");
        assert!(error.to_string().contains("is not done, and this binary does not have it"), "{error}");
        other.sql("ROLLBACK");
        assert_eq!(connection.run(&set).unwrap().applied().count(), 1, "{driver:?} {statement}");
        assert_eq!(database.value(expected), "t", "{driver:?} {statement}");
    }
}

#[test]
fn b1_what_failed_half_done_does_block() {
    half_done(
        "CREATE TABLE t (a int); CREATE INDEX i ON t (a);",
        "DROP INDEX CONCURRENTLY i",
        "SELECT FROM t",
        "SELECT NOT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass",
        "SELECT to_regclass('i') IS NULL",
    );
    if Database::new().value("SELECT current_setting('server_version_num')::int < 140000") == "t" {
        // PostgreSQL 13 does not detach concurrently.
        return;
    }
    half_done(
        "CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE p PARTITION OF t FOR VALUES IN (1);",
        "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
        "SELECT FROM t",
        "SELECT inhdetachpending FROM pg_inherits",
        "SELECT NOT EXISTS (SELECT FROM pg_inherits)",
    );
}

const SQUASHED: (&str, &str) =
    ("004_squashed.sql", "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int);");

/// Three files were made one; each of the three rows is repaired as this says.
#[track_caller]
fn squashed(repair: Repair, history: &[&str]) {
    for driver in some(SOME) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let old = ["a", "b", "c"].map(|name| format!("CREATE TABLE {name} (id int);"));
        connection.run(&migrator(&[("001_a.sql", &old[0]), ("002_b.sql", &old[1]), ("003_c.sql", &old[2])])).unwrap();
        let set = migrator(&[SQUASHED]);
        let error = connection.run(&set).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Drift);
        let hint = "keep its row with `repair(&pool, \"001\", Repair::Applied)`, or remove it with `repair(&pool, \"001\", Repair::Removed)`";
        assert!(error.to_string().contains(hint), "{error}");
        for version in ["001", "2", "003"] {
            assert_eq!(connection.repair(&set, version, repair).unwrap().migrations().len(), 1);
        }
        connection.baseline(&set, "004").unwrap();
        assert!(connection.run(&set).unwrap().is_empty());
        connection.check(&set).unwrap();
        assert_eq!(database.query("SELECT version, state FROM schema_migrations ORDER BY 1"), history, "{driver:?}");
    }
}

#[test]
fn b2_rows_without_files_are_kept_or_removed() {
    squashed(Repair::Applied, &["001|applied", "002|applied", "003|applied", "004|baseline"]);
    squashed(Repair::Removed, &["004|baseline"]);
    squashed(Repair::Pending, &["004|baseline"]);
}

#[test]
fn b2_what_cannot_be_said_of_them() {
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    connection.run(&migrator(&[("1_a.sql", "SELECT 1"), ("R__v.sql", "SELECT 2")])).unwrap();
    let set = migrator(&[("1_a.sql", "SELECT 1")]);
    let mut kind = |version, repair| connection.repair(&set, version, repair).map(drop).map_err(|error| error.kind());
    assert_eq!(kind("1", Repair::Removed), Err(ErrorKind::Usage));
    assert_eq!(kind("R__v", Repair::Failed { completed: 0 }), Err(ErrorKind::Usage));
    assert_eq!(kind("R__v", Repair::Partly { completed: 0 }), Err(ErrorKind::Usage));
    assert_eq!(kind("7", Repair::Removed), Err(ErrorKind::UnknownVersion));
    assert_eq!(kind("1", Repair::Partly { completed: 1 }), Err(ErrorKind::Usage));
    assert_eq!(kind("R__v", Repair::Removed), Ok(()));
    assert_eq!(database.history(), ["1|applied|1"]);
}
