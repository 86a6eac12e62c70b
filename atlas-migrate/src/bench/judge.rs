//! Whether a statement keeps to its gates.

use atlas_migrate_core::bench::Gate as Declared;

use super::plan::{Part, Plan, excerpt};
use super::{Buffers, Gate, GateKind, Latency};
use crate::postgres::row::{Unreadable, optional, parse, string};
use crate::postgres::session::Row;
use crate::render::time::shown;

/// An index or table that a gate names, or a part of it: a partition's, a child's.
pub(super) struct Named {
    /// The number of the gate.
    gate: usize,
    schema: String,
    name: String,
    /// The table of an index.
    of: Option<String>,
}

impl Named {
    pub(super) fn read(row: &Row) -> Result<Self, Unreadable> {
        Ok(Self {
            gate: parse(row, 0)?,
            schema: string(row, 1)?,
            name: string(row, 2)?,
            of: optional(row, 3).map(str::to_owned),
        })
    }

    fn is(&self, object: Option<(&str, &str)>) -> bool {
        object.is_some_and(|(schema, name)| same_schema(schema, &self.schema) && name == self.name)
    }

    fn is_of(&self, table: Option<(&str, &str)>) -> bool {
        table.is_some_and(|(schema, name)| same_schema(schema, &self.schema) && self.of.as_deref() == Some(name))
    }
}

/// The schema of temporary tables has another name in plans, from PostgreSQL 15 on.
fn same_schema(one: &str, other: &str) -> bool {
    const TEMPORARY: &str = "pg_temp";
    one == other || one.starts_with(TEMPORARY) && other.starts_with(TEMPORARY)
}

/// What was found.
struct Found {
    passed: bool,
    found: String,
    excerpt: Vec<String>,
}

impl Found {
    fn passed(found: impl Into<String>) -> Self {
        Self { passed: true, found: found.into(), excerpt: Vec::new() }
    }

    fn failed(found: impl Into<String>, excerpt: Vec<String>) -> Self {
        Self { passed: false, found: found.into(), excerpt }
    }
}

pub(super) fn judge(number: usize, gate: &Declared, latency: &Latency, plans: &[Plan], named: &[Named]) -> Gate {
    let named: Vec<_> = named.iter().filter(|named| named.gate == number).collect();
    let kind = if matches!(gate, Declared::Latency { .. }) { GateKind::Latency } else { GateKind::Plan };
    let Found { passed, found, excerpt } = match gate {
        Declared::Latency { statistic, below } => {
            let time = latency.get(*statistic);
            let found = shown(time);
            if time < *below { Found::passed(found) } else { Found::failed(found, Vec::new()) }
        }
        Declared::MaxBuffers(most) => buffers(*most, plans),
        Declared::UsesIndex(_) if named.is_empty() => Found::failed("no such index", Vec::new()),
        Declared::UsesIndex(_) => uses_index(plans, &named),
        Declared::NoSeqScan(_) if named.is_empty() => Found::failed("no such table", Vec::new()),
        Declared::NoSeqScan(_) => no_seq_scan(plans, &named),
    };
    Gate { kind, text: gate.to_string(), passed, found, excerpt }
}

fn buffers(most: u64, plans: &[Plan]) -> Found {
    let Some(worst) = Plan::worst(plans) else { return Found::passed("0") };
    let all @ Buffers { hit, read } = worst.buffers();
    let found = format!("{} ({hit} hit, {read} read)", all.total());
    if all.total() <= most { Found::passed(found) } else { Found::failed(found, excerpt(worst.parts())) }
}

fn uses_index(plans: &[Plan], named: &[&Named]) -> Found {
    let uses = |part: &Part<'_>| named.iter().any(|named| named.is(part.index()));
    for (number, plan) in plans.iter().enumerate() {
        if plan.parts().any(|part| uses(&part)) {
            continue;
        }
        let of_table = excerpt(plan.parts().filter(|part| named.iter().any(|named| named.is_of(part.table()))));
        let excerpt = if of_table.is_empty() { excerpt(plan.parts()) } else { of_table };
        return Found::failed(format!("not used{}", which(number, plans)), excerpt);
    }
    Found::passed("used")
}

fn no_seq_scan(plans: &[Plan], named: &[&Named]) -> Found {
    for (number, plan) in plans.iter().enumerate() {
        let is_one = |part: &Part<'_>| part.is_sequential() && named.iter().any(|named| named.is(part.table()));
        let scans: Vec<_> = plan.parts().filter(is_one).collect();
        if let Some(first) = scans.first() {
            let found = format!("{}{}", first.label(), which(number, plans));
            return Found::failed(found, excerpt(scans.into_iter()));
        }
    }
    Found::passed("none")
}

/// With which of several sets of parameters.
fn which(number: usize, plans: &[Plan]) -> String {
    if plans.len() > 1 { format!(", with set {} of the parameters", number + 1) } else { String::new() }
}
