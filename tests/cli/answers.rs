//! What each command says, to people and to programs.

use atlas_migrate_tests::Database;
use insta::assert_snapshot;

use crate::Program;
use crate::files::{BROKEN, PEOPLE};

/// Commands one after the other, on a database of their own.
#[track_caller]
fn session(files: &[(&str, &str)], commands: &[&str]) -> String {
    let database = Database::new();
    Program::new(files).on(&database).session(commands)
}

#[test]
fn run_and_status() {
    let commands = ["status", "run --dry-run", "run --target 001", "status", "run", "run", "run --dry-run", "status"];
    assert_snapshot!(session(PEOPLE, &commands));
}

#[test]
fn run_and_status_as_json() {
    let commands = ["run --dry-run --format json", "run --format json", "run --format json", "status --format json"];
    assert_snapshot!(session(PEOPLE, &commands));
}

#[test]
fn check() {
    let commands = [
        "check",
        "status --exit-code --quiet",
        "check --format json",
        "run --quiet",
        "check",
        "status --exit-code --quiet",
        "check --format json",
        "check --wait 0",
    ];
    assert_snapshot!(session(PEOPLE, &commands));
}

#[test]
fn revert_and_redo() {
    let commands = [
        "revert --yes",
        "redo --yes",
        "run --quiet",
        "revert",
        "redo --yes",
        "revert --yes",
        "run --quiet",
        "revert --to 001 --yes --format json",
        "revert --all --yes",
        "revert --steps 1 --all",
    ];
    assert_snapshot!(session(PEOPLE, &commands));
}

#[test]
fn baseline_and_repair() {
    let commands = [
        "baseline 001",
        "baseline 001",
        "baseline 9 --format json",
        "repair 002 --mark applied --reason by-hand",
        "repair 002 --mark failed --completed 0 --reason not-quite --format json",
        "repair 002 --mark failed --reason how-much",
        "repair 002 --mark pending --reason not-at-all",
        "repair 002 --mark pending",
        "status",
    ];
    assert_snapshot!(session(PEOPLE, &commands));
}

/// Files that were made one: their rows are kept or removed, in the words of the hint.
#[test]
fn b2_repair_of_rows_without_files() {
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    program.out(&["run"]);
    for (name, _) in PEOPLE {
        std::fs::remove_file(program.folder.join(name)).unwrap();
    }
    program.write("migrations/003_squashed.sql", "CREATE TABLE people (name text, age int);\n");
    assert_snapshot!(program.session(&[
        "check",
        "repair 001 002 --mark applied --reason squashed",
        "repair R__adults --mark removed --reason squashed",
        "repair R__adults 003 --mark pending --reason squashed",
        "repair R__adults --mark removed --yes --reason=",
        "repair R__adults 7 --mark removed --reason squashed --yes",
        "repair 003 --mark removed --reason squashed --yes",
        "baseline 003",
        "check",
        "status --exit-code",
    ]));
}

/// What may have committed part of its work: said, and repaired in the words of the hint.
#[test]
fn a2_repair_of_what_is_in_doubt() {
    let block = "-- atlas:no-transaction\nDO $$ BEGIN CREATE TABLE pets (); COMMIT; PERFORM 1 / 0; END $$;\n";
    let down = "-- atlas:no-transaction\nDO $$ BEGIN DROP TABLE pets; COMMIT; PERFORM 1 / 0; END $$;\n";
    let files = [("migrations/1_pets.up.sql", block), ("migrations/1_pets.down.sql", down)];
    let commands = [
        "run",
        "repair 1 --mark partly --completed 0 --reason looked --format json",
        "run",
        "repair 1 --mark failed --completed 1 --reason by-hand",
        "run",
        "revert --yes",
        "run",
        "repair 1 --mark failed --completed 1 --reason looked",
        "revert --all --yes",
        "status",
    ];
    assert_snapshot!(session(&files, &commands));
}

#[test]
fn failure() {
    let files = [PEOPLE, &[BROKEN]].concat();
    assert_snapshot!(session(&files, &["run", "run --format json", "status"]));
}

#[test]
fn all_or_nothing() {
    let files = [PEOPLE, &[BROKEN]].concat();
    assert_snapshot!(session(&files, &["run --single-transaction", "status"]));
}

#[test]
fn drift() {
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    program.out(&["run"]);
    program.write("migrations/001_people.up.sql", "CREATE TABLE people (name text NOT NULL);\n");
    program.write("migrations/002_ages.up.sql", "-- ages\nALTER TABLE people ADD age int;\n");
    program.write("migrations/000_before.sql", "SELECT 1;\n");
    assert_snapshot!(program.session(&["status --exit-code", "check", "run", "check --format json"]));
}

#[test]
fn out_of_order() {
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    program.out(&["run"]);
    program.write("migrations/000_before.sql", "SELECT 1;\n");
    assert_snapshot!(program.session(&["run", "run --allow-out-of-order"]));
}

#[test]
fn files_alone() {
    let program = Program::new(PEOPLE);
    assert_snapshot!(program.session(&["validate", "validate --format json", "validate --source nowhere"]));
    program.write("migrations/001_again.sql", "SELECT 1;\n");
    program.write("migrations/notes.sql", "");
    assert_snapshot!(program.session(&["validate"]));
    for name in ["001_again.sql", "notes.sql"] {
        std::fs::remove_file(program.folder.join("migrations").join(name)).unwrap();
    }
    program.write("migrations/003_typing.sql", "SELECT 1;\nSELEC 2;\n");
    program.write("migrations/004_later.sql", "-- atlas:no-syntax-check\nSELEC 2;\n");
    assert_snapshot!(program.session(&["validate", "validate --format json"]));
}

/// The script does what a run does.
#[test]
fn script() {
    let (database, by_script) = (Database::new(), Database::new());
    let program = Program::new(PEOPLE).on(&database);
    program.out(&["run"]);
    by_script.query(&program.out(&["script", "--to", "001"]));
    assert_eq!(by_script.history(), database.history()[..1]);
    by_script.query(&program.out(&["script", "--from", "001"]));
    assert_eq!(by_script.history(), database.history()[..2]);
    assert_eq!(program.on(&by_script).out(&["run", "--dry-run"]), "would apply  R__adults\n");
}

#[test]
fn script_of_no_version() {
    assert_snapshot!(Program::new(PEOPLE).session(&["script --from 9", "script --to 9 --format json"]));
}

#[test]
fn made_files() {
    #[track_caller]
    fn check(before: &[&str], arguments: &[&str], expected: &[&str]) {
        let program = Program::new(&before.iter().map(|name| (*name, "SELECT 1;\n")).collect::<Vec<_>>());
        let said = program.out(&[&["new", "Add Users"], arguments].concat());
        assert_eq!(said.lines().collect::<Vec<_>>(), expected, "{before:?} {arguments:?}");
        e1_until_it_is_written(&program, expected);
    }
    check(&[], &[], &["migrations/001_add_users.sql"]);
    check(&["migrations/0041_a.sql"], &[], &["migrations/0042_add_users.sql"]);
    check(
        &["migrations/1_a.sql", "migrations/R__z.sql"],
        &["--reversible"],
        &["migrations/2_add_users.up.sql", "migrations/2_add_users.down.sql"],
    );
    check(&["migrations/V1.2__a.sql"], &[], &["migrations/V1.3__add_users.sql"]);
    check(&["migrations/20990101000000_a.sql"], &[], &["migrations/20990101000001_add_users.sql"]);
    check(&["migrations/20990101000000_a.sql"], &["--sequential"], &["migrations/20990101000001_add_users.sql"]);
    check(
        &["migrations/2099-01-01-000000_a/up.sql"],
        &["--reversible"],
        &["migrations/2099-01-01-000001_add_users/up.sql", "migrations/2099-01-01-000001_add_users/down.sql"],
    );
    let program = Program::new(&[("migrations/V1__a.sql", "SELECT 1;\n")]);
    assert_snapshot!(program.session(&["new a --reversible", "new ..", "new a --sequential --timestamp"]));
    let by_time = Program::new(&[]);
    let made = by_time.out(&["new", "now", "--timestamp"]);
    let version = made.strip_prefix("migrations/").and_then(|path| path.strip_suffix("_now.sql\n")).unwrap_or(&made);
    assert!(version.len() == 14 && version.starts_with("20"), "{made}");
    assert!(by_time.read(made.trim_end()).starts_with("-- Migration: now\n-- Date: 20"));
    e1_until_it_is_written(&by_time, &[made.trim_end()]);
}

/// Each file that was made is a fault until there is SQL in it.
#[track_caller]
fn e1_until_it_is_written(program: &Program, made: &[&str]) {
    for file in made {
        let said = program.run(&["validate"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains(&format!("empty migration\n --> {file}")), "{said:?}");
        program.write(file, &format!("{}SELECT 1;\n", program.read(file)));
    }
    program.out(&["validate"]);
}

/// Names and syntax, and what is passed over: all of it at once.
#[test]
fn b13_all_faults_at_once() {
    let program = Program::new(&[
        ("migrations/001_a.sql", "SELECT 1;\n"),
        ("migrations/002-b.sql", "SELECT 1;\n"),
        ("migrations/003_c.sql", "SELEC 1;\n"),
        ("migrations/004_d.sql", "CREATE TABLE a (id int)\nCREATE TABLE b (id int);\n"),
        ("migrations/005_e.sql", "SELECT 'open;\n"),
    ]);
    let said = program.run(&["validate"]);
    let faults = ["002-b.sql", "003_c.sql:1:1", "004_d.sql:2:1", "005_e.sql:1:8"];
    assert!(faults.iter().all(|fault| said.err.contains(fault)), "{said:?}");
    let program = Program::new(&[("migrations/001_a.sql", "SELECT 1;\n"), ("migrations/old/0003_x.sql", "SELEC")]);
    let said = program.run(&["validate"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("warning: migrations/old is passed over, with 1 .sql file"), "{said:?}");
}

/// A first run names the other tool, and its hint leads on.
#[test]
fn a3_beside_another_history() {
    const SQLX: &str = "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text, installed_on timestamptz,
        success boolean, checksum bytea, execution_time bigint); INSERT INTO _sqlx_migrations (version) VALUES (1), (2);";
    let files = [
        ("migrations/001_accounts.sql", "CREATE TABLE accounts (amount int);\n"),
        ("migrations/002_cents.sql", "UPDATE accounts SET amount = amount * 100;\n"),
        ("migrations/003_notes.sql", "CREATE TABLE notes (id int);\n"),
    ];
    let database = Database::new();
    database.query(&format!("{SQLX} CREATE TABLE accounts (amount int); INSERT INTO accounts VALUES (100)"));
    let program = Program::new(&files).on(&database);
    let commands =
        ["run", "run --dry-run", "check", "status", "status --format json", "baseline 002", "run", "run --schema app"];
    assert_snapshot!(program.session(&commands));
    assert_eq!(database.query("SELECT amount FROM accounts"), ["100"]);
    assert_snapshot!(
        "a3_beside_another_history_on_purpose",
        session(&files[..1], &["run --quiet", "run --schema app", "run --schema app --beside-other-history --dry-run"])
    );
}

/// However often it is repeated, `redo` is about the newest file.
#[test]
fn d1_redo_goes_no_further_than_meant() {
    let files = [
        ("migrations/001_a.up.sql", "CREATE TABLE a (id int);\n"),
        ("migrations/001_a.down.sql", "DROP TABLE a;\n"),
        ("migrations/002_b.up.sql", "CREATE TABLE b (id int);\n"),
        ("migrations/002_b.down.sql", "DROP TABLE b;\n"),
        ("migrations/003_c.up.sql", "CREATE TABLE c (id int);\n"),
        ("migrations/003_c.down.sql", "DROP TABLE c;\n"),
    ];
    let database = Database::new();
    let program = Program::new(&files).on(&database);
    program.out(&["run"]);
    database.query("INSERT INTO b VALUES (1)");
    let mut said = program.session(&["redo"]);
    program.write("migrations/003_c.up.sql", "CREATE TABLE c (id no_such_type);\n");
    said += &program.session(&["redo --yes"]);
    program.write("migrations/003_c.up.sql", "CREATE TABLE c (id bigint);\n");
    said += &program.session(&["redo --yes"]);
    assert_eq!(database.query("SELECT id FROM b"), ["1"]);
    assert_eq!(database.history().len(), 3);
    // What could not be applied again is not taken back.
    program.write("migrations/002_b.up.sql", "CREATE TABLE b (id bigint);\n");
    said += &program.session(&["redo --yes"]);
    program.write("migrations/002_b.up.sql", files[2].1);
    said += &program.session(&[
        "revert --steps 2",
        "revert --steps 2 --yes",
        "redo --yes",
        "revert --all",
        "run",
        "redo --yes",
    ]);
    assert_snapshot!(said);
}

/// What is recognised of a difference, in words of the command line; and each of them leads on.
#[test]
fn e9_what_is_recognised() {
    let files = [
        ("migrations/001_a.sql", "CREATE TABLE a (id int);\n"),
        ("migrations/002_b.up.sql", "CREATE TABLE b (id int);\n"),
        ("migrations/002_b.down.sql", "DROP TABLE b;\n"),
    ];
    let database = Database::new();
    let program = Program::new(&files).on(&database);
    program.out(&["run"]);
    program.write("migrations/002_b.up.sql", "CREATE TABLE b (id bigint);\n");
    let mut said = program.session(&["run", "redo --yes", "run"]);
    program.write("migrations/001_a.sql", "CREATE TABLE a (id bigint);\n");
    said += &program.session(&["run", "repair 001 --mark applied --reason undone", "run"]);
    program.write("others/001_x.sql", "CREATE TABLE x ();\n");
    said += &program.session(&["run --source others", "run --source others --namespace others"]);
    assert_snapshot!(said);
}
