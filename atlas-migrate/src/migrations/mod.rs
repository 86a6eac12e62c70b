//! Migrations: what is to run, and running it.

pub(crate) mod engine;
mod json;
pub(crate) mod migrator;
pub(crate) mod mode;
pub mod rehearsal;
pub(crate) mod repair;
pub(crate) mod report;
pub(crate) mod script;
pub(crate) mod sql;
pub(crate) mod tools;
