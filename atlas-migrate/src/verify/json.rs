//! The report as JSON.

use super::{Checked, Finding, Sample, Verdict, VerifyReport};
use crate::render::json::Json;

impl VerifyReport {
    /// The report as JSON, in the form that [the module](super#json) describes.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl From<&VerifyReport> for Json {
    fn from(report: &VerifyReport) -> Self {
        let verdicts = [Verdict::Pass, Verdict::Fail, Verdict::Skipped];
        let count = |counts: Self, verdict: Verdict| counts.with(verdict.as_str(), report.count(verdict));
        Self::object()
            .with("passed", report.passed())
            .with("counts", verdicts.into_iter().fold(Self::object(), count))
            .with("duration_ms", report.duration())
            .with("checks", Self::list(report.checks()))
    }
}

impl From<&Checked> for Json {
    fn from(check: &Checked) -> Self {
        Self::object()
            .with("name", check.name())
            .with("title", check.title())
            .with("place", check.place())
            .with("verdict", check.verdict().as_str())
            .with("note", check.note())
            .with("findings", Self::list(check.findings()))
            .with("samples", Self::list(check.samples()))
            .with("duration_ms", check.duration())
    }
}

impl From<&Finding> for Json {
    fn from(finding: &Finding) -> Self {
        Self::object()
            .with("object", finding.object())
            .with("expected", finding.expected())
            .with("found", finding.found())
    }
}

/// The columns in their order, even if two have one name.
impl From<&Sample> for Json {
    fn from(sample: &Sample) -> Self {
        Self::Object(sample.cells().map(|(column, value)| (column.to_owned(), value.into())).collect())
    }
}
