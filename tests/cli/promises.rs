//! What must hold: round trips, and how fast it starts.

use std::time::{Duration, Instant};

use atlas_migrate_tests::{Database, Proxy};

use crate::Program;
use crate::files::PEOPLE;

/// Start to finish of a run that has nothing to do: those of a connection, and one.
#[test]
fn a_run_with_nothing_to_do_is_connect_and_one_round_trip() {
    let database = Database::new();
    let proxy = Proxy::new(&database.url());
    let program = Program::new(PEOPLE).on(&database);
    program.out(&["run"]);
    let count = |mode: &str, arguments: &[&str]| {
        proxy.reset();
        let url = format!("{}?sslmode={mode}", proxy.url(&database.url()));
        program.out(&[arguments, &["--database-url", &url]].concat());
        proxy.counts().round_trips
    };
    // The start-up message.
    assert_eq!(count("disable", &["run"]), 1 + 1);
    assert_eq!(count("disable", &["check"]), 1 + 1);
    assert_eq!(count("disable", &["status"]), 1 + 1);
    // The question whether the server has TLS comes before it.
    assert_eq!(count("prefer", &["run"]), 2 + 1);
}

/// Printed, not asserted: a debug build on a machine that others use says little. `cargo test --release` does.
#[test]
fn it_starts_fast() {
    let program = Program::new(PEOPLE);
    let mut fastest = Duration::MAX;
    for _ in 0..10 {
        let start = Instant::now();
        program.out(&["validate"]);
        fastest = fastest.min(start.elapsed());
    }
    println!("start to finish of `validate`: {:.1} ms", fastest.as_secs_f64() * 1e3);
}
