//! What people and programs read. The snapshots are meant to be read.

use super::*;

/// Without what differs from time to time.
fn without_times(text: &str) -> String {
    atlas_migrate_tests::without_times(text)
}

#[test]
fn as_text_and_json() {
    let database = with_tables();
    let files = [
        ("001_ages.sql", "ALTER TABLE posts ADD title text;\nCLUSTER users USING users_pkey;\nTRUNCATE posts"),
        ("002_index.sql", "CREATE INDEX CONCURRENTLY i ON users (name)"),
        ("003_skipped.sql", "-- atlas:skip-unless false\nSELECT 1"),
        (
            "004_nobody.sql",
            "SELECT 'a statement that is so long that nobody would read it to its end' AS text;\nDROP TABLE nobody",
        ),
        ("005_last.sql", "SELECT 1"),
    ];
    let rehearsal = rehearse(&database, Driver::TokioPostgres, &files);
    insta::assert_snapshot!("text", without_times(&rehearsal.to_string()));
    insta::assert_snapshot!("json", without_times(&rehearsal.to_json()));
}

#[test]
fn of_nothing() {
    let database = Database::new();
    let files = [("001_a.sql", "SELECT 1")];
    Driver::Postgres.connect(&database.url()).run(&migrator(&files)).unwrap();
    insta::assert_snapshot!(rehearse(&database, Driver::Postgres, &files), @"nothing to rehearse");
}
