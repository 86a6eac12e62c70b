//! Which tables are meant.

use std::collections::HashMap;

use atlas_migrate_core::seed_name::table_of;

use super::refusal;
use super::state::{Kind, Ours, Reference, Sequence, State, Table};
use crate::Error;

/// Tables, as the builder names them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) schemas: Option<Vec<String>>,
    pub(crate) tables: Option<Vec<String>>,
    pub(crate) keep: Vec<String>,
}

/// Tables that are to be emptied, and how they hang together.
#[derive(Debug)]
pub(super) struct Chosen<'a> {
    pub(super) tables: Vec<&'a Table>,
    /// The tables that each one refers to, by their numbers.
    pub(super) references: Vec<Vec<usize>>,
    /// References of other tables, with the number of the table that each is to.
    pub(super) outside: Vec<(&'a Reference, usize)>,
}

impl Scope {
    /// The schemas that are meant.
    pub(super) fn schemas<'a>(&self, state: &'a State) -> Result<Vec<&'a str>, Error> {
        let Some(names) = &self.schemas else {
            return Ok(state
                .schemas
                .iter()
                .filter(|schema| !schema.member)
                .map(|schema| schema.name.as_str())
                .collect());
        };
        let find = |name: &String| {
            let found = state.schemas.iter().find(|schema| schema.name == *name);
            found.map(|schema| schema.name.as_str()).ok_or_else(|| refusal::no_schema(name, state))
        };
        names.iter().map(find).collect()
    }

    /// The tables that are meant. What belongs to extensions, to this library or to another server is not, unless it is named,
    /// which is an error.
    pub(super) fn choose<'a>(&self, state: &'a State) -> Result<Chosen<'a>, Error> {
        let schemas = self.schemas(state)?;
        let candidates: Vec<_> = state.tables.iter().filter(|table| schemas.contains(&table.schema.as_str())).collect();
        let find_all =
            |names: &[String]| names.iter().map(|name| find(name, &candidates)).collect::<Result<Vec<_>, _>>();
        let kept = find_all(&self.keep)?;
        let named = self.tables.as_deref().map(find_all).transpose()?;
        let mut tables = Vec::new();
        for table in &candidates {
            let is_named = named.as_ref().is_some_and(|named| named.iter().any(|other| other.oid == table.oid));
            let is_kept = kept.iter().any(|other| other.oid == table.oid);
            if is_kept || (named.is_some() && !is_named) {
                continue;
            }
            match spared(table) {
                None => tables.push(*table),
                Some(reason) if is_named => return Err(refusal::spared(table, reason)),
                Some(_) => {}
            }
        }
        Ok(Chosen::new(tables, &state.references))
    }

    /// Whether a seed that was loaded is to load again, now that these tables are empty. What SQL has filled nobody knows: it is
    /// taken to be all, unless only some tables were named.
    pub(super) fn loads_again(&self, seed: &str, tables: &[&Table]) -> bool {
        let table = match seed.strip_prefix("generated:") {
            Some(name) => Some(name.split_once('.').map_or((None, name), |(schema, name)| (Some(schema), name))),
            None => table_of(seed),
        };
        match table {
            None => self.tables.is_none(),
            Some((schema, name)) => {
                tables.iter().any(|table| table.name == name && schema.is_none_or(|schema| schema == table.schema))
            }
        }
    }
}

impl<'a> Chosen<'a> {
    fn new(tables: Vec<&'a Table>, all: &'a [Reference]) -> Self {
        let numbers: HashMap<_, _> = tables.iter().enumerate().map(|(number, table)| (table.oid, number)).collect();
        let mut references = vec![Vec::new(); tables.len()];
        let mut outside = Vec::new();
        for reference in all {
            match (numbers.get(&reference.from), numbers.get(&reference.to)) {
                (Some(from), Some(to)) => references[*from].push(*to),
                (None, Some(to)) => outside.push((reference, *to)),
                (_, None) => {}
            }
        }
        Self { tables, references, outside }
    }

    /// The sequences that number these tables and no others.
    pub(super) fn sequences(&self) -> Vec<&'a Sequence> {
        let is_chosen = |oid: &i64| self.tables.iter().any(|table| table.oid == *oid);
        let mut sequences: Vec<&Sequence> = Vec::new();
        for sequence in self.tables.iter().flat_map(|table| &table.sequences) {
            let is_new = sequences.iter().all(|other| other.quoted != sequence.quoted);
            if is_new && sequence.tables.iter().all(is_chosen) {
                sequences.push(sequence);
            }
        }
        sequences
    }
}

/// The table of this name: with its schema, or without if there is but one.
fn find<'a>(name: &str, candidates: &[&'a Table]) -> Result<&'a Table, Error> {
    let is_it =
        |table: &&&Table| table.name == name || name.strip_prefix(&table.schema) == Some(&format!(".{}", table.name));
    let found: Vec<_> = candidates.iter().filter(is_it).copied().collect();
    match found.as_slice() {
        [table] => Ok(table),
        [] => Err(refusal::no_table(name, candidates)),
        several => Err(refusal::several_tables(name, several)),
    }
}

/// Why a table keeps its rows whatever was asked for.
fn spared(table: &Table) -> Option<&'static str> {
    match table.ours {
        Some(Ours::History) => return Some("it is the history of migrations"),
        Some(Ours::Seeds) => return Some("it says which seeds were loaded, and is seen to"),
        Some(Ours::Environment) => return Some("it is the mark of the environment"),
        None => {}
    }
    if table.member {
        Some("it belongs to an extension")
    } else if table.kind == Kind::Foreign {
        Some("it is a foreign table, whose rows are on another server")
    } else {
        None
    }
}
