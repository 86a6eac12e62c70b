use std::time::Duration;

use insta::assert_snapshot;

use super::*;
use crate::migration::{Header, Require};

#[track_caller]
fn check(text: &str, expected: &Header) {
    let mut faults = Vec::new();
    let directives = read::<OfMigration>("a.sql", text, &[], &mut faults);
    assert_eq!(faults, [], "{text}");
    assert_eq!(&directives.said.header, expected, "{text}");
}

fn faults(text: &str) -> String {
    let mut faults = Vec::new();
    read::<OfMigration>("a.sql", text, &[], &mut faults);
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

#[test]
fn timeouts() {
    let timeout = |milliseconds| Header { lock_timeout: Some(Duration::from_millis(milliseconds)), ..Header::EMPTY };
    check("-- atlas:lock-timeout 250ms", &timeout(250));
    check("--atlas:lock-timeout 2s", &timeout(2_000));
    check("--- atlas:lock-timeout   10min  \nSELECT 1", &timeout(600_000));
    check("-- atlas:lock-timeout 1h", &timeout(3_600_000));
    check("-- atlas:lock-timeout 24d", &timeout(2_073_600_000));
    check("-- atlas:lock-timeout 0", &timeout(0));
    let statement_timeout = Some(Duration::from_secs(5));
    check("-- ATLAS:statement-timeout 5s", &Header { statement_timeout, ..Header::EMPTY });
}

#[test]
fn conditions() {
    let require = |condition: &'static str, message: Option<&'static str>| Header {
        require: vec![Require { condition: condition.into(), message: message.map(Into::into) }].into(),
        ..Header::EMPTY
    };
    check("-- atlas:require a = 1", &require("a = 1", None));
    check("-- atlas:require a = 1 | it can't be", &require("a = 1", Some("it can't be")));
    check("-- atlas:require a || b = '|' | either | or", &require("a || b = '|'", Some("either | or")));
    check("-- atlas:require (a | b) = 3|no", &require("(a | b) = 3", Some("no")));
    check("-- atlas:require a /* ; */ AND $$;$$ = b", &require("a /* ; */ AND $$;$$ = b", None));
    check(
        "-- atlas:require a\n-- atlas:require b | c",
        &Header {
            require: vec![
                Require { condition: "a".into(), message: None },
                Require { condition: "b".into(), message: Some("c".into()) },
            ]
            .into(),
            ..Header::EMPTY
        },
    );
    check("-- atlas:skip-unless a || b = ''", &Header { skip_unless: Some("a || b = ''".into()), ..Header::EMPTY });
}

#[test]
fn flags_and_metadata() {
    check("", &Header::EMPTY);
    check("-- nothing\nSELECT 1; -- Migration: late", &Header::EMPTY);
    check("/* first */\n\n-- atlas:compatible\n/* last */", &Header { compatible: true, ..Header::EMPTY });
    check(
        "-- Migration: 003 users\n-- DESCRIPTION:  who is who \n-- date: 2025-01-23\n-- Migration: second",
        &Header {
            title: Some("003 users".into()),
            description: Some("who is who".into()),
            date: Some("2025-01-23".into()),
            ..Header::EMPTY
        },
    );
}

#[test]
fn without_a_transaction() {
    for (text, expected) in [
        ("-- atlas:no-transaction", true),
        ("-- no-transaction", true),
        ("-- no-transaction: builds an index", true),
        ("-- no-transaction\n-- atlas:no-transaction", true),
        ("-- there is no-transaction here", false),
        ("-- no-transactions", false),
        ("SELECT 1; -- no-transaction", false),
    ] {
        let mut faults = Vec::new();
        assert_eq!(read::<OfMigration>("a.sql", text, &[], &mut faults).no_transaction(), expected, "{text}");
        assert_eq!(faults, [], "{text}");
    }
}

#[test]
fn unknown() {
    assert_snapshot!(faults("-- atlas:no-transactions\n-- atlas:txmode none\n-- atlas: compatible\n-- atlas:lock_timeout=2s"), @"
    unknown directive `atlas:no-transactions`
     --> a.sql:1:4
      |
    1 | -- atlas:no-transactions
      |    ^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: did you mean `atlas:no-transaction`?
    unknown directive `atlas:txmode`
     --> a.sql:2:4
      |
    2 | -- atlas:txmode none
      |    ^^^^^^^^^^^^
      |
      = hint: the directives are no-transaction, lock-timeout, statement-timeout, compatible, require, skip-unless, no-syntax-check
    unknown directive `atlas:`
     --> a.sql:3:4
      |
    3 | -- atlas: compatible
      |    ^^^^^^
      |
      = hint: did you mean `atlas:compatible`?
    unknown directive `atlas:lock_timeout=2s`
     --> a.sql:4:4
      |
    4 | -- atlas:lock_timeout=2s
      |    ^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: did you mean `atlas:lock-timeout`?
    ");
}

#[test]
fn twice_or_too_late() {
    assert_snapshot!(faults("-- atlas:compatible\n-- atlas:compatible\n/* atlas:compatible */\nSELECT 1; -- atlas:compatible"), @"
    `atlas:compatible` given twice
     --> a.sql:2:4
      |
    2 | -- atlas:compatible
      |    ^^^^^^^^^^^^^^^^ given before
      |
      = hint: remove one of them
    directive without effect
     --> a.sql:3:4
      |
    3 | /* atlas:compatible */
      |    ^^^^^^^^^^^^^^^^ expected a line comment
      |
      = hint: write it as `-- atlas:…` at the top of the file
    directive without effect
     --> a.sql:4:14
      |
    4 | SELECT 1; -- atlas:compatible
      |              ^^^^^^^^^^^^^^^^ comes after the first statement
      |
      = hint: write it as `-- atlas:…` at the top of the file
    ");
}

#[test]
fn malformed_durations() {
    assert_snapshot!(faults("-- atlas:lock-timeout\n-- atlas:statement-timeout 2 s"), @"
    malformed `atlas:lock-timeout`
     --> a.sql:1:22
      |
    1 | -- atlas:lock-timeout
      |                      ^ expected a whole number and ms, s, min, h or d
      |
      = hint: for example `-- atlas:lock-timeout 2s`
    malformed `atlas:statement-timeout`
     --> a.sql:2:28
      |
    2 | -- atlas:statement-timeout 2 s
      |                            ^^^ expected a whole number and ms, s, min, h or d
      |
      = hint: for example `-- atlas:statement-timeout 10min`
    ");
    assert_snapshot!(faults("-- atlas:lock-timeout 25d"), @"
    malformed `atlas:lock-timeout`
     --> a.sql:1:23
      |
    1 | -- atlas:lock-timeout 25d
      |                       ^^^ longer than the 24 days that PostgreSQL allows
      |
      = hint: for example `-- atlas:lock-timeout 2s`
    ");
    for value in ["2m", "ms", "-1s", "1.5s", "5", "99999999999999999999s", "9223372036854775807d", "٣s"] {
        assert!(!faults(&format!("-- atlas:lock-timeout {value}")).is_empty(), "{value}");
    }
}

#[test]
fn malformed_conditions() {
    assert_snapshot!(faults("-- atlas:require\n-- atlas:require | no\n-- atlas:require a |\n-- atlas:require (a | b"), @"
    malformed `atlas:require`
     --> a.sql:1:17
      |
    1 | -- atlas:require
      |                 ^ expected a condition
      |
      = hint: for example `-- atlas:require NOT EXISTS (SELECT FROM orders) | orders must be empty`
    malformed `atlas:require`
     --> a.sql:2:18
      |
    2 | -- atlas:require | no
      |                  ^ expected a condition
      |
      = hint: for example `-- atlas:require NOT EXISTS (SELECT FROM orders) | orders must be empty`
    malformed `atlas:require`
     --> a.sql:3:20
      |
    3 | -- atlas:require a |
      |                    ^ expected a message after it
      |
      = hint: for example `-- atlas:require NOT EXISTS (SELECT FROM orders) | orders must be empty`
    malformed `atlas:require`
     --> a.sql:4:18
      |
    4 | -- atlas:require (a | b
      |                  ^^^^^^ has more `(` than `)`
      |
      = hint: for example `-- atlas:require NOT EXISTS (SELECT FROM orders) | orders must be empty`
    ");
    assert_snapshot!(faults("-- atlas:require a; b\n-- atlas:require a) = (b\n-- atlas:require a -- really\n-- atlas:require a = 'b"), @"
    malformed `atlas:require`
     --> a.sql:1:19
      |
    1 | -- atlas:require a; b
      |                   ^ expected one expression
      |
      = hint: for example `-- atlas:require NOT EXISTS (SELECT FROM orders) | orders must be empty`
    malformed `atlas:require`
     --> a.sql:2:19
      |
    2 | -- atlas:require a) = (b
      |                   ^ no `(` before it
      |
      = hint: for example `-- atlas:require NOT EXISTS (SELECT FROM orders) | orders must be empty`
    malformed `atlas:require`
     --> a.sql:3:20
      |
    3 | -- atlas:require a -- really
      |                    ^^^^^^^^^ expected no comment
      |
      = hint: for example `-- atlas:require NOT EXISTS (SELECT FROM orders) | orders must be empty`
    malformed `atlas:require`
     --> a.sql:4:22
      |
    4 | -- atlas:require a = 'b
      |                      ^^ has no end in this line
      |
      = hint: for example `-- atlas:require NOT EXISTS (SELECT FROM orders) | orders must be empty`
    ");
    assert_snapshot!(faults("-- atlas:skip-unless a | b\n-- atlas:compatible yes"), @"
    malformed `atlas:skip-unless`
     --> a.sql:1:26
      |
    1 | -- atlas:skip-unless a | b
      |                          ^ takes no message; an SQL `|` has to stand in parentheses
      |
      = hint: for example `-- atlas:skip-unless to_regclass('orders') IS NOT NULL`
    malformed `atlas:compatible`
     --> a.sql:2:21
      |
    2 | -- atlas:compatible yes
      |                     ^^^ takes no value
      |
      = hint: for example `-- atlas:compatible`
    ");
}
