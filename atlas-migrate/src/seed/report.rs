//! What a run of seeds gives back.

use std::fmt;
use std::time::Duration;

use atlas_migrate_core::fault;
use atlas_migrate_core::words::count;

use crate::render::time::shown;

/// What a run of seeds did: each seed that was loaded, in that order.
///
/// `Display` shows a line for each, with its rows and the time it took, or `up to date`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeedReport {
    pub(crate) done: Vec<Seeded>,
    pub(crate) warnings: Vec<String>,
}

/// A seed that was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeded {
    pub(crate) name: String,
    pub(crate) rows: u64,
    pub(crate) duration: Duration,
}

impl SeedReport {
    /// The seeds that were loaded, in that order.
    pub fn seeds(&self) -> &[Seeded] {
        &self.done
    }

    /// What the server warned of while it loaded them.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether there was nothing to do.
    pub fn is_empty(&self) -> bool {
        self.done.is_empty()
    }
}

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

impl fmt::Display for SeedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            f.write_str("up to date")?;
        }
        for (index, seeded) in self.done.iter().enumerate() {
            let line_feed = if index == 0 { "" } else { "\n" };
            let (rows, time) = (count(seeded.rows, "row"), shown(seeded.duration));
            write!(f, "{line_feed}seeded {} ({rows}, {time})", fault::shown(&seeded.name))?;
        }
        self.warnings.iter().try_for_each(|warning| write!(f, "\nwarning: {}", fault::shown_lines(warning)))
    }
}
