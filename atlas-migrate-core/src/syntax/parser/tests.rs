use insta::assert_snapshot;

use super::*;
use crate::statement::split;

fn check(text: &str) -> Vec<Fault> {
    split(text).iter().filter_map(|one| statement("a.sql", text, one)).collect()
}

fn faults(text: &str) -> String {
    check(text).iter().map(|fault| format!("{fault}\n")).collect()
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
        |text: &str| super::condition("a.sql", text, 17..text.len()).map_or(String::new(), |fault| fault.to_string());
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
    for sql in include_str!("../valid.sql").split("\n\n") {
        valid(sql);
    }
}

#[track_caller]
fn check_second(text: &str, expected: Option<(usize, usize)>) {
    let faults = check(text);
    let place = faults.first().and_then(Fault::position);
    assert_eq!(place, expected, "{text}: {faults:?}");
    let is_said = faults.iter().all(|fault| fault.to_string().contains("`;` missing before this"));
    assert!(is_said, "{text}: {faults:?}");
}

#[test]
fn e2_two_commands_in_one_statement() {
    assert_snapshot!(faults("CREATE TABLE a (id int)\nCREATE TABLE b (id int);"), @"
    syntax error
     --> a.sql:2:1
      |
    2 | CREATE TABLE b (id int);
      | ^^^^^^ `;` missing before this
      |
      = hint: end the statement before it with `;`
    ");
    for second in [
        "CREATE TABLE b (id int)",
        "INSERT INTO a VALUES (1)",
        "UPDATE a SET id = 1",
        "DELETE FROM a",
        "CREATE INDEX i ON a (id)",
        "CREATE INDEX CONCURRENTLY i ON a (id)",
        "ALTER TABLE a ADD b int",
        "DROP TABLE a",
        "SELECT 1",
        "GRANT SELECT ON a TO b",
        "COMMENT ON TABLE a IS 'b'",
        "DO $$ BEGIN NULL; END $$",
        "SET search_path = a",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ] {
        for first in [
            "CREATE TABLE a (id int)",
            "ALTER TABLE a ADD c int",
            "CREATE INDEX j ON a (id)",
            "INSERT INTO a VALUES (1)",
            "UPDATE a SET id = 1 WHERE id = 2",
            "GRANT SELECT ON a TO b",
            "CREATE TYPE e AS ENUM ('a')",
            "CREATE EXTENSION pgcrypto",
            "SELECT a FROM b WHERE c",
            "SELECT a FROM b",
            "DELETE FROM a",
            "DELETE FROM a WHERE b",
            "UPDATE a SET id = 1",
            "TRUNCATE a",
            "DROP TABLE a",
            "INSERT INTO a SELECT b FROM c",
            "CREATE VIEW v AS SELECT a FROM b",
        ] {
            check_second(&format!("{first}\n{second};"), Some((2, 1)));
            check_second(&format!("{first}; {second};"), None);
        }
    }
}

/// Words that begin statements stand within others.
#[test]
fn e2_one_statement() {
    for text in [
        "WITH x AS (SELECT 1)\nINSERT INTO a SELECT * FROM x",
        "WITH x AS (INSERT INTO a VALUES (1) RETURNING id)\nUPDATE b SET c = x.id FROM x",
        "WITH x AS (SELECT 1)\nDELETE FROM a USING x",
        "CREATE RULE r AS ON INSERT TO a DO INSTEAD\nINSERT INTO b VALUES (new.id)",
        "CREATE SCHEMA s\nCREATE TABLE t (a int)\nCREATE VIEW v AS SELECT a FROM t\nGRANT SELECT ON t TO b",
        "EXPLAIN ANALYZE\nINSERT INTO a VALUES (1)",
        "PREPARE x AS\nINSERT INTO a VALUES (1)",
        "INSERT INTO a\nSELECT 1\nON CONFLICT (id) DO\nUPDATE SET id = 1",
        "CREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC\nINSERT INTO a VALUES (1);\nSELECT 1;\nEND",
        "CREATE TRIGGER t BEFORE\nINSERT OR\nUPDATE OF id ON a FOR EACH ROW EXECUTE FUNCTION f()",
        "GRANT\nSELECT,\nINSERT ON a TO b",
        "SELECT 1 FROM a FOR\nUPDATE",
        "CREATE POLICY p ON a FOR\nSELECT TO b USING (true)",
        "ALTER TABLE a\nALTER b SET DEFAULT 1,\nDROP c,\nADD d int",
        "ALTER TABLE a\nDROP b",
        "ALTER TABLE a ALTER b\nSET NOT NULL",
        "DECLARE c CURSOR FOR\nSELECT 1",
        "COPY (\nSELECT 1) TO '/tmp/a'",
        "CREATE TABLE a (b int REFERENCES c ON DELETE\nSET NULL)",
        "CREATE TABLE a AS\nSELECT 1",
        "CREATE VIEW a AS\nVALUES (1)",
        "CREATE TABLE a AS\nEXECUTE p",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA s\nGRANT SELECT ON TABLES TO b",
        "ALTER DEFAULT PRIVILEGES\nREVOKE ALL ON TABLES FROM b",
        "SELECT 1\nUNION\nSELECT 2",
        "CREATE FUNCTION f() RETURNS int\nSET search_path = a\nLANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION f() RETURNS int\nRETURN 1",
        "MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN\nUPDATE SET id = 1 WHEN NOT MATCHED THEN\nINSERT VALUES (1)",
        "CREATE EVENT TRIGGER t ON ddl_command_end\nEXECUTE FUNCTION f()",
        "CREATE MATERIALIZED VIEW v AS\nTABLE a\nWITH NO DATA",
        "ALTER DATABASE d\nSET search_path = a",
        "CREATE PUBLICATION p FOR\nTABLE a",
        "LOCK\nTABLE a",
        "TRUNCATE\nTABLE a",
        "ALTER TYPE t\nADD VALUE 'a'",
    ] {
        check_second(text, None);
    }
}

#[test]
fn b12_variables_of_psql() {
    assert_snapshot!(faults("SELECT :'name';"), @"
    syntax error
     --> a.sql:1:9
      |
    1 | SELECT :'name';
      |         ^^^^^^ expected name, found `'name'`
      |
      = hint: write the value of the variable: only psql puts it in
    ");
}

#[track_caller]
fn check_hint(text: &str, hint: &str) {
    let said = faults(text);
    assert!(said.trim_end().ends_with(&format!("= hint: {hint}")), "{text}: {said}");
}

#[test]
fn b12_sql_of_others() {
    let placeholder = "write what is to stand here: nobody replaces placeholders";
    check_hint("CREATE TABLE ${schema}.t (id int);", placeholder);
    check_hint("CREATE TABLE {{ prefix }}t (id int);", placeholder);
    check_hint("{% if x %} SELECT 1;", placeholder);
    check_hint("CREATE TABLE `a` (id int);", "put names into double quotes, or into none");
    let identity = "write GENERATED ALWAYS AS IDENTITY";
    check_hint("CREATE TABLE a (id int AUTO_INCREMENT PRIMARY KEY);", identity);
    check_hint("CREATE TABLE a (id int PRIMARY KEY autoincrement);", identity);
    check_hint("CREATE TABLE a (id int IDENTITY(1, 1));", identity);
    let reserved = "a name that is a reserved word needs double quotes; or give it another name";
    check_hint("CREATE TABLE user (id int);", reserved);
    check_hint("CREATE TABLE a (order int);", reserved);
    check_hint("CREATE TABLE a (id int, group int);", reserved);
    check_hint("INSERT INTO user VALUES (1);", reserved);
    check_hint("CREATE TABL a (id int);", HINT);
    check_hint("SELECT 1 FROM a ORDER x;", HINT);
}
