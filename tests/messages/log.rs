//! What a run tells the log.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use atlas_migrate_tests::{Database, Driver, migrator, wait_for};

use super::{A, check};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The lines of ours that are logged meanwhile.
fn logged(work: impl FnOnce()) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
        .without_time()
        .with_ansi(false)
        .finish();
    let guard = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
    work();
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
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
