//! Whatever is rehearsed, database and session are as they were.

use atlas_migrate::{Migrations, Migrator};

use super::*;

/// What a session has of its own.
const SESSION: &str = "SELECT string_agg(line, ',' ORDER BY line) FROM (
    SELECT concat(name, '=', setting) FROM pg_settings WHERE source = 'session' AND name !~ '^transaction_'
    UNION ALL SELECT concat('locks: ', count(*)) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
    UNION ALL SELECT concat('temporary: ', count(*)) FROM pg_class WHERE relnamespace = pg_my_temp_schema()
    UNION ALL SELECT concat('prepared: ', count(*)) FROM pg_prepared_statements WHERE from_sql
    UNION ALL SELECT concat('channels: ', count(*)) FROM pg_listening_channels()) s (line)";

const CHANGES: &str = "
    CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY); DROP VIEW names; ALTER TABLE users DROP name;
    INSERT INTO posts VALUES (1, 1); DELETE FROM users WHERE id > 10; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE state AS ENUM ('good'); COMMENT ON TABLE posts IS 'posts'; GRANT SELECT ON posts TO pg_monitor;
    ALTER TABLE posts CLUSTER ON posts_pkey; CLUSTER posts; TRUNCATE posts";

const SETTINGS: &str = "
    SET search_path = app; SET statement_timeout = '1min'; SET ROLE pg_monitor; RESET ROLE; SET work_mem = '1MB';
    CREATE TEMPORARY TABLE own (id int); PREPARE p AS SELECT 1; LISTEN everything; SELECT pg_advisory_lock(1)";

/// Schema, rows and history, and where rows are.
fn state(database: &Database) -> Vec<String> {
    let snapshot = Driver::Postgres.connect(&database.url()).snapshot(&Migrator::new(Migrations::empty()));
    let mut state = vec![snapshot.unwrap_or_else(|error| panic!("{error}")).to_string()];
    state.extend(database.query("SELECT count(*), sum(age), max(xmin::text) FROM users"));
    state.extend(database.query("SELECT count(*) FROM posts"));
    state.extend(database.query("SELECT relname, relfilenode FROM pg_class WHERE oid >= 16384 ORDER BY 1"));
    state
}

#[track_caller]
fn check(driver: Driver, files: &[(&str, &str)], passed: bool) {
    let database = with_tables();
    let mut connection = driver.connect(&database.url());
    connection.sql("SET work_mem = '7MB'; SET search_path = public");
    let before = (state(&database), connection.sql(SESSION));
    let rehearsal = connection.rehearse(&migrator(files)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(rehearsal.passed(), passed, "{rehearsal}");
    // A pool may have closed the connection, which puts all in order as well.
    let session = connection.sql(SESSION);
    let is_pool = matches!(driver, Driver::SqlxPool | Driver::Deadpool);
    assert!(is_pool || session == before.1, "{session}\nbefore:\n{}", before.1);
    assert_eq!(state(&database), before.0);
    if passed {
        assert_eq!(database.errors(), [""; 0]);
        // It is all still to do.
        connection.run(&migrator(files)).unwrap_or_else(|error| panic!("{error}"));
    }
}

every_driver! {
    fn of_what_passes(driver) {
        check(driver, &[("001_a.sql", CHANGES), ("002_b.sql", SETTINGS), ("003_c.sql", "SELECT 1")], true);
    }

    fn of_what_fails(driver) {
        check(driver, &[("001_a.sql", SETTINGS), ("002_b.sql", &format!("{CHANGES}; SELECT 1 / 0"))], false);
    }
}

#[test]
fn numbers_of_sequences_do() {
    let database = with_tables();
    assert!(rehearse(&database, Driver::Postgres, &[("001_a.sql", "SELECT nextval('numbers')")]).passed());
    assert_eq!(database.value("SELECT nextval('numbers')"), "2");
}
