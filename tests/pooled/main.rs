//! PgBouncer in transaction mode between client and server: a session is anybody's after each transaction.

use std::thread;
use std::time::Duration;

use atlas_migrate::bench::{Bencher, Benchmarks};
use atlas_migrate::{ErrorKind, Migrator, Revert, Target, TransactionMode};
use atlas_migrate_tests::meaning::{SetBy, check_meant, rows_by_migrations};
use atlas_migrate_tests::{
    COUNTED, Cut, DRIVERS, Database, Driver, ONE_BY_ONE, Proxy, Route, ScriptClient, Verb, migrator, race,
};

mod bouncer;
mod hints;
mod program;

use bouncer::{Bouncer, Turns};

#[test]
fn runs_and_reverts() {
    let files = [
        ("1_t.up.sql", "SET search_path = pg_temp; SET lock_timeout = '7s'; CREATE TABLE public.t (a int, b int);"),
        ("1_t.down.sql", "SET work_mem = '9MB'; DROP TABLE t;"),
        (
            "2_index.up.sql",
            "-- atlas:no-transaction\nCREATE INDEX CONCURRENTLY by_a ON t (a);\nSET work_mem = '9MB';\nVACUUM t;",
        ),
        ("2_index.down.sql", "DROP INDEX CONCURRENTLY by_a;"),
        ("3_column.up.sql", "ALTER TABLE t ADD c int;"),
        ("3_column.down.sql", "ALTER TABLE t DROP c;"),
    ];
    let set = migrator(&files);
    for driver in DRIVERS {
        let database = Database::new();
        let bouncer = Bouncer::new(&database.url());
        let url = bouncer.url(&database.url());
        for mut connection in [driver.connect(&url), driver.connect(&url)] {
            connection.check(&set).unwrap_err();
            assert_eq!(connection.run(&set).unwrap().applied().count(), 3, "{driver:?}");
            bouncer.inspect(&database);
            assert!(connection.run(&set).unwrap().is_empty(), "{driver:?}");
            connection.check(&set).unwrap();
            connection.revert(&set, Revert::All).unwrap();
            assert_eq!(database.history(), [""; 0], "{driver:?}");
            bouncer.inspect(&database);
        }
    }
}

/// Whatever session a transaction gets, and whatever PgBouncer has said to it for others: texts mean the same.
#[test]
fn a4_texts_mean_the_same() {
    for (turns, set_by) in [(Turns::Last, SetBy::Database), (Turns::RoundRobin, SetBy::Role)] {
        let bouncer = Bouncer::taking_turns(&Database::new().url(), turns);
        for driver in DRIVERS {
            let database = set_by.database();
            let what = format!("{driver:?}, {turns:?}, set by {set_by:?}");
            let url = bouncer.url(&database.url());
            // Somebody of another mind has had the session before.
            Driver::Postgres.connect(&url).sql("SET DateStyle = DMY");
            driver.connect(&url).run(&rows_by_migrations(true)).unwrap_or_else(|error| panic!("{what}: {error}"));
            check_meant(&database, &[], &what);
        }
        for client in [ScriptClient::Psql, ScriptClient::Whole] {
            let database = set_by.database();
            let set = rows_by_migrations(false);
            client.send(&bouncer.url(&database.url()), &set.script().unwrap());
            check_meant(&database, &[], &format!("{client:?}, {turns:?}, set by {set_by:?}"));
        }
    }
}

/// Each transaction in another session: a statement is prepared, measured and forgotten in one of them.
#[test]
fn measures() {
    let bencher =
        |files: [(&str, &str); 2]| Bencher::new(Benchmarks::from_files("benchmarks", files).unwrap()).iterations(3);
    let healthy = bencher([
        ("a.sql", "-- atlas:parameters VALUES (1), (2)\nSELECT 1 / ($1 - (SELECT count(*) FROM a))"),
        ("b.sql", "INSERT INTO a VALUES (1)"),
    ]);
    let failing = bencher([("c.sql", "SELECT * FROM nowhere"), ("d.sql", "SELECT 1 / (count(*) - count(*)) FROM a")]);
    for driver in DRIVERS {
        let database = Database::new();
        database.query("CREATE TABLE a (id int)");
        let bouncer = Bouncer::taking_turns(&database.url(), Turns::RoundRobin);
        bouncer.inspect(&database);
        let mut connection = driver.connect(&bouncer.url(&database.url()));
        let report = connection.bench(&healthy).unwrap();
        assert!(report.passed(), "{driver:?}\n{report}");
        bouncer.inspect(&database);
        let report = connection.bench(&failing).unwrap();
        assert!(report.benchmarks().iter().all(|one| one.failure().is_some()), "{driver:?}\n{report}");
        // Nothing is prepared any more in any session, or it could not be again.
        for _ in 0..3 {
            let report = connection.bench(&healthy).unwrap();
            assert!(report.passed(), "{driver:?}\n{report}");
        }
    }
}

/// Each transaction in another session: what cannot be in one, and needs more than the session has, is refused before it ran.
#[test]
fn statements_that_need_one_session() {
    let index = ("2_index.sql", "INSERT INTO t VALUES (1);\nCREATE INDEX CONCURRENTLY by_a ON t (a);\nVACUUM t;");
    let directive = |text: &str| format!("-- atlas:no-transaction\n{text}");
    let table = ("1_t.sql", "CREATE TABLE t (a int);");
    for driver in DRIVERS {
        let database = Database::new();
        let bouncer = Bouncer::taking_turns(&database.url(), Turns::RoundRobin);
        let url = bouncer.url(&database.url());
        // Now there are as many sessions as there can be.
        bouncer.inspect(&database);
        let run = |text: &str, role: Option<&str>| {
            let set = migrator(&[table, (index.0, &directive(text))]);
            driver.connect(&url).run(&role.into_iter().fold(set, Migrator::role)).map(|report| report.applied().count())
        };
        assert_eq!(run("SELECT 1;", None).unwrap(), 2, "{driver:?}");
        database.query(
            "DELETE FROM schema_migrations WHERE version = '2'; GRANT ALL ON schema_migrations, t TO pg_monitor",
        );
        for (text, role) in
            [(index.1.to_owned(), Some("pg_monitor")), (format!("SET work_mem = '9MB';\n{}", index.1), None)]
        {
            let error = run(&text, role).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{driver:?}: {error}");
            assert!(error.to_string().contains("pooler"), "{error}");
            bouncer.inspect(&database);
        }
        // Without either it needs none, whatever timeouts the server has.
        database.query(&format!(
            "ALTER DATABASE {} SET statement_timeout = '50s'",
            database.value("SELECT current_database()")
        ));
        assert_eq!(run(index.1, None).unwrap(), 1, "{driver:?}");
        bouncer.inspect(&database);
        assert_eq!(database.value("SELECT count(*) FROM t"), "1");
    }
}

#[track_caller]
fn check_race(drivers: impl Fn(usize) -> Driver) {
    let database = Database::new();
    let bouncer = Bouncer::new(&database.url());
    let url = bouncer.url(&database.url());
    race(env!("CARGO_BIN_EXE_runner"), env!("CARGO_TARGET_TMPDIR"), drivers, &database, &url);
    bouncer.inspect(&database);
}

#[test]
fn eight_processes_with_sqlx() {
    check_race(|_| Driver::SqlxPool);
}

#[test]
fn eight_processes_with_tokio_postgres() {
    check_race(|_| Driver::TokioPostgres);
}

#[test]
fn eight_processes_with_deadpool() {
    check_race(|_| Driver::Deadpool);
}

#[test]
fn eight_processes_with_postgres() {
    check_race(|_| Driver::Postgres);
}

#[test]
fn eight_processes_with_any_driver() {
    check_race(|index| DRIVERS[index % DRIVERS.len()]);
}

/// On which side of PgBouncer the connection is cut.
#[derive(Clone, Copy, Debug)]
enum Side {
    Client,
    Server,
}

#[track_caller]
fn check_cuts(side: Side, driver: Driver, mode: TransactionMode, prepare: impl Fn(&Database), verb: Verb) {
    let server = Database::new().url();
    let (proxy, bouncer) = match side {
        Side::Client => {
            let bouncer = Bouncer::new(&server);
            (Proxy::new(&bouncer.url(&server)), bouncer)
        }
        Side::Server => {
            let proxy = Proxy::new(&server);
            let bouncer = Bouncer::new(&proxy.url(&server));
            (proxy, bouncer)
        }
    };
    let whole = |database: &Database| bouncer.url(&database.url());
    let route = Route {
        proxy: &proxy,
        url: &|database| match side {
            Side::Client => proxy.url(&whole(database)),
            Side::Server => whole(database),
        },
        url_afterwards: &whole,
        inspect: &|database| bouncer.inspect(database),
    };
    route.check(driver, &set(side, mode), prepare, verb);
}

/// Where a client is cut off in a migration that runs one by one, its session goes on, and half a minute passes before others
/// take over: that is another test's.
fn set(side: Side, mode: TransactionMode) -> Migrator {
    let files = match (side, mode) {
        (Side::Server, TransactionMode::Each) => [COUNTED, ONE_BY_ONE].concat(),
        _ => COUNTED.to_vec(),
    };
    migrator(&files).transaction_mode(mode)
}

#[track_caller]
fn check_cut_runs(side: Side, mode: TransactionMode) {
    let run: Verb = |connection, migrator| connection.run(migrator).map(drop);
    // Most of the time is spent waiting for the server to end sessions.
    thread::scope(|scope| {
        for driver in DRIVERS {
            scope.spawn(move || check_cuts(side, driver, mode, |_| {}, run));
        }
    });
}

#[test]
fn runs_whose_client_is_cut_off() {
    check_cut_runs(Side::Client, TransactionMode::Each);
}

#[test]
fn runs_in_one_transaction_whose_client_is_cut_off() {
    check_cut_runs(Side::Client, TransactionMode::All);
}

#[test]
fn runs_whose_server_is_cut_off() {
    check_cut_runs(Side::Server, TransactionMode::Each);
}

#[test]
fn runs_in_one_transaction_whose_server_is_cut_off() {
    check_cut_runs(Side::Server, TransactionMode::All);
}

#[test]
fn reverts_that_are_cut_off() {
    let to_the_first: Verb = |connection, migrator| connection.revert(migrator, Revert::To("1".into())).map(drop);
    for side in [Side::Client, Side::Server] {
        let mode = TransactionMode::Each;
        let applied = |database: &Database| {
            Driver::Postgres.connect(&database.url()).run(&set(side, mode)).unwrap();
        };
        check_cuts(side, Driver::TokioPostgres, mode, applied, to_the_first);
    }
}

/// Its session is there, and tells nobody that the client is not.
#[test]
fn a_migration_that_runs_one_by_one_is_taken_over_from_a_client_that_is_cut_off() {
    let alone =
        ("2_alone.sql", "-- atlas:no-transaction\nINSERT INTO t VALUES (1);\nVACUUM t;\nINSERT INTO t VALUES (2);");
    let set = migrator(&[("1_t.sql", "CREATE TABLE t (a int);"), alone]);
    let database = Database::new();
    let bouncer = Bouncer::new(&database.url());
    let url = bouncer.url(&database.url());
    Driver::Postgres.connect(&url).run(&set.clone().target(Target::Version("1".into()))).unwrap();

    let proxy = Proxy::new(&url);
    // The look, the beginning, the lease, the first statement.
    proxy.cut(Cut::After(4));
    Driver::TokioPostgres.connect(&proxy.url(&url)).run(&set).unwrap_err();
    assert_eq!(database.history(), ["1|applied|1", "2|running|1"]);
    assert_eq!(database.query("SELECT a FROM t"), ["1"]);

    let report = Driver::TokioPostgres.connect(&url).run(&set.wait_budget(Duration::from_secs(60))).unwrap();
    assert_eq!(report.applied().count(), 1);
    assert_eq!(database.history(), ["1|applied|1", "2|applied|3"]);
    assert_eq!(database.query("SELECT a FROM t ORDER BY a"), ["1", "2"]);
    bouncer.inspect(&database);
}
