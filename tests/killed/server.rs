//! A server that crashes, or is stopped at once and started again, in the middle of a statement.

use std::process::Command;
use std::thread;

use atlas_migrate::ErrorKind;
use atlas_migrate::ephemeral::Server;
use atlas_migrate_tests::{DRIVERS, Database, Driver, migrator, tried, wait_for};
use postgres::{Client, NoTls};

use super::{IN_A_TRANSACTION, LAST, LIMIT, ONE_BY_ONE, TABLES, effects};

/// What becomes of the server. Then all sessions have ended, and it recovers from its log, or has.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// One of its processes is killed.
    Crash,
    /// It is stopped with `immediate`, and started again.
    Restart,
}

impl Fate {
    /// Lets the server meet it; `pid` is one of its processes.
    #[track_caller]
    fn befall(self, server: &mut Server, pid: &str) {
        match self {
            Self::Crash => {
                let kill = Command::new("kill").args(["-KILL", pid]).status();
                let status = kill.unwrap_or_else(|error| panic!("kill: {error}"));
                assert!(status.success(), "kill -KILL {pid}: {status}");
            }
            Self::Restart => server.restart().unwrap_or_else(|error| panic!("{error}")),
        }
    }
}

#[track_caller]
fn check(fate: Fate, gated: (&str, &str)) {
    let mut server = Server::options().setting("synchronous_commit", "on").private().unwrap();
    let set = migrator(&[TABLES, gated, LAST]);
    let undisturbed = Database::on(&server);
    Driver::Postgres.connect(&undisturbed.url()).run(&set).unwrap();
    let expected = effects(&undisturbed);
    for driver in DRIVERS {
        let database = Database::on(&server);
        driver.connect(&database.url()).run(&migrator(&[TABLES])).unwrap();
        let mut gate = Driver::Postgres.connect(&database.url());
        let pid = gate.sql("BEGIN; LOCK TABLE gate; SELECT pg_backend_pid()");
        let run = {
            let (url, set) = (database.url(), set.clone());
            thread::spawn(move || driver.connect(&url).run(&set))
        };
        let waiting = "SELECT FROM pg_locks WHERE relation = 'gate'::regclass AND NOT granted";
        wait_for("a run that waits for the gate", LIMIT, || database.query(waiting).pop());

        fate.befall(&mut server, &pid);
        wait_for("the end of the run", LIMIT, || run.is_finished().then_some(()));
        let error = run.join().unwrap().unwrap_err();
        let message = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Connection, "{driver:?}: {message}");
        let is_named = ["running migration 2 gated", "running migrations 2 gated to 3 last"];
        assert!(is_named.iter().any(|named| message.contains(named)), "{driver:?}: {message}");
        assert!(message.contains("run again"), "{driver:?}: {message}");

        wait_for("the server's recovery", LIMIT, || Client::connect(&database.url(), NoTls).ok());
        let applied = driver.connect(&database.url()).run(&set).unwrap().applied().count();
        assert_eq!(applied, 2, "{driver:?}");
        assert_eq!(effects(&database), expected, "{driver:?}");
    }
    tried(DRIVERS.len(), "crashes");
}

#[test]
fn crashes_in_a_transaction() {
    check(Fate::Crash, IN_A_TRANSACTION);
}

#[test]
fn crashes_in_a_statement_that_runs_by_itself() {
    check(Fate::Crash, ONE_BY_ONE);
}

#[test]
fn is_restarted_in_a_transaction() {
    check(Fate::Restart, IN_A_TRANSACTION);
}

#[test]
fn is_restarted_in_a_statement_that_runs_by_itself() {
    check(Fate::Restart, ONE_BY_ONE);
}
