//! Lost connections, at every message: afterwards a plain run brings the database to where an undisturbed one does.

use std::thread;
use std::time::Duration;

use atlas_migrate::clean::{Cleaner, Resetter};
use atlas_migrate::roles::Roles;
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate::{Error, Migrator, Repair, Revert, TransactionMode};
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

/// With each client, all at once: each has a proxy and databases of its own.
fn check_all(mode: TransactionMode, prepare: impl Fn(&Database) + Copy + Send, verb: Verb) {
    thread::scope(|scope| {
        for driver in drivers() {
            scope.spawn(move || check(driver, mode, prepare, verb));
        }
    });
}

fn run(connection: &mut Connection, migrator: &Migrator) -> Result<(), Error> {
    connection.run(migrator).map(drop)
}

#[test]
fn run_each_in_its_transaction() {
    check_all(TransactionMode::Each, |_| {}, run);
}

#[test]
fn run_all_in_one_transaction() {
    check_all(TransactionMode::All, |_| {}, run);
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
        check_all(mode, applied(mode), to_the_first);
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
            // What has conditions is sent when they are known.
            format!("-- atlas:require true\nDROP TABLE {table};"),
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

/// A verb whose answers are lost, each in turn. If it took effect all the same, its error says that it may have, and what to do
/// then; which is right also if it did not.
#[track_caller]
fn answers_are_lost(
    prepare: &dyn Fn(&mut Connection),
    verb: &dyn Fn(&mut Connection) -> Result<(), Error>,
    took_effect: &str,
    [fate, hint]: [&str; 2],
    afterwards: &dyn Fn(&mut Connection, &Error),
) {
    let proxy = Proxy::new(&Database::new().url());
    for driver in [Driver::SqlxConnection, Driver::Postgres] {
        let mut has_said = false;
        for message in 1.. {
            let database = Database::new();
            let mut connection = Driver::Postgres.connect(&database.url());
            prepare(&mut connection);
            proxy.cut(Cut::After(usize::MAX));
            let mut through = driver.connect(&proxy.url(&database.url()));
            let pid = through.sql("SELECT pg_backend_pid()");
            proxy.cut(Cut::After(message));
            let Err(error) = verb(&mut through) else { break };
            let is_gone = format!("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})");
            wait_for("the end of the session", Duration::from_secs(20), || {
                (database.value(&is_gone) == "t").then_some(())
            });
            assert!(message < 30 && error.is_connection(), "{driver:?} {message}: {error}");
            let said = error.to_string();
            if database.value(took_effect) == "t" && !said.contains("what was there before was dropped") {
                assert!(
                    said.contains(&format!("its answer was lost, so {fate}: all of it took effect or nothing")),
                    "{error}"
                );
                assert!(said.contains(&format!("hint: {hint}")), "{error}");
                has_said = true;
            }
            afterwards(&mut connection, &error);
        }
        assert!(has_said, "{driver:?}: {fate}");
    }
}

fn set_of_one() -> Migrator {
    migrator(&[("1_t.sql", "CREATE TABLE t (a int);")])
}

fn has_rows(connection: &mut Connection, count: &str) {
    assert_eq!(connection.sql("SELECT count(*) FROM t"), count);
}

#[test]
fn d2_a_clean_whose_answer_is_lost() {
    let prepare = |connection: &mut Connection| {
        connection.run(&set_of_one()).unwrap();
        connection.sql("INSERT INTO t VALUES (1)");
    };
    let verb = |connection: &mut Connection| {
        let name = connection.plan_clean(&Cleaner::new())?.database().to_owned();
        connection.clean(&Cleaner::new().confirm(name)).map(drop)
    };
    let says = [
        "the tables may have been emptied",
        "look at `Cleaner::plan` before you clean again: rows that came since would go with the others",
    ];
    answers_are_lost(&prepare, &verb, "SELECT NOT EXISTS (SELECT FROM t)", says, &|connection, _| {
        let plan = connection.plan_clean(&Cleaner::new()).unwrap();
        assert_eq!(plan.tables().is_empty(), connection.sql("SELECT count(*) FROM t") == "0");
    });
}

#[test]
fn d2_a_reset_whose_answer_is_lost() {
    let prepare = |connection: &mut Connection| {
        connection.run(&set_of_one()).unwrap();
        connection.sql("INSERT INTO t VALUES (1)");
    };
    let verb = |connection: &mut Connection| {
        let name = connection.plan_clean(&Cleaner::new())?.database().to_owned();
        connection.reset(&Resetter::new(set_of_one()).confirm(name)).map(drop)
    };
    let says = [
        "what is in the schemas may have been dropped",
        "look at `status(&pool)`: if no migration is applied, it was, and `run(&pool)` does the rest; else reset again",
    ];
    answers_are_lost(&prepare, &verb, "SELECT to_regclass('t') IS NULL", says, &|connection, error| {
        if connection.status(&set_of_one()).unwrap().pending().count() == 1 {
            connection.run(&set_of_one()).unwrap();
            has_rows(connection, "0");
        } else if error.to_string().contains("what was there before was dropped") {
            assert!(error.to_string().contains("go on with `run(&pool)`, which drops nothing"), "{error}");
        } else {
            has_rows(connection, "1");
        }
    });
}

#[test]
fn d2_a_seed_whose_answer_is_lost() {
    let seeder = || {
        let seeds = Seeds::from_files("seeds", [("t.sql", "INSERT INTO t VALUES (1);")])
            .unwrap_or_else(|error| panic!("{error}"));
        Seeder::new(seeds, "dev")
    };
    let says = [
        "its rows may be there, with its row in the table of seeds",
        "check that the server is running; then seed again: what was loaded once is not loaded a second time",
    ];
    let prepare = |connection: &mut Connection| drop(connection.run(&set_of_one()).unwrap());
    let verb = |connection: &mut Connection| connection.seed(&seeder()).map(drop);
    answers_are_lost(&prepare, &verb, "SELECT EXISTS (SELECT FROM t)", says, &|connection, _| {
        connection.seed(&seeder()).unwrap();
        has_rows(connection, "1");
    });
    let says = ["it may have the mark", "check that the server is running; then mark it again"];
    let verb = |connection: &mut Connection| connection.mark(&seeder());
    let marked = "SELECT to_regclass('schema_environment') IS NOT NULL";
    answers_are_lost(&|_| {}, &verb, marked, says, &|connection, _| connection.mark(&seeder()).unwrap());
}

#[test]
fn d2_a_record_whose_answer_is_lost() {
    let baseline = |connection: &mut Connection| connection.baseline(&set_of_one(), "1").map(drop);
    let says = [
        "it may have been recorded",
        "check that the server is running; then record the baseline again: what it has recorded stays as it is",
    ];
    let recorded = "SELECT to_regclass('schema_migrations') IS NOT NULL";
    answers_are_lost(&|_| {}, &baseline, recorded, says, &|connection, _| baseline(connection).unwrap());
    let says = [
        "it may have been repaired",
        "look at `status(&pool)` before you repair again: another process may have gone on since",
    ];
    let prepare = |connection: &mut Connection| drop(connection.run(&set_of_one()).unwrap());
    let repair = |connection: &mut Connection| connection.repair(&set_of_one(), "1", Repair::Pending).map(drop);
    let repaired = "SELECT NOT EXISTS (SELECT FROM schema_migrations)";
    answers_are_lost(&prepare, &repair, repaired, says, &|connection, _| {
        drop(connection.status(&set_of_one()).unwrap());
    });
}

#[test]
fn d2_roles_whose_answer_is_lost() {
    let owner = format!("lost_{}", std::process::id());
    let roles = Roles::owned_by(&owner);
    let says = [
        "roles may have been changed",
        "check that the server is running; then apply the roles again: what is as declared by then is left as it is",
    ];
    let verb = |connection: &mut Connection| connection.apply_roles(&roles).map(drop);
    let took_effect = format!("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '{owner}')");
    let gone = format!("REASSIGN OWNED BY {owner} TO postgres; DROP OWNED BY {owner}; DROP ROLE {owner}");
    let prepare = |connection: &mut Connection| {
        if connection.sql(&took_effect) == "t" {
            connection.sql(&gone);
        }
    };
    answers_are_lost(&prepare, &verb, &took_effect, says, &|connection, _| {
        connection.apply_roles(&roles).unwrap();
        connection.sql(&gone);
    });
}

/// Where all share a transaction nothing is said to stay that was not committed.
#[test]
fn d12_what_becomes_of_all_in_one_transaction() {
    let proxy = Proxy::new(&Database::new().url());
    let a = ("1_a.sql", "CREATE TABLE a ();");
    let set = |second| migrator(&[a, ("2_b.sql", second)]).transaction_mode(TransactionMode::All);
    for driver in drivers() {
        let apart = "-- atlas:require true\nCREATE TABLE b ();";
        let together = "CREATE TABLE b ();";
        for (second, message, fate) in [
            (apart, 4, "in the same transaction, of which all took effect or nothing: 1 a"),
            (together, 3, "the migration and its row in the history take effect together or not at all"),
        ] {
            let database = Database::new();
            proxy.cut(Cut::After(message));
            let error = driver.connect(&proxy.url(&database.url())).run(&set(second)).unwrap_err();
            let fate = match (driver, second == together) {
                (Driver::Postgres, true) => fate,
                (_, true) => "all of them take effect together with their rows in the history or not at all",
                _ => fate,
            };
            assert!(error.is_connection() && error.to_string().contains(fate), "{driver:?}: {error}");
            assert!(error.report().is_empty() && !error.to_string().contains("stays"), "{driver:?}: {error}");
        }
        let database = Database::new();
        for second in ["-- atlas:require false\nSELECT 1", "SELECT 1 / 0"] {
            let error = driver.connect(&database.url()).run(&set(second)).unwrap_err();
            assert!(error.to_string().contains("rolled back with it: 1 a"), "{driver:?}: {error}");
            assert!(error.report().is_empty() && !error.to_string().contains("stays"), "{driver:?}: {error}");
        }
    }
}

atlas_migrate_tests::on_every_version!(at_both_ends);
