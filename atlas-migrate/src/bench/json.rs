//! The report as JSON, and what of it is read again as a baseline.

use std::time::Duration;

use atlas_migrate_core::bench::Statistic;
use serde::{Deserialize, Serialize, Serializer};

use super::{BenchReport, Buffers, Gate, Latency, Measured};
use crate::render::time::milliseconds;

#[derive(Serialize)]
struct Report<'r> {
    passed: bool,
    passed_plans: bool,
    duration_ms: f64,
    benchmarks: Vec<OfBenchmark<'r>>,
}

#[derive(Serialize)]
struct OfBenchmark<'r> {
    name: &'r str,
    title: Option<&'r str>,
    place: &'r str,
    passed: bool,
    failure: Option<&'r str>,
    iterations: Option<usize>,
    latency_ms: Option<OfLatency>,
    buffers: Option<OfBuffers>,
    plan: &'r [String],
    gates: Vec<OfGate<'r>>,
}

#[derive(Serialize)]
struct OfLatency {
    min: f64,
    avg: f64,
    p50: f64,
    p95: f64,
    p99: f64,
    max: f64,
}

#[derive(Serialize)]
struct OfGate<'r> {
    expected: &'r str,
    kind: &'static str,
    passed: bool,
    found: &'r str,
    excerpt: &'r [String],
}

/// What is read of an earlier report.
#[derive(Deserialize)]
pub(super) struct Baseline {
    pub(super) benchmarks: Vec<Earlier>,
}

#[derive(Deserialize)]
pub(super) struct Earlier {
    pub(super) name: String,
    latency_ms: Option<EarlierLatency>,
    buffers: Option<OfBuffers>,
    pub(super) plan: Vec<String>,
}

#[derive(Deserialize)]
struct EarlierLatency {
    p50: f64,
}

#[derive(Serialize, Deserialize)]
struct OfBuffers {
    hit: u64,
    read: u64,
}

impl Earlier {
    /// Half of its executions were no longer; none if it failed, or the number is none that a time can be.
    pub(super) fn p50(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.latency_ms.as_ref()?.p50 / 1000.0).ok()
    }

    pub(super) fn buffers(&self) -> Option<u64> {
        self.buffers.as_ref().map(|OfBuffers { hit, read }| hit.saturating_add(*read))
    }
}

impl BenchReport {
    /// The report as JSON, in the form that [the module](super#json) describes.
    pub fn to_json(&self) -> String {
        crate::render::json::pretty(self)
    }

    fn as_json(&self) -> impl Serialize + '_ {
        Report {
            passed: self.passed(),
            passed_plans: self.passed_plans(),
            duration_ms: milliseconds(self.duration()),
            benchmarks: self.benchmarks().iter().map(OfBenchmark::new).collect(),
        }
    }
}

/// As the object that [`to_json`](BenchReport::to_json) writes.
impl Serialize for BenchReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_json().serialize(serializer)
    }
}

impl<'r> OfBenchmark<'r> {
    fn new(measured: &'r Measured) -> Self {
        let gate = |gate: &'r Gate| OfGate {
            expected: gate.expected(),
            kind: gate.kind().as_str(),
            passed: gate.passed(),
            found: gate.found(),
            excerpt: gate.excerpt(),
        };
        Self {
            name: measured.name(),
            title: measured.title(),
            place: measured.place(),
            passed: measured.passed(),
            failure: measured.failure(),
            iterations: measured.latency().map(Latency::iterations),
            latency_ms: measured.latency().map(OfLatency::new),
            buffers: measured.buffers().map(|Buffers { hit, read }| OfBuffers { hit, read }),
            plan: measured.plan(),
            gates: measured.gates().iter().map(gate).collect(),
        }
    }
}

impl OfLatency {
    fn new(latency: &Latency) -> Self {
        let [min, avg, p50, p95, p99, max] = Statistic::ALL.map(|statistic| milliseconds(latency.get(statistic)));
        Self { min, avg, p50, p95, p99, max }
    }
}
