//! Migrations that want a table that somebody else is using, and everybody who queues up behind them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use atlas_migrate::{Error, ErrorKind, Event, Migrator, Report, TransactionMode};
use atlas_migrate_tests::{Connection, Database, Driver, every_driver, migrator, wait_for};

const LOCK_TIMEOUT: Duration = Duration::from_millis(100);

/// The ways in which a migration can have its table altered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Each,
    All,
    OneByOne,
}

const WAYS: [Way; 3] = [Way::Each, Way::All, Way::OneByOne];

/// The first migration can be applied in any case; the second one wants a table that is held.
fn set(way: Way) -> Migrator {
    let (head, mode) = match way {
        Way::Each => ("", TransactionMode::Each),
        Way::All => ("", TransactionMode::All),
        Way::OneByOne => ("-- atlas:no-transaction\nSELECT 1;\n", TransactionMode::Each),
    };
    let wants = format!("{head}ALTER TABLE held ADD b int;");
    let set = migrator(&[("1_a.sql", "CREATE TABLE a (id int);"), ("2_wants.sql", &wants)]);
    set.transaction_mode(mode).lock_timeout(LOCK_TIMEOUT)
}

/// A database with a table that a long transaction has read from.
fn held() -> (Database, Connection) {
    let database = Database::new();
    database.query("CREATE TABLE held (a int)");
    let mut holder = Driver::Postgres.connect(&format!("{}?application_name=report", database.url()));
    holder.sql("BEGIN; SELECT * FROM held");
    (database, holder)
}

/// What a run was told about trying again: how often it was tried, and the pause to come.
type Told = Arc<Mutex<Vec<(u32, Duration)>>>;

fn listening(set: Migrator) -> (Migrator, Told) {
    let told = Told::default();
    let heard = told.clone();
    let set = set.on_progress(move |event| {
        if let Event::Retrying { attempts, pause, migration, reason, .. } = event {
            assert_eq!(migration.name(), "wants");
            assert!(reason.contains("lock timeout"), "{reason}");
            let mut told = heard.lock().unwrap();
            told.push((*attempts, *pause));
            assert_eq!(*attempts as usize, told.len(), "{told:?}");
        }
    });
    (set, told)
}

fn in_background(url: String, set: Migrator) -> thread::JoinHandle<Result<Report, Error>> {
    thread::spawn(move || Driver::Postgres.connect(&url).run(&set))
}

/// Each pause is about twice the one before it, give or take a half.
#[track_caller]
fn check_pauses(told: &[(u32, Duration)]) {
    for (index, (_, pause)) in told.iter().enumerate() {
        let expected = Duration::from_millis(100 << index);
        assert!((expected / 2..=expected * 3 / 2).contains(pause), "{told:?}");
    }
}

/// The table is held for longer than the budget.
#[track_caller]
fn check_gives_up(driver: Driver, way: Way) {
    let (database, mut holder) = held();
    let pid = holder.sql("SELECT pg_backend_pid()");
    let (set, told) = listening(set(way).retry_budget(Duration::from_millis(900)));
    let mut connection = driver.connect(&database.url());
    let started = Instant::now();
    let error = connection.run(&set).unwrap_err();
    let took = started.elapsed();
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::LockTimeout, Some("55P03")), "{way:?}: {error}");
    // The last attempt begins within the budget or at the end of a pause that did.
    assert!((Duration::from_millis(900)..Duration::from_secs(10)).contains(&took), "{way:?}: {took:?}");
    let line = if way == Way::OneByOne { 3 } else { 1 };
    // The blocking client does not tell which statement it was, and what went before cannot be had again.
    let place = Some(("migrations/2_wants.sql", line, 1)).filter(|_| (driver, way) != (Driver::Postgres, Way::All));
    assert_eq!(error.position(), place, "{way:?}");
    let blocker = format!(
        "held is locked by pid {pid} (user postgres, application \"report\", host 127.0.0.1), idle in transaction"
    );
    assert!(error.to_string().contains(&blocker), "{way:?}: {error}");
    let told = told.lock().unwrap();
    assert!(told.len() >= 2, "{way:?}: {told:?}");
    check_pauses(&told);

    holder.sql("COMMIT");
    connection.run(&set).unwrap_or_else(|error| panic!("{way:?}: {error}"));
    assert_eq!(database.value("SELECT count(b) FROM held"), "0");
    assert_eq!(database.value("SELECT count(*) FROM schema_migrations WHERE state = 'applied'"), "2");
}

every_driver! {
    fn gives_up_and_names_who_is_in_the_way(driver) {
        WAYS.into_iter().for_each(|way| check_gives_up(driver, way));
    }

    fn e4_succeeds_once_the_table_is_free(driver) {
        for way in WAYS {
            let (database, holder) = held();
            let holder = Mutex::new(Some(holder));
            let set = set(way).on_progress(move |event| {
                if let Event::Retrying { holder, .. } = event {
                    let named = holder.map(|holder| (holder.user(), holder.table()));
                    assert_eq!(named, Some(("postgres", Some("held"))), "{event:?}");
                }
                if let Event::Retrying { attempts: 2.., .. } = event {
                    // The connection is not to be closed within a runtime.
                    let holder = holder.lock().unwrap().take();
                    thread::spawn(move || drop(holder)).join().unwrap();
                }
            });
            let report = driver.connect(&database.url()).run(&set).unwrap_or_else(|error| panic!("{way:?}: {error}"));
            let versions: Vec<_> = report.applied().map(|done| done.version().to_string()).collect();
            assert_eq!(versions, ["1", "2"], "{way:?}");
            assert_eq!(database.value("SELECT count(b) FROM held"), "0");
        }
    }
}

/// Those that were in each other's way do not come back at the same moment.
#[test]
fn pauses_differ_from_run_to_run() {
    let (database, _holder) = held();
    let runs: Vec<_> = (0..2)
        .map(|namespace| {
            let (set, told) = listening(set(Way::Each).namespace(namespace.to_string()));
            let set = set.retry_budget(Duration::from_millis(400));
            database.query("DROP TABLE IF EXISTS a");
            Driver::Postgres.connect(&database.url()).run(&set).unwrap_err();
            let told = told.lock().unwrap().clone();
            check_pauses(&told);
            told
        })
        .collect();
    assert_ne!(runs[0][0], runs[1][0]);
}

/// How long each of the queries took that others made on the table until this was over.
fn queries_until(url: &str, over: &AtomicBool) -> Vec<Duration> {
    let mut reader = Driver::Postgres.connect(url);
    let mut took = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let started = Instant::now();
        reader.sql("SELECT count(a) FROM held");
        took.push(started.elapsed());
        thread::sleep(Duration::from_millis(5));
    }
    took
}

/// What readers of the table met with while a migration wanted it for this long.
fn readers_meanwhile(set: Migrator, time: Duration) -> Vec<Duration> {
    let (database, mut holder) = held();
    let run = in_background(database.url(), set);
    let wants =
        "SELECT FROM pg_locks WHERE relation = 'held'::regclass AND mode = 'AccessExclusiveLock' AND NOT granted";
    wait_for("a migration that wants the table", Duration::from_secs(20), || database.query(wants).pop());
    let over = AtomicBool::new(false);
    let took = thread::scope(|scope| {
        let reader = scope.spawn(|| queries_until(&database.url(), &over));
        thread::sleep(time);
        over.store(true, Ordering::Relaxed);
        holder.sql("COMMIT");
        reader.join().unwrap()
    });
    run.join().unwrap().unwrap();
    assert_eq!(database.value("SELECT count(b) FROM held"), "0");
    took
}

/// Whoever queues up behind a migration that waits is set free when it gives up.
#[test]
fn readers_get_through_while_a_migration_waits() {
    const TIME: Duration = Duration::from_millis(1500);
    // The machine that tests run on may be busy.
    const SLACK: Duration = Duration::from_millis(500);
    for way in WAYS {
        let took = readers_meanwhile(set(way), TIME);
        let longest = took.iter().max().copied().unwrap_or_default();
        assert!(longest < LOCK_TIMEOUT + SLACK, "{way:?}: a reader waited {longest:?}");
        assert!(took.len() > 20, "{way:?}: only {} readers got through", took.len());
    }
    // Without a limit, they wait until the other transaction is over.
    for way in WAYS {
        let took = readers_meanwhile(set(way).lock_timeout(Duration::ZERO), TIME);
        let longest = took.iter().max().copied().unwrap_or_default();
        assert!(longest > TIME - SLACK && took.len() < 10, "{way:?}: {took:?}");
    }
}
