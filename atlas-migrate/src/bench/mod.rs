#![doc = include_str!("../docs/bench.md")]

mod bencher;
mod benchmarks;
mod compare;
mod engine;
mod json;
mod judge;
mod latency;
mod parameters;
mod plan;
mod report;
pub(crate) mod sql;
mod text;

pub use atlas_migrate_core::bench::Statistic;

pub use self::bencher::Bencher;
pub use self::benchmarks::Benchmarks;
pub use self::compare::{Change, Compared, Comparison};
pub use self::latency::Latency;
pub use self::plan::Buffers;
pub use self::report::{BenchReport, Gate, GateKind, Measured};
pub use self::text::Colored;
