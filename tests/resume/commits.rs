//! Statements that commit by themselves: what they did is in doubt if they fail, and people say what is so.

use atlas_migrate::Revert;

use super::*;

const ROWS: &str = "CREATE TABLE t (a int)";

/// Commits five times, and fails then.
const BLOCK: &str = "DO $$ BEGIN FOR i IN 1..9 LOOP INSERT INTO t VALUES (i); COMMIT;\n\
    IF i = 5 THEN RAISE EXCEPTION 'boom'; END IF; END LOOP; END $$";
const PROCEDURE: &str = "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..9 LOOP INSERT INTO t VALUES (i); COMMIT; \
    IF i = 5 THEN PERFORM 1 / 0; END IF; END LOOP; END $$";
const SLOW: &str = "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..5 LOOP INSERT INTO t VALUES (i); COMMIT; \
    END LOOP; PERFORM pg_sleep(60); END $$";
/// Looks as if it could be in a transaction.
const HIDDEN: &str =
    "DO E'BEGIN FOR i IN 1..5 LOOP INSERT INTO t VALUES (i); C\\x4fMMIT; END LOOP; PERFORM 1 / 0; END'";

fn file(header: &str, statement: &str) -> Migrator {
    migrator(&[("1_alone.sql", &format!("-- atlas:no-transaction\n{header}{statement};"))])
}

fn rows(database: &Database) -> String {
    database.value("SELECT count(*) FROM t")
}

/// A statement that fails when five rows are there: the run says so, and no run adds to them before somebody has said what is
/// so. Not even with another statement, in a transaction.
#[track_caller]
fn stops(prepare: &str, header: &str, statement: &str, sqlstate: &str) {
    for driver in SOME {
        let database = Database::new();
        [ROWS, prepare].into_iter().for_each(|sql| drop(database.query(sql)));
        let mut connection = driver.connect(&database.url());
        let set = file(header, statement);
        let error = connection.run(&set).unwrap_err();
        let told = format!("{driver:?} {statement}: {error}");
        assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::InDoubt, Some(sqlstate)), "{told}");
        assert!(!error.to_string().contains("nothing of it took effect"), "{told}");
        let other = migrator(&[("1_alone.sql", "INSERT INTO t VALUES (0)")]);
        for set in [&set, &file("", "INSERT INTO t VALUES (0)"), &other] {
            let error = connection.run(set).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InDoubt, "{driver:?}: {error}");
            assert!(error.to_string().contains("Repair::Partly { completed: 0 }"), "{error}");
        }
        assert_eq!(rows(&database), "5", "{driver:?} {statement}");

        // A part is to stay. The same statement does not run, another one does.
        connection.repair(&set, "1", Repair::Partly { completed: 0 }).unwrap();
        assert_eq!(connection.run(&set).unwrap_err().kind(), ErrorKind::InDoubt);
        assert_eq!(rows(&database), "5");
        connection.run(&file("", "INSERT INTO t SELECT generate_series(6, 9)")).unwrap();
        assert_eq!((rows(&database), database.history()), ("9".to_owned(), vec!["1|applied|1".to_owned()]));
    }
}

#[test]
fn a2_what_failed_may_have_committed() {
    stops("SELECT 1", "", BLOCK, "P0001");
    stops(PROCEDURE, "", "CALL p()", "22012");
    stops("SELECT 1", "", HIDDEN, "22012");
}

#[test]
fn a2_what_ran_into_its_timeout_may_have_committed() {
    stops(SLOW, "-- atlas:statement-timeout 300ms\n", "CALL p()", "57014");
}

/// A deadlock or a lock timeout is no reason to run it again.
#[test]
fn a2_what_did_not_get_a_lock_may_have_committed() {
    let raises = BLOCK.replace("RAISE EXCEPTION 'boom'", "RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'");
    stops("SELECT 1", "", &raises, "40P01");
}

/// What the server refuses before it begins has had no effect, and is run again once it can.
#[test]
fn a2_what_was_refused_at_once_did_nothing() {
    for (statement, sqlstate) in [("CALL p()", "42883"), ("DO $$ BEGIN COMMIT; x := 1; END $$", "42601")] {
        for driver in SOME {
            let database = Database::new();
            database.query(ROWS);
            let mut connection = driver.connect(&database.url());
            let error = connection.run(&file("", statement)).unwrap_err();
            assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Failed, Some(sqlstate)), "{driver:?}: {error}");
            assert!(error.to_string().contains("nothing of it took effect"), "{error}");
            database.query(&SLOW.replace("PERFORM pg_sleep(60);", ""));
            connection.run(&file("", "CALL p()")).unwrap();
            assert_eq!(rows(&database), "5");
        }
    }
}

/// After a repair, a run or a revert of this file brings the table to so many rows.
#[track_caller]
fn repaired(repair: Repair, statement: &str, expected: &str) {
    let database = Database::new();
    database.query(ROWS);
    let mut connection = Driver::Postgres.connect(&database.url());
    connection.run(&file("", BLOCK)).unwrap_err();
    connection.repair(&file("", BLOCK), "1", repair).unwrap();
    connection.run(&file("", statement)).unwrap();
    assert_eq!(rows(&database), expected, "{repair:?}");
}

#[test]
fn a2_people_say_what_is_so() {
    repaired(Repair::Applied, BLOCK, "5");
    repaired(Repair::Failed { completed: 1 }, BLOCK, "5");
    let without_fault = BLOCK.replace("RAISE EXCEPTION 'boom'", "NULL");
    repaired(Repair::Failed { completed: 0 }, &without_fault, "14");
    repaired(Repair::Pending, &without_fault, "14");
    repaired(Repair::Partly { completed: 0 }, &without_fault, "14");
}

/// A down file that commits by itself is no better known, and is repaired in the same words.
#[test]
fn a2_a_revert_that_failed() {
    let down = "-- atlas:no-transaction\nDELETE FROM t WHERE a = 1;\nDO $$ BEGIN DELETE FROM t WHERE a = 2; COMMIT; PERFORM 1 / 0; END $$;";
    let set = |down: &str| {
        migrator(&[
            ("1_a.up.sql", "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2), (3);"),
            ("1_a.down.sql", down),
        ])
    };
    for driver in SOME {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&set(down)).unwrap();
        for _ in 0..2 {
            let error = connection.revert(&set(down), Revert::Last).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InDoubt, "{driver:?}: {error}");
            assert!(error.to_string().contains("repair(&pool, \"1\", Repair::Failed { completed: 2 })"), "{error}");
        }
        assert_eq!(database.history(), ["1|reverting|1"]);
        connection.repair(&set(down), "1", Repair::Partly { completed: 1 }).unwrap();
        assert_eq!(connection.revert(&set(down), Revert::Last).unwrap_err().kind(), ErrorKind::InDoubt);
        let rest = down.replace("PERFORM 1 / 0;", "DELETE FROM t;");
        connection.revert(&set(&rest), Revert::Last).unwrap();
        assert_eq!((rows(&database), database.history()), ("0".to_owned(), Vec::new()), "{driver:?}");
    }
}

/// The connection of a statement that commits by itself is ended: as after a failure.
#[test]
fn a2_a_session_that_was_ended() {
    let database = Database::new();
    [ROWS, SLOW].into_iter().for_each(|sql| drop(database.query(sql)));
    let url = database.url();
    let run = thread::spawn(move || Driver::SqlxPool.connect(&url).run(&file("", "CALL p()")).map(drop));
    let asleep = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    until(&database, "the procedure sleeps", &format!("SELECT count(*) = 1 {asleep}"));
    database.query(&format!("SELECT pg_terminate_backend(pid) {asleep}"));
    let error = run.join().unwrap().unwrap_err();
    assert!(error.is_connection(), "{error}");
    until(&database, "it is ended", &format!("SELECT count(*) = 0 {asleep}"));
    for statement in ["CALL p()", "SELECT 1"] {
        let error = Driver::Postgres.connect(&database.url()).run(&file("", statement)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InDoubt, "{error}");
    }
    assert_eq!(rows(&database), "5");
}

/// In a file with the directive, what is refused in a transaction is sent by itself; elsewhere the hint names the directive.
#[test]
fn b8_b9_what_must_be_alone() {
    let hidden = HIDDEN.replace("PERFORM 1 / 0;", "");
    let partitioned = "CREATE TABLE part (a int PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE one PARTITION OF part FOR VALUES IN (1)";
    for driver in DRIVERS {
        let database = Database::new();
        [ROWS, partitioned].into_iter().for_each(|sql| drop(database.query(sql)));
        let mut connection = driver.connect(&database.url());
        let open = format!("INSERT INTO t VALUES (0);\n{hidden};\nREINDEX TABLE part;\n");
        let error = connection.run(&migrator(&[("1_a.sql", &open)])).unwrap_err();
        assert_eq!(error.sqlstate(), Some("2D000"), "{driver:?}: {error}");
        assert!(error.to_string().contains("put `-- atlas:no-transaction` into the first line"), "{error}");
        let file = format!("-- atlas:no-transaction\n{open}INSERT INTO t VALUES (6);");
        connection.run(&migrator(&[("1_a.sql", &file)])).unwrap();
        assert_eq!(database.query("SELECT a FROM t ORDER BY a"), ["0", "1", "2", "3", "4", "5", "6"], "{driver:?}");
        assert_eq!(database.history(), ["1|applied|4"]);
        assert_eq!(database.value("SELECT count(*) FROM schema_migrations WHERE runner IS NOT NULL"), "0");
    }
    let database = Database::new();
    if database.value("SHOW server_version_num").as_str() < "140000" {
        // Partitioned tables are passed over there.
        return;
    }
    database.query(partitioned);
    let error =
        Driver::Postgres.connect(&database.url()).run(&migrator(&[("1_a.sql", "REINDEX TABLE part;")])).unwrap_err();
    assert_eq!(error.sqlstate(), Some("25001"));
    assert!(error.to_string().contains("put `-- atlas:no-transaction` into the first line"), "{error}");
}

/// With a role, timeouts and settings of its own, which hold for what is sent by itself too.
#[test]
fn b9_what_must_be_alone_is_sent_as_the_others() {
    let database = Database::new();
    let role = format!("owner_{}", database.value("SELECT current_database()"));
    database.query(&format!("CREATE ROLE {role}; GRANT ALL ON SCHEMA public TO {role}"));
    let block = "DO E'BEGIN CREATE TABLE made (a text); INSERT INTO made VALUES (current_setting(''statement_timeout'')); C\\x4fMMIT; END'";
    let set = file("-- atlas:statement-timeout 77s\n", block).role(&role);
    for driver in DRIVERS {
        database.query("DROP TABLE IF EXISTS made, schema_migrations");
        let mut connection = driver.connect(&database.url());
        let before = connection.sql("SELECT current_setting('statement_timeout') || current_user");
        connection.run(&set).unwrap();
        assert_eq!(
            database.value("SELECT a || (SELECT tableowner FROM pg_tables WHERE tablename = 'made') FROM made"),
            format!("77s{role}"),
            "{driver:?}"
        );
        assert_eq!(connection.sql("SELECT current_setting('statement_timeout') || current_user"), before, "{driver:?}");
    }
    database.query(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

/// A function cannot commit, however it is sent: nothing of it took effect, and the hint says so.
#[test]
fn b9_what_cannot_be_alone_either() {
    let database = Database::new();
    database.query("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN COMMIT; END'");
    let error = Driver::SqlxPool.connect(&database.url()).run(&file("", "SELECT f()")).unwrap_err();
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Failed, Some("2D000")), "{error}");
    assert!(error.to_string().contains("not in functions"), "{error}");
}
