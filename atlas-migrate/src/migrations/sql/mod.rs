//! The statements about the history, and those around a migration.

pub(crate) mod batch;
pub(crate) mod beside;
pub(crate) mod gone;
mod judge;
mod read;
pub(crate) mod rehearse;
mod script;
pub(crate) mod write;

pub(crate) use read::Held;
pub(crate) use script::{File, Unseen};
pub(crate) use write::{Advance, LEASE_LOST, Lease, Record, SESSION_LOST, SessionNeeds};
