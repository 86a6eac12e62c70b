//! A script of migrations, run by a client that knows nothing of them.

use atlas_migrate::{ErrorKind, Migrator, OtherHistory, Target};
use atlas_migrate_core::statement;
use atlas_migrate_tests::{Database, Driver, SCRIPT_CLIENTS, ScriptClient, migrator};
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

/// What is in the history, and how often the migrations ran that count.
fn state(database: &Database) -> (Vec<String>, String) {
    let history = "SELECT version, state, statements FROM schema_migrations ORDER BY version";
    (database.query(history), database.value("SELECT n FROM counted"))
}

const COUNTED: (&str, &str) = ("001_counted.sql", "CREATE TABLE counted (n int);\nINSERT INTO counted VALUES (0);");
const COUNT: &str = "UPDATE counted SET n = n + 1;";

#[test]
fn a6_twice() {
    for client in SCRIPT_CLIENTS {
        let database = Database::new();
        let set = migrator(&[COUNTED, ("002_count.sql", COUNT), ("R__count.sql", COUNT)]);
        let script = set.script().unwrap();
        for times in 1..=2 {
            client.send(&database.url(), &script);
            let done = ["001|applied|2", "002|applied|1", "R__count|applied|1"].map(str::to_owned).to_vec();
            assert_eq!(state(&database), (done, "2".to_owned()), "{client:?}, {times}");
        }
        assert!(Driver::Postgres.connect(&database.url()).run(&set).unwrap().is_empty());
    }
}

/// Behind a migration that fails, nothing runs, however often the file is sent.
#[test]
fn a6_a_statement_fails() {
    for client in SCRIPT_CLIENTS {
        let database = Database::new();
        let set = |third: &str| {
            let third = format!("{COUNT}\n{third}\n{COUNT}");
            migrator(&[COUNTED, ("002_count.sql", COUNT), ("003_fails.sql", &third), ("004_count.sql", COUNT)])
        };
        let script = set("SELECT 1 / 0;").script().unwrap();
        for times in 1..=2 {
            client.send(&database.url(), &script);
            let done = ["001|applied|2", "002|applied|1"].map(str::to_owned).to_vec();
            assert_eq!(state(&database), (done, "1".to_owned()), "{client:?}, {times}");
        }
        // A run goes on from there.
        let report = Driver::Postgres.connect(&database.url()).run(&set("SELECT 1;")).unwrap();
        assert_eq!((report.applied().count(), state(&database).1), (2, "4".to_owned()), "{client:?}");
    }
}

/// What a script leaves of a migration that runs statement by statement is what a run would leave, which goes on from there.
#[test]
fn a5_statement_by_statement() {
    let unique = "CREATE UNIQUE INDEX CONCURRENTLY by_n ON twice (n);";
    let text = format!("-- atlas:no-transaction\n{COUNT}\n{unique}\n{COUNT}");
    let twice = ("002_twice.sql", "CREATE TABLE twice (n int);\nINSERT INTO twice VALUES (1), (1);");
    let set = migrator(&[COUNTED, twice, ("003_index.sql", &text), ("004_count.sql", COUNT)]);
    for client in SCRIPT_CLIENTS.into_iter().filter(|client| client.sends_one_by_one()) {
        let database = Database::new();
        let script = set.script().unwrap();
        for times in 1..=2 {
            client.send(&database.url(), &script);
            let done = ["001|applied|2", "002|applied|2", "003|running|1"].map(str::to_owned).to_vec();
            assert_eq!(state(&database), (done, "1".to_owned()), "{client:?}, {times}");
        }
        database.query("DELETE FROM twice");
        Driver::Postgres.connect(&database.url()).run(&set).unwrap();
        assert_eq!((state(&database).1, database.history().len()), ("3".to_owned(), 4), "{client:?}");
        assert_eq!(database.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_n'::regclass"), "t");
    }
}

/// Statements that can be in no transaction, and whose success shows: each runs once, whatever the client.
#[test]
fn a5_what_can_be_in_no_transaction() {
    let files = [
        COUNTED,
        (
            "002_parts.sql",
            "CREATE TABLE p (n int) PARTITION BY LIST (n);\nCREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        ),
        (
            "003_index.sql",
            "CREATE INDEX CONCURRENTLY by_n ON counted (n);\nCREATE INDEX CONCURRENTLY IF NOT EXISTS by_n ON counted (n);",
        ),
        ("004_drop.sql", "DROP INDEX CONCURRENTLY by_n;\nALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;"),
        (
            "005_path.sql",
            "-- atlas:no-transaction\nSET search_path = pg_catalog, public;\nCREATE INDEX CONCURRENTLY again ON counted (n)",
        ),
    ];
    let database = Database::new();
    let set = migrator(&files);
    for _ in 1..=2 {
        ScriptClient::Psql.send(&database.url(), &set.script().unwrap());
        let states = state(&database).0;
        assert_eq!(states[2..], ["003|applied|2", "004|applied|2", "005|applied|2"]);
    }
    assert!(Driver::Postgres.connect(&database.url()).run(&set).unwrap().is_empty());

    // Something is in the way of the third.
    let database = Database::new();
    database.query("CREATE VIEW by_n AS SELECT");
    ScriptClient::Psql.send(&database.url(), &set.script().unwrap());
    assert_eq!(state(&database).0[2..], ["003|running|0"]);
}

/// One whose success does not show is refused, and the hint leads on.
#[test]
fn a5_what_no_script_can_have() {
    let set = migrator(&[COUNTED, ("002_vacuum.sql", "VACUUM counted;"), ("003_count.sql", COUNT)]);
    let error = set.script().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_snapshot!("not_in_a_script", error);
    let to = |version: &str| set.clone().target(Target::Version(version.to_owned().into()));
    let database = Database::new();
    ScriptClient::PsqlStops.send(&database.url(), &to("001").script().unwrap());
    Driver::Postgres.connect(&database.url()).run(&to("002")).unwrap();
    ScriptClient::PsqlStops.send(&database.url(), &set.script_from("002").unwrap());
    assert!(Driver::Postgres.connect(&database.url()).run(&set).unwrap().is_empty());
    assert_eq!(state(&database).1, "1");
}

/// Several at once, and a run among them: each migration takes effect once.
#[test]
fn a6_races() {
    let files: Vec<_> = (2..20).map(|number| (format!("{number:03}_count.sql"), COUNT)).collect();
    let files: Vec<_> =
        std::iter::once(COUNTED).chain(files.iter().map(|(name, text)| (name.as_str(), *text))).collect();
    let set = migrator(&files);
    let database = Database::new();
    let script = set.script().unwrap();
    std::thread::scope(|scope| {
        for client in [ScriptClient::Psql, ScriptClient::Psql, ScriptClient::PsqlRollsBackStatements] {
            let (database, script) = (&database, &script);
            scope.spawn(move || client.send(&database.url(), script));
        }
        scope.spawn(|| Driver::Postgres.connect(&database.url()).run(&set).unwrap());
    });
    Driver::Postgres.connect(&database.url()).run(&set).unwrap();
    assert_eq!((state(&database).1, database.history().len()), ("18".to_owned(), 19));
}

/// A script refuses what a run refuses.
#[test]
fn a3_beside_another_history() {
    let database = Database::new();
    database.query("CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('a')");
    let set = migrator(&[COUNTED]);
    let error = run(&database, &set.script().unwrap()).unwrap_err();
    assert_eq!(error, "this database has another history of migrations: public.alembic_version (Alembic)");
    ScriptClient::Psql.send(&database.url(), &set.script().unwrap());
    assert_eq!(database.tables(), ["public.alembic_version"]);
    run(&database, &set.other_history(OtherHistory::Ignore).script().unwrap()).unwrap();
}

#[test]
fn as_it_is_read() {
    let text = "-- Migration: Users\n-- Description: Who there is\n-- atlas:require current_user <> 'nobody' | not as nobody\n\nCREATE TABLE users (id bigint); -- all";
    let set = migrator(&[("001_users.sql", text)]).other_history(OtherHistory::Ignore);
    assert_snapshot!(set.script().unwrap());
    let index = "CREATE INDEX CONCURRENTLY by_id ON users (id);";
    let script = migrator(&[("001_users.sql", text), ("002_index.sql", index)]).script_from("001").unwrap();
    assert_snapshot!("statement_by_statement", script);
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
