//! Lost connections, at every message: afterwards a plain run brings the database to where an undisturbed one does.

use atlas_migrate::{Migrator, Revert, TransactionMode};
use atlas_migrate_tests::{COUNTED, Connection, DRIVERS, Database, Driver, Proxy, Route, Verb, migrator};

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

#[track_caller]
fn check(driver: Driver, mode: TransactionMode, prepare: impl Fn(&Database), verb: Verb) {
    let proxy = Proxy::new(&Database::new().url());
    let route = Route {
        proxy: &proxy,
        url: &|database| proxy.url(&database.url()),
        url_afterwards: &Database::url,
        inspect: &|database| assert_eq!(database.errors(), [""; 0]),
    };
    route.check(driver, &set(mode), prepare, verb);
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
