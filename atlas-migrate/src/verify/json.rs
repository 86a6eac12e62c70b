//! The report as JSON.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Checked, Finding, Sample, Verdict, VerifyReport};
use crate::render::time::milliseconds;

#[derive(Serialize)]
struct Report<'r> {
    passed: bool,
    counts: Counts,
    duration_ms: f64,
    checks: Vec<OfCheck<'r>>,
}

#[derive(Serialize)]
struct Counts {
    pass: usize,
    fail: usize,
    skipped: usize,
}

#[derive(Serialize)]
struct OfCheck<'r> {
    name: &'r str,
    title: Option<&'r str>,
    place: Option<&'r str>,
    verdict: &'static str,
    note: Option<&'r str>,
    findings: Vec<OfFinding<'r>>,
    samples: Vec<Row<'r>>,
    duration_ms: f64,
}

#[derive(Serialize)]
struct OfFinding<'r> {
    object: &'r str,
    expected: &'r str,
    found: &'r str,
}

/// An object with the columns in their order.
struct Row<'r>(&'r Sample);

impl VerifyReport {
    /// The report as JSON, in the form that [the module](super#json) describes.
    pub fn to_json(&self) -> String {
        crate::render::json::pretty(self)
    }

    fn as_json(&self) -> impl Serialize + '_ {
        Report {
            passed: self.passed(),
            counts: Counts {
                pass: self.count(Verdict::Pass),
                fail: self.count(Verdict::Fail),
                skipped: self.count(Verdict::Skipped),
            },
            duration_ms: milliseconds(self.duration()),
            checks: self.checks().iter().map(OfCheck::new).collect(),
        }
    }
}

/// As the object that [`to_json`](VerifyReport::to_json) writes.
impl Serialize for VerifyReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_json().serialize(serializer)
    }
}

impl<'r> OfCheck<'r> {
    fn new(check: &'r Checked) -> Self {
        let finding = |finding: &'r Finding| OfFinding {
            object: finding.object(),
            expected: finding.expected(),
            found: finding.found(),
        };
        Self {
            name: check.name(),
            title: check.title(),
            place: check.place(),
            verdict: check.verdict().as_str(),
            note: check.note(),
            findings: check.findings().iter().map(finding).collect(),
            samples: check.samples().iter().map(Row).collect(),
            duration_ms: milliseconds(check.duration()),
        }
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (column, value) in self.0.cells() {
            map.serialize_entry(column, &value)?;
        }
        map.end()
    }
}
