//! What a repeatable migration has made goes with what another one drops.

use atlas_migrate::{Migrator, Revert, TransactionMode};
use atlas_migrate_tests::{Database, Driver, every_driver, migrator};

const T: [(&str, &str); 2] = [("1_t.up.sql", "CREATE TABLE t (id int);"), ("1_t.down.sql", "DROP TABLE t CASCADE;")];
const VIEW: (&str, &str) = ("R__v.sql", "CREATE OR REPLACE VIEW v AS SELECT id FROM t;");
const AGAIN: &str = "DROP TABLE t CASCADE; CREATE TABLE t (id bigint);";

fn with(more: &[(&str, &str)]) -> Migrator {
    migrator(&[&T[..], &[VIEW], more].concat())
}

fn applied(report: &atlas_migrate::Report) -> Vec<&str> {
    report.applied().map(|done| done.version().as_str()).collect()
}

every_driver! {
    fn d6_made_again_by_the_same_run(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&with(&[])).unwrap();
        let set = with(&[("2_again.sql", AGAIN)]);
        assert_eq!(applied(&connection.run(&set).unwrap()), ["2", "R__v"]);
        assert_eq!(database.value("SELECT count(*) FROM v"), "0");
        assert!(connection.run(&set).unwrap().is_empty());
        assert_eq!(database.errors(), [""; 0]);
    }

    fn d6_made_again_after_a_revert(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&with(&[])).unwrap();
        let report = connection.revert(&with(&[]), Revert::Last).unwrap();
        assert_eq!(report.warnings(), ["what R__v has made is gone with what was reverted; the next run makes it again"]);
        assert_eq!(applied(&connection.run(&with(&[])).unwrap()), ["1", "R__v"]);
        assert_eq!(database.value("SELECT count(*) FROM v"), "0");
        assert!(connection.run(&with(&[])).unwrap().is_empty());
    }
}

/// After the first set, the second one applies these.
#[track_caller]
fn check(first: &Migrator, second: &Migrator, expected: &[&str]) {
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    connection.run(first).unwrap();
    assert_eq!(applied(&connection.run(second).unwrap()), expected);
    assert!(connection.run(second).unwrap().is_empty());
    assert_eq!(database.errors(), [""; 0]);
}

#[test]
fn d6_whatever_drops_it_and_whatever_it_is() {
    let again = ("2_again.sql", AGAIN);
    check(&with(&[]), &with(&[again]).transaction_mode(TransactionMode::All), &["2", "R__v"]);
    check(&with(&[]), &with(&[again, ("3_u.sql", "CREATE TABLE u ()")]), &["2", "3", "R__v"]);
    check(&with(&[]), &with(&[("2_again.sql", &format!("-- atlas:no-transaction\n{AGAIN}"))]), &["2", "R__v"]);
    check(&with(&[]), &with(&[("2_away.sql", "ALTER VIEW v RENAME TO w")]), &["2", "R__v"]);
    check(&with(&[]), &with(&[("2_away.sql", "DO $$ BEGIN EXECUTE 'DROP VIEW v'; END $$")]), &["2", "R__v"]);
    let trigger = (
        "R__g.sql",
        "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        DROP TRIGGER IF EXISTS g ON t; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();",
    );
    check(&with(&[trigger]), &with(&[trigger, again]), &["2", "R__g", "R__v"]);
    let function = ("R__f.sql", "CREATE OR REPLACE FUNCTION public.f(r t) RETURNS int LANGUAGE sql AS 'SELECT 1'");
    check(&with(&[function]), &with(&[function, again]), &["2", "R__f", "R__v"]);
    // One repeatable migration takes another one's away.
    let base = |sql: &str| migrator(&[("R__a.sql", sql), ("R__b.sql", "CREATE OR REPLACE VIEW b AS SELECT * FROM a")]);
    let first = base("CREATE VIEW a AS SELECT 1 AS n");
    check(&first, &base("DROP VIEW a CASCADE; CREATE VIEW a AS SELECT 2 AS n"), &["R__a", "R__b"]);
}

#[test]
fn d6_what_is_there_stays() {
    let away = ("2_away.sql", "CREATE TABLE u (); DROP TABLE u CASCADE;");
    check(&with(&[]), &with(&[away]), &["2"]);
    // What it makes for itself only.
    let helper = ("R__h.sql", "CREATE FUNCTION h() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION h();");
    check(&with(&[helper]), &with(&[helper, away]), &["2"]);
    // Two that take each other away.
    let pair = |n: u32| {
        let text = |own: &str, other: &str| {
            format!("DROP VIEW IF EXISTS {other}; CREATE OR REPLACE VIEW {own} AS SELECT {n} AS n;")
        };
        migrator(&[("R__a.sql", &text("a", "b")), ("R__b.sql", &text("b", "a"))])
    };
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    connection.run(&pair(1)).unwrap();
    assert_eq!(connection.run(&pair(2)).unwrap().applied().count(), 2);
}

/// A script from a version leaves repeatable migrations to a run, and so what it takes away of them.
#[test]
fn d6_after_a_script() {
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    connection.run(&with(&[])).unwrap();
    let set = with(&[("2_again.sql", AGAIN)]);
    database.query(&set.script_from("1").unwrap());
    assert_eq!(applied(&connection.run(&set).unwrap()), ["R__v"]);
}
