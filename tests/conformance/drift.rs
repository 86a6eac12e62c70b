//! What was applied is not what the binary has.

use atlas_migrate::clean::Resetter;
use atlas_migrate::{ErrorKind, Migrator, Newer, OutOfOrder, Repair, Revert, Standing};
use atlas_migrate_core::checksum::Fingerprint;
use atlas_migrate_tests::{Connection, Database, Driver, every_driver, migrator};

const A: (&str, &str) = ("1_a.sql", "CREATE TABLE a (id int);");
const B: (&str, &str) = ("2_b.sql", "CREATE TABLE b (id int);");
const C: (&str, &str) = ("3_c.sql", "CREATE TABLE c (id int);");
const COMPATIBLE: (&str, &str) = ("3_c.sql", "-- atlas:compatible\nCREATE TABLE c (id int);");
const VIEW: (&str, &str) = ("R__view.sql", "CREATE OR REPLACE VIEW v AS SELECT 1 AS one;");

#[track_caller]
fn standings(connection: &mut Connection, migrator: &Migrator, expected: &[Standing]) {
    let status = connection.status(migrator).unwrap();
    assert_eq!(status.migrations().iter().map(|line| line.standing()).collect::<Vec<_>>(), expected);
}

/// A run, a plan and a check say the same, and nothing is written.
#[track_caller]
fn refused(database: &Database, connection: &mut Connection, migrator: &Migrator) {
    let before = database.query("SELECT * FROM schema_migrations ORDER BY version");
    assert_eq!(connection.run(migrator).unwrap_err().kind(), ErrorKind::Drift);
    assert_eq!(connection.plan(migrator).unwrap_err().kind(), ErrorKind::Drift);
    assert_eq!(connection.check(migrator).unwrap_err().kind(), ErrorKind::Drift);
    assert_eq!(database.query("SELECT * FROM schema_migrations ORDER BY version"), before);
}

every_driver! {
    fn changed(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[A, B])).unwrap();
        let edited = migrator(&[A, ("2_b.sql", "CREATE TABLE b (id bigint);"), C]);
        refused(&database, &mut connection, &edited);
        standings(&mut connection, &edited, &[Standing::Applied, Standing::Changed, Standing::Pending]);
    }

    fn reformatted(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[A, B])).unwrap();
        let same = migrator(&[A, ("2_b.sql", "\u{feff}-- a table\r\nCREATE TABLE\r\n  b (id int)")]);
        assert!(connection.run(&same).unwrap().is_empty());
        assert!(connection.check(&same).is_ok());
        standings(&mut connection, &same, &[Standing::Applied, Standing::Reformatted]);
    }

    fn missing(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[A, B, C])).unwrap();
        let without = migrator(&[A, C]);
        refused(&database, &mut connection, &without.clone().newer(Newer::Accept));
        standings(&mut connection, &without, &[Standing::Applied, Standing::Missing, Standing::Applied]);
    }

    fn newer(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[A, B, C])).unwrap();
        let older = migrator(&[A, B]);
        refused(&database, &mut connection, &older);
        assert!(connection.run(&older.clone().newer(Newer::Accept)).unwrap().is_empty());
        standings(&mut connection, &older, &[Standing::Applied, Standing::Applied, Standing::Newer]);
    }

    fn newer_and_compatible(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[A, B, COMPATIBLE])).unwrap();
        let older = migrator(&[A, B]);
        assert!(connection.run(&older).unwrap().is_empty());
        assert!(connection.check(&older).is_ok());
    }

    fn out_of_order(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[A, C])).unwrap();
        let all = migrator(&[A, B, C]);
        refused(&database, &mut connection, &all);
        standings(&mut connection, &all, &[Standing::Applied, Standing::OutOfOrder, Standing::Applied]);
        let report = connection.run(&all.clone().out_of_order(OutOfOrder::Allow)).unwrap();
        assert_eq!(report.applied().count(), 1);
        assert!(connection.run(&all).unwrap().is_empty());
    }

    fn repeatable_runs_again_when_it_changes(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        assert_eq!(connection.run(&migrator(&[VIEW, A])).unwrap().to_string().lines().count(), 2);
        assert!(connection.run(&migrator(&[VIEW, A])).unwrap().is_empty());
        let edited = migrator(&[("R__view.sql", "CREATE OR REPLACE VIEW v AS SELECT 2 AS one;"), A]);
        standings(&mut connection, &edited, &[Standing::Applied, Standing::Outdated]);
        assert_eq!(connection.run(&edited).unwrap().applied().count(), 1);
        assert_eq!(database.value("SELECT one FROM v"), "2");
        assert_eq!(database.value("SELECT count(*) FROM schema_migrations"), "2");
        assert!(connection.run(&edited).unwrap().is_empty());
    }

    /// The second one uses what the first one makes, and both use what the versioned ones make.
    fn repeatables_run_last_and_by_name(driver) {
        let database = Database::new();
        let set = migrator(&[
            ("R__b.sql", "CREATE OR REPLACE VIEW b_view AS SELECT * FROM a_view;"),
            ("R__a.sql", "CREATE OR REPLACE VIEW a_view AS SELECT * FROM a;"),
            A,
        ]);
        driver.connect(&database.url()).run(&set).unwrap();
        assert_eq!(database.query("SELECT version FROM schema_migrations ORDER BY applied_at"), ["1", "R__a", "R__b"]);
    }

    /// A newer binary that brings one must not keep an older one from starting where newer ones are accepted.
    fn a_repeatable_one_that_the_binary_does_not_have(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[A, VIEW])).unwrap();
        let older = migrator(&[A]);
        refused(&database, &mut connection, &older);
        assert!(connection.run(&older.clone().newer(Newer::Accept)).unwrap().is_empty());
        standings(&mut connection, &older, &[Standing::Applied, Standing::Newer]);
    }

    fn a_repeatable_one_that_was_skipped_gets_another_turn_when_it_changes(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let view = |condition: &str, sql: &str| {
            let text = format!("-- atlas:skip-unless {condition}\nCREATE OR REPLACE VIEW v AS SELECT {sql} AS one;");
            migrator(&[A, ("R__view.sql", &text)])
        };
        assert_eq!(connection.run(&view("false", "1")).unwrap().skipped().count(), 1);
        assert!(connection.run(&view("true", "1")).unwrap().is_empty());
        assert_eq!(connection.run(&view("true", "2")).unwrap().applied().count(), 1);
        assert_eq!(database.value("SELECT one FROM v"), "2");
    }

    /// `1` and `001` are one version.
    fn renumbered_with_zeros(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[A, B])).unwrap();
        let renamed = migrator(&[("001_a.sql", A.1), ("002_b.sql", B.1)]);
        assert!(connection.run(&renamed).unwrap().is_empty());
    }
}

/// A database with the first set, on which a run of the second one is refused; the hint says what of it.
#[track_caller]
fn e9_refused(first: &Migrator, second: &Migrator, hint: &str) -> (Database, Connection) {
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    connection.run(first).unwrap();
    let error = connection.run(second).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Drift, "{error}");
    assert!(error.to_string().contains(hint), "{error}");
    (database, connection)
}

const COUNT: &str = "CREATE TABLE IF NOT EXISTS counted (n int); INSERT INTO counted VALUES (1);";

#[test]
fn e9_renumbered() {
    let set = |last: &str| migrator(&[A, B, (last, COUNT)]);
    let (database, mut connection) =
        e9_refused(&set("3_c.sql"), &set("4_c.sql"), "give migrations/4_c.sql the version 3 again");
    assert!(connection.run(&set("3_d.sql")).unwrap().is_empty());
    assert_eq!(database.value("SELECT count(*) FROM counted"), "1");

    // Somebody else's has its version now.
    let merged = |theirs: &str, mine: &str| migrator(&[A, B, (theirs, "CREATE TABLE theirs (id int)"), (mine, COUNT)]);
    let hint = "give migrations/4_c.sql the version 3 again, and migrations/3_t.sql a higher one";
    let (database, mut connection) = e9_refused(&set("3_c.sql"), &merged("3_t.sql", "4_c.sql"), hint);
    assert_eq!(connection.run(&merged("4_t.sql", "3_c.sql")).unwrap().applied().count(), 1);
    assert_eq!(database.value("SELECT count(*) FROM counted"), "1");

    // Where the old version is accepted, the new one does not run all the same.
    let accepting = set("3_c.sql").newer(Newer::Accept).out_of_order(OutOfOrder::Allow);
    let (database, mut connection) =
        e9_refused(&set("4_c.sql"), &accepting, "give migrations/3_c.sql the version 4 again");
    assert!(connection.plan(&accepting).is_err());
    assert_eq!(database.value("SELECT count(*) FROM counted"), "1");
}

#[test]
fn e9_another_program() {
    let theirs = migrator(&[("1_init.sql", "CREATE TABLE x (id int)"), ("2_y.sql", "CREATE TABLE y (id int)")]);
    let ours = migrator(&[A, B, C]);
    let (_database, mut connection) = e9_refused(&theirs, &ours, "a name of their own with `namespace(..)`");
    let ours = ours.namespace("ours");
    assert_eq!(connection.run(&ours).unwrap().applied().count(), 3);
    assert!(connection.run(&ours).unwrap().is_empty());
    assert!(connection.run(&theirs).unwrap().is_empty());
}

#[test]
fn e9_the_newest_file_is_being_written() {
    let set = |last: &str| migrator(&[A, ("2_b.up.sql", last), ("2_b.down.sql", "DROP TABLE b")]);
    let edited = set("CREATE TABLE b (id bigint)");
    let hint = "take it back with `revert(&pool, Revert::Last)`, then run";
    let (_database, mut connection) = e9_refused(&set(B.1), &edited, hint);
    assert_eq!(connection.revert(&edited, Revert::Last).unwrap().reverted().count(), 1);
    assert_eq!(connection.run(&edited).unwrap().applied().count(), 1);

    let edited = migrator(&[A, ("2_b.sql", "CREATE TABLE b (id bigint)")]);
    let (database, mut connection) = e9_refused(&migrator(&[A, B]), &edited, "can begin again, with `clean::Resetter`");
    let resetter = Resetter::new(&edited).confirm(database.value("SELECT current_database()"));
    connection.reset(&resetter).unwrap();
    assert!(connection.run(&edited).unwrap().is_empty());
}

#[test]
fn e9_the_change_is_there() {
    let edited = migrator(&[("1_a.sql", "CREATE TABLE a (id bigint);"), B]);
    let hint = "record that with `repair(&pool, \"1\", Repair::Applied)`";
    let (_database, mut connection) = e9_refused(&migrator(&[A, B]), &edited, hint);
    connection.repair(&edited, "1", Repair::Applied).unwrap();
    assert!(connection.run(&edited).unwrap().is_empty());
}

/// Rows whose fingerprint is that of the words as they were written, as all had it once, are of the same SQL; and case is no
/// change where it means nothing.
#[test]
fn e8_rows_of_before() {
    let first = "CREATE INDEX CONCURRENTLY By_Id ON a (id);";
    let alone = format!("-- atlas:no-transaction\n{first}\nCREATE TABLE B ();");
    let view = "CREATE OR REPLACE VIEW V AS SELECT 'Ä' AS Ä FROM a;";
    let files = [A, ("2_b.sql", alone.as_str()), ("R__v.sql", view)];
    let set = migrator(&files);
    let texts = [("1", A.1), ("2", &alone), ("R__v", view)];
    for state in ["applied", "baseline"] {
        let database = Database::new();
        let mut connection = Driver::Postgres.connect(&database.url());
        connection.run(&set).unwrap();
        for (version, text) in texts {
            let row = format!("fingerprint = '{}', state = '{state}'", Fingerprint::as_written(text));
            database.query(&format!("UPDATE schema_migrations SET {row} WHERE version = '{version}'"));
        }
        connection.check(&set).unwrap();
        assert!(connection.run(&set).unwrap().is_empty(), "{state}");
        assert!(connection.status(&set).unwrap().migrations().iter().all(|line| line.standing() != Standing::Changed));
        let edited = migrator(&[("1_a.sql", "CREATE TABLE a (id text);"), files[1], files[2]]);
        refused(&database, &mut connection, &edited);
    }
    // One that was cut off goes on where it was.
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    let failing = alone.replace("B ()", "a ()");
    assert!(connection.run(&migrator(&[A, ("2_b.sql", &failing)])).unwrap_err().is_failed());
    let row =
        format!("fingerprint = '{}'", Fingerprint::as_written(&alone[..alone.find(first).unwrap() + first.len() - 1]));
    database.query(&format!("UPDATE schema_migrations SET {row} WHERE version = '2' AND statements = 1"));
    connection.run(&set).unwrap();
    assert_eq!(database.history(), ["1|applied|1", "2|applied|2", "R__v|applied|1"]);
    // A formatter is at work.
    let lower = [A.1, &alone, view].map(|text| text.to_lowercase().replace('ä', "Ä"));
    let lower = migrator(&[("1_a.sql", &lower[0]), ("2_b.sql", &lower[1]), ("R__v.sql", &lower[2])]);
    connection.check(&lower).unwrap();
    assert!(connection.run(&lower).unwrap().is_empty());
}
