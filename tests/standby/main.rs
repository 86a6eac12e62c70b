//! Where nothing can be written: a standby, a read-only session, a role that may only read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use atlas_migrate::bench::{Bencher, Benchmarks};
use atlas_migrate::verify::{Checks, Verdict, Verifier};
use atlas_migrate::{Error, ErrorKind, Migrator, Revert, Standing};
use atlas_migrate_tests::{Connection, DRIVERS, Database, Driver, Proxy, migrator, wait_for};

mod replica;

use replica::Replica;

const FIRST: (&str, &str) = ("1_a.up.sql", "CREATE TABLE a (id int);");
const FIRST_DOWN: (&str, &str) = ("1_a.down.sql", "DROP TABLE a;");
const SECOND: (&str, &str) = ("2_b.sql", "CREATE TABLE b (id int);");
const ALONE: (&str, &str) = ("3_alone.sql", "CREATE INDEX CONCURRENTLY c ON b (id);");

/// How long a process waits for others.
const LIMIT: Duration = Duration::from_secs(60);

fn applied() -> Migrator {
    migrator(&[FIRST, FIRST_DOWN])
}

fn pending() -> Migrator {
    migrator(&[FIRST, FIRST_DOWN, SECOND, ALONE])
}

/// Something that writes.
type Verb = fn(&mut Connection) -> Result<(), Error>;

const WRITING: [Verb; 3] = [
    |connection| connection.run(&pending()).map(drop),
    |connection| connection.revert(&applied(), Revert::All).map(drop),
    |connection| connection.baseline(&pending(), "2").map(drop),
];

/// What only reads works, in one round trip where there is nothing to do. `refused` looks at what comes of the rest.
///
/// The first migration has run, and the URL leads to the place where nothing can be written.
#[track_caller]
fn check(database: &Database, url: &str, refused: fn(&Error)) {
    let before = database.snapshot();
    for driver in DRIVERS {
        let proxy = Proxy::new(url);
        let mut connection = driver.connect(&proxy.url(url));
        connection.sql("SELECT 1");
        proxy.reset();
        assert!(connection.run(&applied()).unwrap().is_empty(), "{driver:?}");
        assert_eq!(proxy.counts().round_trips, 1, "{driver:?}");
        connection.check(&applied()).unwrap();
        assert_eq!(proxy.counts().round_trips, 2, "{driver:?}");
        connection.wait(&applied()).unwrap();

        let status = connection.status(&pending()).unwrap();
        let standings: Vec<_> = status.migrations().iter().map(|migration| migration.standing()).collect();
        assert_eq!(standings, [Standing::Applied, Standing::Pending, Standing::Pending], "{driver:?}");
        assert_eq!(connection.plan(&pending()).unwrap().steps().len(), 2, "{driver:?}");
        let error = connection.check(&pending()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Pending, "{driver:?}: {error}");

        for verb in WRITING {
            refused(&verb(&mut connection).unwrap_err());
        }
        assert_eq!(connection.sql("SELECT count(*) FROM a"), "0", "{driver:?}");
    }
    assert_eq!(database.snapshot(), before);
}

/// The library knows before it begins, so that the server is not asked for what it would refuse.
#[track_caller]
fn is_read_only(error: &Error, why: &str) {
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::ReadOnly, None), "{error}");
    let message = error.to_string();
    let (because, rest) = message.split_once(", but ").unwrap_or_default();
    let known = ["there are migrations to run", "there are migrations to revert", "a baseline is to be recorded"];
    assert!(known.contains(&because) && rest.starts_with(&format!("{why}\n")), "{message}");
}

#[test]
fn standby() {
    let replica = Replica::new();
    let database = Database::on(&replica.primary);
    Driver::Postgres.connect(&database.url()).run(&applied()).unwrap();
    replica.catch_up(&database);
    check(&database, &replica.url(&database), |error| is_read_only(error, "this server is a standby"));
    assert_eq!((replica.errors(), database.errors()), (vec![], vec![]));
}

#[test]
fn standby_of_a_database_without_history() {
    let replica = Replica::new();
    let database = Database::on(&replica.primary);
    replica.catch_up(&database);
    for driver in DRIVERS {
        let mut connection = driver.connect(&replica.url(&database));
        is_read_only(&connection.run(&applied()).unwrap_err(), "this server is a standby");
        assert_eq!(connection.check(&applied()).unwrap_err().kind(), ErrorKind::Pending, "{driver:?}");
        assert_eq!(connection.plan(&applied()).unwrap().steps().len(), 1, "{driver:?}");
        assert_eq!(connection.status(&applied()).unwrap().pending().count(), 1, "{driver:?}");
    }
    assert_eq!((replica.errors(), database.errors()), (vec![], vec![]));
}

/// Checks only read, and find on a standby what there is on its primary.
#[test]
fn verifying_on_a_standby() {
    let replica = Replica::new();
    let database = Database::on(&replica.primary);
    Driver::Postgres.connect(&database.url()).run(&applied()).unwrap();
    database.query(
        "ALTER TABLE a ADD PRIMARY KEY (id); CREATE SEQUENCE s; CREATE UNLOGGED TABLE u (id serial PRIMARY KEY)",
    );
    replica.catch_up(&database);
    let expected = "table = [{ name = \"a\", columns = { id = \"int\" } }]\nrows = [{ table = \"a\", max = 0 }]";
    let checks = Checks::from_files("checks", [("a.toml", expected), ("b.sql", "SELECT * FROM a")]).unwrap();
    let verifier = Verifier::new(checks).migrations(applied());
    for driver in DRIVERS {
        let mut connection = driver.connect(&replica.url(&database));
        let report = connection.verify(&verifier).unwrap();
        assert!(report.passed() && report.count(Verdict::Pass) >= 9, "{driver:?}\n{report}");
        let usage = connection.usage().unwrap();
        assert!(usage.tables().iter().any(|table| table.name() == "public.a"), "{driver:?}\n{usage}");
    }
    assert_eq!((replica.errors(), database.errors()), (vec![], vec![]));
}

/// What only reads is measured on a standby as on its primary, and what writes fails.
#[test]
fn measuring_on_a_standby() {
    let replica = Replica::new();
    let database = Database::on(&replica.primary);
    database.query("CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1), (2)");
    replica.catch_up(&database);
    let reads = "-- atlas:parameters VALUES (1), (2)\nSELECT 1 / count(*) FROM a WHERE id = $1";
    let files = [("a.sql", reads), ("b.sql", "DELETE FROM a")];
    let bencher = Bencher::new(Benchmarks::from_files("benchmarks", files).unwrap()).iterations(3);
    for driver in DRIVERS {
        let report = driver.connect(&replica.url(&database)).bench(&bencher).unwrap();
        let failures: Vec<_> = report.benchmarks().iter().map(|one| one.failure().is_some()).collect();
        assert_eq!(failures, [false, true], "{driver:?}\n{report}");
    }
}

/// Processes that use a standby start once the primary was migrated, and that has come to them.
#[test]
fn waiting_on_a_standby() {
    let replica = Replica::new();
    // Kept to the end: dropping one ends the sessions that are being closed on the standby.
    let mut databases = Vec::new();
    for driver in DRIVERS {
        let database = Database::on(&replica.primary);
        replica.catch_up(&database);
        let mut connection = driver.connect(&replica.url(&database));
        let waits = Arc::new(AtomicBool::new(false));
        let told = waits.clone();
        let patient = pending().wait_budget(LIMIT).on_progress(move |_| told.store(true, Ordering::Relaxed));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| connection.wait(&patient));
            wait_for("a process that waits", LIMIT, || waits.load(Ordering::Relaxed).then_some(()));
            Driver::Postgres.connect(&database.url()).run(&pending()).unwrap();
            waiting.join().unwrap().unwrap_or_else(|error| panic!("{driver:?}: {error}"));
        });
        assert_eq!(connection.sql("SELECT count(*) FROM b"), "0", "{driver:?}");
        drop(connection);
        assert_eq!((replica.errors(), database.errors()), (vec![], vec![]));
        databases.push(database);
    }
}

#[test]
fn read_only_session() {
    let database = Database::new();
    Driver::Postgres.connect(&database.url()).run(&applied()).unwrap();
    let name = database.value("SELECT current_database()");
    database.query(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    check(&database, &database.url(), |error| is_read_only(error, "this session is read-only"));
    assert_eq!(database.errors(), [""; 0]);
}

/// Nobody knows before what a migration needs: here the server is asked, and what it says is told.
#[test]
fn role_that_may_only_read() {
    let database = Database::new();
    Driver::Postgres.connect(&database.url()).run(&applied()).unwrap();
    let role = format!("may_read_{}", std::process::id());
    database.query(&format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON schema_migrations, a TO {role}"));
    check(&database, &database.url_as(&role), |error| {
        let message = error.to_string();
        assert_eq!(error.sqlstate(), Some("42501"), "{message}");
        assert!(message.contains("permission denied for") || message.contains("must be owner of"), "{message}");
        assert!(message.contains("hint: ") && message.contains("`role(..)`"), "{message}");
        assert!(!message.contains("done before it"), "{message}");
    });
    database.query(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}
