//! A script of migrations, run by a client that knows nothing of them.

use atlas_migrate::{ErrorKind, Migrator, Target};
use atlas_migrate_core::statement;
use atlas_migrate_tests::{Database, Driver, migrator};
use insta::assert_snapshot;

/// Runs the script as psql does, statement by statement, and then finds nothing to do.
#[track_caller]
fn check(migrator: &Migrator) -> Database {
    let database = Database::new();
    run(&database, &migrator.script().unwrap()).unwrap();
    let report = Driver::Postgres.connect(&database.url()).run(migrator).unwrap();
    assert!(report.is_empty(), "{report}");
    database
}

fn run(database: &Database, script: &str) -> Result<(), String> {
    let mut client = postgres::Client::connect(&database.url(), postgres::NoTls).unwrap();
    for statement in statement::split(script) {
        let said =
            |error: postgres::Error| error.as_db_error().map_or(error.to_string(), |error| error.message().to_owned());
        client.batch_execute(&script[statement.range]).map_err(said)?;
    }
    Ok(())
}

#[test]
fn of_all_sorts() {
    let database = check(&migrator(&[
        ("001_users.sql", "CREATE TABLE users (id bigint); -- users\nSET search_path = '' -- no more"),
        ("002_names.sql", "BEGIN;\nALTER TABLE users ADD name text DEFAULT $atlas$it's$atlas$;\nCOMMIT;"),
        (
            "003_yes.sql",
            "-- atlas:require EXISTS (SELECT FROM users) IS NOT NULL\n-- atlas:skip-unless true\nINSERT INTO users VALUES (1);\nCREATE TABLE yes AS SELECT * FROM users",
        ),
        ("004_no.sql", "-- atlas:skip-unless 1 > 2\n-- atlas:require 1 / 0 > 0\nCREATE TABLE no ()"),
        (
            "005_index.sql",
            "-- atlas:no-transaction\nCREATE INDEX CONCURRENTLY users_by_name ON users (name);\nSET statement_timeout = '1h'",
        ),
        ("R__names.sql", "CREATE OR REPLACE VIEW names AS SELECT name FROM users"),
    ]));
    assert_eq!(database.query("SELECT name FROM yes"), ["it's"]);
    let states =
        database.query("SELECT version || ' ' || state || ' ' || statements FROM schema_migrations ORDER BY version");
    assert_eq!(
        states,
        ["001 applied 2", "002 applied 1", "003 applied 2", "004 skipped 0", "005 applied 2", "R__names applied 1"]
    );
    assert_eq!(database.value("SELECT to_regclass('no') IS NULL"), "t");
    assert_eq!(database.errors(), [""; 0]);
}

#[test]
fn options() {
    let two =
        [("1_a.sql", "CREATE TABLE a ()"), ("2_b.sql", "CREATE TABLE b ()"), ("R__c.sql", "CREATE VIEW c AS SELECT")];
    let first = migrator(&two)
        .target(Target::Version("1".into()))
        .schema("it's \"ours\"")
        .table("done")
        .namespace("it's")
        .role("postgres");
    let database = check(&first);
    assert_eq!(database.value("SELECT to_regclass('b') IS NULL"), "t");
    assert_eq!(database.query("SELECT namespace, version FROM \"it's \"\"ours\"\"\".done"), ["it's|1"]);
}

#[test]
fn as_it_is_read() {
    let text = "-- Migration: Users\n-- Description: Who there is\n-- atlas:require current_user <> 'nobody' | not as nobody\n\nCREATE TABLE users (id bigint); -- all";
    let script = migrator(&[("001_users.sql", text)]).script().unwrap();
    assert_snapshot!(script);
}

#[test]
fn on_a_database_that_has_something() {
    let database = Database::new();
    let users = migrator(&[("001_users.sql", "CREATE TABLE users ()"), ("002_posts.sql", "CREATE TABLE posts ()")]);
    Driver::Postgres.connect(&database.url()).run(&users).unwrap();
    let error = run(&database, &users.script().unwrap()).unwrap_err();
    assert_eq!(error, "the history has these already: 001, 002");

    for condition in ["", "-- atlas:skip-unless true\n"] {
        let text = format!("{condition}-- atlas:require 1 > 2 | not so\nCREATE TABLE no ()");
        let script = migrator(&[("003_no.sql", text.as_str())]).script().unwrap();
        assert_eq!(run(&database, &script).unwrap_err(), "not so");
    }
    assert_eq!(database.history().len(), 2);
}

#[test]
fn what_cannot_be_written() {
    let both = "-- atlas:skip-unless true\nVACUUM";
    let error = migrator(&[("001_both.sql", both)]).script().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_snapshot!("condition_and_one_by_one", error);
    let error = migrator(&[("1_a.sql", "SELECT 1")]).target(Target::Version("2".into())).script().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownVersion);
}
