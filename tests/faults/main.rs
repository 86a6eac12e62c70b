//! Lost connections, at every message: afterwards a plain run brings the database to where an undisturbed one does.

use std::time::Duration;

use atlas_migrate::{Migrator, Revert, TransactionMode};
use atlas_migrate_tests::{
    COUNTED, Connection, Cut, Database, Driver, ONE_BY_ONE, Proxy, Route, Verb, drivers, migrator, wait_for,
};

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

/// The answer to the first migration of a revert is lost behind its commit. The hint, followed as it is, takes back what was
/// meant, and no more, however often.
#[track_caller]
fn answer_is_lost(revert: &Revert, hint: &str, again: &Revert, left: &[&str]) {
    let proxy = Proxy::new(&Database::new().url());
    let files = ["1", "2", "3"].map(|version| {
        let table = format!("t{version}");
        (
            format!("{version}_t.up.sql"),
            format!("CREATE TABLE {table} ();"),
            format!("{version}_t.down.sql"),
            format!("DROP TABLE {table};"),
        )
    });
    let files: Vec<_> =
        files.iter().flat_map(|(up, create, down, drop)| [(up.as_str(), create.as_str()), (down, drop)]).collect();
    let set = migrator(&files);
    for driver in drivers() {
        let database = Database::new();
        Driver::Postgres.connect(&database.url()).run(&set).unwrap();
        // A look, the lock, and the migration with its commit.
        proxy.cut(Cut::After(3));
        let error = driver.connect(&proxy.url(&database.url())).revert(&set, revert.clone()).unwrap_err();
        assert!(error.is_connection() && error.to_string().ends_with(hint), "{driver:?}: {error}");
        wait_for("the commit", Duration::from_secs(20), || (database.history().len() == 2).then_some(()));
        for _ in 0..2 {
            driver.connect(&database.url()).revert(&set, again.clone()).unwrap();
            assert_eq!(database.history(), left, "{driver:?} {revert:?}");
        }
    }
}

#[test]
fn d2_a_revert_whose_answer_is_lost() {
    let look = |call: &str| {
        format!(
            "hint: it may have been reverted: look at `status(&pool)` first; what is left of it, and no more, is taken back with \
             `revert(&pool, Revert::{call})`"
        )
    };
    let to = |version: &'static str| Revert::To(version.into());
    let (one, two) = (["1|applied|1"], ["1|applied|1", "2|applied|1"]);
    answer_is_lost(&Revert::Last, &look("To(\"2\".into())"), &to("2"), &two);
    answer_is_lost(&Revert::Steps(2), &look("To(\"1\".into())"), &to("1"), &one);
    answer_is_lost(&Revert::Steps(9), &look("All"), &Revert::All, &[]);
    let go_on =
        |call: &str| format!("hint: go on with `revert(&pool, Revert::{call})`: it goes by what the history says");
    answer_is_lost(&to("1"), &go_on("To(\"1\".into())"), &to("1"), &one);
    answer_is_lost(&Revert::All, &go_on("All"), &Revert::All, &[]);
}

/// Where all share a transaction nothing is said to stay that was not committed.
#[test]
fn d12_what_becomes_of_all_in_one_transaction() {
    let proxy = Proxy::new(&Database::new().url());
    let a = ("1_a.sql", "CREATE TABLE a ();");
    let set = |second| migrator(&[a, ("2_b.sql", second)]).transaction_mode(TransactionMode::All);
    for driver in drivers() {
        let database = Database::new();
        proxy.cut(Cut::After(4));
        let error = driver.connect(&proxy.url(&database.url())).run(&set("CREATE TABLE b ();")).unwrap_err();
        let fate = "in the same transaction, of which all took effect or nothing: 1 a";
        assert!(error.is_connection() && error.to_string().contains(fate), "{driver:?}: {error}");
        assert!(error.report().is_empty() && !error.to_string().contains("stays"), "{driver:?}: {error}");
        let database = Database::new();
        for second in ["-- atlas:require false\nSELECT 1", "SELECT 1 / 0"] {
            let error = driver.connect(&database.url()).run(&set(second)).unwrap_err();
            assert!(error.to_string().contains("rolled back with it: 1 a"), "{driver:?}: {error}");
            assert!(error.report().is_empty() && !error.to_string().contains("stays"), "{driver:?}: {error}");
        }
    }
}

atlas_migrate_tests::on_every_version!(at_both_ends);
