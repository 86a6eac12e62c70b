//! The report as text and as JSON.

use super::*;

const FILES: [(&str, &str); 4] = [
    TIMELINE,
    ("020_slow.sql", "-- atlas:bench p50 < 1us\nSELECT 1"),
    (
        "030_scan.sql",
        "-- Description: steers the \u{1b} terminal\n-- atlas:no-seq-scan messages\nSELECT body FROM messages",
    ),
    ("040_broken.sql", "SELECT nothing FROM messages"),
];

#[track_caller]
fn check(name: &str, text: fn(&BenchReport) -> String) {
    let (_database, mut connection) = with(Driver::Postgres, MESSAGES);
    let report = bench(&mut connection, &bencher(&FILES));
    insta::assert_snapshot!(name, text(&report));
}

/// A table with its numbers masked, and its columns as wide as may be.
fn masked(text: &str) -> String {
    let text = &atlas_migrate_tests::without_times(text);
    let line = |line: &str| {
        let indented = line.len() - line.trim_start().len();
        let words: Vec<_> = line.split_whitespace().collect();
        let masked = match words.split_last() {
            // The last column is the number of blocks.
            Some((last, words)) if indented == 0 && last.parse::<u64>().is_ok() => {
                format!("{} N", without_numbers(&words.join(" ")))
            }
            _ => without_numbers(&words.join(" ")),
        };
        format!("{}{masked}\n", &line[..indented])
    };
    text.lines().map(line).collect()
}

#[test]
fn text() {
    check("text", |report| masked(&report.to_string()));
}

#[test]
fn columns_stand_below_each_other() {
    let (_database, mut connection) = with(Driver::Postgres, MESSAGES);
    let text = bench(&mut connection, &bencher(&[TIMELINE, ("b.sql", "SELECT 1")])).to_string();
    let lines: Vec<_> = text.lines().take(3).map(str::len).collect();
    assert!(lines.iter().all(|length| *length == lines[0]), "{text}");
}

#[test]
fn colored() {
    check("colored", |report| {
        let text = report.colored().to_string();
        let colors = ["\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[90m", "\x1b[0m"];
        assert_eq!(colors.iter().fold(text.clone(), |text, color| text.replace(color, "")), report.to_string());
        masked(&text.replace("\x1b[0m", " \x1b[0m")).replace('\x1b', "ESC")
    });
}

#[test]
fn json() {
    check("json", |report| {
        const MASKED: [&str; 9] = ["duration_ms", "min", "avg", "p50", "p95", "p99", "max", "hit", "read"];
        let mask = |line: &str| match line.split_once(": ") {
            Some((name, value)) if MASKED.contains(&name.trim().trim_matches('"')) => {
                format!("{name}: 0{}\n", if value.ends_with(',') { "," } else { "" })
            }
            _ => format!("{}\n", without_numbers(line)),
        };
        report.to_json().lines().map(mask).collect()
    });
}

#[test]
fn compared_with_itself() {
    let (_database, mut connection) = with(Driver::Postgres, MESSAGES);
    let report = bench(&mut connection, &bencher(&FILES));
    let comparison = report.compare(&report.to_json()).unwrap();
    let changes: Vec<_> = comparison.benchmarks().iter().map(|one| one.change().as_str()).collect();
    assert_eq!(changes, ["same"; 4], "{comparison}");
    assert_eq!(comparison.benchmarks()[0].buffers_ratio(), Some(1.0));
    // The JSON has microseconds.
    let ratio = comparison.benchmarks()[2].p50_ratio().unwrap();
    assert!((0.99..=1.01).contains(&ratio), "{comparison}");
}

#[test]
fn compared_with_an_index_less() {
    let (_database, mut connection) = with(Driver::Postgres, MESSAGES);
    let before = bench(&mut connection, &bencher(&[TIMELINE])).to_json();
    connection.sql("DROP INDEX messages_by_chat");
    let now = bench(&mut connection, &bencher(&[TIMELINE]));
    let comparison = now.compare(&before).unwrap();
    let timeline = &comparison.benchmarks()[0];
    assert_eq!(timeline.change().as_str(), "changed", "{comparison}");
    assert!(timeline.buffers_ratio().unwrap() > 5.0 && timeline.p50_ratio().unwrap() > 0.0, "{comparison}");
}
