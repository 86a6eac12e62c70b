//! What measuring gives back.

use std::time::Duration;

use atlas_migrate_core::bench::Benchmark;

use super::{Buffers, Latency};

/// What statements cost: each benchmark, in its order.
///
/// `Display` shows a table, and below each line what is wrong, in plain text; [`colored`](Self::colored) with the colours of a
/// terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct BenchReport {
    pub(super) benchmarks: Vec<Measured>,
    pub(super) duration: Duration,
}

/// A benchmark, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) place: String,
    pub(super) latency: Option<Latency>,
    pub(super) buffers: Option<Buffers>,
    pub(super) plan: Vec<String>,
    pub(super) gates: Vec<Gate>,
    pub(super) failure: Option<String>,
}

/// What a statement may cost, and what it does cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    pub(super) kind: GateKind,
    pub(super) text: String,
    pub(super) passed: bool,
    pub(super) found: String,
    pub(super) excerpt: Vec<String>,
}

/// What a gate is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GateKind {
    /// How long it takes, which depends on the machine and on what else it does: a soft gate.
    Latency,
    /// How it is carried out, which depends on schema, data and server alone: a hard gate.
    Plan,
}

impl BenchReport {
    /// Every benchmark, in its order.
    pub fn benchmarks(&self) -> &[Measured] {
        &self.benchmarks
    }

    /// Whether every statement was carried out and keeps to all of its gates.
    pub fn passed(&self) -> bool {
        self.benchmarks.iter().all(Measured::passed)
    }

    /// Whether every statement was carried out and keeps to its hard gates, however long it took.
    pub fn passed_plans(&self) -> bool {
        self.benchmarks.iter().all(Measured::passed_plans)
    }

    /// How long it all took.
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

impl Measured {
    pub(super) fn new(benchmark: &Benchmark, path: &str) -> Self {
        Self {
            name: benchmark.name.clone(),
            title: benchmark.title.clone(),
            place: format!("{path}:{}", benchmark.line),
            latency: None,
            buffers: None,
            plan: Vec::new(),
            gates: Vec::new(),
            failure: None,
        }
    }

    /// The name of its file, without number and ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its `-- Description:` line says.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Where it is: `benchmarks/010_timeline.sql:3`; if it failed, maybe with the column.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// How long it takes, as the client sees it; none if it failed.
    pub fn latency(&self) -> Option<&Latency> {
        self.latency.as_ref()
    }

    /// How much it reads with the set of parameters for which that is most, among the first ten; none if it failed.
    pub fn buffers(&self) -> Option<Buffers> {
        self.buffers
    }

    /// Its plan with that set of parameters: a line for each part, without numbers.
    pub fn plan(&self) -> &[String] {
        &self.plan
    }

    /// Its gates, in the order of the file; none if it failed.
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// Why it could not be measured.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Whether it was carried out and keeps to all of its gates.
    pub fn passed(&self) -> bool {
        self.failure.is_none() && self.gates.iter().all(Gate::passed)
    }

    /// Whether it was carried out and keeps to its hard gates.
    pub fn passed_plans(&self) -> bool {
        self.failure.is_none() && self.gates.iter().all(|gate| gate.passed || gate.kind == GateKind::Latency)
    }
}

impl Gate {
    /// What it is about.
    pub fn kind(&self) -> GateKind {
        self.kind
    }

    /// What is expected, as the directive has it: `p50 < 10ms`, `uses-index messages_by_chat`.
    pub fn expected(&self) -> &str {
        &self.text
    }

    /// What was found.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// Whether the statement keeps to it.
    pub fn passed(&self) -> bool {
        self.passed
    }

    /// If not: the part of the plan that shows it.
    pub fn excerpt(&self) -> &[String] {
        &self.excerpt
    }
}

impl GateKind {
    /// The word for it: `latency` or `plan`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Plan => "plan",
        }
    }
}
