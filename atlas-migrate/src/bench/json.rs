//! The report as JSON, and what of it is read again as a baseline.

use std::time::Duration;

use atlas_migrate_core::bench::Statistic;
use serde::Deserialize;

use super::{BenchReport, Buffers, Compared, Comparison, Gate, Latency, Measured};
use crate::render::json::Json;

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

#[derive(Deserialize)]
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
        Json::from(self).to_string()
    }
}

impl Comparison {
    /// The comparison as JSON: `benchmarks`, each with `name`, `plan` (`same`, `changed`, `new`, `gone`), `p50_ratio` and
    /// `buffers_ratio`, null where there is nothing to compare.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl From<&BenchReport> for Json {
    fn from(report: &BenchReport) -> Self {
        Self::object()
            .with("passed", report.passed())
            .with("passed_plans", report.passed_plans())
            .with("duration_ms", report.duration())
            .with("benchmarks", Self::list(report.benchmarks()))
    }
}

impl From<&Measured> for Json {
    fn from(measured: &Measured) -> Self {
        Self::object()
            .with("name", measured.name())
            .with("title", measured.title())
            .with("place", measured.place())
            .with("passed", measured.passed())
            .with("failure", measured.failure())
            .with("iterations", measured.latency().map(Latency::iterations))
            .with("latency_ms", measured.latency())
            .with("buffers", measured.buffers())
            .with("plan", Self::list(measured.plan()))
            .with("gates", Self::list(measured.gates()))
    }
}

impl From<&Latency> for Json {
    fn from(latency: &Latency) -> Self {
        Statistic::ALL
            .into_iter()
            .fold(Self::object(), |object, statistic| object.with(statistic.as_str(), latency.get(statistic)))
    }
}

impl From<Buffers> for Json {
    fn from(Buffers { hit, read }: Buffers) -> Self {
        Self::object().with("hit", hit).with("read", read)
    }
}

impl From<&Gate> for Json {
    fn from(gate: &Gate) -> Self {
        Self::object()
            .with("expected", gate.expected())
            .with("kind", gate.kind().as_str())
            .with("passed", gate.passed())
            .with("found", gate.found())
            .with("excerpt", Self::list(gate.excerpt()))
    }
}

impl From<&Comparison> for Json {
    fn from(comparison: &Comparison) -> Self {
        Self::object().with("benchmarks", Self::list(comparison.benchmarks()))
    }
}

impl From<&Compared> for Json {
    fn from(one: &Compared) -> Self {
        Self::object()
            .with("name", one.name())
            .with("plan", one.change().as_str())
            .with("p50_ratio", one.p50_ratio())
            .with("buffers_ratio", one.buffers_ratio())
    }
}
