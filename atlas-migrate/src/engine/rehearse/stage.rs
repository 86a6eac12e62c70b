//! What there was before a rehearsal, and what has become of it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::rehearse::{Lock, LockMode, Rewrite};
use crate::session::{Reply, Row};
use crate::{Error, ErrorKind};

/// The tables that were there before, by their object ids.
pub(super) struct Stage(BTreeMap<u32, Table>);

struct Table {
    name: String,
    /// The file that has its rows.
    file: u32,
    /// The strongest lock that the session has on it.
    held: Option<LockMode>,
}

/// What a statement did.
pub(super) struct Findings {
    pub(super) duration: Duration,
    pub(super) locks: Vec<Lock>,
    pub(super) rewrites: Vec<Rewrite>,
}

impl Stage {
    pub(super) fn read(reply: &Reply) -> Result<Self, Error> {
        let table = |row: &Row| Ok((parse(row, 0)?, Table { name: parse(row, 1)?, file: parse(row, 2)?, held: None }));
        let mut stage = Self(reply.rows("atlas_table").map(table).collect::<Result<_, Error>>()?);
        stage.pass_over(reply)?;
        Ok(stage)
    }

    /// What a statement did, going by the answer to it.
    pub(super) fn take(&mut self, reply: &Reply) -> Result<Findings, Error> {
        let duration =
            Duration::from_micros(clock(reply, "atlas_ended")?.saturating_sub(clock(reply, "atlas_started")?));
        let mut locks = BTreeMap::new();
        let mut rewrites = BTreeMap::new();
        for row in reply.rows("atlas_lock") {
            let (id, name, file): (u32, String, u32) = (parse(row, 0)?, parse(row, 1)?, parse(row, 2)?);
            let mode = LockMode::of_catalog(&name).ok_or_else(unreadable)?;
            let Some(table) = self.0.get_mut(&id) else { continue };
            if table.held < Some(mode) {
                table.held = Some(mode);
                locks.insert(table.name.clone(), mode);
            }
            if mode == LockMode::AccessExclusive && file != 0 && file != table.file {
                table.file = file;
                rewrites.insert(table.name.clone(), parse(row, 3)?);
            }
        }
        Ok(Findings {
            duration,
            locks: locks.into_iter().map(|(table, mode)| Lock { mode, table }).collect(),
            rewrites: rewrites.into_iter().map(|(table, bytes)| Rewrite { table, bytes }).collect(),
        })
    }

    /// Takes note of what no statement of a migration did.
    pub(super) fn pass_over(&mut self, reply: &Reply) -> Result<(), Error> {
        for row in reply.rows("atlas_lock") {
            let (id, mode): (u32, String) = (parse(row, 0)?, parse(row, 1)?);
            if let Some(table) = self.0.get_mut(&id) {
                table.held = table.held.max(LockMode::of_catalog(&mode));
            }
        }
        Ok(())
    }
}

/// In microseconds.
fn clock(reply: &Reply, name: &str) -> Result<u64, Error> {
    parse(reply.rows(name).next_back().ok_or_else(unreadable)?, 0)
}

fn parse<T: std::str::FromStr>(row: &Row, column: usize) -> Result<T, Error> {
    let value = row.get(column).and_then(Option::as_deref).ok_or_else(unreadable)?;
    value.parse().map_err(|_| unreadable())
}

fn unreadable() -> Error {
    Error::new(ErrorKind::Database, "the locks could not be read: the server's answer makes no sense")
}
