use insta::assert_snapshot;

use super::*;

fn faults(text: &str) -> String {
    check("a.sql", text).iter().map(|fault| format!("{fault}\n")).collect()
}

#[track_caller]
fn valid(sql: &str) {
    assert_eq!(faults(sql), "", "{sql}");
}

#[test]
fn one_for_each_statement() {
    assert_snapshot!(faults("CREATE TABLE a (\n    id int primary key\n    name text,\n);\nSELEC 1 FORM a;\nSELECT 1;"), @"
    syntax error
     --> a.sql:3:5
      |
    3 |     name text,
      |     ^^^^ expected `,`, found `name`
      |
      = hint: if the server takes it, put `-- atlas:no-syntax-check` at the top of the file
    syntax error
     --> a.sql:5:1
      |
    5 | SELEC 1 FORM a;
      | ^^^^^ expected command, found `SELEC`
      |
      = hint: if the server takes it, put `-- atlas:no-syntax-check` at the top of the file
    ");
}

#[test]
fn at_the_end() {
    assert_snapshot!(faults("SELECT (1;\n"), @"
    syntax error
     --> a.sql:1:10
      |
    1 | SELECT (1;
      |          ^ expected `,`, found `;`
      |
      = hint: if the server takes it, put `-- atlas:no-syntax-check` at the top of the file
    ");
    assert_snapshot!(faults("SELECT 'abc;\nSELECT 1;\n"), @"
    syntax error
     --> a.sql:1:8
      |
    1 | SELECT 'abc;
      |        ^^^^^ missing trailing `'` symbol to terminate the string literal
      |
      = hint: if the server takes it, put `-- atlas:no-syntax-check` at the top of the file
    ");
}

#[test]
fn what_was_found_may_be_long() {
    assert_snapshot!(faults("ALTER TABLE a ADD b int 'a very long string that goes on and on\nover two lines';"), @"
    syntax error
     --> a.sql:1:25
      |
    1 | ALTER TABLE a ADD b int 'a very long string that goes on and on
      |                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected command, found `'a very long string that goes …`
      |
      = hint: if the server takes it, put `-- atlas:no-syntax-check` at the top of the file
    ");
}

#[test]
fn conditions() {
    let condition =
        |text: &str| check_condition("a.sql", text, 17..text.len()).map_or(String::new(), |fault| fault.to_string());
    assert_eq!(condition("-- atlas:require NOT EXISTS (SELECT FROM a)"), "");
    assert_snapshot!(condition("-- atlas:require count(*) >"), @"
    syntax error in a condition
     --> a.sql:1:28
      |
    1 | -- atlas:require count(*) >
      |                            ^ expected an expression
      |
      = hint: if the server takes it, put `-- atlas:no-syntax-check` at the top of the file
    ");
    assert_snapshot!(condition("-- atlas:require a = = b c"), @"
    syntax error in a condition
     --> a.sql:1:26
      |
    1 | -- atlas:require a = = b c
      |                          ^ expected `,`, found `c`
      |
      = hint: if the server takes it, put `-- atlas:no-syntax-check` at the top of the file
    ");
}

#[test]
fn too_deep_is_left_to_the_server() {
    for (open, close) in
        [("(", ")"), ("- ", ""), ("NOT ", ""), ("CASE WHEN a THEN ", " END"), ("ARRAY[", "]"), ("(SELECT ", ")")]
    {
        valid(&format!("SELECT {}a{}", open.repeat(100), close.repeat(100)));
        valid(&format!("SELECT {}a{}", open.repeat(100_000), close.repeat(100_000)));
    }
    valid(&format!("SELECT a{}", " + a".repeat(10_000)));
    valid(&format!("INSERT INTO a VALUES (1, 'a', NOT true){}", ", (1, 'a', NOT true)".repeat(5_000)));
}

/// Each line was taken by PostgreSQL, in the version that brought it where one is named.
#[test]
fn no_false_alarms() {
    for sql in include_str!("valid.sql").split("\n\n") {
        valid(sql);
    }
}
