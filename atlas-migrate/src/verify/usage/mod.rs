//! How a database is used: sizes of tables, indexes that nobody uses or that are there twice, connections.
//!
//! ```no_run
//! # #[cfg(feature = "sqlx")]
//! # async fn example(pool: sqlx::PgPool) -> Result<(), atlas_migrate::Error> {
//! let usage = atlas_migrate::usage::read(&pool).await?;
//! println!("{usage}");
//! for index in usage.unused_indexes() {
//!     println!("{} takes {} bytes", index.name(), index.size());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What an index was used for is counted on each server by itself: one that is never used on the primary may be what all the
//! queries on a standby use. And it is counted since the statistics were last reset, which [`Usage::since`] tells.
//!
//! # JSON
//!
//! [`Usage::to_json`] gives an object. Sizes are in bytes; fields may be added, and none is renamed or left out.
//!
//! ```json
//! {
//!   "since": "2026-01-31T12:00:00Z",
//!   "tables": [{ "name": "app.users", "heap": 8192, "indexes": 16384, "toast": 8192, "rows": 100 }],
//!   "indexes": [{ "name": "app.users_pkey", "table": "app.users", "size": 16384, "scans": 12, "needed": true }],
//!   "unused_indexes": ["app.users_name_idx"],
//!   "duplicate_indexes": [["app.users_email_idx", "app.users_email_key"]],
//!   "connections": [{ "state": "idle", "application": "web", "count": 10 }]
//! }
//! ```

mod json;
mod sql;
mod text;

use std::collections::BTreeMap;
use std::time::Duration;

use tracing::Instrument;

use crate::Error;
use crate::postgres::driver::{Database, Job};
use crate::postgres::question::{ask, look};
use crate::postgres::row::{all, flag, optional, parse, string};
use crate::postgres::session::{Cause, Row, Session};
use crate::postgres::sql::OWN_PATH;
use crate::postgres::transaction::Conversation;

/// How long each question may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How a database is used. `Display` shows tables for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Usage {
    since: Option<String>,
    tables: Vec<TableUsage>,
    indexes: Vec<IndexUsage>,
    connections: Vec<Connections>,
}

/// A table or materialized view. Sizes are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableUsage {
    name: String,
    heap: u64,
    indexes: u64,
    toast: u64,
    rows: Option<u64>,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexUsage {
    name: String,
    table: String,
    size: u64,
    scans: u64,
    needed: bool,
    /// The same for indexes that do the same.
    definition: String,
}

/// The connections of one application that are in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connections {
    state: String,
    application: String,
    count: u64,
}

/// Reads how a database is used. Writes nothing, and works on a standby too.
///
/// # Errors
///
/// [`Connection`](crate::ErrorKind::Connection); [`Usage`](crate::ErrorKind::Usage) in the middle of a transaction;
/// [`Database`](crate::ErrorKind::Database) if somebody locks a table for longer than 30 seconds, since its size cannot be told
/// meanwhile.
pub fn read<'c, D: Database<'c>>(database: D) -> D::Outcome<Usage> {
    database.perform(Read)
}

struct Read;

impl Job for Read {
    type Output = Usage;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Usage, Error> {
        Usage::read(session).instrument(tracing::info_span!("usage")).await
    }
}

impl Usage {
    async fn read<S: Session>(session: &mut S) -> Result<Self, Error> {
        let conversation = &mut Conversation::new(session);
        look(conversation).await?.server.usable()?;
        let answer = ask(conversation, &(OWN_PATH.to_owned() + &sql::usage()), TIMEOUT).await?;
        let reply = answer.reply.map_err(|server| Error::own("reading the statistics", Cause::Server(server)))?;
        let table = |row: &Row| {
            Ok(TableUsage {
                name: string(row, 0)?,
                heap: parse(row, 1)?,
                indexes: parse(row, 2)?,
                toast: parse(row, 3)?,
                rows: optional(row, 4).map(|_| parse(row, 4)).transpose()?,
            })
        };
        let index = |row: &Row| {
            Ok(IndexUsage {
                name: string(row, 0)?,
                table: string(row, 1)?,
                size: parse(row, 2)?,
                scans: parse(row, 3)?,
                needed: flag(row, 4)?,
                definition: string(row, 5)?,
            })
        };
        let connections =
            |row: &Row| Ok(Connections { state: string(row, 0)?, application: string(row, 1)?, count: parse(row, 2)? });
        Ok(Self {
            since: reply.rows("atlas_since").next_back().and_then(|row| optional(row, 0)).map(str::to_owned),
            tables: all(&reply, "atlas_table", table)?,
            indexes: all(&reply, "atlas_index", index)?,
            connections: all(&reply, "atlas_connections", connections)?,
        })
    }

    /// When the statistics were last reset, in UTC: `2026-01-31T12:00:00Z`. None if they never were.
    pub fn since(&self) -> Option<&str> {
        self.since.as_deref()
    }

    /// The tables and materialized views, the largest first.
    pub fn tables(&self) -> &[TableUsage] {
        &self.tables
    }

    /// The indexes, the largest first.
    pub fn indexes(&self) -> &[IndexUsage] {
        &self.indexes
    }

    /// Indexes that no query has used, and that no constraint needs.
    pub fn unused_indexes(&self) -> impl Iterator<Item = &IndexUsage> {
        self.indexes.iter().filter(|index| index.scans == 0 && !index.needed)
    }

    /// Indexes of which one does what the others do: on the same columns or expressions of a table, with the same method and
    /// condition. One of each would do, if it is unique where one of them is.
    pub fn duplicate_indexes(&self) -> Vec<Vec<&IndexUsage>> {
        let mut same = BTreeMap::<_, Vec<_>>::new();
        for index in &self.indexes {
            same.entry((&index.table, &index.definition)).or_default().push(index);
        }
        let mut same: Vec<_> = same.into_values().filter(|indexes| indexes.len() > 1).collect();
        same.sort_by_key(|indexes| &indexes[0].name);
        same
    }

    /// Who is connected to the database, this session left out.
    pub fn connections(&self) -> &[Connections] {
        &self.connections
    }
}

impl TableUsage {
    /// Its name with its schema, quoted where it has to be.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bytes of its rows, without what is in TOAST.
    pub fn heap(&self) -> u64 {
        self.heap
    }

    /// The bytes of its indexes.
    pub fn indexes(&self) -> u64 {
        self.indexes
    }

    /// The bytes of its TOAST table, which has the large values, and of that one's index.
    pub fn toast(&self) -> u64 {
        self.toast
    }

    /// All of its bytes.
    pub fn total(&self) -> u64 {
        self.heap + self.indexes + self.toast
    }

    /// About how many rows it has. None if it was never analyzed; up to PostgreSQL 13 that is 0.
    pub fn rows(&self) -> Option<u64> {
        self.rows
    }
}

impl IndexUsage {
    /// Its name with its schema, quoted where it has to be.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Its bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How often it was used, since the statistics were last reset.
    pub fn scans(&self) -> u64 {
        self.scans
    }

    /// Whether it is needed even if no query uses it: it is unique, or a constraint's.
    pub fn is_needed(&self) -> bool {
        self.needed
    }
}

impl Connections {
    /// What they are at: `active`, `idle`, `idle in transaction`…; `not visible` if the role may not know.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// The application that they say they are.
    pub fn application(&self) -> &str {
        &self.application
    }

    /// How many they are.
    pub fn count(&self) -> u64 {
        self.count
    }
}
