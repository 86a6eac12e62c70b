//! Migrations whose statements cannot be in a transaction.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use atlas_migrate::{ErrorKind, Event, Migrator, Standing, TransactionMode};
use atlas_migrate_tests::{Database, Driver, every_driver, migrator, wait_for};

const TABLE: (&str, &str) = ("1_t.sql", "CREATE TABLE t (a int, b int);");

/// One of its statements takes effect.
const STOPS: &str = "-- atlas:no-transaction\nINSERT INTO t VALUES (1);\nSELECT 1 / 0;";

/// What a process does that goes on with a migration that stopped; and one that goes away.
const TAKE_UP: &str = "UPDATE schema_migrations SET state = 'running', applied_at = clock_timestamp(), runner = (SELECT \
    concat_ws(' ', 'token', pid, extract(epoch FROM backend_start)) FROM pg_stat_activity WHERE pid = pg_backend_pid()) \
    WHERE state IN ('failed', 'running')";
const LEAVE: &str = "";

/// Another process's connection, which a run's listener can use: that may be within a runtime.
struct Other(Mutex<(mpsc::Sender<&'static str>, mpsc::Receiver<()>)>);

impl Other {
    fn new(database: &Database) -> Self {
        let mut connection = Driver::Postgres.connect(&database.url());
        let (orders, ordered) = mpsc::channel();
        let (report, reports) = mpsc::channel();
        thread::spawn(move || {
            for sql in ordered {
                match sql {
                    LEAVE => break,
                    sql => connection.sql(sql),
                };
                report.send(()).unwrap();
            }
        });
        Self(Mutex::new((orders, reports)))
    }

    /// Does it, and waits until it is done. Who has left does nothing any more.
    fn send(&self, sql: &'static str) {
        let both = self.0.lock().unwrap();
        if both.0.send(sql).is_ok() {
            let _left = both.1.recv();
        }
    }
}

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

    fn goes_on_under_another_spelling_of_the_version(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let text = "-- atlas:no-transaction\nINSERT INTO t VALUES (1);\nSELECT 1 / 0;\nINSERT INTO t VALUES (2);";
        connection.run(&migrator(&[TABLE, ("2_steps.sql", text)])).unwrap_err();
        let renamed = migrator(&[TABLE, ("002_steps.sql", &text.replace("1 / 0", "1"))]);
        assert_eq!(connection.run(&renamed).unwrap().applied().count(), 1);
        assert_eq!(database.history(), ["1|applied|1", "2|applied|3"]);
        assert_eq!(database.query("SELECT a FROM t ORDER BY a"), ["1", "2"]);
        assert!(connection.run(&renamed).unwrap().is_empty());
    }

    /// The directive was a mistake, and so was the first statement.
    fn mended_into_one_that_runs_in_a_transaction(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[TABLE, ("2_i.sql", "CREATE INDEX CONCURRENTLY i ON nowhere (a);")])).unwrap_err();
        assert_eq!(database.history(), ["1|applied|1", "2|failed|0"]);
        let mended = migrator(&[TABLE, ("2_i.sql", "CREATE INDEX i ON t (a);\nCREATE INDEX j ON t (b);")]);
        assert_eq!(connection.run(&mended).unwrap().applied().count(), 1);
        assert_eq!(database.history(), ["1|applied|1", "2|applied|2"]);
        assert!(connection.run(&mended).unwrap().is_empty());
    }

    /// What has run stays as it ran, and so the rest runs.
    fn goes_on_without_a_transaction_whatever_the_file_says_now(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let text = "INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (1 / 0);\nINSERT INTO t VALUES (3);";
        let stops = format!("-- atlas:no-transaction\n{text}");
        connection.run(&migrator(&[TABLE, ("2_steps.sql", &stops)])).unwrap_err();
        let mended = migrator(&[TABLE, ("2_steps.sql", &text.replace("1 / 0", "2"))]);
        assert_eq!(connection.run(&mended).unwrap().applied().count(), 1);
        assert_eq!(database.query("SELECT a FROM t ORDER BY a"), ["1", "2", "3"]);
        assert_eq!(database.history(), ["1|applied|1", "2|applied|3"]);
    }

    fn a_repeatable_one_that_was_changed_begins_anew(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let text = "-- atlas:no-transaction\nINSERT INTO t VALUES (1);\nSELECT 1 / 0;";
        connection.run(&migrator(&[TABLE, ("R__r.sql", text)])).unwrap_err();
        assert_eq!(database.history(), ["1|applied|1", "R__r|failed|1"]);
        let mended = migrator(&[TABLE, ("R__r.sql", "-- atlas:no-transaction\nINSERT INTO t VALUES (2);")]);
        assert_eq!(connection.run(&mended).unwrap().applied().count(), 1);
        assert_eq!(database.query("SELECT a FROM t ORDER BY a"), ["1", "2"]);
        assert_eq!(database.history(), ["1|applied|1", "R__r|applied|1"]);
    }

    /// It waits for as long as the other process is there, and not until its own patience ends.
    fn takes_over_from_a_process_that_goes_away(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[TABLE, ("2_steps.sql", STOPS)])).unwrap_err();
        let other = Other::new(&database);
        other.send(TAKE_UP);
        let set = migrator(&[TABLE, ("2_steps.sql", &STOPS.replace("1 / 0", "1"))])
            .wait_budget(Duration::from_secs(10))
            .on_progress(move |event| {
                if let Event::Waiting { .. } = event {
                    other.send(LEAVE);
                }
            });
        let started = Instant::now();
        assert_eq!(connection.run(&set).unwrap().applied().count(), 1);
        assert!(started.elapsed() < Duration::from_secs(5));
        assert_eq!(database.query("SELECT a FROM t"), ["1"]);
    }

    /// What was nobody's at the first look may be somebody's when its turn comes.
    fn waits_for_a_process_that_came_meanwhile(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[TABLE, ("3_steps.sql", STOPS)])).unwrap_err();
        // As if it had been killed.
        database.query("UPDATE schema_migrations SET state = 'running' WHERE state = 'failed'");
        let waited = Arc::new(AtomicBool::new(false));
        let (other, has_waited) = (Other::new(&database), waited.clone());
        let set = migrator(&[TABLE, ("2_more.sql", "SELECT 1"), ("3_steps.sql", &STOPS.replace("1 / 0", "1"))])
            .on_progress(move |event| match event {
                Event::Started { remaining: 2, .. } => other.send(TAKE_UP),
                Event::Waiting { .. } => {
                    has_waited.store(true, Ordering::Relaxed);
                    other.send(LEAVE);
                }
                _ => {}
            });
        assert_eq!(connection.run(&set).unwrap().applied().count(), 2);
        assert!(waited.load(Ordering::Relaxed));
        assert_eq!(database.query("SELECT a FROM t"), ["1"]);
    }

    /// Its holder seemed to be gone, and has come to its end since: nothing of it runs a second time.
    fn a_row_that_has_changed_is_not_taken_over(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[TABLE, ("2_steps.sql", STOPS)])).unwrap_err();
        let other = Other::new(&database);
        let set = migrator(&[TABLE, ("2_steps.sql", &STOPS.replace("1 / 0", "1"))]).on_progress(move |event| {
            if let Event::Started { .. } = event {
                other.send("UPDATE schema_migrations SET state = 'skipped' WHERE version = '2'");
            }
        });
        assert!(connection.run(&set).unwrap().is_empty());
        assert_eq!(database.history(), ["1|applied|1", "2|skipped|1"]);
    }

    /// A login that may not look into other users' sessions sees by their locks that they are at work.
    fn waits_for_a_process_of_another_user(driver) {
        let database = Database::new();
        let role = format!("limited_{}", database.value("SELECT current_database()"));
        database.query("CREATE PROCEDURE slow() LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); COMMIT; PERFORM pg_sleep(1); END'");
        database.query(&format!("CREATE ROLE {role} LOGIN"));
        let set = migrator(&[("1_slow.sql", "-- atlas:no-transaction\nCALL slow();")]);
        let run = {
            let (url, set) = (database.url(), set.clone());
            thread::spawn(move || driver.connect(&url).run(&set).map(drop))
        };
        let at_work = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '/* atlas-migrate %CALL slow()'";
        wait_for("the procedure", Duration::from_secs(20), || database.query(at_work).pop());
        database.query("UPDATE schema_migrations SET applied_at = now() - interval '1 hour'");
        database.query(&format!("GRANT ALL ON schema_migrations TO {role}; GRANT ALL ON SCHEMA public TO {role}"));
        let impatient = set.clone().wait_budget(Duration::from_millis(50));
        let error = driver.connect(&database.url_as(&role)).run(&impatient).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        run.join().unwrap().unwrap();
        assert!(driver.connect(&database.url_as(&role)).run(&set).unwrap().is_empty());
        database.query(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
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

    /// Whoever lost it looks again, and goes on with what is left.
    fn a_lease_that_is_lost_is_waited_for(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let before = connection.sql("SHOW work_mem");
        let other = Other::new(&database);
        let waited = Arc::new(AtomicBool::new(false));
        let has_waited = waited.clone();
        let text = "-- atlas:no-transaction\nSET work_mem = '9MB';\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nVACUUM t;";
        let set = migrator(&[TABLE, ("2_alone.sql", text)]).on_progress(move |event| match event {
            Event::Statement { completed: 2, .. } => other.send(TAKE_UP),
            Event::Waiting { .. } => {
                has_waited.store(true, Ordering::Relaxed);
                other.send(LEAVE);
            }
            _ => {}
        });
        assert_eq!(connection.run(&set).unwrap().applied().count(), 2);
        assert!(waited.load(Ordering::Relaxed));
        // The one that it was lost with was rolled back.
        assert_eq!(database.query("SELECT a FROM t ORDER BY a"), ["1", "2"]);
        assert_eq!(connection.sql("SHOW work_mem"), before);
    }

    /// What can be in a transaction takes effect together with the record that it did.
    fn a_statement_in_a_transaction_of_its_own(driver) {
        let database = Database::new();
        let text = "-- atlas:no-transaction\nINSERT INTO t SELECT 1 FROM (SELECT txid_current()) x;\n\
            DO $$ BEGIN INSERT INTO t VALUES (2); END $$;\nALTER TYPE mood ADD VALUE 'ok';\nVACUUM t;";
        let set = migrator(&[TABLE, ("2_mood.sql", "CREATE TYPE mood AS ENUM ('sad');"), ("3_alone.sql", text)]);
        driver.connect(&database.url()).run(&set).unwrap();
        assert_eq!(database.query("SELECT a FROM t ORDER BY a"), ["1", "2"]);
        assert_eq!(database.value("SELECT count(*) FROM pg_enum"), "2");
    }

    /// The statement took effect: only the record is tried again.
    fn a_record_that_has_to_wait(driver) {
        let database = Database::new();
        let procedure = "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN INSERT INTO t VALUES (1); COMMIT; PERFORM pg_sleep(0.5); END'";
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[TABLE, ("2_p.sql", procedure)])).unwrap();
        let set = migrator(&[TABLE, ("2_p.sql", procedure), ("3_alone.sql", "-- atlas:no-transaction\nVACUUM t;\nCALL p();\nVACUUM t;")]);
        let set = set.lock_timeout(Duration::from_millis(50));
        let run_locked = |set: &Migrator| {
            let other = Arc::new(Other::new(&database));
            let (url, leaving) = (database.url(), other.clone());
            let set = set.clone().on_progress(move |event| {
                if let Event::Retrying { .. } = event {
                    leaving.send(LEAVE);
                }
            });
            let run = thread::spawn(move || driver.connect(&url).run(&set).map(drop));
            let calls = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
                AND query LIKE '/* atlas-migrate %CALL p()'";
            wait_for("the procedure", Duration::from_secs(20), || database.query(calls).pop());
            other.send("BEGIN; LOCK TABLE schema_migrations IN SHARE MODE");
            let result = run.join().unwrap();
            other.send(LEAVE);
            result
        };
        let error = run_locked(&set.clone().retry_budget(Duration::ZERO)).unwrap_err();
        assert_eq!(error.sqlstate(), Some("55P03"), "{error}");
        assert_eq!(connection.run(&set).unwrap_err().kind(), ErrorKind::InDoubt);
        database.query("UPDATE schema_migrations SET runner = NULL, state = 'failed' WHERE version = '3'; DELETE FROM t");
        run_locked(&set).unwrap();
        assert_eq!(database.query("SELECT a FROM t"), ["1"]);
        assert_eq!(database.history()[2], "3|applied|3");
    }

    /// It waits for a table no longer than any other migration would.
    fn a_statement_in_a_transaction_of_its_own_does_not_wait_for_ever(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[TABLE])).unwrap();
        let other = Other::new(&database);
        other.send("BEGIN; SELECT FROM t");
        let retried = Arc::new(AtomicBool::new(false));
        let has_retried = retried.clone();
        let text = "-- atlas:no-transaction\nALTER TABLE t ADD c int;\nVACUUM t;";
        let set = migrator(&[TABLE, ("2_alone.sql", text)]).lock_timeout(Duration::from_millis(50)).on_progress(move |event| {
            if let Event::Retrying { .. } = event {
                has_retried.store(true, Ordering::Relaxed);
                other.send(LEAVE);
            }
        });
        connection.run(&set).unwrap();
        assert!(retried.load(Ordering::Relaxed));
    }

    fn progress_is_told(driver) {
        let database = Database::new();
        let events = Arc::new(Mutex::new(Vec::new()));
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
