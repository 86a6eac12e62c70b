//! A run and a revert at the same time: whoever comes second waits, and goes by what is there then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use atlas_migrate::{Error, ErrorKind, Event, Migrator, Revert};
use atlas_migrate_tests::{Database, Driver, migrator, some, wait_for};

const SOME: [Driver; 2] = [Driver::SqlxPool, Driver::Postgres];

const WAITS: &str = "SELECT pg_advisory_lock(7); SELECT pg_advisory_unlock(7);";

/// The second one runs one by one, and each way it waits for a lock that the test holds.
fn set(up: &str, down: &str) -> Migrator {
    migrator(&[
        ("1_t.up.sql", "CREATE TABLE t (a int);"),
        ("1_t.down.sql", "DROP TABLE t;"),
        ("2_slow.up.sql", &format!("-- atlas:no-transaction\nINSERT INTO t VALUES (1);\n{up}")),
        ("2_slow.down.sql", &format!("-- atlas:no-transaction\n{down}\nDELETE FROM t;")),
    ])
}

/// Another process that is at it, until the lock is let go.
fn other(database: &Database, work: impl FnOnce(&str) -> Result<(), Error> + Send + 'static) -> JoinHandle<()> {
    let url = database.url();
    let other = thread::spawn(move || work(&url).unwrap());
    let waits = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
    wait_for("the other process", Duration::from_secs(20), || database.query(waits).pop());
    other
}

/// Lets go of the lock as soon as somebody is told to wait.
fn patient(set: &Migrator, database: &Database) -> (Migrator, Arc<AtomicBool>) {
    let has_waited = Arc::new(AtomicBool::new(false));
    let (waited, url) = (has_waited.clone(), database.url());
    let set = set.clone().on_progress(move |event| {
        if let Event::Waiting { .. } | Event::Pending { .. } = event
            && !waited.swap(true, Ordering::Relaxed)
        {
            let url = url.clone();
            let end =
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = 7
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            thread::spawn(move || Driver::Postgres.connect(&url).sql(end)).join().unwrap();
        }
    });
    (set, has_waited)
}

#[test]
fn d13_a_run_waits_for_a_revert() {
    for driver in some(SOME) {
        let (database, set) = (Database::new(), set("", WAITS));
        driver.connect(&database.url()).run(&set).unwrap();
        let mut holder = Driver::Postgres.connect(&database.url());
        holder.sql("SELECT pg_advisory_lock(7)");
        let reverting = set.clone();
        let revert =
            other(&database, move |url| Driver::Postgres.connect(url).revert(&reverting, Revert::Last).map(drop));
        let mut connection = driver.connect(&database.url());
        let error = connection.check(&set).unwrap_err();
        assert!(error.is_pending() && error.to_string().contains("another process is reverting it"), "{error}");
        assert_eq!(connection.status(&set).unwrap().migrations()[1].standing().as_str(), "reverting");
        assert_eq!(connection.plan(&set).unwrap().steps().len(), 1);
        let error = connection.wait(&set.clone().wait_budget(Duration::ZERO)).unwrap_err();
        assert!(error.is_pending(), "{error}");
        let error = connection.run(&set.clone().wait_budget(Duration::ZERO)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        let (patient, has_waited) = patient(&set, &database);
        assert_eq!(connection.run(&patient).unwrap().applied().count(), 1);
        assert!(has_waited.load(Ordering::Relaxed));
        revert.join().unwrap();
        assert_eq!(database.query("SELECT a FROM t"), ["1"], "{driver:?}");
    }
}

#[test]
fn d13_a_revert_waits_for_a_run() {
    for driver in some(SOME) {
        let (database, set) = (Database::new(), set(WAITS, ""));
        driver.connect(&database.url()).run(&migrator(&[("1_t.sql", "CREATE TABLE t (a int);")])).unwrap();
        let mut holder = Driver::Postgres.connect(&database.url());
        holder.sql("SELECT pg_advisory_lock(7)");
        let running = set.clone();
        let run = other(&database, move |url| Driver::Postgres.connect(url).run(&running).map(drop));
        let mut connection = driver.connect(&database.url());
        let error = connection.check(&set).unwrap_err();
        assert!(error.is_pending() && error.to_string().contains("another process is applying it"), "{error}");
        let (patient, has_waited) = patient(&set, &database);
        assert_eq!(connection.revert(&patient, Revert::Last).unwrap().reverted().count(), 1);
        assert!(has_waited.load(Ordering::Relaxed));
        run.join().unwrap();
        assert_eq!(database.history(), ["1|applied|1"], "{driver:?}");
    }
}

/// Two that revert the last one mean the same one: the second has nothing to do.
#[test]
fn d2_two_that_revert_the_last_one() {
    for driver in some(SOME) {
        for down in [format!("-- atlas:no-transaction\n{WAITS}"), WAITS.to_owned()] {
            let database = Database::new();
            let set = migrator(&[
                ("1_t.up.sql", "CREATE TABLE t (a int);"),
                ("1_t.down.sql", "DROP TABLE t;"),
                ("2_u.up.sql", "CREATE TABLE u (a int);"),
                ("2_u.down.sql", &format!("{down} DROP TABLE u;")),
            ]);
            driver.connect(&database.url()).run(&set).unwrap();
            let mut holder = Driver::Postgres.connect(&database.url());
            holder.sql("SELECT pg_advisory_lock(7)");
            let reverting = set.clone();
            let revert = other(&database, move |url| {
                Driver::Postgres.connect(url).revert(&reverting, Revert::Steps(1)).map(drop)
            });
            let (patient, has_waited) = patient(&set, &database);
            assert!(driver.connect(&database.url()).revert(&patient, Revert::Last).unwrap().is_empty());
            assert!(has_waited.load(Ordering::Relaxed));
            revert.join().unwrap();
            assert_eq!(database.history(), ["1|applied|1"], "{driver:?}");
        }
    }
}

/// Nor does one take back what came after its look.
#[test]
fn d2_a_revert_beside_a_run_that_was_not_meant() {
    let database = Database::new();
    let files = [
        ("1_t.up.sql", "CREATE TABLE t (a int);"),
        ("1_t.down.sql", "DROP TABLE t;"),
        ("2_u.up.sql", WAITS),
        ("2_u.down.sql", "SELECT 1;"),
    ];
    let set = migrator(&files);
    Driver::Postgres.connect(&database.url()).run(&migrator(&files[..2])).unwrap();
    let mut holder = Driver::Postgres.connect(&database.url());
    holder.sql("SELECT pg_advisory_lock(7)");
    let running = set.clone();
    let run = other(&database, move |url| Driver::Postgres.connect(url).run(&running).map(drop));
    let (patient, _) = patient(&set, &database);
    let error = Driver::SqlxPool.connect(&database.url()).revert(&patient, Revert::Last).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Irreversible, "{error}");
    assert!(error.to_string().contains("another process has applied migration 2 u"), "{error}");
    run.join().unwrap();
    assert_eq!(database.history(), ["1|applied|1", "2|applied|2"]);
}

/// The table of the history is locked right behind the commit of a migration: what went wrong is the next one's.
#[test]
fn d12_what_was_committed_is_not_said_to_be_rolled_back() {
    for driver in some(SOME) {
        let database = Database::new();
        let files =
            [("1_t.sql", "CREATE TABLE t (a int);"), ("2_slow.sql", "SELECT pg_sleep(0.7);"), ("3_u.sql", "SELECT 1;")];
        driver.connect(&database.url()).run(&migrator(&files[..1])).unwrap();
        let set = migrator(&files).lock_timeout(Duration::from_millis(100)).retry_budget(Duration::ZERO);
        let url = database.url();
        let run = thread::spawn(move || driver.connect(&url).run(&set).map(drop));
        let asleep = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
        wait_for("the migration", Duration::from_secs(20), || database.query(asleep).pop());
        let mut locker = Driver::Postgres.connect(&database.url());
        locker.sql("BEGIN; LOCK TABLE schema_migrations; SELECT pg_sleep(1); COMMIT");
        let error = run.join().unwrap().unwrap_err();
        assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::LockTimeout, Some("55P03")), "{driver:?}: {error}");
        let said = error.to_string();
        assert!(
            said.contains("migration 3 u failed") && said.contains("done before it, and stays: 2 slow"),
            "{driver:?}: {said}"
        );
        assert_eq!(database.history(), ["1|applied|1", "2|applied|1"]);
    }
}
