//! Rows that a program makes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use atlas_migrate::{ErrorKind, Event};
use atlas_migrate_tests::{Numbers, Runner, Trouble, wait_for};

use super::*;

const LIMIT: Duration = Duration::from_secs(30);

/// The row that cannot be had is in the third batch.
const BAD: u64 = 25_000;

fn of(numbers: &Numbers) -> Seeder {
    Seeder::new(Seeds::empty(), "dev").generate("dev", numbers.clone())
}

/// Two batches of three are there, and no more.
#[track_caller]
fn is_two_thirds(database: &Database) {
    assert_eq!(database.query("SELECT count(*), max(n) FROM numbers"), ["20000|19999"]);
    assert_eq!(database.query("SELECT name, state, rows FROM schema_seeds"), ["generated:numbers|partial|20000"]);
}

/// Every row is there once, as it always is.
#[track_caller]
fn is_whole(database: &Database) {
    assert_eq!(database.query("SELECT name, state, rows FROM schema_seeds"), ["generated:numbers|done|30000"]);
    assert_eq!(database.value("SELECT count(*) FROM numbers"), "30000");
    assert_eq!(database.value(Numbers::DIGEST), Numbers::GOLDEN);
}

/// The next run goes on where two thirds are there: with the rows that come then.
#[track_caller]
fn goes_on(database: &Database, connection: &mut Connection, numbers: &Numbers) {
    is_two_thirds(database);
    let first = Arc::new(AtomicU64::new(u64::MAX));
    let seen = Arc::clone(&first);
    let seeder = of(numbers).on_progress(move |event| {
        if let Event::Seeding { rows, .. } = event {
            seen.fetch_min(*rows, Ordering::Relaxed);
        }
    });
    assert_eq!(loaded(connection, &seeder), ["generated:numbers 30000"]);
    let first = first.load(Ordering::Relaxed);
    assert!((20_001..30_000).contains(&first), "it began again: {first} rows");
    is_whole(database);
    assert!(connection.seed(&of(numbers)).unwrap().is_empty());
}

every_driver! {
    fn the_same_everywhere(driver) {
        let (database, mut connection) = with(driver, Numbers::TABLE);
        assert_eq!(loaded(&mut connection, &of(&Numbers::default())), ["generated:numbers 30000"]);
        is_whole(&database);
        assert!(connection.seed(&of(&Numbers::default())).unwrap().is_empty());
        assert_eq!(database.errors(), [""; 0]);
    }

    fn goes_on_after_an_error(driver) {
        for keyed in [false, true] {
            let (database, mut connection) = with(driver, Numbers::TABLE);
            let good = Numbers { keyed, ..Numbers::default() };
            let bad = Numbers { trouble: Some((BAD, Trouble::TooFewCells)), ..good.clone() };
            let error = connection.seed(&of(&bad)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
            assert!(error.to_string().contains("row 25000 generated for numbers has 1 cells for 8 columns"), "{error}");
            goes_on(&database, &mut connection, &good);
        }
    }

    fn goes_on_after_a_panic(driver) {
        for keyed in [false, true] {
            let (database, mut connection) = with(driver, Numbers::TABLE);
            let good = Numbers { keyed, ..Numbers::default() };
            let bad = Numbers { trouble: Some((BAD, Trouble::Panic)), ..good.clone() };
            assert!(catch_unwind(AssertUnwindSafe(|| connection.seed(&of(&bad)))).is_err());
            // sqlx cannot use a connection any more on which a `COPY` was dropped; with the others it is the same one.
            if driver == Driver::SqlxConnection {
                connection = driver.connect(&database.url());
            }
            goes_on(&database, &mut connection, &good);
        }
    }

    fn goes_on_after_a_process_was_killed(driver) {
        let (database, mut connection) = with(driver, Numbers::TABLE);
        database.query("CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
              'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END';
            CREATE TRIGGER gate BEFORE INSERT ON numbers FOR EACH ROW WHEN (NEW.n = 25000) EXECUTE FUNCTION wait()");
        connection.sql("SELECT pg_advisory_lock(7)");
        let process = Runner::with(env!("CARGO_BIN_EXE_seeder"), driver, &database.url(), "numbers");
        let waiting = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE l.locktype = 'advisory' AND l.objid = 7 AND NOT l.granted AND d.datname = current_database()";
        wait_for("the process to be at its third batch", LIMIT, || (database.value(waiting) == "1").then_some(()));
        assert!(process.kill());
        connection.sql("SELECT pg_advisory_unlock(7)");
        goes_on(&database, &mut connection, &Numbers::default());
    }

    fn dry_run_of_several_batches(driver) {
        let (database, mut connection) = with(driver, Numbers::TABLE);
        assert_eq!(connection.dry_run(&of(&Numbers::default())).unwrap().seeds()[0].rows(), 30_000);
        assert_eq!(database.value("SELECT count(*) FROM numbers"), "0");
        let is_there = !database.value("SELECT to_regclass('schema_seeds')").is_empty();
    assert!(!is_there || database.value("SELECT count(*) FROM schema_seeds") == "0");
        loaded(&mut connection, &of(&Numbers::default()));
        is_whole(&database);
    }
}

/// What a load after another one does: what it loads, and how many rows of which versions are there then; or the place of
/// the error.
#[track_caller]
fn check_again(first: &Numbers, second: &Numbers, expected: Result<(u64, &[&str]), &str>) {
    let (database, mut connection) = with(Driver::Postgres, Numbers::TABLE);
    loaded(&mut connection, &of(first));
    match (connection.seed(&of(second)), expected) {
        (Ok(report), Ok((rows, versions))) => {
            assert_eq!(report.seeds().first().map_or(0, |seeded| seeded.rows()), rows);
            assert_eq!(database.query("SELECT version, count(*) FROM numbers GROUP BY 1 ORDER BY 1"), versions);
        }
        (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
        (result, expected) => panic!("{result:?} where {expected:?} was expected"),
    }
}

#[test]
fn what_has_changed_is_loaded_anew() {
    let of = |rows, version, keyed| Numbers { rows, version, keyed, trouble: None };
    check_again(&of(12_000, 1, true), &of(12_000, 1, true), Ok((0, &["1|12000"])));
    check_again(&of(12_000, 1, true), &of(12_000, 2, true), Ok((12_000, &["2|12000"])));
    check_again(&of(100, 1, true), &of(12_000, 1, true), Ok((12_000, &["1|12000"])));
    check_again(&of(12_000, 1, true), &of(100, 2, true), Ok((100, &["1|11900", "2|100"])));
    check_again(&of(100, 1, false), &of(100, 2, false), Err("Key (n)=(0) already exists"));
    check_again(&of(0, 1, false), &of(10, 1, false), Ok((10, &["1|10"])));
}

/// A table that does not take the rows, an environment that they are not for: nothing is loaded, and nothing tracked.
#[track_caller]
fn check_refused(environment: &str, table: &str, expected: &[&str]) {
    let (database, mut connection) = with(Driver::Postgres, table);
    let seeder = Seeder::new(Seeds::empty(), environment).generate("dev", Numbers { rows: 10, ..Numbers::default() });
    match connection.seed(&seeder) {
        Ok(report) => assert!(expected.is_empty() && report.is_empty(), "{report}"),
        Err(error) => {
            let text = error.to_string();
            assert!(!expected.is_empty() && expected.iter().all(|part| text.contains(part)), "{text}");
        }
    }
    let is_there = !database.value("SELECT to_regclass('schema_seeds')").is_empty();
    assert!(!is_there || database.value("SELECT count(*) FROM schema_seeds") == "0");
}

#[test]
fn refused() {
    check_refused("test", Numbers::TABLE, &[]);
    check_refused("dev", "SELECT 1", &["there is no table numbers"]);
    check_refused(
        "dev",
        &Numbers::TABLE.replace("odd boolean", "od boolean"),
        &["no column `odd`", "did you mean `od`"],
    );
    check_refused("dev", &Numbers::TABLE.replace("odd boolean", "odd date"), &["type date: \"false\"", "row 0"]);
    check_refused(
        "dev",
        &Numbers::TABLE.replace("maybe smallint", "maybe smallint NOT NULL"),
        &["column \"maybe\"", "row 1"],
    );
}
