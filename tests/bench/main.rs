//! Measuring: what any user does, gates, parameters and writes, over every driver.

use atlas_migrate::bench::{BenchReport, Bencher, Benchmarks, Measured};
use atlas_migrate_tests::{Connection, Database, Driver, every_driver};

mod basics;
mod dropped;
mod failures;
mod gates;
mod parameters;
mod plans;
mod reports;
mod writes;

atlas_migrate_tests::on_every_version!(at_both_ends);

/// Chats with 2,000 messages each, which are found by chat and time.
const MESSAGES: &str =
    "CREATE TABLE messages (id int PRIMARY KEY, chat int NOT NULL, sent timestamptz NOT NULL, body text);
    INSERT INTO messages SELECT n, n % 10, timestamptz '2026-01-01' + n * interval '1 minute', repeat('x', 100)
    FROM generate_series(1, 20000) n;
    CREATE INDEX messages_by_chat ON messages (chat, sent);
    ANALYZE messages";

const TIMELINE: (&str, &str) = (
    "010_timeline.sql",
    "-- Description: the newest messages
-- atlas:bench p50 < 10s, max < 20s
-- atlas:max-buffers 60
-- atlas:uses-index messages_by_chat
-- atlas:no-seq-scan messages
SELECT id, body FROM messages WHERE chat = 3 ORDER BY sent DESC LIMIT 5",
);

/// A bencher of these files that does not take long.
fn bencher(files: &[(&str, &str)]) -> Bencher {
    let benchmarks = Benchmarks::from_files("benchmarks", files.iter().copied());
    Bencher::new(benchmarks.unwrap_or_else(|error| panic!("{error}"))).iterations(6).warm_up(2)
}

/// A database in which this SQL has run, and a connection with it.
fn with(driver: Driver, sql: &str) -> (Database, Connection) {
    let database = Database::new();
    database.query(sql);
    let connection = driver.connect(&database.url());
    (database, connection)
}

#[track_caller]
fn bench(connection: &mut Connection, bencher: &Bencher) -> BenchReport {
    connection.bench(bencher).unwrap_or_else(|error| panic!("{error}"))
}

/// All that is said of a benchmark, except its times and numbers of blocks.
fn told(measured: &Measured) -> String {
    let times = measured.latency().map_or(0, |latency| latency.iterations());
    let mut text = format!("{} {times} times\n", measured.name());
    if let Some(failure) = measured.failure() {
        text += &format!("  {failure}\n  at {}\n", measured.place());
    }
    for gate in measured.gates() {
        let verdict = if gate.passed() { "pass" } else { "FAIL" };
        text += &format!("  {verdict} {}: {}\n", gate.expected(), without_numbers(gate.found()));
        for line in gate.excerpt() {
            text += &format!("    {}\n", without_numbers(line));
        }
    }
    text
}

/// A text in which the numbers that differ from server to server and from run to run are masked: times, rows and blocks.
fn without_numbers(text: &str) -> String {
    let words: Vec<_> = text.split(' ').collect();
    let shown = words.iter().enumerate().map(|(place, word)| {
        let number = word.trim_matches(['(', ')', ',', '"']);
        let before = place.checked_sub(1).map_or("", |before| words[before]);
        let after = words.get(place + 1).copied().unwrap_or_default();
        let of_blocks = matches!(before.trim_start_matches('('), "rows" | "buffers")
            || ["hit,", "read)"].iter().any(|word| after.starts_with(word))
            || words.get(place + 2).is_some_and(|word| *word == "hit,");
        let of_time = after.trim_end_matches(['"', ',']) == "ms";
        let is_number = number.parse::<f64>().is_ok();
        if is_number && (of_blocks || of_time || number.contains('.')) {
            word.replace(number, "N")
        } else {
            (*word).to_owned()
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// What is said of these benchmarks, in a database that this SQL has made.
#[track_caller]
fn told_of(sql: &str, files: &[(&str, &str)]) -> String {
    let (_database, mut connection) = with(Driver::TokioPostgres, sql);
    bench(&mut connection, &bencher(files)).benchmarks().iter().map(told).collect()
}
