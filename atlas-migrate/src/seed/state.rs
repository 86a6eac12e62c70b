//! Reading what the server says about seeds and tables.

use std::collections::HashMap;

use super::table::Table;
use crate::postgres::hidden::Hidden;
use crate::postgres::refusal::untrusted;
use crate::postgres::row::{Unreadable, all, flag, json, one, optional, parse, string, text};
use crate::postgres::server::Server;
use crate::postgres::session::{Reply, Row};
use crate::postgres::sql::SessionSettings;
use crate::{Error, ErrorKind};

/// What the server said about the seeds and about itself.
pub(super) struct State {
    /// Whether the lock was available.
    pub(super) granted: bool,
    pub(super) environment: Option<String>,
    /// Why the environment is not known.
    pub(super) hidden_mark: Option<Hidden>,
    /// Why it is not known which seeds are done.
    pub(super) hidden_seeds: Option<Hidden>,
    /// The role that the tables are read as.
    pub(super) role: String,
    pub(super) settings: SessionSettings,
    pub(super) server: Server,
    /// The session's search path.
    pub(super) path: String,
    /// The settings for which the connection asks in vain.
    pub(super) asked: String,
}

/// A row of the table of seeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) checksum: String,
    pub(super) done: bool,
    pub(super) rows: u64,
}

impl State {
    pub(super) fn read(reply: &Reply) -> Result<Self, Error> {
        let row = one(reply, "atlas_state")?;
        if let (Some(why), Some(table)) = (optional(row, 14), optional(row, 15)) {
            return Err(untrusted(table, why));
        }
        Ok(Self {
            path: string(row, 16)?,
            asked: string(row, 17)?,
            granted: flag(row, 0)?,
            environment: optional(row, 1).map(str::to_owned),
            settings: SessionSettings::read(row, 2)?,
            server: Server::read(row, 6)?,
            hidden_mark: Hidden::optional(row, 11)?,
            hidden_seeds: Hidden::optional(row, 12)?,
            role: string(row, 13)?,
        })
    }
}

/// The rows of the table of seeds, by name.
pub(super) fn known(reply: &Reply) -> Result<HashMap<String, Known>, Error> {
    let row = |row: &Row| {
        let known = Known { checksum: string(row, 1)?, done: text(row, 2)? == "done", rows: parse(row, 3)? };
        Ok((string(row, 0)?, known))
    };
    let rows = all(reply, "atlas_seed", row).map_err(|Unreadable(why)| {
        Error::new(ErrorKind::Database, format!("the table schema_seeds could not be read: {why}"))
            .hint("somebody or a newer version of the library has changed it: compare its columns with a backup")
    })?;
    Ok(rows.into_iter().collect())
}

/// What the catalog says, in the order of the question; none where there is no such table.
pub(super) fn tables(reply: &Reply) -> Result<Vec<Option<Table>>, Unreadable> {
    all(reply, "atlas_table", |row| optional(row, 1).map(|_| json(row, 1)).transpose())
}
