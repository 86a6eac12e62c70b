use insta::assert_snapshot;

use super::*;

#[track_caller]
fn check(text: &str, line: usize, expected: Query) {
    let read = read("checks/a.sql", text, Syntax::Parser);
    assert_eq!(read, Ok(Check { line, expectation: Expectation::Query(expected) }), "{text}");
}

fn query(sql: &str) -> Query {
    Query { sql: sql.to_owned(), answer: Answer::NoRows, timeout: None, title: None }
}

fn faults(text: &str) -> String {
    let faults = read("checks/a.sql", text, Syntax::Parser).err().unwrap_or_default();
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

#[test]
fn queries() {
    check("SELECT 1", 1, query("SELECT 1"));
    check("SELECT ';';\n-- done", 1, query("SELECT ';'"));
    check("( select 1 ) ;", 1, query("( select 1 )"));
    check("VALUES (1)", 1, query("VALUES (1)"));
    check("TABLE a;", 1, query("TABLE a"));
    check("-- é\nWITH a AS (SELECT 1) TABLE a;", 2, query("    \nWITH a AS (SELECT 1) TABLE a"));
    let title = Some("no orphans".to_owned());
    check("-- Description: no orphans\nSELECT 1", 2, Query { title, ..query("                          \nSELECT 1") });
    check(
        "-- atlas:check true\n-- atlas:timeout 5s\nSELECT true",
        3,
        Query {
            answer: Answer::True,
            timeout: Some(std::time::Duration::from_secs(5)),
            ..query("                   \n                   \nSELECT true")
        },
    );
}

#[test]
fn no_queries() {
    assert_snapshot!(faults("-- nothing"), @"
    check without a query
     --> checks/a.sql
      = hint: write a query, or remove the file
    ");
    assert_snapshot!(faults("SELECT 1;\nSELECT 2;"), @"
    second statement in a check
     --> checks/a.sql:2:1
      |
    2 | SELECT 2;
      | ^^^^^^^^
      |
      = hint: put it into a file of its own: a check is one query
    ");
    assert_snapshot!(faults("DELETE FROM a;"), @"
    no query
     --> checks/a.sql:1:1
      |
    1 | DELETE FROM a;
      | ^^^^^^ a check only reads
      |
      = hint: begin it with SELECT, WITH, VALUES or TABLE
    ");
    assert_snapshot!(faults("EXPLAIN SELECT 1;"), @"
    no query
     --> checks/a.sql:1:1
      |
    1 | EXPLAIN SELECT 1;
      | ^^^^^^^ a check only reads
      |
      = hint: begin it with SELECT, WITH, VALUES or TABLE
    ");
    assert_snapshot!(faults("BEGIN;"), @"
    no query
     --> checks/a.sql:1:1
      |
    1 | BEGIN;
      | ^^^^^ a check only reads
      |
      = hint: begin it with SELECT, WITH, VALUES or TABLE
    ");
}

#[test]
fn directives() {
    assert_snapshot!(faults("-- atlas:chek true\nSELECT 1"), @"
    unknown directive `atlas:chek`
     --> checks/a.sql:1:4
      |
    1 | -- atlas:chek true
      |    ^^^^^^^^^^
      |
      = hint: did you mean `atlas:check`?
    ");
    assert_snapshot!(faults("-- atlas:check no rows\n-- atlas:timeout 0\nSELECT 1"), @"
    malformed `atlas:check`
     --> checks/a.sql:1:16
      |
    1 | -- atlas:check no rows
      |                ^^^^^^^ expected no-rows or true
      |
      = hint: for example `-- atlas:check no-rows`
    malformed `atlas:timeout`
     --> checks/a.sql:2:18
      |
    2 | -- atlas:timeout 0
      |                  ^ expected a time after which the check is given up
      |
      = hint: for example `-- atlas:timeout 5s`
    ");
    assert_snapshot!(faults("-- atlas:statement-timeout 5s\nSELECT 1"), @"
    `atlas:statement-timeout` has no meaning here
     --> checks/a.sql:1:4
      |
    1 | -- atlas:statement-timeout 5s
      |    ^^^^^^^^^^^^^^^^^^^^^^^ is for migrations or seeds
      |
      = hint: remove it; the directives here are check, timeout, no-syntax-check
    ");
}
