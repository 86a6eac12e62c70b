//! Two versions of a program on one database, as in a rolling deploy: the older one starts again after the newer one has migrated.

use atlas_migrate::{ErrorKind, Migrator, Newer, Standing};
use atlas_migrate_tests::{Connection, Database, every_driver, migrator};

const A: (&str, &str) = ("1_a.sql", "CREATE TABLE a (id int);");
const BREAKING: (&str, &str) = ("2_b.sql", "CREATE TABLE b (id int);");
const COMPATIBLE: (&str, &str) = ("2_b.sql", "-- atlas:compatible\nCREATE TABLE b (id int);");

const ONE: &str = "CREATE OR REPLACE VIEW v AS SELECT 1 AS version;";
const TWO: &str = "CREATE OR REPLACE VIEW v AS SELECT 2 AS version;";
const THREE: &str = "CREATE OR REPLACE VIEW v AS SELECT 3 AS version;";

/// A version of the program: its migrations, one of which is a view that is made anew whenever it changes.
fn version(migrations: &[(&str, &str)], view: &str) -> Migrator {
    migrator(&[migrations, &[("R__v.sql", view)]].concat())
}

fn view(database: &Database) -> String {
    database.value("SELECT version FROM v")
}

/// Starts the program, which finds nothing to do and leaves the history as it is. Gives the warnings.
#[track_caller]
fn starts_again(database: &Database, connection: &mut Connection, program: &Migrator) -> Vec<String> {
    let rows = "SELECT * FROM schema_migrations ORDER BY version";
    let before = database.query(rows);
    connection.check(program).unwrap();
    connection.wait(program).unwrap();
    assert!(connection.plan(program).unwrap().is_empty());
    let report = connection.run(program).unwrap();
    assert!(report.is_empty(), "{report}");
    assert_eq!(database.query(rows), before);
    report.warnings().to_vec()
}

/// The older one starts again, and is told that its view is not the one in the database, which stays.
#[track_caller]
fn leaves_the_view(database: &Database, connection: &mut Connection, older: &Migrator) {
    let before = view(database);
    let warnings = starts_again(database, connection, older);
    assert!(matches!(warnings.as_slice(), [one] if one.starts_with("R__v ")), "{warnings:?}");
    let status = connection.status(older).unwrap();
    let standing = status.migrations().iter().find(|line| line.version().to_string() == "R__v").unwrap().standing();
    assert_eq!(standing, Standing::Superseded);
    assert_eq!(view(database), before);
}

every_driver! {
    fn a_newer_migration_that_is_compatible(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&version(&[A, COMPATIBLE], ONE)).unwrap();
        assert!(starts_again(&database, &mut connection, &version(&[A], ONE)).is_empty());
        connection.run(&version(&[A, COMPATIBLE], TWO)).unwrap();
        leaves_the_view(&database, &mut connection, &version(&[A], ONE));
    }

    fn a_newer_migration_that_is_not(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&version(&[A, BREAKING], TWO)).unwrap();
        let older = version(&[A], ONE);
        assert_eq!(connection.run(&older).unwrap_err().kind(), ErrorKind::Drift);
        assert_eq!(connection.check(&older).unwrap_err().kind(), ErrorKind::Drift);
        assert_eq!(connection.wait(&older).unwrap_err().kind(), ErrorKind::Drift);
        leaves_the_view(&database, &mut connection, &older.newer(Newer::Accept));
    }

    /// A form that the history never had: only that the database is ahead tells that it is an old one.
    fn a_form_that_never_ran(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&version(&[A, COMPATIBLE], THREE)).unwrap();
        leaves_the_view(&database, &mut connection, &version(&[A], ONE));
        // Where the database is not ahead, it is a new one.
        connection.run(&version(&[A, COMPATIBLE], ONE)).unwrap();
        assert_eq!(view(&database), "1");
    }

    fn back_and_forth(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let (one, two, three) = (version(&[A], ONE), version(&[A], TWO), version(&[A], THREE));
        connection.run(&one).unwrap();
        assert_eq!(connection.run(&two).unwrap().applied().count(), 1);
        for _ in 0..2 {
            leaves_the_view(&database, &mut connection, &one);
            assert!(starts_again(&database, &mut connection, &two).is_empty());
            assert_eq!(view(&database), "2");
        }
        connection.run(&three).unwrap();
        leaves_the_view(&database, &mut connection, &one);
        leaves_the_view(&database, &mut connection, &two);
        assert!(starts_again(&database, &mut connection, &three).is_empty());
        assert_eq!(view(&database), "3");
    }

    /// The file of an earlier form with a comment is not one that was there before.
    fn going_back_on_purpose(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let (one, two) = (version(&[A], ONE), version(&[A], TWO));
        connection.run(&one).unwrap();
        connection.run(&two).unwrap();
        let back = version(&[A], &format!("-- two was a mistake\n{ONE}"));
        assert_eq!(connection.run(&back).unwrap().applied().count(), 1);
        assert_eq!(view(&database), "1");
        assert!(starts_again(&database, &mut connection, &back).is_empty());
        leaves_the_view(&database, &mut connection, &two);
        // The file without the comment has the same SQL, so that nothing is superseded.
        assert!(starts_again(&database, &mut connection, &one).is_empty());
    }

    /// Other migrations of an older binary run all the same.
    fn an_older_view_beside_something_new(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&version(&[A], ONE)).unwrap();
        connection.run(&version(&[A], TWO)).unwrap();
        let report = connection.run(&version(&[A, BREAKING], ONE)).unwrap();
        assert_eq!(report.applied().map(|done| done.version().to_string()).collect::<Vec<_>>(), ["2"]);
        assert_eq!(report.warnings().len(), 1);
        assert_eq!(view(&database), "2");
    }

    fn a_repeatable_one_that_failed_halfway(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let alone = |view: &str, end: &str| version(&[A], &format!("-- atlas:no-transaction\n{view}\n{end};"));
        connection.run(&alone(ONE, "VACUUM a")).unwrap();
        connection.run(&alone(TWO, "VACUUM nowhere")).unwrap_err();
        assert_eq!(view(&database), "2");
        // The older one neither goes on with it nor puts its own back.
        leaves_the_view(&database, &mut connection, &alone(ONE, "VACUUM a"));
        assert_eq!(database.value("SELECT concat_ws(' ', state, statements) FROM schema_migrations WHERE version = 'R__v'"), "failed 1");
        let mended = alone(TWO, "VACUUM a");
        assert_eq!(connection.run(&mended).unwrap().applied().count(), 1);
        assert!(starts_again(&database, &mut connection, &mended).is_empty());
        leaves_the_view(&database, &mut connection, &alone(ONE, "VACUUM a"));
    }

    /// What stopped before anything of it ran has replaced nothing; its binary tries again, an older one does not.
    fn a_repeatable_one_that_failed_at_once(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let one = version(&[A], ONE);
        connection.run(&one).unwrap();
        let failing = |end: &str| version(&[A], &format!("-- atlas:no-transaction\n{end};\n{TWO}"));
        connection.run(&failing("VACUUM nowhere")).unwrap_err();
        leaves_the_view(&database, &mut connection, &one);
        assert_eq!(connection.run(&failing("VACUUM a")).unwrap().applied().count(), 1);
        assert_eq!(view(&database), "2");
    }

    fn a_repeatable_one_that_fails_in_a_transaction(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let one = version(&[A], ONE);
        connection.run(&one).unwrap();
        connection.run(&version(&[A], &format!("{TWO}\nSELECT 1 / 0;"))).unwrap_err();
        assert!(starts_again(&database, &mut connection, &one).is_empty());
        assert_eq!(view(&database), "1");
    }
}
