//! Lost connections, at every message: afterwards a plain run brings the database to where an undisturbed one does.

use atlas_migrate::{Migrator, Revert, TransactionMode};
use atlas_migrate_tests::{COUNTED, Connection, Database, Driver, ONE_BY_ONE, Proxy, Route, Verb, drivers, migrator};

fn set(mode: TransactionMode) -> Migrator {
    let files = match mode {
        TransactionMode::Each => [COUNTED, ONE_BY_ONE].concat(),
        TransactionMode::All => COUNTED.to_vec(),
    };
    migrator(&files).transaction_mode(mode)
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
    drivers().into_iter().for_each(|driver| check(driver, TransactionMode::Each, |_| {}, run));
}

#[test]
fn run_all_in_one_transaction() {
    drivers().into_iter().for_each(|driver| check(driver, TransactionMode::All, |_| {}, run));
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
        drivers().into_iter().for_each(|driver| check(driver, mode, applied(mode), to_the_first));
    }
}

atlas_migrate_tests::on_every_version!();
