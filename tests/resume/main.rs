//! Statements that cannot be in a transaction and were cut off: the next run finds out from the catalog what became of them.

use std::thread;
use std::time::{Duration, Instant};

use atlas_migrate::{Error, ErrorKind, Event, Migrator, Repair};
use atlas_migrate_tests::{Connection, DRIVERS, Database, Driver, migrator};

mod commits;
mod repair;

atlas_migrate_tests::on_every_version!(at_both_ends);

const TABLE: &str = "CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 1), (1, 2);";

/// Lets an index look as `CREATE INDEX CONCURRENTLY` leaves it when it is cut off.
const INVALID: &str = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass;";

/// How the run ended that came to the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// Its process was gone before it could write anything.
    CutOff,
    /// The server reported an error.
    Failed,
}

const BOTH: [Ended; 2] = [Ended::CutOff, Ended::Failed];

/// Each case runs on these: what is found out is the same for all, and how it is sent is not.
const SOME: [Driver; 2] = [Driver::SqlxPool, Driver::Postgres];

fn on_some(ended: &[Ended]) -> impl Iterator<Item = (Driver, Ended)> {
    SOME.into_iter().flat_map(|driver| ended.iter().map(move |ended| (driver, *ended)))
}

fn set(statement: &str) -> Migrator {
    migrator(&[("1_alone.sql", &format!("-- atlas:no-transaction\n{statement};"))])
}

/// A database in which a run came to its end at this statement, and left this.
fn interrupted(statement: &str, ended: Ended, left: &str) -> Database {
    let database = Database::new();
    // There is nothing yet that it could work on.
    Driver::Postgres.connect(&database.url()).run(&set(statement)).unwrap_err();
    left.split(";\n").for_each(|sql| drop(database.query(sql)));
    if ended == Ended::CutOff {
        database.query("UPDATE schema_migrations SET state = 'running', runner = 'gone'");
    }
    database
}

/// All indexes but the history's and the system's valid ones: name, validity, definition.
fn indexes(database: &Database) -> Vec<String> {
    database.query(
        "SELECT c.relname, i.indisvalid, substring(pg_get_indexdef(c.oid) FROM ' USING .*') FROM pg_index i
         JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
         WHERE t.relname <> 'schema_migrations'
         AND (NOT i.indisvalid OR t.relnamespace::regnamespace::text !~ '^(pg_|information_schema)') ORDER BY 1",
    )
}

/// A run after that brings the database to where these are the indexes.
#[track_caller]
fn check(statement: &str, ended: &[Ended], left: &str, expected: &[&str]) {
    for (driver, ended) in on_some(ended) {
        let database = interrupted(statement, ended, left);
        let mut connection = driver.connect(&database.url());
        let report = connection.run(&set(statement)).unwrap_or_else(|error| panic!("{driver:?} {ended:?}: {error}"));
        assert_eq!(report.applied().count(), 1, "{driver:?} {ended:?}");
        assert_eq!(indexes(&database), expected, "{statement}: {driver:?} {ended:?}");
        assert_eq!(database.history(), ["1|applied|1"]);
        assert_eq!(database.value("SELECT count(*) FROM schema_migrations WHERE runner IS NOT NULL"), "0");
        assert!(connection.run(&set(statement)).unwrap().is_empty());
    }
}

/// A run after that stops, changes nothing and can be had again.
#[track_caller]
fn refuses(statement: &str, ended: &[Ended], left: &str, kind: ErrorKind) {
    for (driver, ended) in on_some(ended) {
        let database = interrupted(statement, ended, left);
        let before = indexes(&database);
        for _ in 0..2 {
            let error = driver.connect(&database.url()).run(&set(statement)).unwrap_err();
            assert_eq!(error.kind(), kind, "{driver:?} {ended:?}: {error}");
            assert_eq!(error.position().map(|(_, line, _)| line), Some(2));
        }
        assert_eq!(indexes(&database), before);
    }
}

#[test]
fn an_index_that_is_not_there_is_built() {
    check("CREATE INDEX CONCURRENTLY i ON t (a)", &BOTH, TABLE, &["i|t| USING btree (a)"]);
    check("CREATE INDEX CONCURRENTLY ON t (a)", &BOTH, TABLE, &["t_a_idx|t| USING btree (a)"]);
}

#[test]
fn an_index_that_is_there_is_not_built_again() {
    let left = |index: &str| format!("{TABLE}\n{index}");
    let there = left("CREATE INDEX i ON t (a)");
    check("CREATE INDEX CONCURRENTLY i ON t (a)", &BOTH, &there, &["i|t| USING btree (a)"]);
    check("CREATE INDEX CONCURRENTLY i ON public.t USING btree (a ASC)", &BOTH, &there, &["i|t| USING btree (a)"]);
    check("CREATE INDEX CONCURRENTLY IF NOT EXISTS \"i\" ON t (a)", &BOTH, &there, &["i|t| USING btree (a)"]);
    check("CREATE INDEX CONCURRENTLY ON t (a)", &BOTH, &there, &["i|t| USING btree (a)"]);
    let there = left("CREATE UNIQUE INDEX i ON t USING btree ((lower(b::text)), a DESC) INCLUDE (a) WHERE b > 0");
    let statement = "CREATE UNIQUE INDEX CONCURRENTLY i ON t (lower(b::text), a DESC) INCLUDE (a) WHERE t.b > 0";
    check(statement, &BOTH, &there, &["i|t| USING btree (lower((b)::text), a DESC) INCLUDE (a) WHERE (b > 0)"]);
}

#[test]
fn an_index_that_is_not_valid_is_dropped_and_built_again() {
    for index in ["CREATE INDEX i ON t (a);\n", "CREATE INDEX i ON t (b);\n", "CREATE UNIQUE INDEX i ON t (b, a);\n"] {
        let left = format!("{TABLE}\n{index}{INVALID}");
        check("CREATE INDEX CONCURRENTLY i ON t (a)", &BOTH, &left, &["i|t| USING btree (a)"]);
        check("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", &BOTH, &left, &["i|t| USING btree (a)"]);
    }
    let left = format!("{TABLE}\nCREATE INDEX i ON t (a);\n{INVALID}");
    check("CREATE INDEX CONCURRENTLY ON t (a)", &BOTH, &left, &["t_a_idx|t| USING btree (a)"]);
}

#[test]
fn an_index_of_another_definition_is_left_alone() {
    let left = |index: &str| format!("{TABLE}\nCREATE TABLE u (a int);\n{index}");
    for index in [
        "CREATE INDEX i ON t (b)",
        "CREATE UNIQUE INDEX i ON t (a, b)",
        "CREATE INDEX i ON u (a)",
        "CREATE VIEW i AS SELECT 1",
    ] {
        refuses("CREATE INDEX CONCURRENTLY i ON t (a)", &BOTH, &left(index), ErrorKind::InDoubt);
    }
    // As the server has it, that is enough.
    check(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
        &BOTH,
        &left("CREATE INDEX i ON t (b)"),
        &["i|t| USING btree (b)"],
    );
    // Without a name, the server finds another one.
    let expected = ["i|t| USING btree (b)", "t_a_idx|t| USING btree (a)"];
    check("CREATE INDEX CONCURRENTLY ON t (a)", &BOTH, &left("CREATE INDEX i ON t (b)"), &expected);
}

#[test]
fn an_index_of_a_partitioned_table_waits_for_its_partitions() {
    let left = "CREATE TABLE t (a int) PARTITION BY LIST (a);\nCREATE TABLE p PARTITION OF t FOR VALUES IN (1);\n\
        CREATE INDEX i ON ONLY t (a)";
    refuses("CREATE INDEX CONCURRENTLY i ON t (a)", &BOTH, left, ErrorKind::InDoubt);
}

#[test]
fn an_index_that_is_not_valid_is_not_taken_for_one_that_exists() {
    for driver in DRIVERS {
        let database = Database::new();
        database.query(TABLE);
        database.query("CREATE INDEX i ON t (a)");
        database.query(INVALID);
        let report = driver.connect(&database.url()).run(&set("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)"));
        assert_eq!(report.unwrap().applied().count(), 1);
        assert_eq!(indexes(&database), ["i|t| USING btree (a)"], "{driver:?}");
    }
}

#[test]
fn an_index_that_exists_otherwise_is_warned_of() {
    let database = Database::new();
    database.query(TABLE);
    database.query("CREATE INDEX i ON t (b)");
    let report =
        Driver::Postgres.connect(&database.url()).run(&set("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)"));
    assert_eq!(
        report.unwrap().warnings(),
        ["migration 1 alone: the index public.i is there, but not as it is written:  USING btree (b)"]
    );
}

#[test]
fn an_index_is_dropped() {
    let statement = "DROP INDEX CONCURRENTLY i";
    check(statement, &[Ended::CutOff], TABLE, &[]);
    refuses_as_the_server_does(statement, TABLE);
    check(statement, &BOTH, &format!("{TABLE}\nCREATE INDEX i ON t (a)"), &[]);
    check(statement, &BOTH, &format!("{TABLE}\nCREATE INDEX i ON t (a);\n{INVALID}"), &[]);
}

/// A statement that failed is not taken for one that passed.
#[track_caller]
fn refuses_as_the_server_does(statement: &str, left: &str) {
    refuses(statement, &[Ended::Failed], left, ErrorKind::Failed);
}

#[test]
fn what_a_reindex_leaves_is_dropped() {
    let left = format!(
        "{TABLE}\nCREATE INDEX i ON t (a);\nCREATE INDEX i_ccnew ON t (a);\nCREATE INDEX i_ccold1 ON t (a);\n\
         CREATE INDEX other_ccnew ON t (b);\n\
         UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('i_ccnew'::regclass, 'i_ccold1'::regclass)"
    );
    let expected = ["i|t| USING btree (a)", "other_ccnew|t| USING btree (b)"];
    for statement in ["REINDEX INDEX CONCURRENTLY i", "REINDEX (VERBOSE) TABLE CONCURRENTLY t"] {
        check(statement, &BOTH, &left, &expected);
    }
    let left = left.replace("CREATE TABLE t", "CREATE SCHEMA s; SET search_path = s; CREATE TABLE s.t");
    let left = left.replace(" ON t", " ON s.t").replace("INTO t", "INTO s.t").replace("'i_cc", "'s.i_cc");
    check("REINDEX SCHEMA CONCURRENTLY s", &BOTH, &left, &expected);
}

#[test]
fn a_partition_is_detached() {
    let statement = "ALTER TABLE t DETACH PARTITION p CONCURRENTLY";
    let table = "CREATE TABLE t (a int) PARTITION BY LIST (a);\nCREATE TABLE p PARTITION OF t FOR VALUES IN (1)";
    if Database::new().value("SELECT current_setting('server_version_num')::int < 140000") == "t" {
        // PostgreSQL 13 does not have it.
        return refuses(statement, &BOTH, table, ErrorKind::Failed);
    }
    let pending = "UPDATE pg_inherits SET inhdetachpending = true";
    let check = |ended: &[Ended], left: &str| {
        check(statement, ended, left, &[]);
    };
    check(&BOTH, table);
    check(&BOTH, &format!("{table};\n{pending}"));
    check(&[Ended::CutOff], &format!("{table};\nALTER TABLE t DETACH PARTITION p"));
    refuses_as_the_server_does(statement, &format!("{table};\nALTER TABLE t DETACH PARTITION p"));
    let database = interrupted(statement, Ended::CutOff, &format!("{table};\n{pending}"));
    Driver::Postgres.connect(&database.url()).run(&set(statement)).unwrap();
    assert_eq!(database.value("SELECT count(*) FROM pg_inherits"), "0");
}

#[test]
fn what_the_catalog_does_not_tell() {
    let procedure = "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'";
    refuses("CALL p()", &[Ended::CutOff], procedure, ErrorKind::InDoubt);
    check("CALL p()", &[Ended::Failed], procedure, &[]);
    refuses("DO $$ BEGIN PERFORM FROM t; COMMIT; END $$", &[Ended::CutOff], TABLE, ErrorKind::InDoubt);
}

#[test]
fn what_may_run_again() {
    check("VACUUM t", &BOTH, TABLE, &[]);
    check("REINDEX TABLE t", &BOTH, &format!("{TABLE}\nCREATE INDEX i ON t (a)"), &["i|t| USING btree (a)"]);
}

/// While somebody else builds the index, it is not dropped under their hands.
#[test]
fn an_index_that_is_being_built_is_left_alone() {
    let statement = "CREATE INDEX CONCURRENTLY i ON t (a)";
    let database = interrupted(statement, Ended::CutOff, TABLE);
    let mut old = Driver::Postgres.connect(&database.url());
    old.sql("BEGIN; INSERT INTO t VALUES (3, 3)");
    let url = database.url();
    let builder = thread::spawn(move || Driver::Postgres.connect(&url).sql("CREATE INDEX CONCURRENTLY i ON t (a)"));
    until(
        &database,
        "the index is being built",
        "SELECT count(*) = 1 FROM pg_index WHERE indexrelid = to_regclass('i')",
    );
    let error = Driver::Postgres.connect(&database.url()).run(&set(statement)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.to_string().contains("run again when it has ended"), "{error}");
    old.sql("COMMIT");
    builder.join().unwrap();
    Driver::Postgres.connect(&database.url()).run(&set(statement)).unwrap();
    assert_eq!(indexes(&database), ["i|t| USING btree (a)"]);
}

/// The backend is ended in the middle of the real thing, which waits for an old transaction; then there are these indexes that
/// are not valid, and after a run none.
#[track_caller]
fn is_cut_off_in_the_middle(before: &str, statement: &str, left: usize, expected: &[&str]) {
    for driver in DRIVERS {
        let database = Database::new();
        database.query("CREATE TABLE t (a int, b text)");
        before.split(";\n").for_each(|sql| drop(database.query(sql)));
        let mut old = Driver::Postgres.connect(&database.url());
        old.sql("BEGIN; INSERT INTO t VALUES (3, 'three')");
        let url = database.url();
        let set = || set(&format!("INSERT INTO t VALUES (4, 'four');\n{statement};\nINSERT INTO t VALUES (5, 'five')"));
        let migrator = set();
        let run = thread::spawn(move || driver.connect(&url).run(&migrator).map(drop));
        let ours =
            "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '/* atlas-migrate %CONCURRENTLY%'";
        until(&database, "the statement waits", &format!("SELECT count(*) = 1 {ours} AND wait_event_type = 'Lock'"));
        database.query(&format!("SELECT pg_terminate_backend(pid) {ours}"));
        until(&database, "it is ended", &format!("SELECT count(*) = 0 {ours}"));
        let error: Error = run.join().unwrap().unwrap_err();
        assert!(error.is_connection(), "{driver:?}: {error}");
        old.sql("COMMIT");
        let invalid = indexes(&database).into_iter().filter(|index| index.contains("|f|"));
        assert_eq!(invalid.count(), left, "{:?}", indexes(&database));
        driver.connect(&database.url()).run(&set()).unwrap();
        assert_eq!(indexes(&database), expected, "{driver:?}");
        assert_eq!(database.query("SELECT a FROM t ORDER BY a"), ["3", "4", "5"]);
    }
}

#[test]
fn an_index_whose_building_was_cut_off_in_the_middle() {
    is_cut_off_in_the_middle("SELECT 1", "CREATE INDEX CONCURRENTLY i ON t (a)", 1, &["i|t| USING btree (a)"]);
}

/// Of the table, and of its toast, which belongs to the system.
#[test]
fn indexes_whose_rebuilding_was_cut_off_in_the_middle() {
    let expected = ["i|t| USING btree (a)"];
    is_cut_off_in_the_middle("CREATE INDEX i ON t (a)", "REINDEX TABLE CONCURRENTLY t", 2, &expected);
}

/// A statement that fails says what it left, and the next run removes it.
#[test]
fn a_unique_index_over_duplicates() {
    for driver in DRIVERS {
        let database = Database::new();
        database.query(TABLE);
        let mut connection = driver.connect(&database.url());
        let error = connection.run(&set("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)")).unwrap_err();
        assert_eq!(error.sqlstate(), Some("23505"));
        assert!(error.to_string().contains("DROP INDEX CONCURRENTLY public.i"), "{error}");
        database.query("DELETE FROM t WHERE b = 2");
        connection.run(&set("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)")).unwrap();
        assert_eq!(indexes(&database), ["i|t| USING btree (a)"], "{driver:?}");
    }
}

/// A statement that gives up waiting for a lock is tried again, and what it left is removed before.
#[test]
fn an_index_that_did_not_get_its_lock_in_time() {
    for driver in DRIVERS {
        let database = Database::new();
        database.query(TABLE);
        let mut old = Driver::Postgres.connect(&database.url());
        old.sql("BEGIN; INSERT INTO t VALUES (3, 3)");
        let old = std::sync::Mutex::new(Some(old));
        let file = "-- atlas:no-transaction\n-- atlas:lock-timeout 100ms\nCREATE INDEX CONCURRENTLY i ON t (a);";
        let set = migrator(&[("1_alone.sql", file)]).on_progress(move |event| {
            if let Event::Retrying { .. } = event {
                // The transaction ends with its connection, which is closed outside of a runtime.
                let old: Option<Connection> = old.lock().unwrap().take();
                thread::spawn(move || drop(old)).join().unwrap();
            }
        });
        driver.connect(&database.url()).run(&set).unwrap();
        assert_eq!(indexes(&database), ["i|t| USING btree (a)"], "{driver:?}");
    }
}

/// Waits until a query gives true.
#[track_caller]
fn until(database: &Database, what: &str, query: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while database.value(query) != "t" {
        assert!(Instant::now() < deadline, "waited 20 s until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
