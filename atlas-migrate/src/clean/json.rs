//! What the verbs give back, as JSON.

use super::{CleanPlan, CleanReport, Emptied, Means, ResetPlan, ResetReport};
use crate::render::json::Json;

impl CleanPlan {
    /// The plan as JSON: `database`, `host`, `environment`; `tables`, each with `table`, `rows`, `estimated`, `means` (`delete`,
    /// `truncate`) and `statement`; the numbers of `seeds` and `sequences`.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl CleanReport {
    /// The report as JSON: the fields of [`CleanPlan::to_json`] without `environment`; `duration_ms`.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl ResetPlan {
    /// The plan as JSON: `database`, `host`, `environment`; `dropped`, what would be; `left`.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl ResetReport {
    /// The report as JSON: `database`, `host`, `dropped`, `left`; `migrations` and `warnings` as of
    /// [`Report::to_json`](crate::Report::to_json).
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl From<&CleanPlan> for Json {
    fn from(plan: &CleanPlan) -> Self {
        Self::object()
            .with("database", plan.database())
            .with("host", plan.host())
            .with("environment", plan.environment())
            .with("tables", Self::list(plan.tables()))
            .with("seeds", plan.seeds())
            .with("sequences", plan.sequences())
    }
}

impl From<&CleanReport> for Json {
    fn from(report: &CleanReport) -> Self {
        Self::object()
            .with("database", report.database())
            .with("host", report.host())
            .with("tables", Self::list(report.tables()))
            .with("seeds", report.seeds())
            .with("sequences", report.sequences())
            .with("duration_ms", report.duration())
    }
}

impl From<&Emptied> for Json {
    fn from(one: &Emptied) -> Self {
        let means = match one.means() {
            Means::Delete => "delete",
            Means::Truncate => "truncate",
        };
        Self::object()
            .with("table", one.table())
            .with("rows", one.rows())
            .with("estimated", one.is_estimated())
            .with("means", means)
            .with("statement", one.statement())
    }
}

impl From<&ResetPlan> for Json {
    fn from(plan: &ResetPlan) -> Self {
        Self::object()
            .with("database", plan.database())
            .with("host", plan.host())
            .with("environment", plan.environment())
            .with("dropped", Self::list(plan.objects()))
            .with("left", Self::list(plan.left()))
    }
}

impl From<&ResetReport> for Json {
    fn from(report: &ResetReport) -> Self {
        Self::object()
            .with("database", report.database())
            .with("host", report.host())
            .with("dropped", Self::list(report.dropped()))
            .with("left", Self::list(report.left()))
            .with_all(report.migrations())
    }
}
