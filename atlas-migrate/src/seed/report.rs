//! What a run of seeds gives back.

use std::fmt;

use atlas_migrate_core::fault;
use atlas_migrate_core::words::count;

pub use crate::progress::done::Seeded;
use crate::render::time::shown;

/// What a run of seeds did: each seed that was loaded, in that order.
///
/// `Display` shows a line for each, with its rows and the time it took, or `up to date`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeedReport {
    pub(crate) done: Vec<Seeded>,
    pub(crate) warnings: Vec<String>,
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
