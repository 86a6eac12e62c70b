//! The statements about the history, and those around a migration.

use std::collections::BTreeSet;

use crate::migrations::migrator::Options;
use crate::postgres::sql::Sql;

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

impl Sql {
    pub(crate) fn new(options: &Options, custom_settings: BTreeSet<String>) -> Self {
        Self {
            schema: options.schema.clone(),
            table: options.table.clone(),
            namespace: options.namespace.clone(),
            role: options.role.clone(),
            lock_timeout: options.patience.lock_timeout,
            custom_settings,
            server_version: 0,
            finds_others: false,
            path: String::new(),
        }
    }
}
