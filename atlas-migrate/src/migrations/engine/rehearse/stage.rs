//! What there was before a rehearsal, and what has become of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use atlas_migrate_core::statement::{Named, locks};

use crate::migrations::rehearsal::{Lock, LockMode, Rewrite};
use crate::postgres::row::{Unreadable, missing, one, parse, string, text};
use crate::postgres::session::Reply;

/// The tables that were there before.
pub(super) struct Stage {
    /// By their object ids.
    tables: BTreeMap<u32, Table>,
    /// By their names without schemas, and by those of their indexes.
    names: BTreeMap<String, Vec<u32>>,
}

struct Table {
    name: String,
    schema: String,
    /// The file that has its rows.
    file: u32,
    /// The locks that the session has on it, and those that it had when what is committed next began: a run takes them anew,
    /// and the server does not show that this one did.
    held: BTreeSet<LockMode>,
    earlier: BTreeSet<LockMode>,
    /// The strongest that was told since.
    told: Option<LockMode>,
}

/// What a statement did.
pub(super) struct Findings {
    pub(super) duration: Duration,
    pub(super) locks: Vec<Lock>,
    pub(super) rewrites: Vec<Rewrite>,
}

impl Stage {
    pub(super) fn read(reply: &Reply) -> Result<Self, Unreadable> {
        let mut stage = Self { tables: BTreeMap::new(), names: BTreeMap::new() };
        for row in reply.rows("atlas_table") {
            let id = parse(row, 0)?;
            let (held, earlier) = (BTreeSet::new(), BTreeSet::new());
            let (name, schema, file) = (string(row, 1)?, string(row, 3)?, parse(row, 2)?);
            stage.tables.insert(id, Table { name, schema, file, held, earlier, told: None });
            stage.names.entry(string(row, 4)?).or_default().push(id);
        }
        for row in reply.rows("atlas_index") {
            stage.names.entry(string(row, 1)?).or_default().push(parse(row, 0)?);
        }
        stage.pass_over(reply)?;
        Ok(stage)
    }

    /// From now on all locks are told again: a run commits what comes next by itself.
    pub(super) fn begin(&mut self) {
        for table in self.tables.values_mut() {
            table.earlier = table.held.clone();
            table.told = None;
        }
    }

    /// What a statement did, going by the answer to it.
    pub(super) fn take(&mut self, reply: &Reply, sql: &str) -> Result<Findings, Unreadable> {
        let duration =
            Duration::from_micros(clock(reply, "atlas_ended")?.saturating_sub(clock(reply, "atlas_started")?));
        let mut taken: BTreeMap<u32, LockMode> = BTreeMap::new();
        let mut rewrites = BTreeMap::new();
        for row in reply.rows("atlas_lock") {
            let (id, name, file): (u32, _, u32) = (parse(row, 0)?, text(row, 1)?, parse(row, 2)?);
            let mode = LockMode::of_catalog(name).ok_or_else(|| missing(format!("lock {name}")))?;
            let Some(table) = self.tables.get_mut(&id) else { continue };
            if table.held.insert(mode) {
                taken.entry(id).and_modify(|strongest| *strongest = mode.max(*strongest)).or_insert(mode);
            }
            if mode == LockMode::AccessExclusive && file != 0 && file != table.file {
                table.file = file;
                rewrites.insert(table.name.clone(), parse(row, 3)?);
            }
        }
        self.taken_again(sql, &mut taken);
        let mut told = BTreeMap::new();
        for (id, mode) in taken {
            let Some(table) = self.tables.get_mut(&id) else { continue };
            if table.told < Some(mode) {
                table.told = Some(mode);
                told.insert(table.name.clone(), mode);
            }
        }
        let lock = |(table, mode)| Lock { mode, table, held: Duration::ZERO };
        Ok(Findings {
            duration,
            locks: told.into_iter().map(lock).collect(),
            rewrites: rewrites.into_iter().map(|(table, bytes)| Rewrite { table, bytes }).collect(),
        })
    }

    /// Adds the locks that the session had already, going by what the statement says.
    fn taken_again(&self, sql: &str, taken: &mut BTreeMap<u32, LockMode>) {
        if self.tables.values().all(|table| table.earlier.is_empty()) {
            return;
        }
        let shown: BTreeSet<u32> = taken.keys().copied().collect();
        for Named { schema, name, mode } in locks(sql) {
            let ids = self.names.get(&name).map_or(&[][..], Vec::as_slice);
            // Of tables of one name in several schemas it is the one that shows.
            if schema.is_none() && ids.len() > 1 && ids.iter().any(|id| shown.contains(id)) {
                continue;
            }
            for id in ids {
                let Some(table) = self.tables.get(id) else { continue };
                if schema.as_ref().is_some_and(|schema| *schema != table.schema) {
                    continue;
                }
                let mode = match mode {
                    Some(mode) => LockMode::of_name(mode).filter(|mode| table.earlier.contains(mode)),
                    None => table.earlier.last().copied(),
                };
                if let Some(mode) = mode {
                    taken.entry(*id).and_modify(|strongest| *strongest = mode.max(*strongest)).or_insert(mode);
                }
            }
        }
    }

    /// Takes note of what no statement of a migration did.
    pub(super) fn pass_over(&mut self, reply: &Reply) -> Result<(), Unreadable> {
        for row in reply.rows("atlas_lock") {
            let (id, mode) = (parse(row, 0)?, text(row, 1)?);
            if let Some(table) = self.tables.get_mut(&id) {
                table.held.extend(LockMode::of_catalog(mode));
            }
        }
        Ok(())
    }
}

/// In microseconds.
fn clock(reply: &Reply, name: &str) -> Result<u64, Unreadable> {
    parse(one(reply, name)?, 0)
}
