//! The plan that is in the report, and the one that is measured.

use super::*;

#[track_caller]
fn plan(sql: &str, statement: &str) -> String {
    let (_database, mut connection) = with(Driver::TokioPostgres, sql);
    let report = bench(&mut connection, &bencher(&[("a.sql", statement)]).warm_up(6));
    assert!(report.passed(), "{report}");
    report.benchmarks()[0].plan().join("\n")
}

#[test]
fn without_numbers() {
    assert_eq!(plan(MESSAGES, TIMELINE.1), "Limit\n  Index Scan using messages_by_chat on public.messages");
    assert_eq!(
        plan(MESSAGES, "UPDATE messages SET body = '' WHERE id = 1"),
        "Update on public.messages\n  Index Scan using messages_pkey on public.messages"
    );
    assert_eq!(plan(MESSAGES, "VALUES (1), (2)"), "Values Scan");
}

/// A statement that was prepared is planned without its parameters, once that is as cheap.
#[test]
fn is_that_of_a_prepared_statement() {
    let (_database, mut connection) = with(Driver::TokioPostgres, MESSAGES);
    let file =
        "-- atlas:max-buffers 0\n-- atlas:parameters VALUES (1), (2)\nSELECT body FROM messages WHERE id + 0 = $1";
    let mut filter = |warm_up| {
        let report = bench(&mut connection, &bencher(&[("a.sql", file)]).warm_up(warm_up));
        report.benchmarks()[0].gates()[0].excerpt().join("\n")
    };
    assert!(filter(0).contains("= 1)"), "{}", filter(0));
    assert!(filter(5).contains("= $1)"), "{}", filter(5));
}

#[test]
fn with_the_most_blocks() {
    let (_database, mut connection) = with(Driver::TokioPostgres, MESSAGES);
    let file = "-- atlas:parameters VALUES (1), (2000), (10)\nSELECT count(body) FROM messages WHERE id <= $1";
    let report = bench(&mut connection, &bencher(&[("a.sql", file)]));
    assert!(report.benchmarks()[0].buffers().unwrap().total() > 20, "{report}");
}
