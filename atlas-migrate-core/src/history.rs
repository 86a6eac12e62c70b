//! What the history table says has happened to a database.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::checksum::{Checksum, Fingerprint};
use crate::migration::{Kind, Migration};
use crate::version::Version;

/// One row of the history table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The version; of a repeatable migration its file name without `.sql`.
    pub version: Version,
    /// The name, as in the file name.
    pub name: String,
    /// Versioned or repeatable.
    pub kind: Kind,
    /// How far it came.
    pub state: State,
    /// How many statements have completed, where they run one by one.
    pub statements: usize,
    /// Whether a binary that does not know it may run on this database.
    pub compatible: bool,
    /// The checksum of the file as it was applied.
    pub checksum: Checksum,
    /// The fingerprint of the SQL that took effect: all of it, or the first [`statements`](Self::statements) of an
    /// unfinished one.
    pub fingerprint: Fingerprint,
    /// When, in UTC: `2026-01-31T12:00:00Z`.
    pub applied_at: String,
    /// The session user that applied it.
    pub applied_by: String,
    /// How long its statements took on the server.
    pub execution_time: Duration,
    /// Whether somebody is at work on it, statement by statement.
    pub lease: Lease,
    /// The checksums of the files that ran before this one, of a repeatable migration.
    pub superseded: Vec<Checksum>,
}

/// Who is at work on a migration that runs statement by statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lease {
    /// Nobody, and none of its statements was cut off.
    #[default]
    None,
    /// Nobody any more: its holder has gone in the middle of a statement, or between two; or that statement failed half done.
    Expired,
    /// Nobody any more, and the statement that was under way commits by itself: part of it may have taken effect.
    InDoubt,
    /// Nobody, and part of the statement that is next took effect. This is the fingerprint up to the end of that one.
    Partly(Fingerprint),
    /// A process that is alive.
    Held,
}

impl Lease {
    const NAMES: [(Self, &'static str); 4] =
        [(Self::None, "none"), (Self::Expired, "expired"), (Self::InDoubt, "in doubt"), (Self::Held, "held")];

    /// The lease with this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name.strip_prefix("partly ") {
            Some(fingerprint) => fingerprint.parse().ok().map(Self::Partly),
            None => Self::NAMES.iter().find(|(_, n)| *n == name).map(|(lease, _)| *lease),
        }
    }
}

/// What a migration is known by: its version, or the name of a repeatable one. The repeatable ones come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key<'a> {
    /// A version, compared by its numeric segments.
    Versioned(&'a Version),
    /// The file name without `.sql`.
    Repeatable(&'a str),
}

impl<'a> Key<'a> {
    fn new(kind: Kind, version: &'a Version) -> Self {
        match kind {
            Kind::Versioned => Self::Versioned(version),
            Kind::Repeatable => Self::Repeatable(version.as_str()),
        }
    }

    /// Whether it stands for a versioned migration.
    pub fn is_versioned(self) -> bool {
        matches!(self, Self::Versioned(_))
    }
}

impl Migration {
    /// What it is known by.
    pub fn key(&self) -> Key<'_> {
        Key::new(self.kind(), self.version())
    }
}

impl Entry {
    /// What it is known by.
    pub fn key(&self) -> Key<'_> {
        Key::new(self.kind, &self.version)
    }

    /// Whether its first statement failed, and is known to have had no effect; except that it may have left an index that is
    /// not valid.
    pub fn is_without_effect(&self) -> bool {
        self.state == State::Failed && self.statements == 0 && self.lease == Lease::None
    }

    /// Whether another process is taking it back at this moment.
    pub fn is_being_reverted(&self) -> bool {
        self.state == State::Reverting && self.lease == Lease::Held
    }
}

/// How far a migration came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It took effect.
    Applied,
    /// Its `skip-unless` condition was not true.
    Skipped,
    /// It was declared as being there already.
    Baseline,
    /// Its statements are being sent one by one, or were when the process ended.
    Running,
    /// One of its statements, sent one by one, failed.
    Failed,
    /// The statements of its down file are being sent one by one, or were.
    Reverting,
}

impl State {
    const NAMES: [(Self, &'static str); 6] = [
        (Self::Applied, "applied"),
        (Self::Skipped, "skipped"),
        (Self::Baseline, "baseline"),
        (Self::Running, "running"),
        (Self::Failed, "failed"),
        (Self::Reverting, "reverting"),
    ];

    /// As the history table has it.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    /// The state with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, n)| *n == name).map(|(state, _)| *state)
    }

    /// Whether there is nothing left to do for it.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Applied | Self::Skipped | Self::Baseline)
    }
}

/// The digest of a history, as the server computes it too: a line for each row, in the byte order of the versions.
pub fn digest(entries: &[Entry]) -> String {
    digest_of_lines(entries.iter().map(|entry| {
        let line = format!("{} {}", entry.version, entry.fingerprint);
        let unfinished = (!entry.state.is_done()).then(|| format!(" {} {}", entry.state.as_str(), entry.statements));
        (entry.version.as_str(), line + unfinished.as_deref().unwrap_or(""))
    }))
}

/// The digest of the history of a database that has all of `known` and nothing else.
pub fn digest_when_current(known: &[Migration]) -> String {
    digest_of_lines(known.iter().map(|migration| {
        let version = migration.version();
        (version.as_str(), format!("{version} {}", migration.up().fingerprint()))
    }))
}

fn digest_of_lines<'a>(lines: impl Iterator<Item = (&'a str, String)>) -> String {
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    let lines: Vec<_> = lines.into_iter().map(|(_, line)| line).collect();
    Checksum::from_bytes(Sha256::digest(lines.join("\n")).into()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::{known, row};

    /// Rows and the lines that the server makes a digest of too; `#` stands for the fingerprint.
    #[track_caller]
    fn check(rows: &[&str], lines: &[&str]) {
        let rows: Vec<Entry> = rows.iter().map(|text| row(text)).collect();
        let fingerprint = |line: &str| {
            let version = line.split(' ').next();
            let row = rows.iter().find(|row| version == Some(row.version.as_str())).unwrap();
            line.replace('#', &row.fingerprint.to_string())
        };
        let lines: Vec<String> = lines.iter().map(|line| fingerprint(line)).collect();
        assert_eq!(digest(&rows), Checksum::of(&lines.join("\n")).to_string());
    }

    #[test]
    fn digests() {
        check(&[], &[]);
        check(&["1 applied: SELECT 7"], &["1 #"]);
        check(&["1 skipped", "2 baseline compatible", "3 applied 4"], &["1 #", "2 #", "3 #"]);
        check(&["1 failed 0", "2 running 1", "3 reverting 2"], &["1 # failed 0", "2 # running 1", "3 # reverting 2"]);
        // By their bytes, as the server can order them too.
        check(&["R__b applied", "R__B applied", "2 applied", "10 applied"], &["10 #", "2 #", "R__B #", "R__b #"]);
    }

    #[test]
    fn a_digest_beforehand_is_that_of_what_will_be_there() {
        let known = known(&["001", "02: SELECT 2 -- two", "10", "R__v"]);
        let rows = ["02 skipped: SELECT 2", "R__v applied", "10 applied", "001 baseline"].map(row);
        assert_eq!(digest_when_current(&known), digest(&rows));
        let rows = ["02 skipped: SELECT 2", "R__v applied", "10 applied", "1 baseline"].map(row);
        assert_ne!(digest_when_current(&known), digest(&rows), "spellings are not looked through");
    }

    #[test]
    fn states_have_names() {
        for (state, name) in State::NAMES {
            assert_eq!((state.as_str(), State::parse(name)), (name, Some(state)));
        }
        assert_eq!(State::parse("Applied"), None);
    }

    #[test]
    fn keys_are_those_of_migrations_and_of_rows() {
        let known = known(&["9", "010", "R__a"]);
        let rows = ["09 applied", "10 applied", "R__a applied"].map(row);
        assert!(known.iter().map(Migration::key).eq(rows.iter().map(Entry::key)));
        assert!(known.iter().map(Migration::key).is_sorted());
    }
}
