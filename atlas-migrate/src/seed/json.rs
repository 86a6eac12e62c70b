//! The report as JSON.

use super::{SeedReport, Seeded};
use crate::render::json::Json;

impl SeedReport {
    /// The report as JSON: `seeds`, each with `name`, `rows` and `duration_ms`; `warnings`.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl From<&SeedReport> for Json {
    fn from(report: &SeedReport) -> Self {
        Self::object().with("seeds", Self::list(report.seeds())).with("warnings", Self::list(report.warnings()))
    }
}

impl From<&Seeded> for Json {
    fn from(seeded: &Seeded) -> Self {
        Self::object().with("name", seeded.name()).with("rows", seeded.rows()).with("duration_ms", seeded.duration())
    }
}
