//! What can happen to a database and its binaries.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::migration::Migration;
use crate::plan::{Newer, Options, OutOfOrder, Revert, Target};
use crate::set::{self, File};
use crate::syntax::Syntax;

pub(super) const VERSIONS: [&str; 5] = ["1", "2", "3", "04", "10"];
pub(super) const REPEATABLE: [&str; 2] = ["R__a", "R__b"];

/// How the statements of a file are sent, and whether its condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Wrapped,
    OneByOne,
    Skipped,
}

/// A file as its author thinks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) shape: Shape,
    pub(super) compatible: bool,
    pub(super) has_down: bool,
    /// What its statements select.
    pub(super) statements: Vec<u32>,
    /// How often its comment was edited.
    pub(super) comments: usize,
}

impl Source {
    fn up(&self) -> String {
        let compatible = if self.compatible { "-- atlas:compatible\n" } else { "" };
        let condition = if self.shape == Shape::Skipped { "-- atlas:skip-unless false\n" } else { "" };
        format!("{compatible}{condition}{}{}", self.down(), " -- edited".repeat(self.comments))
    }

    /// As many statements as the up file has.
    fn down(&self) -> String {
        let header = if self.shape == Shape::OneByOne { "-- atlas:no-transaction\n" } else { "" };
        let statements: Vec<String> = self.statements.iter().map(|number| format!("SELECT {number}")).collect();
        format!("{header}{}", statements.join(";\n"))
    }
}

/// What a binary embeds.
pub(super) type Files = BTreeMap<&'static str, Source>;

pub(super) fn migrations(files: &Files) -> Vec<Migration> {
    let mut all = Vec::new();
    for (key, source) in files {
        let stem = if key.starts_with("R__") { (*key).to_owned() } else { format!("{key}_a") };
        let mut add = |path: String, text: String| all.push(File { path, bytes: text.into_bytes().into() });
        add(format!("{stem}.sql"), source.up());
        if source.has_down && !key.starts_with("R__") {
            add(format!("{stem}.down.sql"), source.down());
        }
    }
    if all.is_empty() { Vec::new() } else { set::assemble("migrations", all, Syntax::Parser).unwrap() }
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    /// A run, which is cut off after so many messages that were committed.
    Run {
        options: Options,
        messages: usize,
    },
    Revert {
        revert: Revert,
        messages: usize,
    },
    Baseline(&'static str),
    /// The next binary has this file too.
    Add(&'static str, Source),
    /// The next binary lacks one.
    Remove(Index),
    /// One of the binaries that there were.
    Deploy(Index),
    /// The next binary has one with another comment.
    EditComment(Index),
    /// The next binary has one with other SQL from this statement on.
    EditSql(Index, usize),
}

pub(super) fn sources() -> impl Strategy<Value = Source> {
    let shape = prop_oneof![2 => Just(Shape::Wrapped), 2 => Just(Shape::OneByOne), 1 => Just(Shape::Skipped)];
    (shape, prop::bool::weighted(0.3), prop::bool::weighted(0.8), vec(1..4_u32, 1..4)).prop_map(
        |(shape, compatible, has_down, statements)| Source { shape, compatible, has_down, statements, comments: 0 },
    )
}

pub(super) fn options() -> impl Strategy<Value = Options> {
    let target = prop_oneof![
        3 => Just(Target::Latest),
        1 => select(&VERSIONS[..]).prop_map(|version| Target::Version(version.into())),
    ];
    let out_of_order = select(&[OutOfOrder::Refuse, OutOfOrder::Refuse, OutOfOrder::Allow][..]);
    let newer = select(&[Newer::Refuse, Newer::Accept][..]);
    (target, out_of_order, newer).prop_map(|(target, out_of_order, newer)| Options { target, out_of_order, newer })
}

pub(super) fn reverts() -> impl Strategy<Value = Revert> {
    prop_oneof![
        2 => Just(Revert::Last),
        1 => (0..4_usize).prop_map(Revert::Steps),
        1 => select(&VERSIONS[..]).prop_map(|version| Revert::To(version.into())),
        1 => Just(Revert::All),
    ]
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Binaries {
    /// Each has the files of the one before, and maybe more.
    Forward,
    /// Files go, and older binaries come back.
    AnyOrder,
}

pub(super) fn ops(
    files: impl Strategy<Value = (&'static str, Source)>,
    binaries: Binaries,
) -> impl Strategy<Value = Vec<Op>> {
    let messages = || prop_oneof![2 => Just(usize::MAX), 1 => 0..6_usize];
    let any_order = u32::from(binaries == Binaries::AnyOrder);
    let op = prop_oneof![
        8 => (options(), messages()).prop_map(|(options, messages)| Op::Run { options, messages }),
        4 => (reverts(), messages()).prop_map(|(revert, messages)| Op::Revert { revert, messages }),
        1 => select(&VERSIONS[..]).prop_map(Op::Baseline),
        8 => files.prop_map(|(key, source)| Op::Add(key, source)),
        2 => any::<Index>().prop_map(Op::EditComment),
        2 => (any::<Index>(), 0..4_usize).prop_map(|(which, from)| Op::EditSql(which, from)),
        any_order => any::<Index>().prop_map(Op::Remove),
        4 * any_order => any::<Index>().prop_map(Op::Deploy),
    ];
    vec(op, 1..30)
}

/// Repeatable migrations whose history fits a line of these tests.
pub(super) fn simple_repeatable() -> impl Strategy<Value = (&'static str, Source)> {
    let source = |number| Source {
        shape: Shape::Wrapped,
        compatible: false,
        has_down: false,
        statements: vec![number],
        comments: 0,
    };
    (select(&REPEATABLE[..]), 1..4_u32).prop_map(move |(key, number)| (key, source(number)))
}
