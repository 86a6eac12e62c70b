//! Benchmarks: what a statement may cost.

mod file;
mod folder;
mod gate;

use std::fmt;
use std::time::Duration;

pub use self::folder::{assemble, is_ours};
use crate::fault::Fault;
pub use crate::name::Name;
use crate::syntax::Syntax;
pub use crate::texts::{File, SourceFile};

/// A statement, and what it may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Benchmark {
    /// The name of its file, without number and ending.
    pub name: String,
    /// What its `-- Description:` line says.
    pub title: Option<String>,
    /// The statement, without a semicolon. What stands before it is there too, as spaces, so that positions are those of the
    /// file.
    pub sql: String,
    /// The line of its file that it begins in.
    pub line: usize,
    /// Whether it changes rows or locks them, as far as its words tell.
    pub writes: bool,
    /// What it may cost.
    pub gates: Vec<Gate>,
    /// How often it is measured, if that is not the usual number.
    pub iterations: Option<usize>,
    /// Where its parameters come from.
    pub parameters: Option<Parameters>,
}

/// A query whose rows are sets of parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The query, without a semicolon.
    pub sql: String,
    /// Where it stands in its file, in bytes.
    pub start: usize,
    /// How many columns it is to have: as many as the statement has parameters.
    pub count: usize,
}

/// What a statement may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It is fast.
    Latency {
        /// Which of its times.
        statistic: Statistic,
        /// It is shorter than this.
        below: Duration,
    },
    /// It reads no more than so many blocks, from memory or not.
    MaxBuffers(u64),
    /// Its plan uses an index.
    UsesIndex(Name),
    /// Its plan does not read a table from one end to the other.
    NoSeqScan(Name),
}

/// Which of the times of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// The shortest.
    Min,
    /// The average.
    Avg,
    /// Half of them are no longer.
    P50,
    /// 95 of a hundred are no longer.
    P95,
    /// 99 of a hundred are no longer.
    P99,
    /// The longest.
    Max,
}

impl Statistic {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Min, Self::Avg, Self::P50, Self::P95, Self::P99, Self::Max];

    /// The word for it: `p50`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Avg => "avg",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
        }
    }
}

impl fmt::Display for Gate {
    /// As the directive has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency { statistic, below } => {
                let below = format!("{below:?}").replace('µ', "u");
                write!(f, "{} < {below}", statistic.as_str())
            }
            Self::MaxBuffers(blocks) => write!(f, "max-buffers {blocks}"),
            Self::UsesIndex(name) => write!(f, "uses-index {name}"),
            Self::NoSeqScan(name) => write!(f, "no-seq-scan {name}"),
        }
    }
}

impl File {
    /// What a file with a benchmark says.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn benchmark(&self, syntax: Syntax) -> Result<Benchmark, Vec<Fault>> {
        file::read(self.path(), &self.text(), syntax)
    }
}
