//! What the server says about itself, its environment and its tables.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::refusal;
use crate::Error;
use crate::postgres::hidden::Hidden;
use crate::postgres::lock::{Lock, Patience};
use crate::postgres::row::{Unreadable, all, flag, json, one, optional, parse, string, text};
use crate::postgres::server::Server;
use crate::postgres::session::{Reply, Row, Session};
use crate::postgres::sql::Sql;
use crate::postgres::sql::lock::lock_key;
use crate::postgres::transaction::{Conversation, Transaction};

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
#[derive(Clone, Debug)]
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ordinary,
    Partitioned,
    Foreign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ours {
    History,
    Seeds,
    Environment,
}

impl Table {
    fn read(row: &Row) -> Result<Self, Unreadable> {
        let kind = match text(row, 4)? {
            "p" => Kind::Partitioned,
            "f" => Kind::Foreign,
            _ => Kind::Ordinary,
        };
        let ours = match optional(row, 5) {
            Some("history") => Some(Ours::History),
            Some("seeds") => Some(Ours::Seeds),
            Some(_) => Some(Ours::Environment),
            None => None,
        };
        Ok(Self {
            oid: parse(row, 0)?,
            schema: string(row, 1)?,
            name: string(row, 2)?,
            quoted: string(row, 3)?,
            kind,
            ours,
            distrusted: optional(row, 6).map(str::to_owned),
            member: flag(row, 7)?,
            foreign_part: optional(row, 8).map(str::to_owned),
            may_read: flag(row, 9)?,
            may_delete: flag(row, 10)?,
            may_truncate: flag(row, 11)?,
            pages: parse(row, 12)?,
            known_rows: parse(row, 13)?,
            known_pages: parse(row, 14)?,
            parent: flag(row, 15)?,
            triggers: flag(row, 16)?,
            sequences: json(row, 17)?,
        })
    }

    /// Without pages there are no rows, as far as the server says.
    pub(super) fn is_empty(&self) -> bool {
        self.pages == 0
    }

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
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// The table that has it, quoted and with its schema: a partition, if that alone has it.
    pub(crate) table: String,
    /// A list of them, quoted.
    pub(crate) columns: String,
    pub(crate) may_read: bool,
}

impl Reference {
    fn read(row: &Row) -> Result<Self, Unreadable> {
        Ok(Self {
            from: parse(row, 0)?,
            to: parse(row, 1)?,
            table: string(row, 2)?,
            columns: string(row, 3)?,
            may_read: flag(row, 4)?,
        })
    }
}

impl State {
    pub(super) fn read(reply: &Reply) -> Result<Self, Unreadable> {
        let row = one(reply, "atlas_state")?;
        Ok(Self {
            marks: json(row, 0)?,
            path: string(row, 11)?,
            database: string(row, 1)?,
            host: string(row, 10)?,
            user: string(row, 2)?,
            replication_role: Some(string(row, 9)?).filter(|role| !role.is_empty()),
            schemas: json(row, 3)?,
            server: Server::read(row, 4)?,
            tables: all(reply, "atlas_table", Table::read)?,
            references: all(reply, "atlas_reference", Reference::read)?,
        })
    }

    /// The tables that say which seeds were loaded.
    pub(super) fn seeds(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| table.ours == Some(Ours::Seeds))
    }

    /// Begins a transaction in which nobody else migrates or loads seeds, by the tables that there are, those that somebody may be
    /// about to make, and these. If another process was waited for, also gives what there is now: it may have made, marked and
    /// dropped anything.
    pub(super) async fn take_locks<S: Session>(
        &self,
        conversation: &mut Conversation<'_, S>,
        patience: &Patience,
        begin: &str,
        more: &[(&str, &str)],
        look: &str,
    ) -> Result<(Transaction, Option<Self>), Error> {
        let is_locked = |table: &&Table| matches!(table.ours, Some(Ours::History | Ours::Seeds));
        let known = self.tables.iter().filter(is_locked).map(|table| (table.schema.as_str(), table.name.as_str()));
        let usual = [("public", "schema_migrations"), ("public", "schema_seeds")];
        let names: BTreeSet<_> = known.chain(usual).chain(more.iter().copied()).collect();
        let keys: Vec<_> = names.iter().map(|(schema, table)| lock_key(schema, table).to_string()).collect();
        let leases = Sql::holders_of_leases(names.into_iter());
        let lock = Lock { doing: "migrating or loading seeds", keys: &keys, leases: &leases };
        let (transaction, has_waited) = lock.take(conversation, patience, begin).await?;
        if !has_waited {
            return Ok((transaction, None));
        }
        let reply = conversation.send(look).await;
        let reply = reply.map_err(|failure| refusal::failed("looking at the tables again", failure))?;
        let now = Self::read(&reply)?;
        // In this transaction, the path is ours.
        Ok((transaction, Some(Self { path: self.path.clone(), ..now })))
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

    /// What is taken for it before anything was counted.
    pub(super) fn guess(table: &Table) -> Self {
        match table.known_as_large() {
            _ if table.is_empty() => Self::default(),
            Some(count) => count,
            None => Self::SOME,
        }
    }

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
pub(super) fn counts(reply: &Reply) -> Result<Vec<(usize, Count)>, Unreadable> {
    let count = |row: &Row| Ok((parse(row, 0)?, Count::of(parse(row, 1)?, parse(row, 2)?, parse(row, 3)?)));
    all(reply, "atlas_rows", count)
}

/// The first column of the rows of this name, which are numbers.
pub(super) fn numbers(reply: &Reply, name: &str) -> Result<Vec<usize>, Unreadable> {
    all(reply, name, |row| parse(row, 0))
}

/// For tables, by their numbers, how many rows were removed.
pub(super) fn removed(reply: &Reply) -> Result<Vec<(usize, u64)>, Unreadable> {
    all(reply, "atlas_removed", |row| Ok((parse(row, 0)?, parse(row, 1)?)))
}

/// Namespace and name of seeds, each with the number of its table.
pub(super) fn seeds(reply: &Reply) -> Result<Vec<(usize, String, String)>, Unreadable> {
    all(reply, "atlas_seed", |row| Ok((parse(row, 0)?, string(row, 1)?, string(row, 2)?)))
}

/// The first two columns of the rows of this name.
pub(super) fn texts(reply: &Reply, name: &str) -> Result<Vec<(String, String)>, Unreadable> {
    all(reply, name, |row| Ok((string(row, 0)?, string(row, 1)?)))
}

/// Tables of extensions with rows about objects of users, the condition of these, and whether they may be deleted.
pub(super) fn kept(reply: &Reply) -> Result<Vec<(String, String, bool)>, Unreadable> {
    all(reply, "atlas_kept", |row| Ok((string(row, 0)?, string(row, 1)?, flag(row, 2)?)))
}
