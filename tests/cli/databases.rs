//! Databases that are made and dropped.

use atlas_migrate_tests::{Cut, Database, Driver, Proxy};
use insta::assert_snapshot;

use crate::Program;
use crate::files::PEOPLE;
use crate::secure::Secure;

#[test]
fn dropped_and_made_again() {
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    assert_snapshot!(program.session(&[
        "create",
        "drop",
        "drop --yes",
        "drop --yes",
        "status",
        "create",
        "run",
        "create --format json",
        "drop --yes --format json",
        "create --format json",
    ]));
}

/// The answer to each message is lost in turn: what is said then is right whether it was made, or dropped, or not.
#[test]
fn d2_answers_that_are_lost() {
    let database = Database::new();
    let proxy = Proxy::new(&database.url());
    let name = database.value("SELECT current_database()");
    let url = database.url();
    let maintenance = format!("{}/postgres", url.rsplit_once('/').unwrap().0);
    let there = |expected: &str| {
        let found = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
        Driver::Postgres.connect(&maintenance).sql(&found) == expected
    };
    let program = Program::new(PEOPLE).set("DATABASE_URL", &proxy.url(&database.url()));
    let direct = Program::new(PEOPLE).on(&database);
    let commands: [(&[&str], &str, &str); 2] = [
        (&["drop", "--yes"], "0", "look at `atlas-migrate status` before you drop it again"),
        (&["create"], "1", "then create it again: a database that is there is left as it is"),
    ];
    for (command, done, hint) in commands {
        let mut has_said = false;
        for message in 1.. {
            let other = if command[0] == "drop" { direct.run(&["create"]) } else { direct.run(&["drop", "--yes"]) };
            assert_eq!(other.code, Some(0), "{other:?}");
            proxy.cut(Cut::After(message));
            let said = program.run(command);
            if said.code == Some(0) {
                break;
            }
            assert!(message < 30, "{said:?}");
            if there(done) {
                assert!(said.err.contains("its answer was lost, so it may have been"), "{said:?}");
                assert!(said.err.contains(hint), "{said:?}");
                has_said = true;
            }
        }
        assert!(has_said, "{command:?}");
    }
    assert_eq!(direct.run(&["status"]).code, Some(0));
}

#[test]
fn while_somebody_is_connected() {
    let database = Database::new();
    let mut somebody = Driver::Postgres.connect(&database.url());
    let pid = somebody.sql("SELECT pg_backend_pid()");
    assert_snapshot!(Program::new(&[]).on(&database).session(&["drop --yes"]).replace(&pid, "[pid]"));
    assert_eq!(somebody.sql("SELECT 1"), "1");
}

#[test]
fn b12_drop_with_force() {
    let database = Database::new();
    let mut somebody = Driver::Postgres.connect(&database.url());
    assert_eq!(somebody.sql("SELECT 1"), "1");
    let program = Program::new(&[]).on(&database);
    assert_snapshot!(program.session(&["drop --yes --force", "drop --yes --force", "create"]));
}

/// To end sessions is no help against what is none: the hint says what is.
#[test]
fn b12_what_keeps_a_database_and_is_no_session() {
    for (keep, remedy) in [
        ("BEGIN; CREATE TABLE a (); PREPARE TRANSACTION 'it''s'", "ROLLBACK PREPARED 'it''s'"),
        ("CREATE SUBSCRIPTION s CONNECTION 'dbname=a' PUBLICATION p WITH (connect = false)", "DROP SUBSCRIPTION s"),
    ] {
        let database = Secure::get().database();
        database.query(keep);
        let program = Program::new(&[]).on(&database);
        for command in [&["drop", "--yes"][..], &["drop", "--yes", "--force"]] {
            let said = program.run(command);
            let name = database.value("SELECT current_database()");
            assert!(said.err.ends_with(&format!("= hint: in the database {name}: {remedy}\n")), "{said:?}");
        }
        if remedy.starts_with("DROP") {
            database.query("ALTER SUBSCRIPTION s SET (slot_name = NONE)");
        }
        database.query(remedy);
        assert_eq!(program.run(&["drop", "--yes"]).code, Some(0));
    }
}
