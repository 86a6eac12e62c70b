//! What `validate` finds.

use atlas_migrate::{ErrorKind, testing};
use atlas_migrate_tests::migrator;

const TABLE: (&str, &str) = ("1_t.up.sql", "CREATE TABLE t (a int);");

#[track_caller]
fn finds(files: &[(&str, &str)], message: &str, difference: &str) {
    let error = testing::validate(migrator(files)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    let text = error.to_string();
    assert!(text.starts_with(message), "{text}");
    assert!(text.contains(difference), "{text}");
}

#[test]
fn nothing() {
    let valid = [
        TABLE,
        ("1_t.down.sql", "DROP TABLE t;"),
        ("2_index.up.sql", "CREATE INDEX CONCURRENTLY by_a ON t (a);"),
        ("2_index.down.sql", "DROP INDEX CONCURRENTLY by_a;"),
        ("3_skipped.sql", "-- atlas:skip-unless false\nSELECT 1 / 0;"),
        ("4_b.sql", "ALTER TABLE t ADD b text;"),
        ("R__v.sql", "CREATE OR REPLACE VIEW v AS SELECT a, b FROM t;"),
    ];
    testing::validate(migrator(&valid)).unwrap();
    testing::validate(&crate::migrations::MIGRATIONS).unwrap();
}

#[test]
fn a_down_file_that_leaves_something() {
    let up = ("2_u.up.sql", "CREATE TABLE u (a int); CREATE INDEX on_t ON t (a);");
    let files = [TABLE, ("1_t.down.sql", "DROP TABLE t;"), up, ("2_u.down.sql", "DROP TABLE u;")];
    finds(&files, "the down file of migration 2 does not undo it", "on_t");
}

#[test]
fn a_down_file_that_takes_too_much() {
    let files = [TABLE, ("2_u.up.sql", "CREATE TABLE u (a int);"), ("2_u.down.sql", "DROP TABLE u; DROP TABLE t;")];
    finds(&files, "the down file of migration 2 does not undo it", "table public.t");
}

#[test]
fn a_repeatable_one_that_cannot_be_repeated() {
    let text = "DO $$ BEGIN EXECUTE format('CREATE TABLE %I ()', 'copy_' || (SELECT count(*) FROM pg_class)); END $$;";
    finds(
        &[TABLE, ("R__copy.sql", text)],
        "the repeatable migration R__copy changes the schema when it runs again",
        "copy_",
    );
}

#[test]
fn objects_that_are_left_out() {
    let text = "DO $$ BEGIN EXECUTE format('CREATE TABLE %I ()', 'copy_' || (SELECT count(*) FROM pg_class)); END $$;";
    let files = [TABLE, ("R__copy.sql", text)];
    testing::validate_except(migrator(&files), |object| object.starts_with("table public.copy_")).unwrap();
    assert!(testing::validate_except(migrator(&files), |object| object == "table public.t").is_err());
}

#[test]
fn c1_a_table_with_a_down_file() {
    let up = "CREATE TABLE u (a int, b text); CREATE VIEW v AS SELECT a FROM u;";
    testing::validate(migrator(&[TABLE, ("2_u.up.sql", up), ("2_u.down.sql", "DROP VIEW v; DROP TABLE u;")])).unwrap();
}

#[test]
fn a_migration_that_depends_on_how_it_is_run() {
    let same = "DO $$ BEGIN IF (SELECT a FROM t) = pg_backend_pid() THEN CREATE TABLE at_once (); END IF; END $$;";
    let files = [TABLE, ("2_session.sql", "INSERT INTO t VALUES (pg_backend_pid());"), ("3_same.sql", same)];
    finds(&files, "a database that is migrated step by step is not like one that is migrated at once", "at_once");
}

#[test]
fn a_migration_that_fails() {
    let error = testing::validate(migrator(&[TABLE, ("2_fails.sql", "SELECT 1 / 0;")])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(error.position().map(|(path, ..)| path), Some("migrations/2_fails.sql"));
    assert!(error.report().is_empty(), "nothing of it is left: {error}");
}
