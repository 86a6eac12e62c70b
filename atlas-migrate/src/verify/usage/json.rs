//! The report as JSON.

use super::{Connections, IndexUsage, TableUsage, Usage};
use crate::render::json::Json;

impl Usage {
    /// All of it as JSON, in the form that [the module](super#json) describes.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl From<&Usage> for Json {
    fn from(usage: &Usage) -> Self {
        let twice = usage.duplicate_indexes().into_iter();
        Self::object()
            .with("since", usage.since())
            .with("tables", Self::list(usage.tables()))
            .with("indexes", Self::list(usage.indexes()))
            .with("unused_indexes", Self::list(usage.unused_indexes().map(IndexUsage::name)))
            .with("duplicate_indexes", Self::list(twice.map(|same| Self::list(same.into_iter().map(IndexUsage::name)))))
            .with("connections", Self::list(usage.connections()))
    }
}

impl From<&TableUsage> for Json {
    fn from(table: &TableUsage) -> Self {
        let TableUsage { name, heap, indexes, toast, rows } = table;
        Self::object()
            .with("name", name)
            .with("heap", *heap)
            .with("indexes", *indexes)
            .with("toast", *toast)
            .with("rows", *rows)
    }
}

impl From<&IndexUsage> for Json {
    fn from(index: &IndexUsage) -> Self {
        let IndexUsage { name, table, size, scans, needed, .. } = index;
        Self::object()
            .with("name", name)
            .with("table", table)
            .with("size", *size)
            .with("scans", *scans)
            .with("needed", *needed)
    }
}

impl From<&Connections> for Json {
    fn from(one: &Connections) -> Self {
        let Connections { state, application, count } = one;
        Self::object().with("state", state).with("application", application).with("count", *count)
    }
}
