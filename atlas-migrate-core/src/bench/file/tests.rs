use std::time::Duration;

use insta::assert_snapshot;

use super::*;
use crate::bench::{Name, Statistic};

#[track_caller]
fn check(text: &str, expected: Benchmark) {
    assert_eq!(read("benchmarks/010_a.sql", text, Syntax::Parser), Ok(expected), "{text}");
}

fn benchmark(sql: &str) -> Benchmark {
    Benchmark {
        name: "a".to_owned(),
        title: None,
        sql: sql.to_owned(),
        line: 1,
        writes: false,
        gates: Vec::new(),
        iterations: None,
        parameters: None,
    }
}

fn faults(text: &str) -> String {
    let faults = read("benchmarks/010_a.sql", text, Syntax::Parser).err().unwrap_or_default();
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

fn latency(statistic: Statistic, below: Duration) -> Gate {
    Gate::Latency { statistic, below }
}

#[test]
fn statements() {
    check("SELECT 1;", benchmark("SELECT 1"));
    check("( TABLE a ) ;\n-- done", benchmark("( TABLE a )"));
    check("-- é\nVALUES (1)", Benchmark { line: 2, ..benchmark("    \nVALUES (1)") });
    for writing in [
        "INSERT INTO a VALUES (1)",
        "update a SET b = 1",
        "DELETE FROM a",
        "WITH gone AS (DELETE FROM a RETURNING b) TABLE gone",
        "SELECT 1 FROM a FOR UPDATE",
        "SELECT 1 FROM a FOR KEY SHARE",
    ] {
        check(writing, Benchmark { writes: true, ..benchmark(writing) });
    }
    let quoted = "SELECT \"update\", 'DELETE' FROM a -- INSERT";
    check(quoted, benchmark("SELECT \"update\", 'DELETE' FROM a"));
}

#[test]
fn gates() {
    let name = |schema: Option<&str>, name: &str| Name { schema: schema.map(str::to_owned), name: name.to_owned() };
    let text = "-- Description: what is new
-- atlas:bench p50 < 10ms,max<1s , avg < 250us
-- atlas:max-buffers 60
-- atlas:uses-index a_by_b
-- atlas:uses-index app.\"B\"
-- atlas:no-seq-scan App.a
-- atlas:iterations 200
-- atlas:parameters SELECT b, c FROM a WHERE d = ';' LIMIT (10);
SELECT 1 FROM a WHERE c = $2 AND b = $1";
    let read = read("benchmarks/010_a.sql", text, Syntax::Parser).unwrap();
    let gates = [
        latency(Statistic::P50, Duration::from_millis(10)),
        latency(Statistic::Max, Duration::from_secs(1)),
        latency(Statistic::Avg, Duration::from_micros(250)),
        Gate::MaxBuffers(60),
        Gate::UsesIndex(name(None, "a_by_b")),
        Gate::UsesIndex(name(Some("app"), "B")),
        Gate::NoSeqScan(name(Some("app"), "a")),
    ];
    assert_eq!(read.gates, gates);
    let shown: Vec<_> = read.gates.iter().map(Gate::to_string).collect();
    let expected = [
        "p50 < 10ms",
        "max < 1s",
        "avg < 250us",
        "max-buffers 60",
        "uses-index a_by_b",
        "uses-index app.\"B\"",
        "no-seq-scan app.a",
    ];
    assert_eq!(shown, expected);
    assert_eq!((read.title.as_deref(), read.iterations, read.line), (Some("what is new"), Some(200), 9));
    let sql = "SELECT b, c FROM a WHERE d = ';' LIMIT (10)".to_owned();
    assert_eq!(read.parameters, Some(Parameters { start: text.find("SELECT b").unwrap(), sql, count: 2 }));
}

#[test]
fn no_statements() {
    assert_snapshot!(faults("-- nothing"), @"
    benchmark without a statement
     --> benchmarks/010_a.sql
      = hint: write a statement, or remove the file
    ");
    assert_snapshot!(faults("SELECT 1;\nSELECT 2;"), @"
    second statement in a benchmark
     --> benchmarks/010_a.sql:2:1
      |
    2 | SELECT 2;
      | ^^^^^^^^
      |
      = hint: put it into a file of its own: a benchmark is one statement
    ");
    assert_snapshot!(faults("VACUUM a;"), @"
    no statement
     --> benchmarks/010_a.sql:1:1
      |
    1 | VACUUM a;
      | ^^^^^^ cannot be measured
      |
      = hint: begin it with SELECT, WITH, VALUES, TABLE, INSERT, UPDATE, DELETE or MERGE
    ");
    assert_snapshot!(faults("CREATE TABLE a ()"), @"
    no statement
     --> benchmarks/010_a.sql:1:1
      |
    1 | CREATE TABLE a ()
      | ^^^^^^ cannot be measured
      |
      = hint: begin it with SELECT, WITH, VALUES, TABLE, INSERT, UPDATE, DELETE or MERGE
    ");
}

#[test]
fn parameters() {
    assert_snapshot!(faults("SELECT 1 WHERE 2 = $1"), @"
    no values for the parameter `$1`
     --> benchmarks/010_a.sql:1:20
      |
    1 | SELECT 1 WHERE 2 = $1
      |                    ^^
      |
      = hint: say where they come from, as in `-- atlas:parameters SELECT id FROM users ORDER BY id LIMIT 10`
    ");
    assert_snapshot!(faults("-- atlas:parameters SELECT 1\nSELECT '$1'"), @"
    values without a parameter
     --> benchmarks/010_a.sql:1:21
      |
    1 | -- atlas:parameters SELECT 1
      |                     ^^^^^^^^ the statement has no `$1`
      |
      = hint: write `$1` for the first column of the query, `$2` for the second; or remove the directive
    ");
    assert_snapshot!(faults("-- atlas:parameters DELETE FROM a\nSELECT $1"), @"
    malformed `atlas:parameters`
     --> benchmarks/010_a.sql:1:21
      |
    1 | -- atlas:parameters DELETE FROM a
      |                     ^^^^^^^^^^^^^ expected a query
      |
      = hint: for example `-- atlas:parameters SELECT id FROM users ORDER BY id LIMIT 10`
    ");
    assert_snapshot!(faults("-- atlas:parameters SELECT 1; SELECT 2\nSELECT $1"), @"
    malformed `atlas:parameters`
     --> benchmarks/010_a.sql:1:29
      |
    1 | -- atlas:parameters SELECT 1; SELECT 2
      |                             ^ expected one query
      |
      = hint: for example `-- atlas:parameters SELECT id FROM users ORDER BY id LIMIT 10`
    ");
    assert_snapshot!(faults("-- atlas:parameters SELECT (1\nSELECT $1"), @"
    malformed `atlas:parameters`
     --> benchmarks/010_a.sql:1:21
      |
    1 | -- atlas:parameters SELECT (1
      |                     ^^^^^^^^^ has more `(` than `)`
      |
      = hint: for example `-- atlas:parameters SELECT id FROM users ORDER BY id LIMIT 10`
    ");
    assert_snapshot!(faults("-- atlas:parameters SELECT 1) -- x\nSELECT $1"), @"
    malformed `atlas:parameters`
     --> benchmarks/010_a.sql:1:29
      |
    1 | -- atlas:parameters SELECT 1) -- x
      |                             ^ no `(` before it
      |
      = hint: for example `-- atlas:parameters SELECT id FROM users ORDER BY id LIMIT 10`
    ");
    assert_snapshot!(faults("-- atlas:parameters\nSELECT $1"), @"
    malformed `atlas:parameters`
     --> benchmarks/010_a.sql:1:20
      |
    1 | -- atlas:parameters
      |                    ^ expected a query
      |
      = hint: for example `-- atlas:parameters SELECT id FROM users ORDER BY id LIMIT 10`
    ");
}

#[test]
fn directives() {
    assert_snapshot!(faults("-- atlas:bench p50 < 10ms, p90 < 1s\nSELECT 1"), @"
    malformed `atlas:bench`
     --> benchmarks/010_a.sql:1:28
      |
    1 | -- atlas:bench p50 < 10ms, p90 < 1s
      |                            ^^^ expected min, avg, p50, p95, p99 or max
      |
      = hint: for example `-- atlas:bench p50 < 10ms, p99 < 50ms`
    ");
    assert_snapshot!(faults("-- atlas:bench p50 < 10 minutes\nSELECT 1"), @"
    malformed `atlas:bench`
     --> benchmarks/010_a.sql:1:22
      |
    1 | -- atlas:bench p50 < 10 minutes
      |                      ^^^^^^^^^^ expected a whole number above zero and us, ms or s
      |
      = hint: for example `-- atlas:bench p50 < 10ms, p99 < 50ms`
    ");
    assert_snapshot!(faults("-- atlas:bench p50 < 0ms\nSELECT 1"), @"
    malformed `atlas:bench`
     --> benchmarks/010_a.sql:1:22
      |
    1 | -- atlas:bench p50 < 0ms
      |                      ^^^ expected a whole number above zero and us, ms or s
      |
      = hint: for example `-- atlas:bench p50 < 10ms, p99 < 50ms`
    ");
    assert_snapshot!(faults("-- atlas:bench p50 <= 1ms\nSELECT 1"), @"
    malformed `atlas:bench`
     --> benchmarks/010_a.sql:1:21
      |
    1 | -- atlas:bench p50 <= 1ms
      |                     ^^^^^ expected a whole number above zero and us, ms or s
      |
      = hint: for example `-- atlas:bench p50 < 10ms, p99 < 50ms`
    ");
    assert_snapshot!(faults("-- atlas:bench p50 < 1ms, p50 < 2ms\nSELECT 1"), @"
    malformed `atlas:bench`
     --> benchmarks/010_a.sql:1:27
      |
    1 | -- atlas:bench p50 < 1ms, p50 < 2ms
      |                           ^^^^^^^^^ said before
      |
      = hint: for example `-- atlas:bench p50 < 10ms, p99 < 50ms`
    ");
    assert_snapshot!(faults("-- atlas:bench 10ms\n-- atlas:max-buffers -1\n-- atlas:uses-index a b\nSELECT 1"), @"
    malformed `atlas:bench`
     --> benchmarks/010_a.sql:1:16
      |
    1 | -- atlas:bench 10ms
      |                ^^^^ expected a statistic, `<` and a time
      |
      = hint: for example `-- atlas:bench p50 < 10ms, p99 < 50ms`
    malformed `atlas:max-buffers`
     --> benchmarks/010_a.sql:2:22
      |
    2 | -- atlas:max-buffers -1
      |                      ^^ expected a number of blocks
      |
      = hint: for example `-- atlas:max-buffers 60`
    malformed `atlas:uses-index`
     --> benchmarks/010_a.sql:3:21
      |
    3 | -- atlas:uses-index a b
      |                     ^^^ expected a name as in SQL
      |
      = hint: for example `-- atlas:uses-index messages_by_chat`
    ");
    assert_snapshot!(faults("-- atlas:iterations 0\n-- atlas:no-seq-scan\nSELECT 1"), @"
    malformed `atlas:iterations`
     --> benchmarks/010_a.sql:1:21
      |
    1 | -- atlas:iterations 0
      |                     ^ expected a number from 1 to 1000000
      |
      = hint: for example `-- atlas:iterations 200`
    malformed `atlas:no-seq-scan`
     --> benchmarks/010_a.sql:2:21
      |
    2 | -- atlas:no-seq-scan
      |                     ^ expected a name as in SQL
      |
      = hint: for example `-- atlas:no-seq-scan messages`
    ");
    assert_snapshot!(faults("-- atlas:max-bufers 1\n-- atlas:timeout 1s\nSELECT 1"), @"
    unknown directive `atlas:max-bufers`
     --> benchmarks/010_a.sql:1:4
      |
    1 | -- atlas:max-bufers 1
      |    ^^^^^^^^^^^^^^^^
      |
      = hint: did you mean `atlas:max-buffers`?
    `atlas:timeout` has no meaning here
     --> benchmarks/010_a.sql:2:4
      |
    2 | -- atlas:timeout 1s
      |    ^^^^^^^^^^^^^ is for migrations, seeds or checks
      |
      = hint: remove it; the directives here are bench, max-buffers, uses-index, no-seq-scan, iterations, parameters, no-syntax-check
    ");
}
