//! `pg_terminate_backend`, in the middle of a statement and while waiting for another run.

use std::thread::{self, JoinHandle};

use atlas_migrate::{Error, ErrorKind, Migrator, Report};
use atlas_migrate_tests::{DRIVERS, Database, Driver, migrator, tried, wait_for};

use super::{IN_A_TRANSACTION, LAST, LIMIT, ONE_BY_ONE, TABLES, effects};

/// Which of the sessions is terminated.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    /// The only one.
    Alone,
    /// The one that runs a migration, while another waits for it.
    Worker,
    /// The one that waits.
    Waiter,
}

/// What the activity view says of a session that has come to the gate, and of one that waits for another run.
const AT_THE_GATE: &str = "wait_event_type = 'Lock' AND query LIKE '%gate%'";
const WAITING: &str = "wait_event = 'PgSleep'";

fn start(driver: Driver, database: &Database, name: &str, set: &Migrator) -> JoinHandle<Result<Report, Error>> {
    let (url, set) = (format!("{}?application_name={name}", database.url()), set.clone());
    thread::spawn(move || driver.connect(&url).run(&set))
}

/// Waits until a session is in a state, and does something to it in that very moment.
#[track_caller]
fn once(database: &Database, name: &str, state: &str, action: &str) {
    let session = format!("datname = current_database() AND application_name = '{name}'");
    let sql = format!("SELECT {action} FROM pg_stat_activity WHERE {session} AND {state}");
    wait_for(&format!("{name}: {state}"), LIMIT, || database.query(&sql).pop());
}

#[track_caller]
fn end(name: &str, run: JoinHandle<Result<Report, Error>>) -> Result<Report, Error> {
    wait_for(&format!("the end of the {name}"), LIMIT, || run.is_finished().then_some(()));
    run.join().unwrap()
}

#[track_caller]
fn check(gated: (&str, &str), victim: Victim) {
    let set = migrator(&[TABLES, gated, LAST]);
    let undisturbed = Database::new();
    Driver::Postgres.connect(&undisturbed.url()).run(&set).unwrap();
    for driver in DRIVERS {
        let database = Database::new();
        driver.connect(&database.url()).run(&migrator(&[TABLES])).unwrap();
        let mut gate = Driver::Postgres.connect(&database.url());
        gate.sql("BEGIN; LOCK TABLE gate");

        let worker = start(driver, &database, "worker", &set);
        once(&database, "worker", AT_THE_GATE, "true");
        let waiter = (victim != Victim::Alone).then(|| {
            let waiter = start(driver, &database, "waiter", &set);
            once(&database, "waiter", WAITING, "true");
            waiter
        });
        let (terminated, other) = match victim {
            Victim::Alone | Victim::Worker => {
                once(&database, "worker", AT_THE_GATE, "pg_terminate_backend(pid)");
                (worker, waiter)
            }
            Victim::Waiter => {
                once(&database, "waiter", WAITING, "pg_terminate_backend(pid)");
                (waiter.unwrap(), Some(worker))
            }
        };
        let error = end("terminated run", terminated).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection, "{driver:?}: {error}");
        let doing = match victim {
            // It does not say how far a message came.
            Victim::Alone | Victim::Worker if driver == Driver::Postgres && gated == IN_A_TRANSACTION => {
                "running migrations 2 gated to 3 last"
            }
            Victim::Alone | Victim::Worker => "running migration 2 gated",
            Victim::Waiter => "waiting",
        };
        let message = error.to_string();
        let told = format!("{doing} failed: terminating connection due to administrator command\n");
        // The blocking client may see the end of the connection before it looks at what the server said last.
        let lost = format!("the connection was lost while {doing}: connection closed\n");
        let is_told = message.starts_with(&told) && message.contains("run again") && error.sqlstate() == Some("57P01");
        assert!(is_told || driver == Driver::Postgres && message.starts_with(&lost), "{driver:?}: {message}");

        gate.sql("COMMIT");
        if let Some(other) = other {
            end("other run", other).unwrap();
        }
        driver.connect(&database.url()).run(&set).unwrap();
        assert_eq!(effects(&database), effects(&undisturbed), "{driver:?}");
        let errors = database.errors();
        assert!(matches!(errors.as_slice(), [one] if one.contains("FATAL:  terminating connection")), "{errors:#?}");
    }
    tried(DRIVERS.len(), "kills");
}

#[test]
fn in_a_transaction() {
    check(IN_A_TRANSACTION, Victim::Alone);
    check(IN_A_TRANSACTION, Victim::Worker);
}

#[test]
fn in_a_statement_that_runs_by_itself() {
    check(ONE_BY_ONE, Victim::Alone);
    check(ONE_BY_ONE, Victim::Worker);
}

#[test]
fn waiting_for_a_transaction() {
    check(IN_A_TRANSACTION, Victim::Waiter);
}

#[test]
fn waiting_for_a_migration_that_runs_one_by_one() {
    check(ONE_BY_ONE, Victim::Waiter);
}
