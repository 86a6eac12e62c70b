//! Benchmarks that cannot be measured, and where it is said to be.

use insta::assert_snapshot;
use std::time::Duration;

use super::*;

#[track_caller]
fn told_of_file(text: &str) -> String {
    told_of(MESSAGES, &[("a.sql", text)])
}

#[test]
fn statements() {
    assert_snapshot!(told_of_file("-- é\nSELECT *\nFROM mesages"), @r#"
    a 0 times
      relation "mesages" does not exist (42P01)
      at benchmarks/a.sql:3:6
    "#);
    assert_snapshot!(told_of_file("SELECT 1 / (id - id) FROM messages"), @"
    a 0 times
      division by zero (22012)
      at benchmarks/a.sql:1
    ");
    assert_snapshot!(told_of_file("INSERT INTO messages (id) VALUES (1)"), @r#"
    a 0 times
      null value in column "chat" of relation "messages" violates not-null constraint (23502)
      at benchmarks/a.sql:1
    "#);
    assert_snapshot!(told_of_file("INSERT INTO messages (nothing) VALUES (1)"), @r#"
    a 0 times
      column "nothing" of relation "messages" does not exist (42703)
      at benchmarks/a.sql:1:23
    "#);
}

#[test]
fn parameters() {
    assert_snapshot!(told_of_file("-- atlas:parameters SELECT id FROM mesages\nSELECT $1::int"), @r#"
    a 0 times
      its parameters: relation "mesages" does not exist (42P01)
      at benchmarks/a.sql:1:36
    "#);
    assert_snapshot!(told_of_file("-- atlas:parameters SELECT 1 / 0\nSELECT $1::int"), @"
    a 0 times
      its parameters: division by zero (22012)
      at benchmarks/a.sql:1:21
    ");
    assert_snapshot!(told_of_file("-- atlas:parameters SELECT 1 WHERE false\nSELECT $1::int"), @"
    a 0 times
      its parameters: expected a row at least, found none
      at benchmarks/a.sql:1:21
    ");
    assert_snapshot!(told_of_file("-- atlas:parameters SELECT 1, 2\nSELECT $1::int"), @"
    a 0 times
      its parameters: expected 1 column, found 2
      at benchmarks/a.sql:1:21
    ");
    assert_snapshot!(told_of_file("-- atlas:parameters SELECT 1\nSELECT $1::int + $2"), @"
    a 0 times
      its parameters: expected 2 columns, found 1
      at benchmarks/a.sql:1:21
    ");
    assert_snapshot!(told_of_file("-- atlas:parameters SELECT nextval('s')\nSELECT $1"), @r#"
    a 0 times
      its parameters: relation "s" does not exist (42P01)
      at benchmarks/a.sql:1:36
    "#);
    assert_snapshot!(told_of_file("-- atlas:parameters SELECT 'abc'\nSELECT 1 FROM messages WHERE id = $1"), @r#"
    a 0 times
      invalid input syntax for type integer: "abc" (22P02)
      at benchmarks/a.sql:2
    "#);
    assert_snapshot!(told_of_file("-- atlas:parameters SELECT 1\nSELECT 1 WHERE $1 IS NULL"), @"
    a 0 times
      could not determine data type of parameter $1 (42P18)
      at benchmarks/a.sql:2
    ");
}

#[test]
fn too_slow() {
    let (_database, mut connection) = with(Driver::Postgres, MESSAGES);
    let slow = bencher(&[("a.sql", "SELECT pg_sleep(60)")]).timeout(Duration::from_millis(50));
    let told = told(&bench(&mut connection, &slow).benchmarks()[0]);
    assert_snapshot!(told, @"
    a 0 times
      an execution took longer than 50ms (57014)
      at benchmarks/a.sql:1
    ");
}

#[test]
fn locked() {
    let (database, mut connection) = with(Driver::Postgres, MESSAGES);
    let mut holder = Driver::Postgres.connect(&database.url());
    holder.sql("BEGIN; LOCK TABLE messages");
    let waiting = bencher(&[("a.sql", "SELECT 1 FROM messages")]).lock_timeout(Duration::from_millis(50));
    let told = told(&bench(&mut connection, &waiting).benchmarks()[0]);
    assert_snapshot!(told, @"
    a 0 times
      an execution waited for a lock for more than 50ms (55P03)
      at benchmarks/a.sql:1:15
    ");
}
