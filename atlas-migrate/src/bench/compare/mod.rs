//! What has changed since an earlier report.

use std::fmt;
use std::time::Duration;

use atlas_migrate_core::bench::Statistic;

use super::json::{Baseline, Earlier};
use super::{BenchReport, Measured};
use crate::error::hint::{Verb, hint};
use crate::render::paint::{printable, table};
use crate::render::time::shown;
use crate::{Error, ErrorKind};

/// A report beside an earlier one. `Display` shows a table.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Comparison {
    benchmarks: Vec<Compared>,
}

/// A benchmark, now and before.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    name: String,
    change: Change,
    p50: (Option<Duration>, Option<Duration>),
    buffers: (Option<u64>, Option<u64>),
}

/// What has become of a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It has the plan that it had.
    SamePlan,
    /// It has another plan, or has none where it had one, since it failed.
    OtherPlan,
    /// It was not there before.
    New,
    /// It is not there any more.
    Gone,
}

impl BenchReport {
    /// Compares it with the JSON of an earlier report: its benchmarks in their order, then those that are gone.
    ///
    /// # Errors
    ///
    /// [`Source`](ErrorKind::Source), if that is no such JSON.
    pub fn compare(&self, baseline: &str) -> Result<Comparison, Error> {
        let Baseline { benchmarks: earlier } = serde_json::from_str(baseline).map_err(|error| {
            Error::new(ErrorKind::Source, format!("the baseline is not the JSON of a report: {error}"))
                .hint(hint!["make it anew, with ", Verb::SaveBench])
        })?;
        let now = self.benchmarks.iter().map(|now| {
            let before = earlier.iter().find(|before| before.name == now.name);
            Compared::new(now.name.clone(), before, Some(now))
        });
        let is_gone = |before: &&Earlier| self.benchmarks.iter().all(|now| now.name != before.name);
        let gone = earlier.iter().filter(is_gone).map(|before| Compared::new(before.name.clone(), Some(before), None));
        Ok(Comparison { benchmarks: now.chain(gone).collect() })
    }
}

impl Comparison {
    /// Every benchmark.
    pub fn benchmarks(&self) -> &[Compared] {
        &self.benchmarks
    }
}

impl Compared {
    fn new(name: String, before: Option<&Earlier>, now: Option<&Measured>) -> Self {
        let change = match (before, now) {
            (None, _) => Change::New,
            (_, None) => Change::Gone,
            (Some(before), Some(now)) if before.plan == now.plan => Change::SamePlan,
            _ => Change::OtherPlan,
        };
        let p50 = |now: &Measured| now.latency.as_ref().map(|latency| latency.get(Statistic::P50));
        let buffers = |now: &Measured| now.buffers.map(super::Buffers::total);
        Self {
            name,
            change,
            p50: (before.and_then(Earlier::p50), now.and_then(p50)),
            buffers: (before.and_then(Earlier::buffers), now.and_then(buffers)),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What has become of it.
    pub fn change(&self) -> Change {
        self.change
    }

    /// How many times as long half of its executions take at the most; none if there is nothing to compare.
    pub fn p50_ratio(&self) -> Option<f64> {
        let (before, now) = self.p50;
        ratio(before?.as_secs_f64(), now?.as_secs_f64())
    }

    /// How many times as many blocks it reads; none if there is nothing to compare.
    pub fn buffers_ratio(&self) -> Option<f64> {
        let (before, now) = self.buffers;
        ratio(before? as f64, now? as f64)
    }
}

/// None where there was nothing before.
fn ratio(before: f64, now: f64) -> Option<f64> {
    (before > 0.0).then(|| now / before)
}

impl Change {
    /// The word for it: `same`, `changed`, `new` or `gone`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SamePlan => "same",
            Self::OtherPlan => "changed",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEADER: [&str; 8] = ["benchmark", "p50 before", "now", "ratio", "buffers before", "now", "ratio", "plan"];
        let none = || "-".to_owned();
        let time = |time: Option<Duration>| time.map_or_else(none, shown);
        let number = |number: Option<u64>| number.map_or_else(none, |number| number.to_string());
        let ratio = |ratio: Option<f64>| ratio.map_or_else(none, |ratio| format!("{ratio:.2}"));
        let line = |one: &Compared| {
            [
                printable(&one.name),
                time(one.p50.0),
                time(one.p50.1),
                ratio(one.p50_ratio()),
                number(one.buffers.0),
                number(one.buffers.1),
                ratio(one.buffers_ratio()),
                one.change.as_str().to_owned(),
            ]
        };
        let lines: Vec<_> = [HEADER.map(str::to_owned)].into_iter().chain(self.benchmarks.iter().map(line)).collect();
        f.write_str(&table(&lines, |column| column == 0 || HEADER[column] == "plan").join("\n"))
    }
}

#[cfg(test)]
mod tests;
