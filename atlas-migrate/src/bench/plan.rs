//! Plans, as the server describes them in JSON.

use serde::Deserialize;

/// How many lines of a plan are shown for a gate that has failed.
const SHOWN: usize = 20;

/// How many blocks of 8 kB a statement has looked at, one that it has met twice counted twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buffers {
    pub(super) hit: u64,
    pub(super) read: u64,
}

impl Buffers {
    /// Those that were in the server's memory.
    pub fn hit(self) -> u64 {
        self.hit
    }

    /// Those that were not.
    pub fn read(self) -> u64 {
        self.read
    }

    /// All of them.
    pub fn total(self) -> u64 {
        self.hit + self.read
    }
}

/// The plan of an execution.
#[derive(Debug, Deserialize)]
pub(super) struct Plan {
    #[serde(rename = "Plan")]
    root: Node,
}

/// A part of a plan, and the parts below it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    #[serde(rename = "Node Type")]
    kind: String,
    #[serde(rename = "Operation")]
    operation: Option<String>,
    #[serde(rename = "Strategy")]
    strategy: Option<String>,
    #[serde(rename = "Join Type")]
    join: Option<String>,
    #[serde(rename = "Schema")]
    schema: Option<String>,
    #[serde(rename = "Relation Name")]
    relation: Option<String>,
    #[serde(rename = "CTE Name")]
    cte: Option<String>,
    #[serde(rename = "Index Name")]
    index: Option<String>,
    #[serde(rename = "Filter")]
    filter: Option<String>,
    #[serde(rename = "Actual Rows")]
    rows: f64,
    #[serde(rename = "Actual Loops")]
    loops: f64,
    #[serde(rename = "Shared Hit Blocks")]
    hit: u64,
    #[serde(rename = "Shared Read Blocks")]
    read: u64,
    #[serde(rename = "Plans")]
    parts: Vec<Node>,
}

/// A part of a plan with what its place in the plan says.
#[derive(Clone, Copy)]
pub(super) struct Part<'p> {
    node: &'p Node,
    depth: usize,
    /// The schema of the table that it is about; of a bitmap of an index the part above knows it.
    schema: Option<&'p str>,
}

impl Plan {
    /// Reads what `EXPLAIN` gave.
    pub(super) fn read(json: &str) -> Option<Self> {
        serde_json::from_str::<Vec<Self>>(json).ok()?.into_iter().next()
    }

    /// The one that looks at the most blocks.
    pub(super) fn worst(plans: &[Self]) -> Option<&Self> {
        // The first, where several do.
        plans.iter().rev().max_by_key(|plan| plan.buffers().total())
    }

    pub(super) fn buffers(&self) -> Buffers {
        Buffers { hit: self.root.hit, read: self.root.read }
    }

    /// What it does, part by part, without any numbers.
    pub(super) fn lines(&self) -> Vec<String> {
        self.parts().map(|part| part.indented(&part.node.label())).collect()
    }

    /// All of it, each part before those below it.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let mut parts = Vec::new();
        self.root.collect(0, None, &mut parts);
        parts.into_iter()
    }
}

impl Node {
    fn collect<'p>(&'p self, depth: usize, above: Option<&'p str>, parts: &mut Vec<Part<'p>>) {
        let schema = self.schema.as_deref().or(above);
        parts.push(Part { node: self, depth, schema });
        for part in &self.parts {
            part.collect(depth + 1, schema, parts);
        }
    }

    /// What it does: `Index Scan using messages_by_chat on public.messages`.
    fn label(&self) -> String {
        let mut label = self.operation.as_ref().unwrap_or(&self.kind).clone();
        let ways = [self.strategy.as_deref().filter(|strategy| *strategy != "Plain"), self.join.as_deref()];
        for way in ways.into_iter().flatten().filter(|way| *way != "Inner") {
            label += &format!(" ({way})");
        }
        match (&self.index, &self.relation) {
            (Some(index), Some(_)) => label += &format!(" using {index}"),
            (Some(index), None) => label += &format!(" on {index}"),
            (None, _) => {}
        }
        if let Some(relation) = self.relation.as_ref().or(self.cte.as_ref()) {
            let schema = self.schema.as_ref().map_or(String::new(), |schema| format!("{schema}."));
            label += &format!(" on {schema}{relation}");
        }
        label
    }
}

impl<'p> Part<'p> {
    pub(super) fn is_sequential(self) -> bool {
        self.node.kind == "Seq Scan"
    }

    /// The schema and name of the table that it reads or writes.
    pub(super) fn table(self) -> Option<(&'p str, &'p str)> {
        Some((self.schema?, self.node.relation.as_deref()?))
    }

    /// The schema and name of the index that it uses. An index is in the schema of its table.
    pub(super) fn index(self) -> Option<(&'p str, &'p str)> {
        Some((self.schema?, self.node.index.as_deref()?))
    }

    /// What it does: `Seq Scan on public.messages`.
    pub(super) fn label(self) -> String {
        self.node.label()
    }

    fn indented(self, text: &str) -> String {
        format!("{:1$}{text}", "", 2 * self.depth)
    }

    /// What it does, with its numbers and what it leaves out.
    fn described(self) -> String {
        let Node { rows, loops, hit, read, filter, .. } = self.node;
        let filter = filter.as_ref().map_or(String::new(), |filter| format!(", filter {filter}"));
        format!("{} (rows {rows:.0}, loops {loops:.0}, buffers {}{filter})", self.label(), hit + read)
    }
}

/// Parts of a plan, as they are shown for a gate that has failed.
pub(super) fn excerpt<'p>(parts: impl Iterator<Item = Part<'p>>) -> Vec<String> {
    let parts: Vec<_> = parts.collect();
    let top = parts.iter().map(|part| part.depth).min().unwrap_or(0);
    let line = |part: &Part<'p>| Part { depth: part.depth - top, ..*part }.indented(&part.described());
    let mut lines: Vec<_> = parts.iter().take(SHOWN).map(line).collect();
    if parts.len() > SHOWN {
        lines.push(format!("and {} more", parts.len() - SHOWN));
    }
    lines
}
