//! Queries of the program's own.

use insta::assert_snapshot;

use super::*;

const TABLES: &str = "CREATE TABLE users (id int PRIMARY KEY, name text, extra jsonb);
    INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 7) n;
    CREATE FUNCTION spoil() RETURNS int LANGUAGE sql AS 'DELETE FROM users RETURNING 1'";

#[track_caller]
fn told_of_query(sql: &str) -> String {
    told_of(TABLES, &[("a.sql", sql)])
}

#[test]
fn no_rows() {
    assert_snapshot!(told_of_query("SELECT * FROM users WHERE id > 7; -- none"), @"pass checks/a.sql");
    assert_snapshot!(told_of_query("SELECT id, name FROM users WHERE id > 5 ORDER BY id DESC"), @"
    fail checks/a.sql
      rows: expected none, found 2
        id=7 name=user 7
        id=6 name=user 6
      at checks/a.sql:1
    ");
    assert_snapshot!(told_of_query("TABLE users ORDER BY id"), @"
    fail checks/a.sql
      rows: expected none, found 7
        id=1 name=user 1 extra=null
        id=2 name=user 2 extra=null
        id=3 name=user 3 extra=null
        id=4 name=user 4 extra=null
        id=5 name=user 5 extra=null
      at checks/a.sql:1
    ");
    assert_snapshot!(told_of_query("VALUES (1.50, true, null, 'a', '{\"b\": [1]}'::jsonb, date '2020-01-02', ARRAY[1, 2])"), @r#"
    fail checks/a.sql
      rows: expected none, found 1
        column1=1.50 column2=true column3=null column4=a column5={"b": [1]} column6=2020-01-02 column7=[1,2]
      at checks/a.sql:1
    "#);
    assert_snapshot!(told_of_query("SELECT u.id, v.id FROM users u JOIN users v ON v.id = u.id + 6"), @"
    fail checks/a.sql
      rows: expected none, found 1
        id=1 id=7
      at checks/a.sql:1
    ");
    assert_snapshot!(told_of_query("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT FROM n"), @"
    fail checks/a.sql
      rows: expected none, found 3
      at checks/a.sql:1
    ");
}

#[test]
fn probes() {
    let probe = |query: &str| told_of_query(&format!("-- atlas:check true\n{query}"));
    assert_snapshot!(probe("SELECT count(*) = 7 FROM users"), @"pass checks/a.sql");
    assert_snapshot!(probe("SELECT count(*) > 7 FROM users"), @"
    fail checks/a.sql
      answer: expected true, found false
      at checks/a.sql:2
    ");
    assert_snapshot!(probe("SELECT NULL::boolean"), @"
    fail checks/a.sql
      answer: expected true, found null
      at checks/a.sql:2
    ");
    assert_snapshot!(probe("SELECT 'true'"), @"
    fail checks/a.sql
      answer: expected true, found true, which is a string
      at checks/a.sql:2
    ");
    assert_snapshot!(probe("SELECT true, true"), @"
    fail checks/a.sql
      answer: expected true, found 2 columns
      at checks/a.sql:2
    ");
    assert_snapshot!(probe("SELECT true FROM users"), @"
    fail checks/a.sql
      answer: expected true, found 7 rows
      at checks/a.sql:2
    ");
    assert_snapshot!(probe("SELECT true WHERE false"), @"
    fail checks/a.sql
      answer: expected true, found no row
      at checks/a.sql:2
    ");
    assert_snapshot!(probe("SELECT FROM users WHERE id = 1"), @"
    fail checks/a.sql
      answer: expected true, found 0 columns
      at checks/a.sql:2
    ");
}

#[test]
fn what_does_not_run() {
    assert_snapshot!(told_of_query("-- é\nSELECT 'é',\n       nam FROM users"), @r#"
    fail checks/a.sql
      query: expected an answer, found column "nam" does not exist (42703)
      at checks/a.sql:3:8
    "#);
    assert_snapshot!(told_of_query("SELECT 1 / (id - id) FROM users"), @"
    fail checks/a.sql
      query: expected an answer, found division by zero (22012)
      at checks/a.sql:1
    ");
    assert_snapshot!(told_of_query("SELECT spoil()"), @"
    fail checks/a.sql
      query: expected to write nothing, found cannot execute DELETE in a read-only transaction (25006)
      at checks/a.sql:1
    ");
    assert_snapshot!(told_of_query("WITH gone AS (DELETE FROM users RETURNING id) SELECT id FROM gone"), @"
    fail checks/a.sql
      query: expected an answer, found WITH clause containing a data-modifying statement must be at the top level (0A000)
      at checks/a.sql:1:6
    ");
    assert_snapshot!(told_of_query("SELECT id INTO copy FROM users"), @"
    fail checks/a.sql
      query: expected an answer, found SELECT ... INTO is not allowed here (42601)
      at checks/a.sql:1:16
    ");
    assert_snapshot!(told_of_query("-- atlas:timeout 100ms\nSELECT pg_sleep(30)"), @"
    fail checks/a.sql
      query: expected an answer within 100ms, found canceling statement due to statement timeout (57014)
      at checks/a.sql:2
    ");
}

#[test]
fn nothing_was_written() {
    let (database, mut connection) = with(Driver::Postgres, TABLES);
    let spoil = [
        ("a.sql", "SELECT spoil()"),
        ("b.sql", "SELECT set_config('transaction_read_only', 'off', false)"),
        ("c.sql", "SELECT set_config('transaction_read_only', 'off', true), spoil()"),
    ];
    let report = verify(&mut connection, &verifier(&spoil));
    assert_eq!(report.count(Verdict::Fail), 3, "{report}");
    assert_eq!(database.value("SELECT count(*) FROM users"), "7");
    assert_eq!(connection.sql("SELECT spoil()"), "1");
}

#[test]
fn timeouts() {
    let (_database, mut connection) = with(Driver::Postgres, "");
    let sleeps = verifier(&[
        ("a.sql", "-- atlas:timeout 1min\nSELECT 1 WHERE pg_sleep(0.3)::text <> ''"),
        ("b.sql", "SELECT pg_sleep(30)"),
    ]);
    let report = verify(&mut connection, &sleeps.timeout(std::time::Duration::from_millis(200)));
    assert_eq!(checked(&report, "checks/a.sql").verdict(), Verdict::Pass, "{report}");
    assert_eq!(checked(&report, "checks/b.sql").verdict(), Verdict::Fail, "{report}");
}
