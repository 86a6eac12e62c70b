//! What a run has done so far: an event tells each piece of it, and an error carries what there was before it.

use std::fmt;
use std::time::Duration;

use atlas_migrate_core::fault::{shown, shown_lines};
use atlas_migrate_core::version::Version;

use crate::render::time;

/// What a run, a revert or a baseline did: each migration that it touched, in that order.
///
/// `Display` shows a line for each, with the time it took, or `up to date`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub(crate) done: Vec<Done>,
    pub(crate) warnings: Vec<String>,
}

/// A migration that a run touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub(crate) version: Version,
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    pub(crate) duration: Duration,
}

/// What became of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Its SQL took effect.
    Applied,
    /// Its `skip-unless` condition was not true, which was recorded; it will not be tried again.
    Skipped,
    /// Its down file took effect.
    Reverted,
    /// It was recorded as being there already.
    Baseline,
    /// Its row was written by [`repair`](crate::Migrator::repair).
    Repaired,
}

impl Report {
    /// Every migration that was touched, in that order.
    pub fn migrations(&self) -> &[Done] {
        &self.done
    }

    /// The migrations that were applied.
    pub fn applied(&self) -> impl Iterator<Item = &Done> {
        self.with(Outcome::Applied)
    }

    /// The migrations that were recorded as skipped.
    pub fn skipped(&self) -> impl Iterator<Item = &Done> {
        self.with(Outcome::Skipped)
    }

    /// The migrations that were reverted.
    pub fn reverted(&self) -> impl Iterator<Item = &Done> {
        self.with(Outcome::Reverted)
    }

    fn with(&self, outcome: Outcome) -> impl Iterator<Item = &Done> {
        self.done.iter().filter(move |done| done.outcome == outcome)
    }

    /// Whether there was nothing to do.
    pub fn is_empty(&self) -> bool {
        self.done.is_empty()
    }

    /// What one should know, though it is no error: files on disk that a debug build does not carry, a repeatable migration
    /// that is left as a newer binary put it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl Done {
    /// The version, as in the file name.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The name, as in the file name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What became of it.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// How long it took, round trips included.
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Applied => "applied",
            Self::Skipped => "skipped",
            Self::Reverted => "reverted",
            Self::Baseline => "baseline",
            Self::Repaired => "repaired",
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            f.write_str("up to date")?;
        }
        let width = self.done.iter().map(|done| label(&done.version, &done.name).len()).max().unwrap_or(0);
        for (index, done) in self.done.iter().enumerate() {
            let (label, time) = (label(&done.version, &done.name), time::shown(done.duration));
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{:<8}  {label:<width$}  {time:>8}", done.outcome)?;
        }
        self.warnings.iter().try_for_each(|warning| write!(f, "\nwarning: {}", shown_lines(warning)))
    }
}

/// Version and name, as messages show them: `001 create_users`, `R__views`.
pub fn label(version: &Version, name: &str) -> String {
    let (version, name) = (shown(version.as_str()), shown(name));
    if version.starts_with("R__") || name.is_empty() { version.into_owned() } else { format!("{version} {name}") }
}

/// A seed that was loaded.
#[cfg(feature = "seeds")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeded {
    pub(crate) name: String,
    pub(crate) rows: u64,
    pub(crate) duration: Duration,
}

#[cfg(feature = "seeds")]
impl Seeded {
    /// Its path below the folder, or `generated:` and the table.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many rows it has, those that were there already included. Of SQL, those of its `COPY` statements.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How long it took: the check of a file that was read when the program ran, its rows, and round trips. An embedded file was
    /// checked when the program was compiled.
    pub fn duration(&self) -> Duration {
        self.duration
    }
}
