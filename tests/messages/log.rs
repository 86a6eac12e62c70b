//! What a run tells the log.

use std::cell::RefCell;
use std::sync::Once;
use std::time::Duration;

use atlas_migrate_tests::{Database, Driver, migrator, wait_for};

use super::{A, check};

thread_local! {
    static WRITTEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What this thread logs.
struct OfThisThread;

impl std::io::Write for OfThisThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        WRITTEN.with_borrow_mut(|written| written.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The lines of ours that are logged meanwhile.
fn logged(work: impl FnOnce()) -> String {
    let text = all_logged(work);
    text.lines().filter(|line| line.contains("atlas_migrate")).collect::<Vec<_>>().join("\n")
}

/// All that is logged meanwhile.
fn all_logged(work: impl FnOnce()) -> String {
    // One for the whole process: subscribers of several threads get into each other's way.
    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_writer(|| OfThisThread)
            .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
            .without_time()
            .with_ansi(false)
            .finish();
        tracing_subscriber::util::SubscriberInitExt::init(subscriber);
    });
    WRITTEN.take();
    work();
    String::from_utf8(WRITTEN.take()).unwrap()
}

#[test]
fn what_the_log_says() {
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    let set = migrator(&[A, ("002_alone.sql", "VACUUM a; VACUUM a;"), ("R__v.sql", "SELECT 1;")]);
    check("log", logged(|| drop(connection.run(&set).unwrap())));
}

#[test]
fn whom_a_run_waits_for() {
    let database = Database::new();
    let url = format!("{}?application_name=deployer", database.url());
    let set = migrator(&[("001_slow.sql", "SELECT pg_sleep(1.7);")]);
    let slow = set.clone();
    let other = std::thread::spawn(move || drop(Driver::Postgres.connect(&url).run(&slow).unwrap()));
    let asleep = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    wait_for("the other run's migration", Duration::from_secs(20), || database.query(asleep).pop());
    let mut connection = Driver::Postgres.connect(&database.url());
    let text = logged(|| drop(connection.run(&set).unwrap()));
    check("log of a run that waits", text);
    other.join().unwrap();
}

/// A migration that takes long does not make sqlx log the library's SQL; what the program itself sends is logged as before.
#[test]
fn e4_the_librarys_sql_is_not_logged() {
    for driver in [Driver::SqlxPool, Driver::SqlxConnection] {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let mut run = |files: &[(&str, &str)]| all_logged(|| drop(connection.run(&migrator(files))));
        let logs = [
            run(&[A, ("002_slow.sql", "SELECT pg_sleep(1.2);")]),
            run(&[A, ("002_slow.sql", "SELECT pg_sleep(1.2);")]),
            run(&[
                A,
                ("002_slow.sql", "SELECT pg_sleep(1.2);"),
                ("003_fails.sql", "SELECT pg_sleep(1.2); SELECT 1 / 0;"),
            ]),
            run(&[
                A,
                ("002_slow.sql", "SELECT pg_sleep(1.2);"),
                ("003_alone.sql", "-- atlas:no-transaction\nSELECT pg_sleep(1.2);"),
            ]),
        ];
        for text in &logs {
            for never in ["sqlx::query", "slow statement", "atlas_granted", "BEGIN"] {
                assert!(!text.contains(never), "{driver:?}: {never} in\n{text}");
            }
        }
        assert!(
            logs[0].contains("migration finished") && logs[3].contains("statement completed"),
            "{driver:?}: {logs:?}"
        );
        let own = all_logged(|| drop(connection.sql("SELECT 'the program itself'")));
        assert!(own.contains("sqlx::query") && own.contains("the program itself"), "{driver:?}: {own}");
    }
}

/// What the server says while files run, and nothing that it says of the library's own statements.
#[test]
fn b14_notices_of_the_server() {
    const FILES: [(&str, &str); 5] = [
        (
            "001_a.up.sql",
            "CREATE TABLE a (); CREATE TABLE IF NOT EXISTS a (); DO $$ BEGIN RAISE WARNING 'first'; END $$;",
        ),
        ("001_a.down.sql", "DROP TABLE a; DO $$ BEGIN RAISE WARNING 'down'; END $$;"),
        (
            "002_alone.up.sql",
            "-- atlas:no-transaction\nDO $$ BEGIN RAISE WARNING 'alone'; END $$; VACUUM a; DO $$ BEGIN RAISE NOTICE 'last'; END $$;",
        ),
        ("002_alone.down.sql", "SELECT 1"),
        ("003_temporary.sql", "CREATE TEMPORARY TABLE t (); CREATE TEMPORARY VIEW v AS SELECT * FROM t;"),
    ];
    for driver in [Driver::SqlxPool, Driver::SqlxConnection] {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let heard: std::sync::Arc<std::sync::Mutex<Vec<String>>> = std::sync::Arc::default();
        let told = heard.clone();
        let set = migrator(&FILES[..4]).on_progress(move |event| {
            if let atlas_migrate::Event::Notice { of, severity, message } = event {
                told.lock().unwrap().push(format!("{severity} {of}: {message}"));
            }
        });
        let text = all_logged(|| {
            let report = connection.run(&set).unwrap();
            assert_eq!(report.warnings(), ["001 a: first", "002 alone: alone"], "{driver:?}");
            assert!(connection.run(&set).unwrap().warnings().is_empty());
            let report = connection.revert(&set, atlas_migrate::Revert::All).unwrap();
            assert_eq!(report.warnings(), ["001 a: down"], "{driver:?}");
        });
        let expected = [
            "notice 001 a: relation \"a\" already exists, skipping",
            "warning 001 a: first",
            "warning 002 alone: alone",
            "notice 002 alone: last",
            "warning 001 a: down",
        ];
        assert_eq!(*heard.lock().unwrap(), expected, "{driver:?}");
        assert!(!text.contains("sqlx::postgres::notice"), "{driver:?}: {text}");
        assert!(text.contains("WARN") && text.contains("first"), "{driver:?}: {text}");
        heard.lock().unwrap().clear();
        connection.run(&migrator(&FILES)).unwrap();
        assert!(connection.run(&migrator(&FILES)).unwrap().warnings().is_empty());
        // What the program itself raises is still where it was.
        let own = all_logged(|| drop(connection.sql("DO $$ BEGIN RAISE WARNING 'of the program'; END $$")));
        assert!(own.contains("sqlx::postgres::notice") && own.contains("of the program"), "{driver:?}: {own}");
    }
}
