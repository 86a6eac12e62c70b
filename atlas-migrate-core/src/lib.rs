//! The pure part of [atlas-migrate](https://docs.rs/atlas-migrate): what a migration file means and what a run has to do.
//!
//! There is no I/O of any kind in this crate. The macro (at compile time) and the runtime share it, so that a file means
//! the same to both. Applications depend on `atlas-migrate`, which re-exports what they need.

#[cfg(feature = "bench")]
pub mod bench;
#[cfg(feature = "verify")]
pub mod checks;
pub mod checksum;
mod closed;
mod directive;
mod divider;
pub mod fault;
pub mod file_name;
#[cfg(test)]
mod fuzz;
pub mod history;
pub mod mask;
pub mod migration;
#[cfg(any(feature = "bench", feature = "roles", feature = "verify"))]
pub mod name;
pub mod package;
pub mod plan;
#[cfg(any(feature = "bench", feature = "verify"))]
mod query;
pub mod roles;
mod rules;
mod script;
#[cfg(feature = "seeds")]
pub mod seed;
pub mod seed_name;
pub mod session;
pub mod set;
pub mod statement;
pub mod syntax;
#[cfg(any(feature = "bench", feature = "verify"))]
pub mod texts;
mod token;
pub mod version;
pub mod words;
