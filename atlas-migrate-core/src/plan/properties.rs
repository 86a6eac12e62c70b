//! What holds whatever the set, the history and the options are.

use std::collections::BTreeMap;

use proptest::collection::btree_map;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::tests::{known, row};
use super::*;
use crate::history::{digest, digest_when_current};

/// Few keys, so that sets and histories meet.
const KEYS: [&str; 7] = ["1", "2", "3", "04", "10", "R__a", "R__b"];

/// What files may say: two that differ in spacing, one with other SQL, and two that begin with the same statement.
const TEXTS: [&str; 5] = [
    "SELECT 1;",
    "SELECT  1",
    "SELECT 2; SELECT 3;",
    "-- atlas:no-transaction\nSELECT 4; SELECT 5;",
    "-- atlas:no-transaction\nSELECT 4; SELECT 6; SELECT 7",
];

fn sets() -> impl Strategy<Value = Vec<Migration>> {
    btree_map(select(&KEYS[..]), (select(&["", " down"][..]), select(&TEXTS[..])), 0..6).prop_map(|files| set(&files))
}

/// Every migration of these can be taken back.
fn reversible_sets() -> impl Strategy<Value = Vec<Migration>> {
    btree_map(select(&KEYS[..]), (Just(" down"), select(&TEXTS[..])), 0..6).prop_map(|files| set(&files))
}

fn set(files: &BTreeMap<&str, (&str, &str)>) -> Vec<Migration> {
    let line = |(key, (down, text)): (&&str, &(&str, &str))| match key.starts_with("R__") {
        true => format!("{key}: {text}"),
        false => format!("{key}{down}: {text}"),
    };
    known(&files.iter().map(line).collect::<Vec<_>>())
}

fn entries() -> impl Strategy<Value = Entry> {
    // A version may be spelled otherwise than in the binary, and may stand there twice.
    let keys = prop_oneof![5 => select(&KEYS[..]), 1 => select(&["01", "0002", "4"][..])];
    let states = prop_oneof![
        Just("applied"),
        select(&["applied", "skipped", "baseline", "running", "failed", "reverting"][..]),
    ];
    (keys, states, 0..3_usize, select(&["", " compatible"][..]), select(&TEXTS[..])).prop_map(
        |(key, state, statements, compatible, text)| row(&format!("{key} {state} {statements}{compatible}: {text}")),
    )
}

fn histories() -> impl Strategy<Value = Vec<Entry>> {
    proptest::collection::vec(entries(), 0..6).prop_map(|mut entries| {
        // Two rows of one spelling are more than the table's key allows.
        entries.sort_by(|left, right| left.version.as_str().cmp(right.version.as_str()));
        entries.dedup_by(|left, right| left.version.as_str() == right.version.as_str());
        entries
    })
}

/// A set, and a history that a run would mostly go on with.
fn begun() -> impl Strategy<Value = (Vec<Migration>, Vec<Entry>)> {
    (sets(), option::of(entries())).prop_flat_map(|(known, odd)| {
        let all: Vec<usize> = (0..known.len()).collect();
        let count = all.len();
        subsequence(all, 0..=count).prop_map(move |done| {
            let mut history = applied(&known, done.iter().copied());
            let has = |entry: &Entry, history: &[Entry]| history.iter().any(|other| other.key() == entry.key());
            history.extend(odd.clone().filter(|odd| !has(odd, &history)));
            (known.clone(), history)
        })
    })
}

fn options() -> impl Strategy<Value = Options> {
    let target = prop_oneof![
        2 => Just(Target::Latest),
        1 => select(&KEYS[..5]).prop_map(|version| Target::Version(version.into())),
    ];
    let out_of_order = select(&[OutOfOrder::Refuse, OutOfOrder::Allow][..]);
    let newer = select(&[Newer::Refuse, Newer::Accept][..]);
    (target, out_of_order, newer).prop_map(|(target, out_of_order, newer)| Options { target, out_of_order, newer })
}

fn reverts() -> impl Strategy<Value = Revert> {
    prop_oneof![
        Just(Revert::Last),
        (0..4_usize).prop_map(Revert::Steps),
        select(&KEYS[..5]).prop_map(|version| Revert::To(version.into())),
        Just(Revert::All),
    ]
}

/// The row that a run leaves.
fn row_of(migration: &Migration) -> Entry {
    row(&format!("{} applied: {}", migration.version(), migration.up().text()))
}

fn applied(known: &[Migration], which: impl IntoIterator<Item = usize>) -> Vec<Entry> {
    which.into_iter().map(|index| row_of(&known[index])).collect()
}

/// What the history is after some steps.
fn after(known: &[Migration], history: &[Entry], steps: &[Step]) -> Vec<Entry> {
    let done: Vec<_> = steps.iter().map(|step| &known[step.known]).collect();
    let is_done = |entry: &&Entry| done.iter().any(|migration| migration.key() == entry.key());
    let mut history: Vec<Entry> = history.iter().filter(|entry| !is_done(entry)).cloned().collect();
    history.extend(done.into_iter().map(row_of));
    history
}

/// What it is after these were reverted.
fn without(known: &[Migration], history: &[Entry], steps: &[Step]) -> Vec<Entry> {
    let is_reverted = |entry: &&Entry| steps.iter().any(|step| known[step.known].key() == entry.key());
    history.iter().filter(|entry| !is_reverted(entry)).cloned().collect()
}

fn places(steps: &[Step]) -> Vec<usize> {
    steps.iter().map(|step| step.known).collect()
}

proptest! {
    #[test]
    fn each_migration_and_each_row_has_one_line(known in sets(), history in histories()) {
        let lines = compare(&known, &history);
        let mut of_known: Vec<usize> = lines.iter().filter_map(Line::known).collect();
        prop_assert!(of_known.is_sorted());
        of_known.dedup();
        prop_assert_eq!(of_known.len(), known.len());
        let mut of_history: Vec<usize> = lines.iter().filter_map(Line::entry).collect();
        of_history.sort_unstable();
        prop_assert_eq!(of_history, (0..history.len()).collect::<Vec<_>>());
        let key = |line: &Line| match line.known() {
            Some(index) => Some(known[index].key()),
            None => line.entry().map(|index| history[index].key()),
        };
        let keys: Option<Vec<Key<'_>>> = lines.iter().map(key).collect();
        prop_assert!(keys.is_some_and(|keys| keys.is_sorted()));
    }

    #[test]
    fn standing_says_who_has_it(known in sets(), history in histories()) {
        for line in compare(&known, &history) {
            let who = (line.known().is_some(), line.entry().is_some());
            match line.standing {
                Standing::Pending | Standing::OutOfOrder => prop_assert_eq!(who, (true, false)),
                Standing::Missing | Standing::Newer | Standing::Failed => prop_assert_eq!(who, (false, true)),
                _ => {
                    prop_assert_eq!(who, (true, true));
                    let Place::Both { known: index, entry } = line.place else { continue };
                    prop_assert_eq!(known[index].key(), history[entry].key());
                }
            }
        }
    }

    #[test]
    fn an_empty_database_gets_all(known in sets()) {
        let steps = plan(&known, &[], &Options::default());
        prop_assert_eq!(steps, Ok((0..known.len()).map(|known| Step { known, done: 0 }).collect()));
    }

    #[test]
    fn a_plan_has_what_is_pending_in_order((known, history) in begun(), options in options()) {
        let Ok(steps) = plan(&known, &history, &options) else { return Ok(()) };
        prop_assert!(steps.is_sorted_by(|left, right| left.known < right.known));
        let pending: Vec<usize> = compare(&known, &history)
            .into_iter()
            .filter(|line| line.standing.is_pending())
            .filter_map(|line| line.known())
            .collect();
        match options.target {
            Target::Latest => prop_assert_eq!(places(&steps), pending),
            Target::Version(version) => {
                let beyond = |index: &usize| known[*index].key() > Key::Versioned(&version);
                let held_back = pending.iter().any(|index| beyond(index) && known[*index].key().is_versioned());
                let expected: Vec<usize> = pending
                    .into_iter()
                    .filter(|index| !beyond(index) || (!known[*index].key().is_versioned() && !held_back))
                    .collect();
                prop_assert_eq!(places(&steps), expected);
            }
        }
    }

    #[test]
    fn a_plan_has_nothing_that_is_done((known, history) in begun(), options in options()) {
        for step in plan(&known, &history, &options).unwrap_or_default() {
            let migration = &known[step.known];
            let entry = history.iter().find(|entry| entry.key() == migration.key());
            let has_run = |entry: &&Entry| entry.state.is_done() && entry.fingerprint == migration.up().fingerprint();
            prop_assert_eq!(entry.filter(has_run), None);
            prop_assert!(step.done <= migration.up().statements().len());
        }
    }

    /// Cut off anywhere, a run goes on with the rest; at its end there is nothing left.
    #[test]
    fn a_run_that_was_cut_off_goes_on((known, history) in begun(), options in options()) {
        let Ok(steps) = plan(&known, &history, &options) else { return Ok(()) };
        for count in 0..=steps.len() {
            let history = after(&known, &history, &steps[..count]);
            prop_assert_eq!(plan(&known, &history, &options), Ok(steps[count..].to_vec()));
        }
    }

    #[test]
    fn a_refusal_names_lines_that_there_are(known in sets(), history in histories(), options in options()) {
        match plan(&known, &history, &options) {
            Ok(_) => {}
            Err(Problem::Drift(drift)) => {
                let lines = compare(&known, &history);
                prop_assert!(!drift.is_empty());
                prop_assert!(drift.iter().all(|line| lines.contains(line) && !matches!(line.standing, Standing::Applied)));
            }
            Err(Problem::UnknownTarget(version)) => {
                prop_assert!(known.iter().all(|migration| migration.key() != Key::Versioned(&version)));
            }
            Err(problem) => prop_assert!(false, "{problem:?}"),
        }
    }

    #[test]
    fn a_wider_policy_refuses_no_more(known in sets(), history in histories(), target in options()) {
        let strict = Options { target: target.target, ..Options::default() };
        let wide = Options { out_of_order: OutOfOrder::Allow, newer: Newer::Accept, ..strict.clone() };
        if let Ok(steps) = plan(&known, &history, &strict) {
            prop_assert_eq!(plan(&known, &history, &wide), Ok(steps));
        }
    }

    #[test]
    fn order_of_the_rows_does_not_count((known, mut history) in begun(), options in options()) {
        let (steps, of_history) = (plan(&known, &history, &options).ok(), digest(&history));
        history.reverse();
        prop_assert_eq!(plan(&known, &history, &options).ok(), steps);
        prop_assert_eq!(digest(&history), of_history);
    }

    #[test]
    fn the_digest_of_a_current_history_is_known_beforehand(known in sets()) {
        let history = applied(&known, (0..known.len()).rev());
        prop_assert_eq!(digest(&history), digest_when_current(&known));
    }

    /// Save for spellings: another digest costs no more than reading the rows.
    #[test]
    fn the_digest_says_whether_there_is_nothing_to_do((known, history) in begun()) {
        if digest(&history) == digest_when_current(&known) {
            prop_assert_eq!(plan(&known, &history, &Options::default()), Ok(vec![]));
        }
    }

    #[test]
    fn a_revert_goes_down((known, history) in begun(), revert in reverts()) {
        match plan_revert(&known, &history, &revert) {
            Ok(steps) => {
                prop_assert!(steps.is_sorted_by(|left, right| left.known > right.known));
                for step in steps {
                    let migration = &known[step.known];
                    prop_assert!(migration.key().is_versioned());
                    prop_assert!(history.iter().any(|entry| entry.key() == migration.key()));
                }
            }
            Err(Problem::Irreversible(refused)) => {
                let lines = compare(&known, &history);
                prop_assert!(!refused.is_empty() && refused.iter().all(|line| lines.contains(line)));
            }
            Err(Problem::UnknownTarget(version)) => prop_assert_eq!(revert, Revert::To(version)),
            Err(problem) => prop_assert!(false, "{problem:?}"),
        }
    }

    #[test]
    fn reverting_all_makes_all_versioned_ones_pending(known in reversible_sets()) {
        let history = applied(&known, 0..known.len());
        let versioned: Vec<usize> = (0..known.len()).filter(|index| known[*index].key().is_versioned()).collect();
        let steps = plan_revert(&known, &history, &Revert::All).unwrap();
        prop_assert_eq!(places(&steps), versioned.iter().rev().copied().collect::<Vec<_>>());
        let history = without(&known, &history, &steps);
        let steps = plan(&known, &history, &Options::default()).unwrap();
        prop_assert_eq!(places(&steps), versioned);
        prop_assert_eq!(digest(&after(&known, &history, &steps)), digest_when_current(&known));
    }

    /// As many at once as one by one; and what stays after `To` is what is not above it.
    #[test]
    fn reverts_agree((known, history) in begun(), count in 0..5_usize, version in select(&KEYS[..5])) {
        let Ok(all) = plan_revert(&known, &history, &Revert::All) else { return Ok(()) };
        let some = plan_revert(&known, &history, &Revert::Steps(count));
        prop_assert_eq!(&some, &Ok(all.iter().copied().take(count).collect()));
        let mut rest = history.clone();
        for step in all.iter().take(count) {
            let last = plan_revert(&known, &rest, &Revert::Last);
            prop_assert_eq!(&last, &Ok(vec![*step]));
            rest = without(&known, &rest, &[*step]);
        }
        if let Ok(to) = plan_revert(&known, &history, &Revert::To(version.into())) {
            let limit = Version::from_static(version);
            let above = all.into_iter().filter(|step| known[step.known].key() > Key::Versioned(&limit));
            prop_assert_eq!(to, above.collect::<Vec<_>>());
        }
    }
}
