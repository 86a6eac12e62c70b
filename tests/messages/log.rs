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
    let text = String::from_utf8(WRITTEN.take()).unwrap();
    text.lines().filter(|line| line.contains("atlas_migrate")).collect::<Vec<_>>().join("\n")
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
    let Some((text, _)) = text.split_once(" SET LOCAL") else { panic!("{text}") };
    check("log of a run that waits", format!("{text} [and so on]"));
    other.join().unwrap();
}
