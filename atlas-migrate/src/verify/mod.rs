#![doc = include_str!("../docs/verify.md")]

mod any_database;
mod checks;
mod declared;
mod engine;
mod json;
mod query;
mod refused;
mod report;
mod rows;
pub(crate) mod sql;
mod table;
mod text;
pub mod usage;
mod verifier;

pub use self::checks::Checks;
pub use self::report::{Checked, Finding, Sample, Verdict, VerifyReport};
pub use self::text::Colored;
pub use self::verifier::Verifier;
#[cfg(feature = "setup")]
pub(crate) use self::verifier::Verify;
