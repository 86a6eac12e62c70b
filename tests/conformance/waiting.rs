//! Waiting until somebody else has migrated.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use atlas_migrate::{Error, ErrorKind, Event, Migrator};
use atlas_migrate_tests::{Database, Driver, every_driver, migrator, wait_for};

const A: (&str, &str) = ("1_a.sql", "CREATE TABLE a (id int);");
const B: (&str, &str) = ("2_b.sql", "CREATE TABLE b (id int);");

/// A run in another process's place.
type Other = thread::JoinHandle<Result<(), Error>>;

/// Starts a run.
fn start(url: &str, set: Migrator) -> Other {
    let url = url.to_owned();
    thread::spawn(move || Driver::Postgres.connect(&url).run(&set).map(drop))
}

/// A migrator that starts this run as soon as it is told that something is pending; and the run that it started.
fn starting(url: String, waits: Migrator, runs: Migrator) -> (Migrator, Arc<Mutex<Option<Other>>>) {
    let other = Arc::new(Mutex::new(None));
    let started = other.clone();
    let waits = waits.on_progress(move |event| {
        if let Event::Pending { pending, .. } = event {
            assert!(*pending > 0);
            started.lock().unwrap().get_or_insert_with(|| start(&url, runs.clone()));
        }
    });
    (waits, other)
}

/// Waits for a run of the same migrations that begins only when it waits already.
#[track_caller]
fn check(driver: Driver, files: &[(&str, &str)]) {
    let database = Database::new();
    let (waits, other) = starting(database.url(), migrator(files), migrator(files));
    let mut connection = driver.connect(&database.url());
    connection.wait(&waits.wait_budget(Duration::from_secs(60))).unwrap();
    connection.check(&migrator(files)).unwrap();
    assert_eq!(database.history().len(), files.len());
    other.lock().unwrap().take().expect("nothing was pending").join().unwrap().unwrap();
}

every_driver! {
    fn until_somebody_has_migrated(driver) {
        check(driver, &[A, ("2_b.sql", "CREATE TABLE b AS SELECT 1 AS one FROM pg_sleep(0.2);")]);
    }

    /// The history has its row long before it is done.
    fn until_a_migration_is_done_that_runs_one_by_one(driver) {
        check(driver, &[A, ("2_slow.sql", "-- atlas:no-transaction\nSELECT pg_sleep(0.2);\nSELECT pg_sleep(0.2);\nVACUUM a;")]);
    }

    fn returns_at_once_when_up_to_date(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[A, B])).unwrap();
        let set = migrator(&[A, B]).wait_budget(Duration::ZERO);
        connection.wait(&set.on_progress(|event| panic!("there is nothing to wait for: {event:?}"))).unwrap();
    }

    fn budget(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[A])).unwrap();
        let before = database.snapshot();
        let started = Instant::now();
        let error = connection.wait(&migrator(&[A, B]).wait_budget(Duration::from_millis(300))).unwrap_err();
        let waited = started.elapsed();
        assert_eq!(error.kind(), ErrorKind::Pending);
        assert!((Duration::from_millis(300)..Duration::from_secs(5)).contains(&waited), "{waited:?}");
        assert_eq!(database.snapshot(), before);
    }

    fn drift_is_no_reason_to_wait(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[A, B])).unwrap();
        let edited = migrator(&[A, ("2_b.sql", "CREATE TABLE b (id bigint);"), ("3_c.sql", "SELECT 1;")]);
        let edited = edited.on_progress(|event| panic!("nobody can mend this: {event:?}"));
        assert_eq!(connection.wait(&edited).unwrap_err().kind(), ErrorKind::Drift);
        assert_eq!(connection.wait(&migrator(&[A])).unwrap_err().kind(), ErrorKind::Drift);
    }

    fn needs_no_more_than_select(driver) {
        let database = Database::new();
        let role = format!("waits_{}_{driver:?}", std::process::id()).to_lowercase();
        driver.connect(&database.url()).run(&migrator(&[A])).unwrap();
        database.query(&format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON schema_migrations TO {role};
            ALTER ROLE {role} SET default_transaction_read_only = on"));
        let (waits, other) = starting(database.url(), migrator(&[A, B]), migrator(&[A, B]));
        let mut connection = driver.connect(&database.url_as(&role));
        connection.wait(&waits).unwrap();
        drop(connection);
        other.lock().unwrap().take().expect("nothing was pending").join().unwrap().unwrap();
        database.query(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    }

    /// The history table is not there yet, and whoever waits does not make it.
    fn writes_nothing(driver) {
        let database = Database::new();
        let before = database.snapshot();
        let set = migrator(&[A]).wait_budget(Duration::from_millis(50));
        assert_eq!(driver.connect(&database.url()).wait(&set).unwrap_err().kind(), ErrorKind::Pending);
        assert_eq!(database.snapshot(), before);
    }
}

/// The pauses of one who waits are the server's; they are short enough to notice soon, and no event for each.
#[test]
fn tells_seldom() {
    let database = Database::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = told.clone();
    let set = migrator(&[A, B]).wait_budget(Duration::from_millis(2500)).on_progress(move |event| {
        if let Event::Pending { waited, pending } = event {
            heard.lock().unwrap().push((*waited, *pending));
        }
    });
    Driver::Postgres.connect(&database.url()).wait(&set).unwrap_err();
    let told = told.lock().unwrap();
    assert_eq!(told.iter().map(|(_, pending)| *pending).collect::<Vec<_>>(), [2, 2], "{told:?}");
    assert!(told[0].0 < Duration::from_secs(1) && told[1].0 >= Duration::from_secs(1), "{told:?}");
}

/// Whoever migrates is not held up by those who wait, whose pauses are transactions.
#[test]
fn holds_nobody_up() {
    let database = Database::new();
    let files = [A, ("2_i.sql", "CREATE INDEX CONCURRENTLY i ON a (id);\nCREATE INDEX CONCURRENTLY j ON a (id);")];
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let (url, set) = (database.url(), migrator(&files));
            thread::spawn(move || Driver::Postgres.connect(&url).wait(&set))
        })
        .collect();
    let asleep = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    wait_for("three who wait", Duration::from_secs(10), || (database.value(asleep) == "3").then_some(()));
    let started = Instant::now();
    Driver::Postgres.connect(&database.url()).run(&migrator(&files)).unwrap();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    waiting.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
}
