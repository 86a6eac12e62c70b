//! A rehearsal whose future is dropped, at every point at which it waits, leaves nothing behind.

use atlas_migrate::Migrator;
use atlas_migrate_tests::migrator;

fn set() -> Migrator {
    migrator(&[
        ("001_a.sql", "CREATE TABLE b (id int); SET work_mem = '7MB'; SELECT pg_advisory_lock(1)"),
        ("002_b.sql", "PREPARE p AS SELECT 1; INSERT INTO a VALUES (1); ALTER TABLE a ADD b int"),
        ("003_c.sql", "SELECT 1 / 0"),
    ])
}

atlas_migrate_tests::dropped!(
    "CREATE TABLE a (id int)",
    |database| set().rehearse(database),
    // Whether the next user is in no transaction, has the settings of the role and nothing else; the rows and the tables.
    "SELECT concat_ws(' ', now() = statement_timestamp(), current_setting('work_mem') = '7MB',
        current_setting('lock_timeout'), (SELECT count(*) FROM pg_prepared_statements WHERE from_sql),
        (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
        (SELECT count(*) FROM a), to_regclass('b') IS NULL, to_regclass('schema_migrations') IS NULL)",
    "t f 0 0 0 0 t t"
);
