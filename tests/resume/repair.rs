//! What people say about a statement that the catalog tells nothing of.

use super::*;

const PROCEDURE: &str = "CREATE TABLE t (a int);\n\
    CREATE PROCEDURE p(a int) LANGUAGE plpgsql AS 'BEGIN INSERT INTO t VALUES (a); COMMIT; END'";

fn steps() -> Migrator {
    migrator(&[("1_alone.sql", "-- atlas:no-transaction\nCALL p(1);\nCALL p(2);\nCALL p(3);")])
}

/// After a crash in the second statement, a repair and a run the table has these rows.
#[track_caller]
fn check(repair: Repair, expected: &[&str]) {
    for driver in DRIVERS {
        let database = Database::new();
        PROCEDURE.split(";\n").for_each(|sql| drop(database.query(sql)));
        let mut connection = driver.connect(&database.url());
        let two = migrator(&[("1_alone.sql", "-- atlas:no-transaction\nCALL p(1);\nSELECT 1 / 0;")]);
        connection.run(&two).unwrap_err();
        database.query("UPDATE schema_migrations SET state = 'running', runner = 'gone'");
        assert_eq!(connection.run(&steps()).unwrap_err().kind(), ErrorKind::InDoubt);

        let report = connection.repair(&steps(), "1", repair).unwrap();
        assert_eq!(report.migrations().len(), 1);
        connection.run(&steps()).unwrap();
        assert_eq!(database.query("SELECT a FROM t ORDER BY a"), expected, "{driver:?} {repair:?}");
        assert_eq!(database.history(), ["1|applied|3"]);
        assert!(connection.run(&steps()).unwrap().is_empty());
    }
}

#[test]
fn it_took_effect() {
    check(Repair::Failed { completed: 2 }, &["1", "3"]);
}

#[test]
fn it_did_not() {
    check(Repair::Failed { completed: 1 }, &["1", "2", "3"]);
}

#[test]
fn all_of_it_did() {
    check(Repair::Applied, &["1"]);
    check(Repair::Failed { completed: 3 }, &["1"]);
}

#[test]
fn nothing_did() {
    check(Repair::Pending, &["1", "1", "2", "3"]);
}

#[test]
fn a_file_that_was_changed_on_purpose() {
    for driver in DRIVERS {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[("1_t.sql", "CREATE TABLE t (a int)"), ("R__v.sql", "SELECT 1")])).unwrap();
        let changed = migrator(&[("001_t.sql", "CREATE TABLE t (a bigint)"), ("R__v.sql", "SELECT 2")]);
        assert_eq!(connection.run(&changed).unwrap_err().kind(), ErrorKind::Drift);
        connection.repair(&changed, "1", Repair::Applied).unwrap();
        connection.repair(&changed, "R__v", Repair::Applied).unwrap();
        assert!(connection.run(&changed).unwrap().is_empty());
        connection.repair(&changed, "R__v", Repair::Pending).unwrap();
        assert_eq!(connection.run(&changed).unwrap().applied().count(), 1);
    }
}

#[test]
fn what_makes_no_sense() {
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    connection.run(&migrator(&[("1_t.sql", "CREATE TABLE t (a int)")])).unwrap();
    let set = migrator(&[("1_t.sql", "CREATE TABLE t (a int)")]);
    let kind = |result: Result<_, Error>| result.map(drop).unwrap_err().kind();
    assert_eq!(kind(connection.repair(&set, "2", Repair::Applied)), ErrorKind::UnknownVersion);
    assert_eq!(kind(connection.repair(&set, "1", Repair::Failed { completed: 2 })), ErrorKind::Usage);
    // What has not run is pending already.
    let more = migrator(&[("1_t.sql", "CREATE TABLE t (a int)"), ("2_u.sql", "SELECT 1")]);
    connection.repair(&more, "2", Repair::Pending).unwrap();
    assert_eq!(database.history(), ["1|applied|1"]);
}
