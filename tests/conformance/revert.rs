//! Taking migrations back.

use atlas_migrate::{ErrorKind, Migrator, Revert};
use atlas_migrate_tests::{Database, Driver, every_driver, migrator, wait_for};

fn three() -> Migrator {
    migrator(&[
        ("1_a.up.sql", "CREATE TABLE a (id int);"),
        ("1_a.down.sql", "DROP TABLE a;"),
        ("2_b.up.sql", "CREATE TABLE b (id int);"),
        ("2_b.down.sql", "DROP TABLE b;"),
        ("3_c.up.sql", "CREATE INDEX CONCURRENTLY c ON b (id);"),
        ("3_c.down.sql", "DROP INDEX CONCURRENTLY c;"),
    ])
}

fn reverted(report: &atlas_migrate::Report) -> Vec<String> {
    report.reverted().map(|done| done.version().to_string()).collect()
}

every_driver! {
    fn last_and_redo(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&three()).unwrap();
        assert_eq!(reverted(&connection.revert(&three(), Revert::Last).unwrap()), ["3"]);
        assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname = 'c'"), "0");
        assert_eq!(database.history(), ["1|applied|1", "2|applied|1"]);
        assert_eq!(connection.run(&three()).unwrap().applied().count(), 1);
        assert_eq!(database.history(), ["1|applied|1", "2|applied|1", "3|applied|1"]);
    }

    fn steps_and_all(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&three()).unwrap();
        assert_eq!(reverted(&connection.revert(&three(), Revert::Steps(2)).unwrap()), ["3", "2"]);
        assert_eq!(reverted(&connection.revert(&three(), Revert::All).unwrap()), ["1"]);
        assert!(connection.revert(&three(), Revert::Last).unwrap().is_empty());
        assert!(database.history().is_empty());
        assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b', 'c')"), "0");
    }

    fn to_a_version(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&three()).unwrap();
        assert_eq!(reverted(&connection.revert(&three(), Revert::To("1".into())).unwrap()), ["3", "2"]);
        assert!(connection.revert(&three(), Revert::To("1".into())).unwrap().is_empty());
        let unknown = connection.revert(&three(), Revert::To("9".into())).unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::UnknownVersion);
    }

    fn without_a_down_file_nothing_is_reverted(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let set = migrator(&[
            ("1_a.sql", "CREATE TABLE a (id int);"),
            ("2_b.up.sql", "CREATE TABLE b (id int);"),
            ("2_b.down.sql", "DROP TABLE b;"),
        ]);
        connection.run(&set).unwrap();
        assert_eq!(connection.revert(&set, Revert::All).unwrap_err().kind(), ErrorKind::Irreversible);
        assert_eq!(database.history().len(), 2);
        assert_eq!(reverted(&connection.revert(&set, Revert::Last).unwrap()), ["2"]);
    }

    fn a_failing_down_file_leaves_all_as_it_was(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let set = migrator(&[("1_a.up.sql", "CREATE TABLE a (id int);"), ("1_a.down.sql", "DROP TABLE a;\nDROP TABLE z;")]);
        connection.run(&set).unwrap();
        let error = connection.revert(&set, Revert::Last).unwrap_err();
        assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Failed, Some("42P01")));
        assert_eq!(error.position().map(|(path, line, _)| (path, line)), Some(("migrations/1_a.down.sql", 2)));
        assert_eq!(database.history(), ["1|applied|1"]);
        assert_eq!(database.value("SELECT count(*) FROM a"), "0");
    }

    fn an_empty_down_file_only_forgets(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let set = migrator(&[("1_a.up.sql", "CREATE TABLE a (id int);"), ("1_a.down.sql", "")]);
        connection.run(&set).unwrap();
        assert_eq!(reverted(&connection.revert(&set, Revert::Last).unwrap()), ["1"]);
        assert!(database.history().is_empty());
        assert_eq!(database.value("SELECT count(*) FROM a"), "0");
    }

    /// The row is found, however the binary that wrote it spelled the version.
    fn renumbered_with_zeros(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&three()).unwrap();
        let renamed = migrator(&[
            ("001_a.up.sql", "CREATE TABLE a (id int);"),
            ("001_a.down.sql", "DROP TABLE a;"),
            ("002_b.up.sql", "CREATE TABLE b (id int);"),
            ("002_b.down.sql", "DROP TABLE b;"),
            ("003_c.up.sql", "CREATE INDEX CONCURRENTLY c ON b (id);"),
            ("003_c.down.sql", "DROP INDEX CONCURRENTLY c;"),
        ]);
        assert_eq!(reverted(&connection.revert(&renamed, Revert::All).unwrap()), ["003", "002", "001"]);
        assert!(database.history().is_empty());
        assert_eq!(connection.run(&renamed).unwrap().applied().count(), 3);
        assert_eq!(database.history(), ["001|applied|1", "002|applied|1", "003|applied|1"]);
    }

    /// What a statement that ran by itself has taken back is not taken back again, though the rest may now run at once.
    fn a_down_file_that_stopped_goes_on_in_a_transaction_too(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let set = |down: &str| migrator(&[("1_a.up.sql", "CREATE TABLE a (id int);"), ("1_a.down.sql", down)]);
        let stops = set("-- atlas:no-transaction\nDROP TABLE a;\nDROP TABLE z;");
        connection.run(&stops).unwrap();
        assert_eq!(connection.revert(&stops, Revert::Last).unwrap_err().sqlstate(), Some("42P01"));
        assert_eq!(database.history(), ["1|reverting|1"]);
        let mended = set("DROP TABLE a;\nDROP TABLE IF EXISTS z;");
        assert_eq!(reverted(&connection.revert(&mended, Revert::Last).unwrap()), ["1"]);
        assert!(database.history().is_empty());
    }
}

/// Two that mean the same migration take it back once, and not the one before it.
#[test]
fn d1_two_at_once_take_back_one() {
    let slow = "SELECT pg_sleep(1); DROP TABLE b;";
    let set = migrator(&[
        ("1_a.up.sql", "CREATE TABLE a (id int);"),
        ("1_a.down.sql", "DROP TABLE a;"),
        ("2_b.up.sql", "CREATE TABLE b (id int);"),
        ("2_b.down.sql", slow),
    ]);
    let database = Database::new();
    Driver::Postgres.connect(&database.url()).run(&set).unwrap();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| Driver::Postgres.connect(&database.url()).revert(&set, Revert::Last).unwrap());
        let sleeps =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
        wait_for("a revert under way", std::time::Duration::from_secs(20), || {
            (database.value(sleeps) == "1").then_some(())
        });
        let second = Driver::Postgres.connect(&database.url()).revert(&set, Revert::Last).unwrap();
        assert!(second.is_empty(), "{second}");
        assert_eq!(reverted(&first.join().unwrap()), ["2"]);
    });
    assert_eq!(database.history(), ["1|applied|1"]);
}
