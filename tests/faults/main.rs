//! Lost connections, at every message: afterwards a plain run brings the database to where an undisturbed one does.

use atlas_migrate::{Migrator, Revert, TransactionMode};
use atlas_migrate_tests::{Connection, Cut, DRIVERS, Database, Driver, Proxy, migrator};

/// Every migration counts that it ran.
const COUNTED: [(&str, &str); 8] = [
    ("1_counter.up.sql", "CREATE TABLE counter (step int); INSERT INTO counter VALUES (1);"),
    ("1_counter.down.sql", "DROP TABLE counter;"),
    ("2_settings.up.sql", "SET search_path = pg_temp; INSERT INTO public.counter VALUES (2);"),
    ("2_settings.down.sql", "DELETE FROM counter WHERE step = 2;"),
    ("3_conditional.up.sql", "-- atlas:require (SELECT count(*) FROM counter) = 2\nINSERT INTO counter VALUES (3);"),
    (
        "3_conditional.down.sql",
        "-- atlas:require (SELECT count(*) FROM counter) > 2\nDELETE FROM counter WHERE step = 3;",
    ),
    ("4_skipped.sql", "-- atlas:skip-unless false\nSELECT 1 / 0;"),
    ("R__view.sql", "CREATE OR REPLACE VIEW steps AS SELECT step FROM counter; INSERT INTO counter VALUES (7);"),
];

/// Statements that can be in a transaction, that leave a trace in the catalog, and that may run again.
const ONE_BY_ONE: [(&str, &str); 2] = [
    (
        "5_alone.up.sql",
        "-- atlas:no-transaction
         INSERT INTO counter VALUES (5);
         CREATE INDEX CONCURRENTLY by_step ON counter (step);
         CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS one_of_each ON counter (step) WHERE step < 7;
         VACUUM counter;
         REINDEX INDEX CONCURRENTLY by_step;",
    ),
    (
        "5_alone.down.sql",
        "-- atlas:no-transaction
         DROP INDEX CONCURRENTLY by_step;
         DELETE FROM counter WHERE step = 5;
         DROP INDEX CONCURRENTLY IF EXISTS one_of_each;",
    ),
];

fn set(mode: TransactionMode) -> Migrator {
    let alone = ONE_BY_ONE.into_iter().filter(|_| mode == TransactionMode::Each);
    migrator(&COUNTED.into_iter().chain(alone).collect::<Vec<_>>()).transaction_mode(mode)
}

/// What is to be done in spite of the cut.
type Verb = fn(&mut Connection, &Migrator) -> Result<(), atlas_migrate::Error>;

/// Does the verb with the connection cut at the first message, at the second, and so on until it needs no more; after each
/// it is done again, undisturbed, and the database is compared with one in which it was done just once.
#[track_caller]
fn check(driver: Driver, mode: TransactionMode, prepare: impl Fn(&Database), verb: Verb) {
    let database = Database::new();
    prepare(&database);
    verb(&mut driver.connect(&database.url()), &set(mode)).unwrap();
    let expected = (database.snapshot(), effects(&database));

    for moment in [Cut::Before, Cut::After] {
        for query in 1.. {
            let database = Database::new();
            prepare(&database);
            let proxy = Proxy::cutting(&database.url(), moment(query));
            let result = verb(&mut driver.connect(&proxy.url(&database.url())), &set(mode));
            if !proxy.is_cut() {
                result.unwrap();
                assert!(query > 3, "the {query}th message was none to cut");
                break;
            }
            let error = result.expect_err("a run whose connection is cut fails");
            assert!(error.is_connection(), "{driver:?} {mode:?} {:?}: {error}", moment(query));
            verb(&mut driver.connect(&database.url()), &set(mode))
                .unwrap_or_else(|error| panic!("{driver:?} {mode:?} {:?}: {error}", moment(query)));
            let found = (database.snapshot(), effects(&database));
            assert_eq!(found, expected, "{driver:?} {mode:?} {:?}", moment(query));
            assert_eq!(database.errors(), [""; 0]);
        }
    }
}

fn effects(database: &Database) -> Vec<String> {
    match database.value("SELECT to_regclass('counter')").as_str() {
        "" => Vec::new(),
        _ => database.query("SELECT step FROM counter ORDER BY step"),
    }
}

fn run(connection: &mut Connection, migrator: &Migrator) -> Result<(), atlas_migrate::Error> {
    connection.run(migrator).map(drop)
}

#[test]
fn run_each_in_its_transaction() {
    DRIVERS.into_iter().for_each(|driver| check(driver, TransactionMode::Each, |_| {}, run));
}

#[test]
fn run_all_in_one_transaction() {
    DRIVERS.into_iter().for_each(|driver| check(driver, TransactionMode::All, |_| {}, run));
}

#[test]
fn revert() {
    let applied = |mode| {
        move |database: &Database| {
            Driver::Postgres.connect(&database.url()).run(&set(mode)).unwrap();
        }
    };
    let to_the_first: Verb = |connection, migrator| connection.revert(migrator, Revert::To("1".into())).map(drop);
    for mode in [TransactionMode::All, TransactionMode::Each] {
        DRIVERS.into_iter().for_each(|driver| check(driver, mode, applied(mode), to_the_first));
    }
}

atlas_migrate_tests::on_every_version!();
