//! Databases that stay after their tests, to be looked into.

use std::process::Command;

use postgres::{Client, NoTls};

use crate::place::{Files, MIGRATIONS, Outcome, Place, Tester};

/// It is there, says why, can be reached by what was printed, and the next process leaves it alone.
#[track_caller]
fn check(place: &Place, outcome: &Outcome, users: i64) {
    let url = outcome.kept_url();
    let Some((_, name)) = url.rsplit_once('/') else { panic!("{url}") };
    place.pass(&Files::new(&MIGRATIONS));
    place.settle();
    assert_eq!(place.databases("^atlas_test_"), [name]);
    let comment = format!("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'");
    let comment = place.query(&comment).remove(0);
    assert!(comment.starts_with("atlas-migrate: kept"), "{comment}");
    let mut client = Client::connect(url, NoTls).unwrap();
    assert_eq!(client.query_one("SELECT count(*) FROM users", &[]).unwrap().get::<_, i64>(0), users);
}

#[test]
fn after_a_panic() {
    let place = Place::new();
    let outcome = place.start(&Files::new(&MIGRATIONS), 3, "panic").outcome();
    assert_eq!(outcome.code, Some(101));
    assert!(outcome.stderr.contains("as it should"), "{outcome:?}");
    check(&place, &outcome, 3);
}

#[test]
fn because_the_test_says_so() {
    let place = Place::new();
    let outcome = place.start(&Files::new(&MIGRATIONS), 2, "keep").outcome();
    assert_eq!(outcome.code, Some(0));
    check(&place, &outcome, 3);
}

/// The tests of `attribute` that do not pass.
#[track_caller]
fn failed(test: &str) -> (Place, Outcome) {
    let place = Place::new();
    let outcome = failed_at(&place, test);
    (place, outcome)
}

#[track_caller]
fn failed_at(place: &Place, test: &str) -> Outcome {
    let program = std::env::current_exe().unwrap_or_else(|error| panic!("{error}"));
    let mut command = Command::new(program);
    command.args(["--exact", test, "--ignored", "--nocapture"]).env("DATABASE_URL", place.url());
    let outcome = Tester::of(&mut command).outcome();
    assert_eq!(outcome.code, Some(101), "{outcome:?}");
    outcome
}

#[test]
fn e3_the_next_run_of_a_test_removes_what_was_kept_of_it() {
    let place = Place::new();
    let name = |outcome: &Outcome| outcome.kept_url().rsplit('/').next().unwrap_or_default().to_owned();
    let other = name(&failed_at(&place, "failing::panics"));
    let mut kept = Vec::new();
    for _ in 0..3 {
        kept = vec![other.clone(), name(&failed_at(&place, "failing::gives_an_error"))];
    }
    kept.sort();
    place.settle();
    assert_eq!(place.databases("^atlas_test_"), kept);
}

#[test]
fn e3_on_the_throw_away_server() {
    let files = Files::new(&MIGRATIONS);
    let mut command = Command::new(env!("CARGO_BIN_EXE_tester"));
    command.args(["1", &files.folder(), "keep"]).env_remove("DATABASE_URL");
    let outcome = Tester::of(&mut command).outcome();
    let mut client = Client::connect(outcome.kept_url(), NoTls).unwrap();
    assert_eq!(client.query_one("SELECT count(*) FROM users", &[]).unwrap().get::<_, i64>(0), 3);
    let said = "its server ends 10 minutes after the last test process; set DATABASE_URL to keep it longer";
    assert!(outcome.stderr.lines().any(|line| line == said), "{outcome:?}");
}

#[test]
fn after_an_error() {
    let (place, outcome) = failed("failing::gives_an_error");
    assert!(outcome.stderr.contains("as it should"), "{outcome:?}");
    check(&place, &outcome, 1);
}

#[test]
fn after_an_error_without_waiting() {
    let (place, outcome) = failed("failing::gives_an_error_without_waiting");
    check(&place, &outcome, 1);
}

#[test]
fn after_a_panic_of_a_test() {
    let (place, outcome) = failed("failing::panics");
    check(&place, &outcome, 1);
}

#[test]
fn after_a_panic_that_did_not_come() {
    let (place, outcome) = failed("failing::does_not_panic");
    check(&place, &outcome, 1);
}

#[test]
fn without_its_password() {
    let place = Place::new();
    let url = place.url().replacen("postgres@", "postgres:secret@", 1);
    let files = Files::new(&MIGRATIONS);
    let outcome = Tester::start(&url, &["1", &files.folder(), "keep"]).outcome();
    assert!(!outcome.stderr.contains("secret"), "{outcome:?}");
    check(&place, &outcome, 3);
}
