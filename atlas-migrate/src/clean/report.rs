//! What the verbs give back.

use std::fmt;
use std::time::Duration;

use atlas_migrate_core::fault::shown;

/// What a run would do.
///
/// `Display` shows a line for each table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanPlan {
    pub(super) database: String,
    pub(super) host: String,
    pub(super) environment: Option<String>,
    /// There is a mark that cannot be read.
    pub(super) is_hidden: bool,
    pub(super) tables: Vec<Emptied>,
    pub(super) seeds: usize,
    pub(super) sequences: usize,
}

/// What a run did.
///
/// `Display` shows a line for each table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanReport {
    pub(super) database: String,
    pub(super) host: String,
    pub(super) tables: Vec<Emptied>,
    pub(super) seeds: usize,
    pub(super) sequences: usize,
    pub(super) duration: Duration,
}

/// A table that had rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emptied {
    pub(super) table: String,
    pub(super) rows: u64,
    pub(super) estimated: bool,
    pub(super) means: Means,
    pub(super) statement: usize,
}

/// How a table is emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// `DELETE`, for some rows, and for roles that have no more rights.
    Delete,
    /// `TRUNCATE`, for many.
    Truncate,
}

impl CleanPlan {
    /// The database that would be emptied.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Where it is: the address and port that the server has, or `local` for a Unix socket.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What environment it is marked as.
    pub fn environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }

    /// The tables that have rows, in the order in which they would be emptied.
    pub fn tables(&self) -> &[Emptied] {
        &self.tables
    }

    /// How many seeds would be loaded again by the next run of theirs.
    pub fn seeds(&self) -> usize {
        self.seeds
    }

    /// How many sequences would begin again.
    pub fn sequences(&self) -> usize {
        self.sequences
    }
}

impl CleanReport {
    /// The database that was emptied.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Where it is: the address and port that the server has, or `local` for a Unix socket.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The tables that had rows, in the order in which they were emptied.
    pub fn tables(&self) -> &[Emptied] {
        &self.tables
    }

    /// How many seeds the next run of theirs will load again.
    pub fn seeds(&self) -> usize {
        self.seeds
    }

    /// How many sequences begin again.
    pub fn sequences(&self) -> usize {
        self.sequences
    }

    /// How long it took, round trips included.
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

impl Emptied {
    /// Quoted, with its schema.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// How many rows were removed, those that triggers put there meanwhile included.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether the number of rows is an estimate, since counting them takes as long as removing them.
    pub fn is_estimated(&self) -> bool {
        self.estimated
    }

    /// How it is emptied.
    pub fn means(&self) -> Means {
        self.means
    }

    /// Which statement empties it, counted from 1: tables that refer to each other share one, and so do those that are
    /// truncated.
    pub fn statement(&self) -> usize {
        self.statement
    }
}

impl fmt::Display for Emptied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, rows, .. } = self;
        let about = if self.estimated { "about " } else { "" };
        let noun = if *rows == 1 { "row" } else { "rows" };
        let means = match self.means {
            Means::Delete => "DELETE",
            Means::Truncate => "TRUNCATE",
        };
        write!(f, "{}: {about}{rows} {noun}, {means}", shown(table))
    }
}

impl fmt::Display for CleanPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&of_database(&self.database, self.environment.as_deref(), self.is_hidden))?;
        if self.tables.is_empty() {
            f.write_str("\nthere is nothing to empty")?;
        }
        for table in &self.tables {
            write!(f, "\n{}. {table}", table.statement)?;
        }
        write_rest(f, self.seeds, self.sequences)
    }
}

/// The database, and what it is marked as.
pub(super) fn of_database(database: &str, environment: Option<&str>, is_hidden: bool) -> String {
    let mark = match environment {
        _ if is_hidden => "whose mark cannot be read, so that it counts as one in production".to_owned(),
        Some(environment) => format!("environment {}", shown(environment)),
        None => "not marked as one of an environment".to_owned(),
    };
    format!("database {}, {mark}", shown(database))
}

impl fmt::Display for CleanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tables.is_empty() {
            f.write_str("nothing to empty")?;
        }
        for (index, table) in self.tables.iter().enumerate() {
            let line_feed = if index == 0 { "" } else { "\n" };
            write!(f, "{line_feed}emptied {table}")?;
        }
        write_rest(f, self.seeds, self.sequences)
    }
}

fn write_rest(f: &mut fmt::Formatter<'_>, seeds: usize, sequences: usize) -> fmt::Result {
    if seeds > 0 {
        write!(f, "\nseeds that load again: {seeds}")?;
    }
    if sequences > 0 {
        write!(f, "\nsequences that begin again: {sequences}")?;
    }
    Ok(())
}
