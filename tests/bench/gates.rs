//! Each gate, kept and not kept.

use insta::assert_snapshot;

use super::*;

/// Partitions of partitions, with an index of each; and a table with a child.
const PARTITIONED: &str = "CREATE TABLE events (id int, at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY RANGE (id);
    CREATE TABLE events_2026_low PARTITION OF events_2026 FOR VALUES FROM (0) TO (100000);
    CREATE INDEX events_by_id ON events (id);
    INSERT INTO events SELECT n, date '2025-12-01' + n % 60 FROM generate_series(0, 9999) n;
    CREATE TABLE parents (id int);
    CREATE TABLE children () INHERITS (parents);
    INSERT INTO children SELECT generate_series(1, 100);
    ANALYZE";

/// What is said of a statement with these directives.
#[track_caller]
fn told_of_gates(sql: &str, directives: &str, statement: &str) -> String {
    let directives: String = directives.lines().map(|line| format!("-- atlas:{line}\n")).collect();
    told_of(sql, &[("a.sql", &(directives + statement))])
}

#[test]
fn latency() {
    let told = told_of_gates(MESSAGES, "bench min < 1us, avg < 10s", "SELECT 1 FROM pg_sleep(0.002)");
    assert_snapshot!(told, @"
    a 6 times
      FAIL min < 1us: N ms
      pass avg < 10s: N ms
    ");
}

#[test]
fn only_latency() {
    let (_database, mut connection) = with(Driver::Postgres, MESSAGES);
    let report = bench(&mut connection, &bencher(&[("a.sql", "-- atlas:bench p99 < 1us\nSELECT 1")]));
    assert!(!report.passed() && report.passed_plans(), "{report}");
}

#[test]
fn buffers() {
    assert_snapshot!(told_of_gates(MESSAGES, "max-buffers 0", "SELECT 1"), @"
    a 6 times
      pass max-buffers 0: N (N hit, N read)
    ");
    assert_snapshot!(told_of_gates(MESSAGES, "max-buffers 100", "SELECT count(*) FROM messages WHERE body <> ''"), @"
    a 6 times
      FAIL max-buffers 100: N (N hit, N read)
        Aggregate (rows N, loops 1, buffers N)
          Seq Scan on public.messages (rows N, loops 1, buffers N, filter (messages.body <> ''::text))
    ");
}

#[test]
fn index() {
    let gates = "uses-index messages_by_chat\nuses-index public.messages_by_chat";
    assert_snapshot!(told_of_gates(MESSAGES, gates, "SELECT sent FROM messages WHERE chat = 1 ORDER BY sent LIMIT 1"), @"
    a 6 times
      pass uses-index messages_by_chat: used
      pass uses-index public.messages_by_chat: used
    ");
    // By way of a bitmap.
    assert_snapshot!(told_of_gates(MESSAGES, gates, "SELECT body FROM messages WHERE chat = 1 AND sent < '2026-01-05'"), @"
    a 6 times
      pass uses-index messages_by_chat: used
      pass uses-index public.messages_by_chat: used
    ");
    assert_snapshot!(told_of_gates(MESSAGES, gates, "SELECT 1 FROM messages WHERE id = 1"), @"
    a 6 times
      FAIL uses-index messages_by_chat: not used
        Index Only Scan using messages_pkey on public.messages (rows N, loops 1, buffers N)
      FAIL uses-index public.messages_by_chat: not used
        Index Only Scan using messages_pkey on public.messages (rows N, loops 1, buffers N)
    ");
    assert_snapshot!(told_of_gates(MESSAGES, gates, "SELECT 1"), @"
    a 6 times
      FAIL uses-index messages_by_chat: not used
        Result (rows N, loops 1, buffers N)
      FAIL uses-index public.messages_by_chat: not used
        Result (rows N, loops 1, buffers N)
    ");
}

#[test]
fn sequential_scan() {
    let gates = "no-seq-scan messages\nno-seq-scan public.messages";
    assert_snapshot!(told_of_gates(MESSAGES, gates, "SELECT 1 FROM messages WHERE id = 1"), @"
    a 6 times
      pass no-seq-scan messages: none
      pass no-seq-scan public.messages: none
    ");
    assert_snapshot!(told_of_gates(MESSAGES, gates, "SELECT count(body) FROM messages"), @"
    a 6 times
      FAIL no-seq-scan messages: Seq Scan on public.messages
        Seq Scan on public.messages (rows N, loops 1, buffers N)
      FAIL no-seq-scan public.messages: Seq Scan on public.messages
        Seq Scan on public.messages (rows N, loops 1, buffers N)
    ");
    let in_cte = "WITH counted AS MATERIALIZED (SELECT count(body) FROM messages) SELECT (SELECT * FROM counted), 1";
    assert_snapshot!(told_of_gates(MESSAGES, "no-seq-scan messages", in_cte), @"
    a 6 times
      FAIL no-seq-scan messages: Seq Scan on public.messages
        Seq Scan on public.messages (rows N, loops 1, buffers N)
    ");
    let view = "; CREATE VIEW shown AS SELECT body FROM messages";
    assert_snapshot!(told_of_gates(&format!("{MESSAGES}{view}"), "no-seq-scan messages", "SELECT * FROM shown"), @"
    a 6 times
      FAIL no-seq-scan messages: Seq Scan on public.messages
        Seq Scan on public.messages (rows N, loops 1, buffers N)
    ");
}

#[test]
fn partitions_and_children() {
    let one = "SELECT at FROM events WHERE id = 7";
    assert_snapshot!(told_of_gates(PARTITIONED, "uses-index events_by_id\nno-seq-scan events", one), @"
    a 6 times
      pass uses-index events_by_id: used
      pass no-seq-scan events: none
    ");
    // A partition knows nothing of its parent's other partitions.
    assert_snapshot!(told_of_gates(PARTITIONED, "uses-index events_by_id\nno-seq-scan events_2026", "SELECT count(*) FROM events_2025"), @"
    a 6 times
      FAIL uses-index events_by_id: not used
        Seq Scan on public.events_2025 (rows N, loops 1, buffers N)
      pass no-seq-scan events_2026: none
    ");
    assert_snapshot!(told_of_gates(PARTITIONED, "no-seq-scan events", "SELECT count(at) FROM events_2026"), @"
    a 6 times
      FAIL no-seq-scan events: Seq Scan on public.events_2026_low
        Seq Scan on public.events_2026_low (rows N, loops 1, buffers N)
    ");
    assert_snapshot!(told_of_gates(PARTITIONED, "no-seq-scan parents", "SELECT * FROM children"), @"
    a 6 times
      FAIL no-seq-scan parents: Seq Scan on public.children
        Seq Scan on public.children (rows N, loops 1, buffers N)
    ");
    assert_snapshot!(told_of_gates(PARTITIONED, "no-seq-scan children", "SELECT * FROM ONLY parents"), @"
    a 6 times
      pass no-seq-scan children: none
    ");
}

#[test]
fn names() {
    let others = "CREATE SCHEMA \"O'ther\"; CREATE TABLE \"O'ther\".messages (id int); CREATE VIEW v AS SELECT 1;
        CREATE INDEX \"By Id\" ON \"O'ther\".messages (id)";
    let sql = format!("{MESSAGES}; {others}");
    let gates =
        "no-seq-scan messages\nno-seq-scan \"O'ther\".messages\nuses-index \"O'ther\".\"By Id\"\nuses-index \"By Id\"";
    assert_snapshot!(told_of_gates(&sql, gates, "SELECT * FROM \"O'ther\".messages"), @r#"
    a 6 times
      pass no-seq-scan messages: none
      FAIL no-seq-scan "O'ther".messages: Seq Scan on O'ther.messages
        Seq Scan on O'ther.messages (rows N, loops 1, buffers N)
      FAIL uses-index "O'ther"."By Id": not used
        Seq Scan on O'ther.messages (rows N, loops 1, buffers N)
      FAIL uses-index "By Id": no such index
    "#);
    let missing = "no-seq-scan v\nno-seq-scan nowhere.messages\nno-seq-scan messages_by_chat\nuses-index messages";
    assert_snapshot!(told_of_gates(&sql, missing, "SELECT 1"), @"
    a 6 times
      FAIL no-seq-scan v: no such table
      FAIL no-seq-scan nowhere.messages: no such table
      FAIL no-seq-scan messages_by_chat: no such table
      FAIL uses-index messages: no such index
    ");
}

#[test]
fn temporary_tables() {
    let (_database, mut connection) = with(Driver::TokioPostgres, "");
    connection.sql("CREATE TEMP TABLE mine (id int)");
    let report = bench(&mut connection, &bencher(&[("a.sql", "-- atlas:no-seq-scan mine\nSELECT * FROM mine")]));
    assert!(!report.passed_plans(), "{report}");
}

#[test]
fn every_set_of_parameters_counts() {
    let lopsided = "CREATE TABLE a (kind int, rest text); CREATE INDEX a_kind ON a (kind);
        INSERT INTO a SELECT CASE WHEN n <= 3 THEN n ELSE 0 END, 'x' FROM generate_series(1, 5000) n; ANALYZE a";
    let gates = "parameters VALUES (1), (2), (0)\nno-seq-scan a\nuses-index a_kind\nmax-buffers 10";
    assert_snapshot!(told_of_gates(lopsided, gates, "SELECT rest FROM a WHERE kind = $1"), @"
    a 6 times
      FAIL no-seq-scan a: Seq Scan on public.a, with set 3 of the parameters
        Seq Scan on public.a (rows N, loops 1, buffers N, filter (a.kind = 0))
      FAIL uses-index a_kind: not used, with set 3 of the parameters
        Seq Scan on public.a (rows N, loops 1, buffers N, filter (a.kind = 0))
      FAIL max-buffers 10: N (N hit, N read)
        Seq Scan on public.a (rows N, loops 1, buffers N, filter (a.kind = 0))
    ");
}
