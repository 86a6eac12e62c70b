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
    /// Whether the process that runs it, statement by statement, is at work.
    pub alive: bool,
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
