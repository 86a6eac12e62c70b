//! A database that remembers what took effect, and what becomes of it when binaries run, crash, revert and are replaced.
//!
//! The model knows what happened by itself, not from the history: so it tells whether the history, and what is planned
//! from it, are right.

mod operation;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use self::operation::{
    Binaries, Files, Op, REPEATABLE, Shape, Source, VERSIONS, migrations, ops, simple_repeatable, sources,
};
use super::tests::row;
use super::*;
use crate::history::{digest, digest_when_current};
use crate::migration::Transaction;

/// What the database has of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Truth {
    /// These statements took effect, one after the other, and there are more.
    Begun(Vec<u32>),
    /// All of this file did.
    Whole(Source),
    /// Nothing, by its own condition.
    Skipped,
    /// All of it is taken to be there.
    Baseline(Source),
    /// So many statements of its down file took effect.
    Reverting(usize),
}

#[derive(Default)]
struct World {
    /// The files of the binary that is deployed.
    files: Files,
    /// Those of all binaries that there were.
    binaries: Vec<Files>,
    history: Vec<Entry>,
    truth: BTreeMap<String, Truth>,
    /// The repeatable ones that took effect and were replaced, as far as a line of these tests can say it: without comments.
    replaced: Vec<(String, Source)>,
}

impl World {
    fn perform(&mut self, op: Op) -> Result<(), TestCaseError> {
        match op {
            Op::Run { options, messages } => self.run(&options, messages)?,
            Op::Revert { revert, messages } => self.revert(&revert, messages)?,
            Op::Baseline(version) => self.baseline(version),
            Op::Add(key, source) => self.next_binary(|files| {
                files.entry(key).or_insert(source);
            }),
            Op::Remove(which) => self.next_binary(|files| {
                let place = which.index(files.len().max(1));
                let removed = files.keys().nth(place).copied();
                removed.map(|key| files.remove(key));
            }),
            Op::Deploy(which) => {
                self.files = self.binaries.get(which.index(self.binaries.len().max(1))).cloned().unwrap_or_default();
            }
            Op::EditComment(which) => self.edit(which, |source| source.comments += 1),
            Op::EditSql(which, from) => self.edit(which, |source| {
                let from = from.min(source.statements.len() - 1);
                source.statements[from..].iter_mut().for_each(|number| *number += 1_000);
            }),
        }
        self.digest_tells()
    }

    /// The next binary is made of the newest one, and deployed.
    fn next_binary(&mut self, change: impl FnOnce(&mut Files)) {
        self.files = self.binaries.last().cloned().unwrap_or_default();
        change(&mut self.files);
        self.binaries.push(self.files.clone());
    }

    fn edit(&mut self, which: Index, edit: impl Fn(&mut Source)) {
        self.next_binary(|files| {
            let place = which.index(files.len().max(1));
            files.values_mut().nth(place).into_iter().for_each(edit);
        });
    }

    fn run(&mut self, options: &Options, messages: usize) -> Result<(), TestCaseError> {
        let known = migrations(&self.files);
        let refused = self.is_refused(options);
        let steps = match plan(&known, &self.history, options) {
            Ok(steps) => steps,
            Err(problem) => {
                prop_assert!(refused, "refused for no reason: {problem:?}\n{:?}", self.truth);
                return Ok(());
            }
        };
        prop_assert!(!refused, "{steps:?} may not run\n{:?}", self.truth);
        prop_assert!(steps.is_sorted_by(|left, right| known[left.known].key() < known[right.known].key()));
        let mut messages = messages;
        for step in &steps {
            self.is_next(&known[step.known], options)?;
            if !self.run_step(&known[step.known], step.done, &mut messages)? {
                return Ok(());
            }
        }
        prop_assert_eq!(plan(&known, &self.history, options), Ok(vec![]), "something is left after a run");
        if options.target == Target::Latest {
            self.is_complete()?;
        }
        Ok(())
    }

    /// Whether a run has to be refused, by what happened.
    fn is_refused(&self, options: &Options) -> bool {
        let newest_known =
            self.files.keys().filter(|key| !key.starts_with("R__")).map(|key| Version::from_static(key)).max();
        let newest_applied = self.newest_applied();
        let of_database = self.truth.iter().any(|(key, truth)| {
            let is_repeatable = key.starts_with("R__");
            match self.files.get(key.as_str()) {
                Some(_) if is_repeatable => false,
                Some(source) => match truth {
                    Truth::Begun(done) => !source.statements.starts_with(done),
                    Truth::Whole(done) | Truth::Baseline(done) => source.statements != done.statements,
                    Truth::Skipped => false,
                    Truth::Reverting(_) => true,
                },
                None => {
                    let compatible = self.row(key).is_some_and(|entry| entry.compatible);
                    let is_newer = is_repeatable || Some(Version::new(key.clone())) > newest_known;
                    !compatible && (!is_newer || options.newer == Newer::Refuse)
                }
            }
        });
        let comes_late = self.files.keys().any(|key| {
            !key.starts_with("R__")
                && !self.truth.contains_key(*key)
                && Some(Version::from_static(key)) < newest_applied
        });
        let unknown_target =
            matches!(&options.target, Target::Version(version) if !self.files.contains_key(version.as_str()));
        unknown_target || of_database || (comes_late && options.out_of_order == OutOfOrder::Refuse)
    }

    fn newest_applied(&self) -> Option<Version> {
        let is_done = |truth: &Truth| !matches!(truth, Truth::Begun(_) | Truth::Reverting(_));
        let done = self.truth.iter().filter(|(key, truth)| !key.starts_with("R__") && is_done(truth));
        done.map(|(key, _)| Version::new(key.clone())).max()
    }

    fn row(&self, key: &str) -> Option<&Entry> {
        self.history.iter().find(|entry| entry.version.as_str() == key)
    }

    /// The migration may run now: it is within the target, and no one above it was there before, unless that is allowed.
    fn is_next(&self, migration: &Migration, options: &Options) -> Result<(), TestCaseError> {
        if !migration.key().is_versioned() {
            return Ok(());
        }
        if let Target::Version(target) = &options.target {
            prop_assert!(migration.version() <= target);
        }
        let has_begun = self.truth.contains_key(migration.version().as_str());
        let comes_late = !has_begun && Some(migration.version()) < self.newest_applied().as_ref();
        prop_assert!(!comes_late || options.out_of_order == OutOfOrder::Allow, "{} comes late", migration.version());
        Ok(())
    }

    /// Runs a migration as the engine does. False if it was cut off.
    fn run_step(&mut self, migration: &Migration, done: usize, messages: &mut usize) -> Result<bool, TestCaseError> {
        let key = migration.version().as_str().to_owned();
        let source = self.files[key.as_str()].clone();
        let before = match self.truth.get(&key) {
            None => 0,
            Some(Truth::Begun(before)) if source.statements.starts_with(before) => before.len(),
            Some(truth) => {
                prop_assert!(!migration.key().is_versioned(), "{key} would take effect twice: {truth:?}");
                prop_assert!(!self.is_superseded(&key, &source), "{key} would be put back: {truth:?}");
                0
            }
        };
        prop_assert_eq!(done, before, "{} does not go on where it stopped", key);
        if source.shape == Shape::Skipped && done == 0 {
            return Ok(self.commit(migration, "skipped", 0, Truth::Skipped, messages));
        }
        if migration.up().header().transaction == Transaction::None || done > 0 {
            for count in done..source.statements.len() {
                let truth = Truth::Begun(source.statements[..count].to_vec());
                if !self.commit(migration, "running", count, truth, messages) {
                    return Ok(false);
                }
            }
        }
        let count = source.statements.len();
        Ok(self.commit(migration, "applied", count, Truth::Whole(source), messages))
    }

    /// Whether the database has a newer one of a repeatable migration: the file took effect before and was replaced, or the
    /// database is ahead of the binary as a whole.
    fn is_superseded(&self, key: &str, source: &Source) -> bool {
        let newest_known =
            self.files.keys().filter(|key| !key.starts_with("R__")).map(|key| Version::from_static(key)).max();
        let newest_applied = self.newest_applied();
        (newest_applied.is_some() && newest_applied > newest_known)
            || self.replaced.contains(&(key.to_owned(), source.clone()))
    }

    /// Writes what took effect and its row, in one; or neither, and false, where the connection is lost before.
    fn commit(&mut self, migration: &Migration, state: &str, count: usize, truth: Truth, messages: &mut usize) -> bool {
        let Some(left) = messages.checked_sub(1) else { return false };
        *messages = left;
        let key = migration.version().as_str();
        if let Some(Truth::Whole(before)) = self.truth.insert(key.to_owned(), truth)
            && !migration.key().is_versioned()
            && before.comments == 0
        {
            self.replaced.push((key.to_owned(), before));
        }
        let compatible = if migration.up().header().compatible { " compatible" } else { "" };
        let replaced = self.replaced.iter().filter(|(replaced, _)| replaced == key);
        let after: String = replaced.map(|(_, source)| format!(" after={}", source.statements[0])).collect();
        self.history.retain(|entry| entry.version.as_str() != key);
        self.history.push(row(&format!("{key} {state} {count}{compatible}{after}: {}", migration.up().text())));
        true
    }

    /// Everything that the binary has took effect, as it stands in its files.
    fn is_complete(&self) -> Result<(), TestCaseError> {
        for (key, source) in &self.files {
            match self.truth.get(*key) {
                Some(Truth::Whole(done) | Truth::Baseline(done)) if done.statements == source.statements => {}
                Some(Truth::Skipped) => {}
                other => prop_assert!(self.is_superseded(key, source), "{key} is {other:?} after a run"),
            }
        }
        Ok(())
    }

    fn revert(&mut self, revert: &Revert, mut messages: usize) -> Result<(), TestCaseError> {
        let known = migrations(&self.files);
        let Ok(steps) = plan_revert(&known, &self.history, revert) else { return Ok(()) };
        for step in steps {
            let key = known[step.known].version().as_str();
            let newest =
                self.truth.keys().filter(|key| !key.starts_with("R__")).max_by_key(|key| Version::new((*key).clone()));
            prop_assert_eq!(newest.map(String::as_str), Some(key), "another one is above it");
            match self.truth.get(key) {
                Some(Truth::Reverting(done)) => prop_assert_eq!(step.done, *done),
                Some(Truth::Whole(_) | Truth::Skipped) => prop_assert_eq!(step.done, 0),
                other => prop_assert!(false, "{key} is {other:?}, and to be reverted"),
            }
            // The down file is as the up file: it runs one by one if that does.
            let statements = self.files[key].statements.len();
            let is_one_by_one = self.files[key].shape == Shape::OneByOne || step.done > 0;
            for done in step.done..if is_one_by_one { statements } else { step.done } {
                let Some(left) = messages.checked_sub(1) else { return Ok(()) };
                messages = left;
                self.truth.insert(key.to_owned(), Truth::Reverting(done));
                self.history.iter_mut().filter(|entry| entry.version.as_str() == key).for_each(|entry| {
                    (entry.state, entry.statements) = (State::Reverting, done);
                });
            }
            let Some(left) = messages.checked_sub(1) else { return Ok(()) };
            messages = left;
            self.truth.remove(key);
            self.history.retain(|entry| entry.version.as_str() != key);
        }
        Ok(())
    }

    fn baseline(&mut self, version: &'static str) {
        let known = migrations(&self.files);
        for migration in known.iter().filter(|migration| migration.key() <= Key::Versioned(&version.into())) {
            let key = migration.version().as_str();
            if self.files.contains_key(version) && !self.truth.contains_key(key) {
                let truth = Truth::Baseline(self.files[key].clone());
                self.commit(migration, "baseline", 0, truth, &mut 1);
            }
        }
    }

    /// The digest says that there is nothing to do only where that is so; and wherever it is so plainly.
    fn digest_tells(&self) -> Result<(), TestCaseError> {
        let known = migrations(&self.files);
        let nothing_to_do = plan(&known, &self.history, &Options::default()) == Ok(vec![]);
        let is_current = digest(&self.history) == digest_when_current(&known);
        prop_assert!(!is_current || nothing_to_do, "the digest hides what there is to do");
        let is_plain = self.truth.iter().all(|(key, truth)| match truth {
            Truth::Whole(done) | Truth::Baseline(done) => {
                self.files.get(key.as_str()).is_some_and(|source| source.statements == done.statements)
            }
            _ => false,
        });
        prop_assert!(is_current || !nothing_to_do || !is_plain, "the digest is another, and there is nothing to do");
        Ok(())
    }
}

fn check(ops: Vec<Op>) -> Result<(), TestCaseError> {
    let mut world = World::default();
    ops.into_iter().try_for_each(|op| world.perform(op))
}

proptest! {
    #[test]
    fn versioned_migrations(ops in ops((select(&VERSIONS[..]), sources()), Binaries::AnyOrder)) {
        check(ops)?;
    }

    #[test]
    fn repeatable_migrations_of_newer_binaries(
        ops in ops((prop_oneof![select(&VERSIONS[..]), select(&REPEATABLE[..])], sources()), Binaries::Forward),
    ) {
        check(ops)?;
    }

    #[test]
    fn repeatable_migrations_of_older_binaries(
        ops in ops(prop_oneof![(select(&VERSIONS[..]), sources()), simple_repeatable()], Binaries::AnyOrder),
    ) {
        check(ops)?;
    }
}
