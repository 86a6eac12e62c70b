//! A run that is ended while its migrations are on their way together: before and after each of their commits.

use std::thread;

use atlas_migrate::Migrator;
use atlas_migrate_tests::{DRIVERS, Database, Driver, migrator, tried, wait_for};

use super::LIMIT;

const COUNT: usize = 3;

/// Each waits for a gate of its own, and what it did before counts with its row or not at all.
fn set() -> Migrator {
    let files: Vec<_> = (1..=COUNT)
        .map(|n| {
            let text =
                format!("INSERT INTO counter VALUES ({n}); LOCK TABLE gate_{n}; INSERT INTO counter VALUES ({n}0);");
            (format!("{n}_gated.sql"), text)
        })
        .collect();
    migrator(&files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>())
}

fn prepared() -> Database {
    let database = Database::new();
    let gates: String = (1..=COUNT).map(|n| format!("CREATE TABLE gate_{n} ();")).collect();
    database.query(&format!("CREATE TABLE counter (step int); {gates}"));
    database
}

/// What so many migrations have done.
fn effects(count: usize) -> (Vec<String>, Vec<String>) {
    let steps = (1..=count).flat_map(|n| [n.to_string(), format!("{n}0")]).collect();
    ((1..=count).map(|n| format!("{n}|applied|3")).collect(), steps)
}

#[track_caller]
fn check_effects(database: &Database, count: usize) {
    let steps = database.query("SELECT step FROM counter ORDER BY step % 10 + step / 10, step");
    // Nothing was applied, and there may be no table of the history.
    let history = match database.value("SELECT to_regclass('schema_migrations')").as_str() {
        "" => Vec::new(),
        _ => database.history(),
    };
    assert_eq!((history, steps), effects(count));
}

#[test]
fn a_session_that_is_terminated() {
    for driver in DRIVERS {
        for gate in 1..=COUNT {
            let database = prepared();
            let mut holder = Driver::Postgres.connect(&database.url());
            holder.sql(&format!("BEGIN; LOCK TABLE gate_{gate}"));
            let url = database.url();
            let run = thread::spawn(move || driver.connect(&url).run(&set()));
            let waiting = format!("SELECT pid FROM pg_locks WHERE relation = 'gate_{gate}'::regclass AND NOT granted");
            let pid = wait_for("a run at the gate", LIMIT, || database.query(&waiting).pop());
            database.query(&format!("SELECT pg_terminate_backend({pid})"));
            let error = run.join().unwrap().unwrap_err();
            assert!(error.is_connection() && error.to_string().contains("run again"), "{driver:?}: {error}");
            // The blocking client does not say how far a message came.
            if driver != Driver::Postgres {
                assert_eq!(error.report().migrations().len(), gate - 1, "{driver:?}: {error}");
            }
            check_effects(&database, gate - 1);
            holder.sql("COMMIT");
            driver.connect(&database.url()).run(&set()).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
            check_effects(&database, COUNT);
        }
    }
    tried(DRIVERS.len() * COUNT, "kills");
}

/// The server itself goes at once: what it has is a part of the migrations from the first on, each with its row.
#[test]
fn a_server_that_is_stopped_at_once() {
    let mut server = atlas_migrate::ephemeral::Server::options()
        .setting("fsync", "on")
        .setting("synchronous_commit", "on")
        .private()
        .unwrap();
    for (driver, gate) in DRIVERS.into_iter().zip([1, 2, 3, 3, 2]) {
        let database = Database::on(&server);
        let gates: String = (1..=COUNT).map(|n| format!("CREATE TABLE gate_{n} ();")).collect();
        database.query(&format!("CREATE TABLE counter (step int); {gates}"));
        let mut holder = Driver::Postgres.connect(&database.url());
        holder.sql(&format!("BEGIN; LOCK TABLE gate_{gate}"));
        let url = database.url();
        let run = thread::spawn(move || driver.connect(&url).run(&set()));
        let waiting = format!("SELECT pid FROM pg_locks WHERE relation = 'gate_{gate}'::regclass AND NOT granted");
        wait_for("a run at the gate", LIMIT, || database.query(&waiting).pop());
        server.restart().unwrap_or_else(|error| panic!("{error}"));
        run.join().unwrap().unwrap_err();
        wait_for("the server's recovery", LIMIT, || postgres::Client::connect(&database.url(), postgres::NoTls).ok());
        let count: usize = match database.value("SELECT to_regclass('schema_migrations')").as_str() {
            "" => 0,
            _ => database.history().len(),
        };
        assert!(count < gate, "{driver:?}: {count} of {gate}");
        check_effects(&database, count);
        driver.connect(&database.url()).run(&set()).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
        check_effects(&database, COUNT);
    }
}
