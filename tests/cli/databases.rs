//! Databases that are made and dropped.

use atlas_migrate_tests::{Database, Driver};
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
