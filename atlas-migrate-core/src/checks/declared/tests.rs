use insta::assert_snapshot;

use super::*;

/// The line and the content of each expectation, as `Debug` shows it.
fn shown(text: &str) -> String {
    let checks = read("checks/a.toml", text).unwrap();
    checks.iter().map(|check| format!("{}: {:?}\n", check.line, check.expectation)).collect()
}

fn faults(text: &str) -> String {
    let faults = read("checks/a.toml", text).err().unwrap_or_default();
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

#[test]
fn every_sort() {
    assert_snapshot!(shown(r#"
[[extension]]
name = "pg_trgm"
version = "1.5"

[[table]]
name = "app.users"
columns = { id = "bigint", "E-mail" = "varchar(20)" }
primary-key = false

[[index]]
name = "users_email_idx"
table = "app.users"
columns = ["lower(email)", "id"]
unique = true
method = "btree"

[[function]]
name = "app.f(integer, text[])"

[[constraint]]
table = "users"
name = '"Age"'

[[trigger]]
table = "users"
name = "touch"

[[rows]]
table = "countries"
min = 1
max = 1_000

[[privilege]]
role = "app"
on = "app.users"
may = ["select", "insert"]
may-not = ["delete"]
"#), @r#"
2: Extension { name: "pg_trgm", version: Some(Version("1.5")) }
6: Table(Table { name: Name { schema: Some("app"), name: "users" }, columns: [("id", Type { schema: None, base: "bigint", modifiers: None }), ("E-mail", Type { schema: None, base: "varchar", modifiers: Some("20") })], primary_key: Some(false) })
11: Index(Index { name: "users_email_idx", table: Name { schema: Some("app"), name: "users" }, columns: Some(["lower(email)", "id"]), unique: Some(true), method: Some("btree") })
18: Function { name: Name { schema: Some("app"), name: "f" }, arguments: [Type { schema: None, base: "integer", modifiers: None }, Type { schema: None, base: "text[]", modifiers: None }] }
21: Constraint { table: Name { schema: None, name: "users" }, name: "Age" }
25: Trigger { table: Name { schema: None, name: "users" }, name: "touch" }
29: Rows { table: Name { schema: None, name: "countries" }, min: 1, max: Some(1000) }
34: Privilege(Privilege { role: "app", on: Table(Name { schema: Some("app"), name: "users" }), may: ["select", "insert"], may_not: ["delete"] })
"#);
}

#[test]
fn objects_of_privileges() {
    for (on, may, expected) in [
        ("schema app", "usage", "Schema(\"app\")"),
        ("table \\\"schema\\\"", "trigger", "Table(Name { schema: None, name: \"schema\" })"),
        ("sequence app.s", "usage", "Sequence(Name { schema: Some(\"app\"), name: \"s\" })"),
        ("function f()", "execute", "Function(Name { schema: None, name: \"f\" }, [])"),
        ("database", "connect", "Database"),
    ] {
        let shown = shown(&format!("[[privilege]]\nrole = \"a\"\non = \"{on}\"\nmay = [\"{may}\"]\n"));
        assert!(shown.contains(expected), "{shown}");
    }
}

#[test]
fn in_the_order_of_the_file() {
    assert_snapshot!(shown("rows = [{ table = \"b\", min = 1 }]\n[[extension]]\nname = \"a\"\n[[table]]\nname = \"b\"\n[[extension]]\nname = \"c\"\n"), @r#"
    1: Rows { table: Name { schema: None, name: "b" }, min: 1, max: None }
    2: Extension { name: "a", version: None }
    4: Table(Table { name: Name { schema: None, name: "b" }, columns: [], primary_key: None })
    6: Extension { name: "c", version: None }
    "#);
}

#[test]
fn unknown() {
    assert_snapshot!(faults("[[tables]]\nname = \"a\"\n\n[[view]]\n[[table]]\nnam = \"a\"\ncolour = \"red\"\n"), @r#"
    unknown sort of check `tables`
     --> checks/a.toml:1:3
      |
    1 | [[tables]]
      |   ^^^^^^
      |
      = hint: did you mean `table`?
    unknown sort of check `view`
     --> checks/a.toml:4:3
      |
    4 | [[view]]
      |   ^^^^
      |
      = hint: the sorts are extension, table, index, function, constraint, trigger, rows, privilege
    `[[table]]` without `name`
     --> checks/a.toml:5:1
      |
    5 | [[table]]
      | ^^^^^^^^^
      |
      = hint: for example `name = "app.users"`
    unknown setting `nam` of `[[table]]`
     --> checks/a.toml:6:1
      |
    6 | nam = "a"
      | ^^^
      |
      = hint: did you mean `name`?
    unknown setting `colour` of `[[table]]`
     --> checks/a.toml:7:1
      |
    7 | colour = "red"
      | ^^^^^^
      |
      = hint: the settings are name, columns, primary-key
    "#);
}

#[test]
fn missing() {
    assert_snapshot!(faults("[[extension]]\n[[index]]\nname = \"a\"\n[[rows]]\ntable = \"a\"\n[[privilege]]\nrole = \"a\"\n"), @r#"
    `[[extension]]` without `name`
     --> checks/a.toml:1:1
      |
    1 | [[extension]]
      | ^^^^^^^^^^^^^
      |
      = hint: for example `name = "pg_trgm"`
    `[[index]]` without `table`
     --> checks/a.toml:2:1
      |
    2 | [[index]]
      | ^^^^^^^^^
      |
      = hint: for example `table = "app.users"`
    `[[rows]]` without `min` or `max`
     --> checks/a.toml:4:1
      |
    4 | [[rows]]
      | ^^^^^^^^
      |
      = hint: for example `min = 1`
    `[[privilege]]` without `may` or `may-not`
     --> checks/a.toml:6:1
      |
    6 | [[privilege]]
      | ^^^^^^^^^^^^^
      |
      = hint: for example `may = ["select"]`
    `[[privilege]]` without `on`
     --> checks/a.toml:6:1
      |
    6 | [[privilege]]
      | ^^^^^^^^^^^^^
      |
      = hint: for example `on = "app.users"`
    "#);
    assert_snapshot!(faults("# nothing\n"), @"
    file without checks
     --> checks/a.toml
      = hint: add one, or remove the file
    ");
}

#[test]
fn malformed() {
    assert_snapshot!(faults("[table]\nname = \"a\"\n"), @"
    `table` is not a list
     --> checks/a.toml:1:2
      |
    1 | [table]
      |  ^^^^^
      |
      = hint: write `[[table]]`, so that there can be several
    ");
    assert_snapshot!(faults("table = [\"users\"]\n"), @r#"
    malformed check
     --> checks/a.toml:1:10
      |
    1 | table = ["users"]
      |          ^^^^^^^ expected a table
      |
      = hint: write `[[table]]`
    "#);
    assert_snapshot!(faults("[[table]]\nname = 1\n[[table]]\nname = \"a.b.c\"\ncolumns = [\"id\"]\nprimary-key = \"no\"\n"), @r#"
    malformed `name`
     --> checks/a.toml:2:8
      |
    2 | name = 1
      |        ^ expected a text
      |
      = hint: for example `name = "app.users"`
    malformed `name`
     --> checks/a.toml:4:8
      |
    4 | name = "a.b.c"
      |        ^^^^^^^ expected a name as in SQL
      |
      = hint: for example `name = "app.users"`
    malformed `columns`
     --> checks/a.toml:5:11
      |
    5 | columns = ["id"]
      |           ^^^^^^ expected columns and their types
      |
      = hint: for example `columns = { id = "bigint", email = "text" }`
    malformed `primary-key`
     --> checks/a.toml:6:15
      |
    6 | primary-key = "no"
      |               ^^^^ expected true or false
      |
      = hint: for example `primary-key = false`
    "#);
    assert_snapshot!(faults("[[table]]\nname = \"a\"\ncolumns = { id = \"big int\", x = 1 }\n"), @r#"
    malformed `columns`
     --> checks/a.toml:3:18
      |
    3 | columns = { id = "big int", x = 1 }
      |                  ^^^^^^^^^ expected a type as in SQL
      |
      = hint: for example `columns = { id = "bigint", email = "text" }`
    "#);
    assert_snapshot!(faults("[[index]]\nname = \"app.i\"\ntable = \"app.t\"\ncolumns = [1]\nunique = 1\nmethod = true\n"), @r#"
    malformed `name`
     --> checks/a.toml:2:8
      |
    2 | name = "app.i"
      |        ^^^^^^^ expected no schema: it is that of the table
      |
      = hint: for example `name = "users_email_idx"`
    malformed `columns`
     --> checks/a.toml:4:12
      |
    4 | columns = [1]
      |            ^ expected a text
      |
      = hint: for example `columns = ["lower(email)"]`
    malformed `unique`
     --> checks/a.toml:5:10
      |
    5 | unique = 1
      |          ^ expected true or false
      |
      = hint: for example `unique = true`
    malformed `method`
     --> checks/a.toml:6:10
      |
    6 | method = true
      |          ^^^^ expected a text
      |
      = hint: for example `method = "gin"`
    "#);
    assert_snapshot!(faults("[[function]]\nname = \"f\"\n[[function]]\nname = \"f(a integer)\"\n"), @r#"
    malformed `name`
     --> checks/a.toml:2:8
      |
    2 | name = "f"
      |        ^^^ expected the types of its arguments in parentheses
      |
      = hint: for example `name = "app.slug(text)"`
    malformed `name`
     --> checks/a.toml:4:8
      |
    4 | name = "f(a integer)"
      |        ^^^^^^^^^^^^^^ expected a type as in SQL
      |
      = hint: for example `name = "app.slug(text)"`
    "#);
    assert_snapshot!(faults("[[rows]]\ntable = \"a\"\nmin = -1\n[[rows]]\ntable = \"a\"\nmin = 3\nmax = 2\n"), @"
    malformed `min`
     --> checks/a.toml:3:7
      |
    3 | min = -1
      |       ^^ expected a whole number from 0 up
      |
      = hint: for example `min = 1`
    `max` is below `min`
     --> checks/a.toml:7:7
      |
    7 | max = 2
      |       ^
      |
      = hint: no number of rows is both
    ");
    assert_snapshot!(faults("[[privilege]]\nrole = \"a\"\non = \"a b\"\nmay = [\"select\"]\n[[privilege]]\nrole = \"a\"\non = \"t\"\nmay = [\"selct\", \"usage\"]\nmay-not = \"delete\"\n[[privilege]]\nrole = \"a\"\non = \"t\"\nmay = [\"select\"]\nmay-not = [\"select\"]\n"), @r#"
    malformed `on`
     --> checks/a.toml:3:6
      |
    3 | on = "a b"
      |      ^^^^^ expected a table; or `schema …`, `sequence …`, `function …(…)`, `database`
      |
      = hint: for example `on = "app.users"`
    unknown privilege `selct`
     --> checks/a.toml:8:8
      |
    8 | may = ["selct", "usage"]
      |        ^^^^^^^
      |
      = hint: did you mean `select`?
    unknown privilege `usage`
     --> checks/a.toml:8:17
      |
    8 | may = ["selct", "usage"]
      |                 ^^^^^^^
      |
      = hint: the privileges on it are select, insert, update, delete, truncate, references, trigger
    malformed `may-not`
     --> checks/a.toml:9:11
      |
    9 | may-not = "delete"
      |           ^^^^^^^^ expected a list of texts
      |
      = hint: for example `may-not = ["delete"]`
    `select` is in `may` and in `may-not`
      --> checks/a.toml:14:11
       |
    14 | may-not = ["select"]
       |           ^^^^^^^^^^
       |
       = hint: remove it from one of them
    "#);
    assert_snapshot!(faults("[[table]\nname = \"a\n"), @r#"
    broken TOML
     --> checks/a.toml:1:9
      |
    1 | [[table]
      |         ^ unclosed array table, expected `]`
      |
      = hint: write each expectation as in `[[table]]` and, below it, `name = "app.users"`
    "#);
}
