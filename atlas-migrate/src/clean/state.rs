//! What the server says about itself, its environment and its tables.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::postgres::hidden::Hidden;
use crate::postgres::server::Server;
use crate::postgres::session::{Reply, Row};
use crate::{Error, ErrorKind};

/// All that is known before anything is done.
#[derive(Debug)]
pub(super) struct State {
    pub(super) server: Server,
    /// The session's search path.
    pub(super) path: String,
    pub(super) database: String,
    /// The address and port of the server, or `local`.
    pub(super) host: String,
    pub(super) user: String,
    /// Of a superuser, who may change it.
    pub(super) replication_role: Option<String>,
    pub(super) marks: Vec<Mark>,
    pub(super) schemas: Vec<Schema>,
    pub(super) tables: Vec<Table>,
    pub(super) references: Vec<Reference>,
}

/// A table `schema_environment`.
#[derive(Debug, Deserialize)]
pub(super) struct Mark {
    /// Quoted, with its schema.
    pub(super) table: String,
    /// What it says; nothing if it has no row.
    pub(super) environment: Option<String>,
    /// Why that is not known.
    pub(super) hidden: Option<Hidden>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Schema {
    pub(super) name: String,
    /// It belongs to an extension.
    pub(super) member: bool,
}

/// A table; partitions are a part of the one that they are of.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Table {
    pub(super) oid: i64,
    pub(super) schema: String,
    pub(super) name: String,
    /// Quoted, with its schema.
    pub(super) quoted: String,
    pub(super) kind: Kind,
    /// What of this library it is.
    pub(super) ours: Option<Ours>,
    /// Why it is not used, though it looks like one of this library.
    pub(super) distrusted: Option<String>,
    /// It belongs to an extension.
    pub(super) member: bool,
    /// A partition that is a foreign table, quoted and with its schema.
    pub(super) foreign_part: Option<String>,
    pub(super) may_read: bool,
    pub(super) may_delete: bool,
    pub(super) may_truncate: bool,
    /// Of its own file, which is empty where an extension keeps the rows elsewhere; of a partitioned table it is not known how
    /// many there are.
    pub(super) pages: u64,
    /// The tables that inherit from it are tables of their own, and none of an extension that keeps its rows in them.
    pub(super) parent: bool,
    /// How many rows there were when the server last looked, and on how many pages; less than one if it has not.
    known_rows: f64,
    known_pages: u64,
    /// Triggers or rules may put rows anywhere, or let these stay.
    pub(super) triggers: bool,
    pub(super) sequences: Vec<Sequence>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(super) enum Kind {
    #[serde(rename = "r")]
    Ordinary,
    #[serde(rename = "p")]
    Partitioned,
    #[serde(rename = "f")]
    Foreign,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Ours {
    History,
    Seeds,
    Environment,
}

impl Table {
    /// So few rows that they need not be counted before they are deleted.
    pub(super) fn is_small(&self) -> bool {
        self.kind == Kind::Ordinary && self.pages < 2
    }

    /// So many rows, going by what the server knows of them, that they need not be counted before the table is truncated.
    pub(super) fn known_as_large(&self) -> Option<Count> {
        if self.kind != Kind::Ordinary || self.known_pages == 0 {
            return None;
        }
        let rows = self.known_rows / self.known_pages as f64 * self.pages as f64;
        (rows > Count::LIMIT as f64).then_some(Count { rows: rows as u64, estimated: true, elsewhere: false })
    }
}

/// A sequence that numbers a column.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Sequence {
    /// Quoted, with its schema.
    pub(super) quoted: String,
    pub(super) start: i64,
    /// Whether the role has its owner's rights.
    pub(super) owned: bool,
    pub(super) may_update: bool,
    /// The tables that it numbers.
    pub(super) tables: Vec<i64>,
}

/// A foreign key.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reference {
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// The table that has it, quoted and with its schema: a partition, if that alone has it.
    pub(crate) table: String,
    /// Quoted.
    pub(crate) columns: Vec<String>,
    pub(crate) may_read: bool,
}

impl State {
    pub(super) fn read(reply: &Reply) -> Result<Self, Error> {
        let row = reply.rows("atlas_state").next_back().ok_or_else(unreadable)?;
        Ok(Self {
            marks: json(row, 0)?,
            path: text(row, 11)?.to_owned(),
            database: text(row, 1)?.to_owned(),
            host: text(row, 10)?.to_owned(),
            user: text(row, 2)?.to_owned(),
            replication_role: Some(text(row, 9)?.to_owned()).filter(|role| !role.is_empty()),
            schemas: json(row, 3)?,
            server: Server {
                standby: text(row, 4)? == "t",
                read_only: text(row, 5)? == "on",
                alone: text(row, 6)? == "t",
                version_number: text(row, 7)?.parse().map_err(|_| unreadable())?,
                version: text(row, 8)?.to_owned(),
            },
            tables: reply.rows("atlas_table").map(|row| json(row, 0)).collect::<Result<_, _>>()?,
            references: reply.rows("atlas_reference").map(|row| json(row, 0)).collect::<Result<_, _>>()?,
        })
    }
}

/// How many rows a table has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) rows: u64,
    /// There are about so many: counting them would take as long as removing them.
    pub(super) estimated: bool,
    /// They are not in the table's own file.
    pub(super) elsewhere: bool,
}

impl Count {
    /// There may be some, and how many is told when they are removed.
    pub(super) const SOME: Self = Self { rows: 1, estimated: false, elsewhere: false };

    /// Up to which number rows are counted one by one.
    pub(super) const LIMIT: u64 = 1_000;

    /// From the rows that were seen, the pages that these are on, and all the pages of the table; without pages, all rows were
    /// seen.
    pub(super) fn of(seen: u64, pages_seen: u64, pages: u64) -> Self {
        let elsewhere = pages_seen == 0;
        if seen <= Self::LIMIT || elsewhere {
            return Self { rows: seen, estimated: false, elsewhere };
        }
        Self { rows: seen.max(pages.saturating_mul(seen) / pages_seen), estimated: true, elsewhere }
    }
}

/// How many rows tables have, by their numbers.
pub(super) fn counts(reply: &Reply) -> Result<Vec<(usize, Count)>, Error> {
    let count = |row: &Row| {
        let table = text(row, 0)?.parse().map_err(|_| unreadable())?;
        Ok((table, Count::of(number(row, 1)?, number(row, 2)?, number(row, 3)?)))
    };
    reply.rows("atlas_rows").map(count).collect()
}

/// The first column of the rows of this name, which are numbers.
pub(super) fn numbers(reply: &Reply, name: &str) -> Result<Vec<usize>, Error> {
    let first = |row: &Row| text(row, 0)?.parse().map_err(|_| unreadable());
    reply.rows(name).map(first).collect()
}

/// For tables, by their numbers, how many rows were removed.
pub(super) fn removed(reply: &Reply) -> Result<Vec<(usize, u64)>, Error> {
    let removed = |row: &Row| Ok((text(row, 0)?.parse().map_err(|_| unreadable())?, number(row, 1)?));
    reply.rows("atlas_removed").map(removed).collect()
}

/// Namespace and name of seeds, each with the number of its table.
pub(super) fn seeds(reply: &Reply) -> Result<Vec<(usize, String, String)>, Error> {
    let seed = |row: &Row| {
        let table = text(row, 0)?.parse().map_err(|_| unreadable())?;
        Ok((table, text(row, 1)?.to_owned(), text(row, 2)?.to_owned()))
    };
    reply.rows("atlas_seed").map(seed).collect()
}

/// The first two columns of the rows of this name.
pub(super) fn texts(reply: &Reply, name: &str) -> Result<Vec<(String, String)>, Error> {
    let pair = |row: &Row| Ok((text(row, 0)?.to_owned(), text(row, 1)?.to_owned()));
    reply.rows(name).map(pair).collect()
}

/// Tables of extensions with rows about objects of users, the condition of these, and whether they may be deleted.
pub(super) fn kept(reply: &Reply) -> Result<Vec<(String, String, bool)>, Error> {
    let kept = |row: &Row| Ok((text(row, 0)?.to_owned(), text(row, 1)?.to_owned(), text(row, 2)? == "t"));
    reply.rows("atlas_kept").map(kept).collect()
}

fn json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<T, Error> {
    serde_json::from_str(text(row, column)?).map_err(|_| unreadable())
}

fn number(row: &Row, column: usize) -> Result<u64, Error> {
    text(row, column)?.parse().map_err(|_| unreadable())
}

fn text(row: &Row, column: usize) -> Result<&str, Error> {
    row.get(column).and_then(Option::as_deref).ok_or_else(unreadable)
}

fn unreadable() -> Error {
    Error::new(ErrorKind::Database, "what the server said about its tables could not be read")
}
