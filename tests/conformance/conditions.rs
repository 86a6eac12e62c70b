//! `require` and `skip-unless`.

use atlas_migrate::ErrorKind;
use atlas_migrate_tests::{Database, every_driver, migrator};

const TABLE: (&str, &str) = ("1_events.sql", "CREATE TABLE events (id int); INSERT INTO events VALUES (1);");

every_driver! {
    fn requirement_that_is_not_met(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let set = migrator(&[
            TABLE,
            ("2_convert.sql", "-- atlas:require NOT EXISTS (SELECT FROM events) | the events table must be empty\nCREATE TABLE z ();"),
        ]);
        let error = connection.run(&set).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Precondition);
        assert!(error.to_string().starts_with("migration 2 convert was stopped: the events table must be empty"), "{error}");
        assert_eq!(error.report().applied().count(), 1);
        assert_eq!(database.history(), ["1|applied|2"]);

        database.query("DELETE FROM events");
        assert_eq!(connection.run(&set).unwrap().applied().count(), 1);
    }

    fn skipped_and_recorded(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let condition = "EXISTS (SELECT FROM pg_available_extensions WHERE name = 'no_such_extension')";
        let text = format!("-- atlas:skip-unless {condition}\nCREATE EXTENSION no_such_extension;");
        let set = migrator(&[TABLE, ("2_extension.sql", text.as_str()), ("3_more.sql", "CREATE TABLE more (id int);")]);
        let report = connection.run(&set).unwrap();
        assert_eq!((report.applied().count(), report.skipped().count()), (2, 1));
        assert_eq!(database.history(), ["1|applied|2", "2|skipped|0", "3|applied|1"]);
        assert!(connection.run(&set).unwrap().is_empty());
    }

    fn conditions_that_hold(driver) {
        let database = Database::new();
        let text = "-- atlas:skip-unless EXISTS (SELECT FROM events)\n-- atlas:require (SELECT count(*) FROM events) = 1\nCREATE TABLE z (id int);";
        let report = driver.connect(&database.url()).run(&migrator(&[TABLE, ("2_z.sql", text)])).unwrap();
        assert_eq!(report.applied().count(), 2);
    }

    fn condition_that_fails(driver) {
        let database = Database::new();
        let text = "-- atlas:require (SELECT nothing FROM nowhere)\nCREATE TABLE z (id int);";
        let error = driver.connect(&database.url()).run(&migrator(&[TABLE, ("2_z.sql", text)])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Precondition);
        assert!(error.to_string().contains("relation \"nowhere\" does not exist"), "{error}");
        assert_eq!(error.position(), Some(("migrations/2_z.sql", 1, 18)));
        assert_eq!(database.history(), ["1|applied|2"]);
    }
}
