//! Reading what the server says about seeds and tables.

use std::collections::HashMap;

use super::table::Table;
use crate::postgres::hidden::Hidden;
use crate::postgres::refusal::untrusted;
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
        let row = reply.rows("atlas_state").next_back().ok_or_else(unreadable)?;
        if let (Ok(why), Ok(table)) = (text(row, 14), text(row, 15)) {
            return Err(untrusted(table, why));
        }
        Ok(Self {
            path: text(row, 16)?.to_owned(),
            asked: text(row, 17)?.to_owned(),
            granted: text(row, 0)? == "t",
            environment: row.get(1).cloned().flatten(),
            settings: SessionSettings {
                settings: text(row, 2)?.to_owned(),
                belongings: text(row, 3)?.to_owned(),
                role: text(row, 4)?.to_owned(),
                user: text(row, 5)?.to_owned(),
            },
            server: Server {
                standby: text(row, 6)? == "t",
                read_only: text(row, 7)? == "on",
                alone: text(row, 8)? == "t",
                version_number: text(row, 9)?.parse().map_err(|_| unreadable())?,
                version: text(row, 10)?.to_owned(),
            },
            hidden_mark: hidden(row, 11)?,
            hidden_seeds: hidden(row, 12)?,
            role: text(row, 13)?.to_owned(),
        })
    }
}

/// The rows of the table of seeds, by name.
pub(super) fn known(reply: &Reply) -> Result<HashMap<String, Known>, Error> {
    let row = |row: &Row| {
        let rows = text(row, 3)?.parse().map_err(|_| unreadable())?;
        let known = Known { checksum: text(row, 1)?.to_owned(), done: text(row, 2)? == "done", rows };
        Ok((text(row, 0)?.to_owned(), known))
    };
    reply.rows("atlas_seed").map(row).collect()
}

/// What the catalog says, in the order of the question; none where there is no such table.
pub(super) fn tables(reply: &Reply) -> Result<Vec<Option<Table>>, Error> {
    let table = |row: &Row| match row.get(1) {
        Some(Some(json)) => serde_json::from_str(json).map(Some).map_err(|_| unreadable()),
        _ => Ok(None),
    };
    reply.rows("atlas_table").map(table).collect()
}

fn hidden(row: &Row, column: usize) -> Result<Option<Hidden>, Error> {
    row.get(column).and_then(Option::as_deref).map(|why| Hidden::read(why).ok_or_else(unreadable)).transpose()
}

fn text(row: &Row, column: usize) -> Result<&str, Error> {
    row.get(column).and_then(Option::as_deref).ok_or_else(unreadable)
}

fn unreadable() -> Error {
    Error::new(ErrorKind::Database, "the table schema_seeds could not be read")
        .hint("somebody or a newer version of the library has changed it: compare its columns with a backup")
}
