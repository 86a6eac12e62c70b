//! Databases that are made and dropped.

use atlas_migrate_tests::{Database, Driver};
use insta::assert_snapshot;

use crate::Program;
use crate::files::PEOPLE;

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
