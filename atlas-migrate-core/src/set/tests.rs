use insta::assert_snapshot;

use super::*;

fn files(files: &[(&str, &str)]) -> Vec<File> {
    files
        .iter()
        .map(|(path, text)| File { path: (*path).to_owned(), bytes: text.as_bytes().to_owned().into() })
        .collect()
}

/// What a folder with these files has: a line for each migration.
#[track_caller]
fn check(folder: &[(&str, &str)], expected: &[&str]) {
    let migrations = assemble("migrations", files(folder), Syntax::Parser).unwrap();
    let lines: Vec<String> = migrations
        .iter()
        .map(|migration| {
            let kind = if migration.kind() == Kind::Repeatable { " repeatable" } else { "" };
            let transaction = if migration.up().header().transaction == Transaction::None { " alone" } else { "" };
            let down = migration.down().map_or(String::new(), |down| format!(" < {}", down.path()));
            let (version, name, up) = (migration.version(), migration.name(), migration.up().path());
            format!("{version} {name}{kind}{transaction} > {up}{down}")
        })
        .collect();
    assert_eq!(lines, expected);
}

fn faults(folder: &[(&str, &str)]) -> String {
    let faults = assemble("migrations", files(folder), Syntax::Parser).err().unwrap_or_default();
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

const SQL: &str = "SELECT 1;";

#[test]
fn order() {
    check(
        &[
            ("10_c.sql", SQL),
            ("R__b.sql", SQL),
            ("R__a.sql", SQL),
            ("2_b.sql", SQL),
            ("01_a.sql", SQL),
            ("README.md", ""),
        ],
        &[
            "01 a > migrations/01_a.sql",
            "2 b > migrations/2_b.sql",
            "10 c > migrations/10_c.sql",
            "R__a a repeatable > migrations/R__a.sql",
            "R__b b repeatable > migrations/R__b.sql",
        ],
    );
}

#[test]
fn pairs() {
    check(
        &[("1_a.up.sql", SQL), ("1_a.down.sql", ""), ("2_b.sql", SQL), ("2_b.down.sql", SQL), ("3_c.sql", SQL)],
        &[
            "1 a > migrations/1_a.up.sql < migrations/1_a.down.sql",
            "2 b > migrations/2_b.sql < migrations/2_b.down.sql",
            "3 c > migrations/3_c.sql",
        ],
    );
}

#[test]
fn folders_of_diesel() {
    check(
        &[
            ("2024-01-02-000000_a/up.sql", SQL),
            ("2024-01-02-000000_a/down.sql", SQL),
            ("2024-01-03-000000_b/metadata.toml", "# settings\r\n\r\n run_in_transaction=false # really\r\n"),
            ("2024-01-03-000000_b/up.sql", SQL),
            ("2024-01-04-000000_c/metadata.toml", ""),
            ("2024-01-04-000000_c/up.sql", SQL),
        ],
        &[
            "2024-01-02-000000 a > migrations/2024-01-02-000000_a/up.sql < migrations/2024-01-02-000000_a/down.sql",
            "2024-01-03-000000 b alone > migrations/2024-01-03-000000_b/up.sql",
            "2024-01-04-000000 c > migrations/2024-01-04-000000_c/up.sql",
        ],
    );
}

#[test]
fn text_is_borrowed_where_it_can_be() {
    let file = File { path: "1_a.sql".to_owned(), bytes: Cow::Borrowed(b"\xef\xbb\xbfSELECT 1;\r\n") };
    let migrations = assemble("", [file], Syntax::Parser).unwrap();
    assert_eq!(migrations[0].up().path(), "1_a.sql");
    assert_eq!(migrations[0].up().text(), "SELECT 1;\n");
}

#[test]
fn nothing_there() {
    assert_snapshot!(faults(&[]), @"
    no migrations in this folder
     --> migrations
      = hint: add a file with a name like 001_init.sql
    ");
    let faults_of_no_name = assemble("", [], Syntax::Parser).unwrap_err();
    assert_eq!(faults_of_no_name[0].path(), ".");
    assert_snapshot!(faults(&[("README.md", "")]), @"
    no migrations in this folder
     --> migrations
      = hint: add a file with a name like 001_init.sql
    ");
}

#[test]
fn names() {
    assert_snapshot!(faults(&[("init.sql", SQL), ("create_users/up.sql", SQL), ("002_b.sql", SQL)]), @"
    folder name without a version
     --> migrations/create_users/up.sql
      = hint: begin it with one, as in 2024-01-02-000000_create_users
    file name without a version
     --> migrations/init.sql
      = hint: begin it with one, as in 003_init.sql
    ");
}

#[test]
fn mixed_layouts() {
    assert_snapshot!(faults(&[("001_a.sql", SQL), ("V2__b.sql", SQL), ("R__c.sql", SQL), ("003_d.sql", SQL)]), @"
    layouts are mixed: migrations/001_a.sql, migrations/V2__b.sql
     --> migrations
      = hint: name all files after one layout
    ");
}

#[test]
fn duplicates() {
    assert_snapshot!(faults(&[("001_a.sql", SQL), ("1_b.sql", SQL), ("1_b.down.sql", SQL), ("01_b.down.sql", SQL)]), @"
    reverts `b`, but version 01 is `a`
     --> migrations/01_b.down.sql
      = hint: rename it to migrations/001_a.down.sql
    duplicate version 1: migrations/01_b.down.sql has it too
     --> migrations/1_b.down.sql
      = hint: rename one of the two
    duplicate version 1: migrations/001_a.sql has it too
     --> migrations/1_b.sql
      = hint: give the one that no database has yet a version of its own, as in 002_b.sql
    ");
    assert_snapshot!(faults(&[("R__a.sql", SQL), ("x/R__a.sql", SQL)]), @"
    duplicate name a: migrations/R__a.sql has it too
     --> migrations/x/R__a.sql
      = hint: rename one of the two
    ");
}

#[test]
fn b12_dates_in_parts() {
    assert_snapshot!(faults(&[("2024_01_02_120000_a.sql", SQL), ("2024_01_03_120000_b.sql", SQL)]), @"
    duplicate version 2024: migrations/2024_01_02_120000_a.sql has it too
     --> migrations/2024_01_03_120000_b.sql
      = hint: write dates without `_`: rename migrations/2024_01_02_120000_a.sql to 20240102120000_a.sql, and migrations/2024_01_03_120000_b.sql to 20240103120000_b.sql
    ");
}

#[test]
fn down_without_up() {
    assert_snapshot!(faults(&[("1_a.down.sql", SQL), ("2_b.up.sql", SQL), ("2_c.down.sql", SQL)]), @"
    reverts version 1, which no file applies
     --> migrations/1_a.down.sql
      = hint: add the file that applies it, or remove this one
    reverts `c`, but version 2 is `b`
     --> migrations/2_c.down.sql
      = hint: rename it to migrations/2_b.down.sql
    ");
}

#[test]
fn contents() {
    assert_snapshot!(faults(&[("1_a.sql", " \n"), ("2_b.sql", "\u{feff}"), ("3_c.sql", "-- meant\n"), ("3_c.down.sql", "-- Date: 2026-11-27\n"), ("4_d.sql", "-- meant"), ("4_d.down.sql", "")]), @"
    empty migration
     --> migrations/1_a.sql
      = hint: write its SQL; or say in a comment that it is meant: `-- nothing to do`
    empty migration
     --> migrations/2_b.sql
      = hint: write its SQL; or say in a comment that it is meant: `-- nothing to do`
    empty migration
     --> migrations/3_c.down.sql
      = hint: write its SQL; or say in a comment that it is meant: `-- nothing to do`
    ");
    let bytes = Cow::Borrowed(&b"SELECT 1;\nSELECT 'caf\xe9';\n"[..]);
    let faults = assemble("migrations", [File { path: "1_a.sql".to_owned(), bytes }], Syntax::Parser).unwrap_err();
    assert_snapshot!(faults[0], @"
    not UTF-8
     --> migrations/1_a.sql:2:12
      |
    2 | SELECT 'caf�';
      |            ^ byte 0xe9
      |
      = hint: save the file as UTF-8
    ");
}

#[test]
fn directives_that_mean_nothing_in_a_down_file() {
    assert_snapshot!(faults(&[("1_a.sql", SQL), ("1_a.down.sql", "-- atlas:compatible\n-- atlas:skip-unless true\nSELECT 1")]), @"
    `atlas:compatible` in a file that reverts
     --> migrations/1_a.down.sql:1:4
      |
    1 | -- atlas:compatible
      |    ^^^^^^^^^^^^^^^^ has no meaning here
      |
      = hint: move it to the file that applies the migration
    `atlas:skip-unless` in a file that reverts
     --> migrations/1_a.down.sql:2:4
      |
    2 | -- atlas:skip-unless true
      |    ^^^^^^^^^^^^^^^^^^^^^^ has no meaning here
      |
      = hint: move it to the file that applies the migration
    ");
}

#[test]
fn settings() {
    let up = ("2024-01-02-000000_a/up.sql", SQL);
    assert_snapshot!(faults(&[("2024-01-02-000000_a/metadata.toml", "")]), @"
    settings of version 2024-01-02-000000, which no file applies
     --> migrations/2024-01-02-000000_a/metadata.toml
      = hint: add up.sql beside them, or remove them
    ");
    let settings = "run_in_transaction = no\nrun_in_transaction = true\nrun_in_transaction = false\n[other]\n";
    assert_snapshot!(faults(&[up, ("2024-01-02-000000_a/metadata.toml", settings)]), @"
    unknown setting
     --> migrations/2024-01-02-000000_a/metadata.toml:1:1
      |
    1 | run_in_transaction = no
      | ^^^^^^^^^^^^^^^^^^^^^^^ expected `run_in_transaction = false`, once
      |
      = hint: say the rest in directives, as in `-- atlas:lock-timeout 2s`
    unknown setting
     --> migrations/2024-01-02-000000_a/metadata.toml:3:1
      |
    3 | run_in_transaction = false
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^ expected `run_in_transaction = false`, once
      |
      = hint: say the rest in directives, as in `-- atlas:lock-timeout 2s`
    unknown setting
     --> migrations/2024-01-02-000000_a/metadata.toml:4:1
      |
    4 | [other]
      | ^^^^^^^ expected `run_in_transaction = false`, once
      |
      = hint: say the rest in directives, as in `-- atlas:lock-timeout 2s`
    ");
}

#[test]
fn all_at_once_in_order() {
    assert_snapshot!(faults(&[("b.sql", SQL), ("2_b.sql", "COMMIT;\nVACUUM;"), ("1_a.down.sql", SQL), ("V1__a.sql", "")]), @"
    layouts are mixed: migrations/1_a.down.sql, migrations/V1__a.sql
     --> migrations
      = hint: name all files after one layout
    `COMMIT` in a migration that runs in a transaction
     --> migrations/2_b.sql:1:1
      |
    1 | COMMIT;
      | ^^^^^^ transaction control
      |
      = hint: remove it: the migration is committed together with its row in the history
    `VACUUM` cannot run in a transaction
     --> migrations/2_b.sql:2:1
      |
    2 | VACUUM;
      | ^^^^^^ among statements that run in one
      |
      = hint: move it to a file of its own, or put `-- atlas:no-transaction` at the top of this one
    empty migration
     --> migrations/V1__a.sql
      = hint: write its SQL; or say in a comment that it is meant: `-- nothing to do`
    file name without a version
     --> migrations/b.sql
      = hint: begin it with one, as in 001_b.sql
    ");
}
