//! The report as JSON.

use serde::{Serialize, Serializer};

use super::{Connections, IndexUsage, TableUsage, Usage};

#[derive(Serialize)]
struct Report<'r> {
    since: Option<&'r str>,
    tables: Vec<Table<'r>>,
    indexes: Vec<Index<'r>>,
    unused_indexes: Vec<&'r str>,
    duplicate_indexes: Vec<Vec<&'r str>>,
    connections: Vec<Group<'r>>,
}

#[derive(Serialize)]
struct Table<'r> {
    name: &'r str,
    heap: u64,
    indexes: u64,
    toast: u64,
    rows: Option<u64>,
}

#[derive(Serialize)]
struct Index<'r> {
    name: &'r str,
    table: &'r str,
    size: u64,
    scans: u64,
    needed: bool,
}

#[derive(Serialize)]
struct Group<'r> {
    state: &'r str,
    application: &'r str,
    count: u64,
}

impl Usage {
    /// All of it as JSON, in the form that [the module](super#json) describes.
    pub fn to_json(&self) -> String {
        crate::render::json::pretty(self)
    }

    fn as_json(&self) -> impl Serialize + '_ {
        let names = |indexes: Vec<_>| indexes.into_iter().map(IndexUsage::name).collect::<Vec<_>>();
        Report {
            since: self.since(),
            tables: self.tables().iter().map(Table::new).collect(),
            indexes: self.indexes().iter().map(Index::new).collect(),
            unused_indexes: names(self.unused_indexes().collect()),
            duplicate_indexes: self.duplicate_indexes().into_iter().map(names).collect(),
            connections: self.connections().iter().map(Group::new).collect(),
        }
    }
}

/// As the object that [`to_json`](Usage::to_json) writes.
impl Serialize for Usage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_json().serialize(serializer)
    }
}

impl<'r> Table<'r> {
    fn new(table: &'r TableUsage) -> Self {
        let TableUsage { name, heap, indexes, toast, rows } = table;
        Self { name, heap: *heap, indexes: *indexes, toast: *toast, rows: *rows }
    }
}

impl<'r> Index<'r> {
    fn new(index: &'r IndexUsage) -> Self {
        let IndexUsage { name, table, size, scans, needed, .. } = index;
        Self { name, table, size: *size, scans: *scans, needed: *needed }
    }
}

impl<'r> Group<'r> {
    fn new(one: &'r Connections) -> Self {
        let Connections { state, application, count } = one;
        Self { state, application, count: *count }
    }
}
