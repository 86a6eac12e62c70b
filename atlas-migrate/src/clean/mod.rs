#![doc = include_str!("../docs/clean.md")]

mod cleaner;
mod decide;
mod engine;
mod guard;
mod json;
pub(crate) mod marks;
mod order;
mod refusal;
mod report;
mod reset;
mod reset_sql;
mod scope;
pub(crate) mod sql;
mod state;

pub use self::cleaner::Cleaner;
pub(crate) use self::cleaner::Options;
pub use self::report::{CleanPlan, CleanReport, Emptied, Means};
pub use self::reset::{ResetPlan, ResetReport, Resetter};
pub(crate) use self::state::Reference;
