use insta::assert_snapshot;

use super::*;

#[track_caller]
fn check(text: &str, expected: &Policy) {
    let read = Sidecar::read("a.csv.toml", text).map(|sidecar| sidecar.policy);
    assert_eq!(read.as_ref(), Ok(expected), "{text}");
}

fn faults(text: &str) -> String {
    let faults = Sidecar::read("a.csv.toml", text).err().unwrap_or_default();
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

/// What is said of a good policy, going by the columns of its file.
fn of_columns(text: &str, columns: &[&str]) -> String {
    let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
    let faults = Sidecar::read("a.csv.toml", text).unwrap().check_columns(&columns);
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

#[test]
fn policies() {
    const DEFAULT: Policy = Policy::DEFAULT;
    let key = |names: &[&str]| names.iter().map(|name| Cow::Owned((*name).to_owned())).collect::<Vec<_>>().into();
    check("", &DEFAULT);
    check("# nothing\n", &DEFAULT);
    check("run = \"once\"", &Policy { run: Run::Once, ..DEFAULT });
    check(
        "\u{feff}run = \"always\"\r\nproduction = true\r\n",
        &Policy { run: Run::Always, production: true, ..DEFAULT },
    );
    check("run = 'on-change'\nproduction = false\nexisting = 'insert'", &DEFAULT);
    check("existing = \"skip\"", &Policy { existing: Existing::Skip, ..DEFAULT });
    check("existing = \"skip\"\nkey = [\"a\"]", &Policy { existing: Existing::Skip, key: key(&["a"]), ..DEFAULT });
    check(
        "key = [\n  \"a.b\", # first\n  'É',\n]\nexisting = \"update\"",
        &Policy { existing: Existing::Update, key: key(&["a.b", "É"]), ..DEFAULT },
    );
}

#[test]
fn unknown() {
    assert_snapshot!(faults("exsting = \"update\"\ntable = \"users\"\n"), @r#"
    unknown setting `exsting`
     --> a.csv.toml:1:1
      |
    1 | exsting = ********
      | ^^^^^^^
      |
      = hint: did you mean `existing`?
    unknown setting `table`
     --> a.csv.toml:2:1
      |
    2 | table = *******
      | ^^^^^
      |
      = hint: the settings are run, existing, key, production
    "#);
    assert_snapshot!(faults("run = \"onchange\"\nexisting = \"replace\"\n"), @r#"
    unknown value of `run`
     --> a.csv.toml:1:7
      |
    1 | run = "onchange"
      |       ^^^^^^^^^^
      |
      = hint: did you mean `on-change`?
    unknown value of `existing`
     --> a.csv.toml:2:12
      |
    2 | existing = "replace"
      |            ^^^^^^^^^
      |
      = hint: the values are insert, skip, update
    "#);
}

#[test]
fn malformed() {
    assert_snapshot!(faults("run = true\nexisting = [\"skip\"]\nkey = \"email\"\nproduction = \"yes\"\n"), @r#"
    malformed setting
     --> a.csv.toml:1:7
      |
    1 | run = true
      |       ^^^^ `run` is a word
      |
      = hint: the values are once, on-change, always
    malformed setting
     --> a.csv.toml:2:12
      |
    2 | existing = ["skip"]
      |            ^^^^^^^^ `existing` is a word
      |
      = hint: the values are insert, skip, update
    malformed setting
     --> a.csv.toml:3:7
      |
    3 | key = "email"
      |       ^^^^^^^ `key` is a list of columns
      |
      = hint: name columns, as in `key = ["email"]`
    malformed setting
     --> a.csv.toml:4:14
      |
    4 | production = "yes"
      |              ^^^^^ `production` is true or false
      |
      = hint: for example `production = true`
    "#);
    assert_snapshot!(faults("existing = \"update\"\nkey = []\n"), @r#"
    malformed setting
     --> a.csv.toml:2:7
      |
    2 | key = []
      |       ^^ `key` is a list of columns
      |
      = hint: name columns, as in `key = ["email"]`
    "#);
    assert_snapshot!(faults("existing = \"update\"\nkey = [\"a\", \"\", \"a\", 1]\n"), @r#"
    malformed setting
     --> a.csv.toml:2:13
      |
    2 | key = ["a", "", "a", 1]
      |             ^^ the name of a column is a text
      |
      = hint: name columns, as in `key = ["email"]`
    column `a` twice in a key
     --> a.csv.toml:2:17
      |
    2 | key = ["a", "", "a", 1]
      |                 ^^^
      |
      = hint: remove one of the two
    malformed setting
     --> a.csv.toml:2:22
      |
    2 | key = ["a", "", "a", 1]
      |                      ^ the name of a column is a text
      |
      = hint: name columns, as in `key = ["email"]`
    "#);
    assert_snapshot!(faults("run = \"once\nproduction = true\nrun = always\nproduction = true\n"), @r#"
    broken TOML
     --> a.csv.toml:1:12
      |
    1 | run = "once
      |            ^ invalid basic string, expected `"`
      |
      = hint: write settings as in `run = "once"`, each in a line
    broken TOML
     --> a.csv.toml:3:1
      |
    3 | run = always
      | ^^^ duplicate key
      |
      = hint: write settings as in `run = "once"`, each in a line
    broken TOML
     --> a.csv.toml:3:7
      |
    3 | run = always
      |       ^^^^^^ string values must be quoted, expected literal string
      |
      = hint: write settings as in `run = "once"`, each in a line
    broken TOML
     --> a.csv.toml:4:1
      |
    4 | production = true
      | ^^^^^^^^^^ duplicate key
      |
      = hint: write settings as in `run = "once"`, each in a line
    "#);
}

#[test]
fn between_settings() {
    assert_snapshot!(faults("run = \"once\"\nkey = [\"a\"]\n"), @r#"
    key without effect
     --> a.csv.toml:2:7
      |
    2 | key = ["a"]
      |       ^^^^^ rows that exist are an error in any case
      |
      = hint: add `existing = "update"` or `existing = "skip"`, or remove the key
    "#);
    assert_snapshot!(faults("run = \"once\"\nexisting = \"update\"\n"), @r#"
    `existing = "update"` without a key
     --> a.csv.toml:2:12
      |
    2 | existing = "update"
      |            ^^^^^^^^
      |
      = hint: say which columns tell rows apart, as in `key = ["email"]`
    "#);
}

#[test]
fn keys_are_columns() {
    const KEY: &str = "existing = \"update\"\nkey = [\"id\", \"emial\", \"x\"]";
    assert_eq!(of_columns(KEY, &["x", "emial", "id"]), "");
    assert_eq!(of_columns(KEY, &[]), "");
    assert_snapshot!(of_columns(KEY, &["id", "email"]), @r#"
    column `emial` of the key is not in the file
     --> a.csv.toml:2:14
      |
    2 | key = ["id", "emial", "x"]
      |              ^^^^^^^
      |
      = hint: the columns are id, email
    column `x` of the key is not in the file
     --> a.csv.toml:2:23
      |
    2 | key = ["id", "emial", "x"]
      |                       ^^^
      |
      = hint: the columns are id, email
    "#);
}
