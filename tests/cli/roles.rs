//! Roles: what the commands say, and what they read.

use atlas_migrate_tests::{Database, Site};
use insta::assert_snapshot;

use crate::Program;
use crate::files::PEOPLE;

/// The roles of a site in TOML.
fn declaration(site: &Site) -> String {
    let name = |role| format!("'''{}'''", site.role(role));
    let (owner, migrator, app, reader) = (name("owner"), name("migrator"), name("app"), name("reader"));
    format!(
        "owner = {owner}\nmigrators = [{migrator}]\napplications = [{{ name = {app}, password-env = \"APP_PASSWORD\" }}]\nread-only = [{reader}]\n"
    )
}

#[test]
fn planned_applied_and_proved() {
    let site = Site::new();
    site.query("DROP SCHEMA public; CREATE SCHEMA public");
    let program = Program::new(PEOPLE).on(&site.database).set("APP_PASSWORD", "hush hush");
    program.write("atlas-migrate.toml", &format!("schema = \"public\"\n[roles]\n{}", declaration(&site)));
    let said = program.session(&[
        "roles prove --format json",
        "roles plan",
        "roles apply --quiet",
        "roles apply --format json",
        "roles prove",
        "roles prove --format json",
        "roles",
    ]);
    assert!(!said.contains("hush"), "{said}");
    let numbers =
        |line: &str| if line.contains("probes") { line.replace(char::is_numeric, "N") } else { line.to_owned() };
    // Names in JSON as they are.
    let said = site.plain(&said.replace("\\\"", "\""));
    assert_snapshot!(said.lines().map(numbers).collect::<Vec<_>>().join("\n"));
    assert_eq!(site.query("SELECT rolpassword ~ '^SCRAM' FROM pg_authid WHERE rolname = '{app}'"), ["t"]);
}

/// Another process changes roles: how long is waited can be said, and what that process does.
#[test]
fn c5_waits_as_long_as_it_is_told() {
    let site = Site::new();
    let program = Program::new(PEOPLE).on(&site.database);
    program.write("roles.toml", &declaration(&site));
    let mut holder = site.superuser(atlas_migrate_tests::Driver::Postgres);
    holder.sql("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('atlas-migrate roles', 0))");
    let said = program.run(&["roles", "apply", "--roles", "roles.toml", "--wait", "100ms"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("for another process that is changing roles"), "{said:?}");
    assert!(said.err.contains("wait longer with `--wait`"), "{said:?}");
}

#[test]
fn of_a_setup() {
    let site = Site::new();
    site.query("DROP SCHEMA public; CREATE SCHEMA public");
    let program = Program::new(PEOPLE).on(&site.database);
    program.write("roles.toml", &declaration(&site));
    let said = program.out(&["setup", "--roles", "roles.toml"]);
    assert!(said.contains("proof"), "{said}");
    let owner = site.database.query("SELECT tableowner FROM pg_tables WHERE tablename = 'people'");
    assert_eq!(owner, [site.role("owner")]);
}

#[test]
fn what_is_wrong_with_the_file() {
    let database = Database::new();
    let program = Program::new(&[("roles.toml", "owner = 'o'\nmigrater = ['m']\n")]).on(&database);
    assert_snapshot!(program.session(&[
        "roles plan",
        "roles plan --roles roles.toml",
        "roles plan --roles nowhere.toml --format json"
    ]));
    program.write("atlas-migrate.toml", "[roles]\nowner = 1\n");
    assert_snapshot!("in_the_file_of_the_project", program.session(&["roles plan"]));
}

#[test]
fn help() {
    let program = Program::new(&[]);
    for (verb, writes) in [("plan", "writes nothing"), ("apply", "Make the roles"), ("prove", "rolls all of it back")] {
        let help = program.out(&["roles", verb, "--help"]);
        assert!(help.lines().count() <= 24 && help.contains("\nExample: ") && help.contains(writes), "{help}");
    }
}
