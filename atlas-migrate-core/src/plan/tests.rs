//! Sets and histories are written as lines: `2` is a file of version 2 with some SQL, `2: VACUUM` one with other SQL; `2
//! applied` is the row that a run of the first one leaves, `2 failed 1 compatible: …` one that stopped after a statement.

use std::time::Duration;

use super::*;
use crate::checksum::Checksum;
use crate::history::Lease;
use crate::set::{self, File};
use crate::syntax::Syntax;

const SQL: &str = "SELECT 1;";

/// Three statements that run one by one, so that they may be cut off.
const STEPS: &str = "-- atlas:no-transaction\nSELECT 1; SELECT 2; SELECT 3";

/// What stands before the colon, word by word, and the SQL behind it.
fn line(text: &str) -> (Vec<&str>, &str) {
    let (words, sql) = text.split_once(": ").unwrap_or((text, SQL));
    (words.split(' ').collect(), sql)
}

/// The migrations of these lines; with the word `down` they have a file that reverts.
pub(crate) fn known(lines: &[impl AsRef<str>]) -> Vec<Migration> {
    let mut files = Vec::new();
    for (words, sql) in lines.iter().map(|text| line(text.as_ref())) {
        let stem = if words[0].starts_with("R__") { words[0].to_owned() } else { format!("{}_a", words[0]) };
        let mut add = |path: String| files.push(File { path, bytes: sql.as_bytes().to_owned().into() });
        if words.contains(&"down") {
            add(format!("{stem}.down.sql"));
        }
        add(format!("{stem}.sql"));
    }
    if files.is_empty() { Vec::new() } else { set::assemble("migrations", files, Syntax::Parser).unwrap() }
}

/// The row of this line.
pub(crate) fn row(text: &str) -> Entry {
    let (words, sql) = line(text);
    let script = Script::parse("a.sql", sql.to_owned(), Syntax::Parser).unwrap();
    let state = State::parse(words[1]).unwrap();
    let statements = words.get(2).and_then(|word| word.parse().ok()).unwrap_or(0);
    let of_first = match state {
        State::Running | State::Failed => fingerprint_of_first(statements, &script),
        _ => None,
    };
    Entry {
        version: Version::new(words[0].to_owned()),
        name: "a".to_owned(),
        kind: if words[0].starts_with("R__") { Kind::Repeatable } else { Kind::Versioned },
        state,
        statements,
        compatible: words.contains(&"compatible"),
        checksum: script.checksum(),
        fingerprint: of_first.unwrap_or(script.fingerprint()),
        applied_at: String::new(),
        applied_by: String::new(),
        execution_time: Duration::ZERO,
        lease: if words.contains(&"held") { Lease::Held } else { Lease::None },
        superseded: words.iter().filter_map(|word| word.strip_prefix("after=")).map(superseded).collect(),
    }
}

/// What a repeatable migration was before: a number that its SQL selected.
fn superseded(number: &str) -> Checksum {
    Checksum::of(&format!("SELECT {number}"))
}

fn history(lines: &[&str]) -> Vec<Entry> {
    lines.iter().map(|line| row(line)).collect()
}

fn shown(known: &[Migration], history: &[Entry], lines: &[Line]) -> Vec<String> {
    let version = |line: &Line| line.identity(known, history).0.clone();
    lines.iter().map(|line| format!("{} {}", version(line), line.standing.as_str())).collect()
}

/// Versions with a comma between them, and behind each the statements that have run; or why there is no plan.
fn outcome(known: &[Migration], history: &[Entry], steps: Result<Vec<Step>, Problem>) -> String {
    let step = |step: &Step| match (known[step.known].version(), step.done) {
        (version, 0) => version.to_string(),
        (version, done) => format!("{version} after {done}"),
    };
    match steps {
        Ok(steps) => steps.iter().map(step).collect::<Vec<_>>().join(", "),
        Err(Problem::Drift(lines)) => format!("drift: {}", shown(known, history, &lines).join(", ")),
        Err(Problem::Irreversible(lines)) => format!("irreversible: {}", shown(known, history, &lines).join(", ")),
        Err(Problem::UnknownTarget(version)) => format!("no version {version}"),
        Err(Problem::Behind(indexes)) => format!("behind {}", known[indexes[0]].version()),
    }
}

/// Where each migration stands.
#[track_caller]
fn stands(set: &[&str], rows: &[&str], expected: &[&str]) {
    let (known, history) = (known(set), history(rows));
    let lines = compare(&known, &history);
    assert_eq!(shown(&known, &history, &lines), expected, "{set:?} against {rows:?}");
    for line in lines {
        if let Place::Both { known: index, entry } = line.place {
            assert_eq!(known[index].key(), history[entry].key());
        }
    }
}

#[track_caller]
fn plans_with(options: &Options, set: &[&str], rows: &[&str], expected: &str) {
    let (known, history) = (known(set), history(rows));
    let steps = plan(&known, &history, options);
    assert_eq!(outcome(&known, &history, steps), expected, "{set:?} against {rows:?} with {options:?}");
}

#[track_caller]
fn plans(set: &[&str], rows: &[&str], expected: &str) {
    plans_with(&Options::default(), set, rows, expected);
}

#[track_caller]
fn reverts(set: &[&str], rows: &[&str], revert: &Revert, expected: &str) {
    let (known, history) = (known(set), history(rows));
    let steps = plan_revert(&known, &history, revert);
    assert_eq!(outcome(&known, &history, steps), expected, "{set:?} against {rows:?} with {revert:?}");
}

fn to(version: &'static str) -> Options {
    Options { target: Target::Version(version.into()), ..Options::default() }
}

fn steps(sql: &str) -> String {
    format!("2: {sql}")
}

#[test]
fn what_took_effect() {
    stands(&["1"], &["1 applied"], &["1 applied"]);
    stands(&["1"], &["1 applied: SELECT  1 -- spaced"], &["1 applied (reformatted)"]);
    stands(&["1"], &["1 applied: SELECT 2"], &["1 changed"]);
    stands(&["R__v"], &["R__v applied"], &["R__v applied"]);
    stands(&["R__v"], &["R__v applied: SELECT  1"], &["R__v applied (reformatted)"]);
    stands(&["R__v"], &["R__v applied: SELECT 2"], &["R__v outdated"]);
}

#[test]
fn what_an_older_binary_must_not_put_back() {
    // It ran before, and was replaced.
    stands(&["R__v: SELECT 1"], &["R__v applied after=1: SELECT 2"], &["R__v superseded"]);
    stands(&["R__v: SELECT 1"], &["R__v applied after=3 after=1: SELECT 2"], &["R__v superseded"]);
    stands(&["R__v: SELECT 1"], &["R__v failed 0 after=1: SELECT 2; SELECT 3"], &["R__v superseded"]);
    plans(&["R__v: SELECT 1"], &["R__v applied after=1: SELECT 2"], "");
    // Not if a comment says that it is another one, nor if it is what is there.
    stands(&["R__v: SELECT 1 -- again"], &["R__v applied after=1: SELECT 2"], &["R__v outdated"]);
    stands(&["R__v: SELECT 1"], &["R__v applied after=1: SELECT  1"], &["R__v applied (reformatted)"]);
    // The database is ahead, and so it is newer, whatever ran before.
    stands(
        &["1", "R__v"],
        &["1 applied", "2 applied", "R__v applied: SELECT 2"],
        &["1 applied", "2 newer", "R__v superseded"],
    );
    plans(&["1", "R__v", "R__w"], &["1 applied", "2 applied compatible", "R__v applied: SELECT 2"], "R__w");
    stands(
        &["2", "R__v"],
        &["1 applied", "2 applied", "R__v applied: SELECT 2"],
        &["1 missing", "2 applied", "R__v outdated"],
    );
}

#[test]
fn what_did_not_run() {
    stands(&["1"], &["1 baseline"], &["1 baseline"]);
    stands(&["1"], &["1 baseline: SELECT  1"], &["1 baseline"]);
    stands(&["1"], &["1 baseline: SELECT 2"], &["1 changed"]);
    stands(&["1"], &["1 skipped"], &["1 skipped"]);
    stands(&["1"], &["1 skipped: SELECT 2"], &["1 skipped"]);
    stands(&["R__v"], &["R__v skipped"], &["R__v skipped"]);
    stands(&["R__v"], &["R__v skipped: SELECT 2"], &["R__v outdated"]);
}

#[test]
fn what_is_yet_to_run() {
    stands(&[], &[], &[]);
    stands(&["2", "1", "R__v"], &[], &["1 pending", "2 pending", "R__v pending"]);
    stands(&["1", "2", "3"], &["2 applied"], &["1 out of order", "2 applied", "3 pending"]);
    stands(&["1", "2"], &["2 skipped"], &["1 out of order", "2 skipped"]);
    stands(&["1", "2"], &["2 baseline"], &["1 out of order", "2 baseline"]);
    stands(&["1"], &["2 applied"], &["1 out of order", "2 newer"]);
    // It has not run yet; neither has a repeatable one an order with the others.
    stands(&["1", &steps(STEPS)], &[&format!("2 failed 1: {STEPS}")], &["1 pending", "2 unfinished"]);
    stands(&["1", "R__v", "R__w"], &["R__w applied"], &["1 pending", "R__v pending", "R__w applied"]);
}

#[test]
fn what_stopped() {
    let set = ["1", &steps(STEPS)];
    for (row, expected) in [
        ("2 running 0", "2 unfinished"),
        ("2 running 2", "2 unfinished"),
        ("2 failed 0", "2 unfinished"),
        ("2 failed 3", "2 unfinished"),
        ("2 reverting 1", "2 reverting"),
    ] {
        stands(&set, &["1 applied", &format!("{row}: {STEPS}")], &["1 applied", expected]);
    }
    let edited = |edited: &str, done: usize, expected: &str| {
        stands(&[&steps(edited)], &[&format!("2 failed {done}: {STEPS}")], &[expected]);
    };
    edited(&STEPS.replace('3', "4"), 2, "2 unfinished");
    edited(&STEPS.replace("2;", "2 /* as before */ ;\n"), 2, "2 unfinished");
    edited(&STEPS.replace('2', "4"), 2, "2 unfinished (changed)");
    edited(&STEPS.replace("SELECT 2;", ""), 1, "2 unfinished");
    edited(&STEPS.replace("; SELECT 3", ""), 2, "2 unfinished");
    edited(&STEPS.replace("; SELECT 3", ""), 3, "2 unfinished (changed)");
    edited("-- nothing left", 1, "2 unfinished (changed)");
    edited("-- nothing left", 0, "2 unfinished");
    // Half of it may have run already: it runs whole, as it would have.
    let row = format!("R__v failed 1: {STEPS}");
    stands(&[&format!("R__v: {STEPS}")], &[&row], &["R__v unfinished"]);
    stands(&["R__v: SELECT 2"], &[&row], &["R__v outdated"]);
}

#[test]
fn what_the_binary_does_not_know() {
    stands(&["2"], &["1 applied", "2 applied"], &["1 missing", "2 applied"]);
    stands(&["2"], &["2 applied", "3 applied"], &["2 applied", "3 newer"]);
    stands(&["2"], &["2 applied", "3 failed 1"], &["2 applied", "3 newer"]);
    stands(&[], &["1 applied"], &["1 newer"]);
    stands(&["R__v"], &["1 applied", "R__v applied"], &["1 newer", "R__v applied"]);
    stands(&["1"], &["1 applied", "R__v applied"], &["1 applied", "R__v newer"]);
}

#[test]
fn spellings_of_one_version() {
    stands(&["001", "2"], &["1 applied", "0002 applied"], &["001 applied", "2 applied"]);
    stands(&["1"], &["001 applied", "1 applied"], &["001 missing", "1 applied"]);
    stands(&["2"], &["2 applied", "3 applied", "03 applied"], &["2 applied", "3 newer", "03 newer"]);
}

#[test]
fn plans_what_is_pending() {
    plans(&[], &[], "");
    plans(&["10", "2", "R__b", "R__a", "1"], &[], "1, 2, 10, R__a, R__b");
    plans(&["1", "2", "3"], &["1 applied"], "2, 3");
    plans(&["1", "2"], &["1 applied", "2 applied"], "");
    plans(&["1", "2"], &["1 applied: SELECT  1", "2 skipped: SELECT 2"], "");
    plans(&["1", "2"], &["1 baseline"], "2");
    plans(&["1", "R__a", "R__b", "R__c"], &["R__a applied: SELECT 2", "R__b applied"], "1, R__a, R__c");
    plans(&["1", "R__a"], &["1 applied", "R__a skipped: SELECT 2"], "R__a");
}

#[test]
fn plans_what_stopped() {
    let set = ["1", &steps(STEPS), "3"];
    let row = |row: &str| format!("2 {row}: {STEPS}");
    plans(&set, &["1 applied", &row("running 0")], "2, 3");
    plans(&set, &["1 applied", &row("failed 2")], "2 after 2, 3");
    plans(&set, &["1 applied", &row("failed 3")], "2 after 3, 3");
    plans(&["1", "2: SELECT 2"], &["1 applied", &row("failed 1")], "drift: 2 unfinished (changed)");
    plans(&set, &["1 applied", &row("reverting 1")], "drift: 2 reverting");
    // Of a repeatable one that was changed, nothing counts that has run.
    plans(&["R__v: SELECT 2"], &[&format!("R__v failed 2: {STEPS}")], "R__v");
}

#[test]
fn refuses_what_was_changed() {
    plans(&["1", "2"], &["1 applied: SELECT 2"], "drift: 1 changed");
    plans(&["1", "2"], &["1 baseline: SELECT 2"], "drift: 1 changed");
    plans(&["1", "2", "3"], &["1 applied: SELECT 2", "3 applied"], "drift: 1 changed, 2 out of order");
    plans_with(&to("1"), &["1", "2"], &["1 applied", "2 applied: SELECT 2"], "drift: 2 changed");
}

#[test]
fn out_of_order() {
    let allow = Options { out_of_order: OutOfOrder::Allow, ..Options::default() };
    let (set, rows) = (["1", "2", "3", "4"], ["1 applied", "3 applied"]);
    plans(&set, &rows, "drift: 2 out of order");
    plans_with(&allow, &set, &rows, "2, 4");
    plans_with(&Options { out_of_order: OutOfOrder::Allow, ..to("2") }, &set, &rows, "2");
}

#[test]
fn unknown_ones() {
    let accept = Options { newer: Newer::Accept, ..Options::default() };
    plans(&["1"], &["1 applied", "2 applied", "3 applied compatible"], "drift: 2 newer");
    plans(&["1"], &["1 applied", "2 applied compatible"], "");
    plans_with(&accept, &["1"], &["1 applied", "2 applied", "R__v applied"], "");
    plans(&["1"], &["1 applied", "R__v applied"], "drift: R__v newer");
    plans(&["1"], &["1 applied", "R__v applied compatible"], "");
    plans(&[], &["1 applied"], "drift: 1 newer");
    plans_with(&accept, &["2"], &["1 applied", "2 applied"], "drift: 1 missing");
    plans(&["2"], &["1 applied compatible", "2 applied"], "");
    // What is newer came first all the same.
    plans_with(&accept, &["1"], &["2 applied"], "drift: 1 out of order");
}

#[test]
fn targets() {
    let set = ["1", "2", "3", "R__v"];
    plans_with(&to("2"), &set, &[], "1, 2");
    plans_with(&to("002"), &set, &["1 applied"], "2");
    plans_with(&to("3"), &set, &["1 applied"], "2, 3, R__v");
    plans_with(&to("1"), &set, &["1 applied", "2 applied"], "");
    // Nothing is held back, so that the repeatable ones find what they need.
    plans_with(&to("1"), &set, &["1 applied", "2 applied", "3 applied"], "R__v");
    plans_with(&to("4"), &set, &[], "no version 4");
    plans_with(&to("4"), &set, &["4 applied"], "no version 4");
    plans_with(&to("R__v"), &set, &[], "no version R__v");
    let cut_off = format!("2 failed 1: {STEPS}");
    plans_with(&to("1"), &["1", &steps(STEPS), "R__v"], &[&cut_off], "1");
    plans_with(&to("2"), &["1", &steps(STEPS), "R__v"], &["1 applied", &cut_off], "2 after 1, R__v");
}

#[test]
fn reverts_from_the_highest_version_down() {
    let set = ["1 down", "2 down", "3 down", "R__v"];
    let rows = ["R__v applied", "3 applied", "1 applied", "2 applied"];
    reverts(&set, &rows, &Revert::Last, "3");
    reverts(&set, &rows, &Revert::Steps(0), "");
    reverts(&set, &rows, &Revert::Steps(2), "3, 2");
    reverts(&set, &rows, &Revert::Steps(9), "3, 2, 1");
    reverts(&set, &rows, &Revert::All, "3, 2, 1");
    reverts(&set, &rows, &Revert::To("1".into()), "3, 2");
    reverts(&set, &rows, &Revert::To("003".into()), "");
    reverts(&set, &rows, &Revert::To("4".into()), "no version 4");
    reverts(&set, &[], &Revert::Last, "");
    // What has not run does not count, not even as the version that stays.
    reverts(&set, &["1 applied", "3 applied"], &Revert::Steps(2), "3, 1");
    reverts(&set, &["1 applied", "3 applied"], &Revert::To("2".into()), "3");
}

#[test]
fn reverts_nothing_rather_than_less() {
    let rows = ["1 applied", "2 applied", "3 applied"];
    let without = ["1 down", "2", "3 down"];
    reverts(&without, &rows, &Revert::Last, "3");
    reverts(&without, &rows, &Revert::Steps(2), "irreversible: 2 applied");
    reverts(&without, &rows, &Revert::All, "irreversible: 2 applied");
    reverts(&without, &rows, &Revert::To("2".into()), "3");
    let unknown = ["1 down", "3 down"];
    reverts(&unknown, &rows, &Revert::Steps(1), "3");
    reverts(&unknown, &rows, &Revert::Steps(2), "irreversible: 2 missing");
    reverts(&["1 down"], &rows, &Revert::Last, "irreversible: 3 newer");
    reverts(&["1 down"], &rows, &Revert::All, "irreversible: 3 newer, 2 newer");
    reverts(&["1 down", "2 down"], &["1 baseline", "2 applied"], &Revert::All, "irreversible: 1 baseline");
    reverts(&["1 down", "2 down"], &["1 baseline", "2 applied"], &Revert::To("1".into()), "2");
}

#[test]
fn reverts_what_did_not_run_as_it_was_applied() {
    reverts(&["1 down"], &["1 applied: SELECT 2"], &Revert::Last, "1");
    // There is nothing to take back, so that it takes no file.
    reverts(&["1", "2"], &["1 skipped", "2 skipped"], &Revert::All, "2, 1");
    reverts(&["1 down"], &["1 failed 1"], &Revert::Last, "irreversible: 1 unfinished");
    reverts(&["1 down"], &["1 running 0: SELECT 2"], &Revert::Last, "irreversible: 1 unfinished");
    reverts(&["1 down", "2 down"], &["1 applied", "2 reverting 1"], &Revert::All, "2 after 1, 1");
    reverts(&["1", "2"], &["1 applied", "2 reverting 1"], &Revert::Last, "irreversible: 2 reverting");
}

#[test]
fn what_failed_without_effect_is_in_nobodys_way() {
    let rows = ["1 applied", "2 failed 0", "3 applied"];
    stands(&["1", "3"], &rows, &["1 applied", "2 failed", "3 applied"]);
    plans(&["1", "3", "4"], &rows, "4");
    stands(&["1"], &["1 applied", "2 failed 0", "R__v failed 0"], &["1 applied", "2 failed", "R__v failed"]);
    plans(&["1"], &["1 applied", "2 failed 0"], "");
    plans(&["1"], &["1 applied", "2 failed 1"], "drift: 2 newer");
    plans(&["1"], &["1 applied", "2 running 0"], "drift: 2 newer");
    plans(&["1"], &["1 applied", "2 failed 0 held"], "drift: 2 newer");
    reverts(&["1 down"], &["1 applied", "2 failed 0"], &Revert::Last, "1");
    // Its file is there, and it may have been meant.
    reverts(&["1 down", "2 down"], &["1 applied", "2 failed 0"], &Revert::Last, "irreversible: 2 unfinished");
}

#[test]
fn what_another_process_is_at() {
    plans(&["1", "2"], &["1 applied", "2 reverting 1 held"], "2");
    plans(&["1", "2", "3"], &["1 applied", "2 reverting 0 held"], "2, 3");
    plans(&["1"], &["1 applied", "2 reverting 1 held"], "drift: 2 newer");
    reverts(&["1 down", "2 down"], &["1 applied", "2 running 1 held"], &Revert::Last, "2");
    reverts(&["1 down", "2"], &["1 applied", "2 running 1 held"], &Revert::Last, "irreversible: 2 unfinished");
    reverts(&["1 down", "2 down"], &["1 applied", "2 reverting 1 held"], &Revert::Last, "2 after 1");
}

/// What a redo does with the newest of these, or why it does nothing.
#[track_caller]
fn check_redo(files: &[&str], rows: &[&str], expected: &str) {
    let (known, history) = (known(files), history(rows));
    let told = match plan_redo(&known, &history, &Options::default()) {
        Ok(None) => "nothing".to_owned(),
        Ok(Some(Redo { known: index, reverts: true })) => format!("again {}", known[index].version()),
        Ok(Some(Redo { known: index, .. })) => format!("apply {}", known[index].version()),
        Err(problem) => outcome(&known, &history, Err(problem)),
    };
    assert_eq!(told, expected, "{files:?} on {rows:?}");
}

#[test]
fn d1_redo_is_about_the_newest_file_and_no_other() {
    let files = ["1 down", "2 down", "3 down"];
    check_redo(&files, &["1 applied", "2 applied", "3 applied"], "again 3");
    check_redo(&files, &["1 applied", "2 applied", "3 applied: SELECT 7"], "again 3");
    check_redo(&files, &["1 applied", "2 applied"], "apply 3");
    check_redo(&files, &["1 applied"], "behind 2");
    check_redo(&files, &[], "behind 1");
    check_redo(&["1 down"], &[], "apply 1");
    check_redo(&["R__a"], &["R__a applied"], "nothing");
    check_redo(&files, &["1 applied", "2 applied", "3 reverting 0"], "again 3");
    check_redo(&["1", "2 down", "R__a"], &["1 applied", "2 skipped"], "again 2");
    // What could not be applied again is not taken back.
    check_redo(&files, &["1 applied: SELECT 7", "2 applied", "3 applied"], "drift: 1 changed");
    check_redo(&files, &["1 applied", "2 applied", "3 applied", "4 applied"], "irreversible: 4 newer");
    check_redo(&["1 down", "2"], &["1 applied", "2 applied"], "irreversible: 2 applied");
    check_redo(&["1 down", "2 down"], &["1 applied", "2 baseline"], "irreversible: 2 baseline");
}
