//! Migrations whose statements cannot be in a transaction.

use atlas_migrate::{ErrorKind, Event, Standing, TransactionMode};
use atlas_migrate_tests::{Database, Driver, migrator};

const TABLE: (&str, &str) = ("1_t.sql", "CREATE TABLE t (a int, b int);");

every_driver! {
    fn index_concurrently(driver) {
        let database = Database::new();
        let set = migrator(&[
            TABLE,
            ("2_index.sql", "CREATE INDEX CONCURRENTLY by_a ON t (a);"),
            ("3_indexes.sql", "CREATE INDEX CONCURRENTLY by_b ON t (b);\nCREATE UNIQUE INDEX CONCURRENTLY by_both ON t (a, b)"),
            ("4_vacuum.sql", "VACUUM t;"),
            ("5_more.sql", "ALTER TABLE t ADD c int;"),
        ]);
        let mut connection = driver.connect(&database.url());
        connection.run(&set).unwrap();
        assert!(connection.run(&set).unwrap().is_empty());
        assert_eq!(database.history(), ["1|applied|1", "2|applied|1", "3|applied|2", "4|applied|1", "5|applied|1"]);
        assert_eq!(database.value("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indisvalid"), "3");
        assert_eq!(database.value("SELECT count(*) FROM schema_migrations WHERE runner IS NOT NULL"), "0");
    }

    fn stops_and_goes_on_where_it_stopped(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let text = "-- atlas:no-transaction\nINSERT INTO t VALUES (1, 1);\nSET work_mem = '9MB';\nSELECT 1 / 0;\nINSERT INTO t VALUES (2, 2);\n";
        let set = migrator(&[TABLE, ("2_steps.sql", text)]);
        let error = connection.run(&set).unwrap_err();
        assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Failed, Some("22012")));
        assert_eq!(error.position(), Some(("migrations/2_steps.sql", 4, 1)));
        assert_eq!(database.history(), ["1|applied|1", "2|failed|2"]);
        assert_eq!(connection.status(&set).unwrap().migrations()[1].standing(), Standing::Unfinished);
        assert_ne!(connection.sql("SHOW work_mem"), "9MB");

        // What has run may not be changed, what has not may.
        let elsewhere = migrator(&[TABLE, ("2_steps.sql", &text.replace("(1, 1)", "(3, 3)"))]);
        assert_eq!(connection.run(&elsewhere).unwrap_err().kind(), ErrorKind::Drift);
        let mended = migrator(&[TABLE, ("2_steps.sql", &text.replace("1 / 0", "1"))]);
        assert_eq!(connection.run(&mended).unwrap().applied().count(), 1);
        assert_eq!(database.query("SELECT a FROM t ORDER BY a"), ["1", "2"]);
        assert_eq!(database.history(), ["1|applied|1", "2|applied|4"]);
        assert!(connection.run(&mended).unwrap().is_empty());
    }

    fn a_position_in_the_statement(driver) {
        let database = Database::new();
        let text = "-- ünïcödé\nCREATE INDEX CONCURRENTLY by_a ON t (a);\n\nCREATE INDEX CONCURRENTLY \"bäd\" ON nowhere (a);\n";
        let error = driver.connect(&database.url()).run(&migrator(&[TABLE, ("2_i.sql", text)])).unwrap_err();
        assert_eq!(error.position().map(|(path, line, _)| (path, line)), Some(("migrations/2_i.sql", 4)));
    }

    fn not_with_all_in_one_transaction(driver) {
        let database = Database::new();
        let set = migrator(&[TABLE, ("2_index.sql", "CREATE INDEX CONCURRENTLY by_a ON t (a);")]);
        let error = driver.connect(&database.url()).run(&set.transaction_mode(TransactionMode::All)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname IN ('t', 'schema_migrations')"), "0");
    }

    fn timeouts_of_the_role_do_not_stop_it(driver) {
        let database = Database::new();
        let name = database.value("SELECT current_database()");
        database.query(&format!("ALTER DATABASE {name} SET statement_timeout = '150ms'"));
        let set = migrator(&[("1_slow.sql", "-- atlas:no-transaction\nSELECT pg_sleep(0.3);\nSELECT 1")]);
        let mut connection = driver.connect(&database.url());
        connection.run(&set).unwrap();
        assert_eq!(connection.sql("SHOW statement_timeout"), "150ms");
    }

    fn progress_is_told(driver) {
        let database = Database::new();
        let events = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = events.clone();
        let set = migrator(&[TABLE, ("2_two.sql", "VACUUM t; VACUUM t;")]).on_progress(move |event| {
            seen.lock().unwrap().push(match event {
                Event::Started { migration, remaining } => format!("{} of {remaining}", migration.version()),
                Event::Statement { completed, total, .. } => format!("statement {completed} of {total}"),
                Event::Finished(done) => format!("{} {}", done.version(), done.outcome()),
                other => format!("{other:?}"),
            });
        });
        driver.connect(&database.url()).run(&set).unwrap();
        let expected = ["1 of 2", "1 applied", "2 of 1", "statement 1 of 2", "statement 2 of 2", "2 applied"];
        assert_eq!(*events.lock().unwrap(), expected);
    }
}
