//! What the verbs give back, as JSON.

use super::report::{MigrationStatus, Plan, Planned, Status};
use crate::render::json::{Json, variant};
use crate::{Done, Report};

impl Report {
    /// The report as JSON: `migrations`, each with `version`, `name`, `outcome` (as its `Display`) and `duration_ms`; `warnings`.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl Plan {
    /// The plan as JSON: `would_apply`, each with `version`, `name`, `file` and `statements_done`.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl Status {
    /// The status as JSON: `up_to_date`, the numbers `pending` and `drifted`; `migrations`, each with `version`, `name`, `kind`
    /// (`versioned`, `repeatable`), `state` (a [`Standing`](crate::Standing), as `out_of_order`), `applied_at`, `applied_by`,
    /// `duration_ms`, `title`, `description` and `date`, null where there is none; `warnings`.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl From<&Report> for Json {
    fn from(report: &Report) -> Self {
        Self::object()
            .with("migrations", Self::list(report.migrations()))
            .with("warnings", Self::list(report.warnings()))
    }
}

impl From<&Done> for Json {
    fn from(done: &Done) -> Self {
        Self::object()
            .with("version", done.version().as_str())
            .with("name", done.name())
            .with("outcome", done.outcome().to_string())
            .with("duration_ms", done.duration())
    }
}

impl From<&Plan> for Json {
    fn from(plan: &Plan) -> Self {
        Self::object().with("would_apply", Self::list(plan.steps()))
    }
}

impl From<&Planned> for Json {
    fn from(planned: &Planned) -> Self {
        Self::object()
            .with("version", planned.version().as_str())
            .with("name", planned.name())
            .with("file", planned.path())
            .with("statements_done", planned.statements_done())
    }
}

impl From<&Status> for Json {
    fn from(status: &Status) -> Self {
        let pending = status.pending().count();
        let drifted = status.migrations().iter().filter(|migration| migration.has_drifted()).count();
        Self::object()
            .with("up_to_date", pending == 0 && drifted == 0)
            .with("pending", pending)
            .with("drifted", drifted)
            .with("migrations", Self::list(status.migrations()))
            .with("warnings", Self::list(status.warnings()))
    }
}

impl From<&MigrationStatus> for Json {
    fn from(status: &MigrationStatus) -> Self {
        Self::object()
            .with("version", status.version().as_str())
            .with("name", status.name())
            .with("kind", variant(&status.kind()))
            .with("state", variant(&status.standing()))
            .with("applied_at", status.applied_at())
            .with("applied_by", status.applied_by())
            .with("duration_ms", status.execution_time())
            .with("title", status.title())
            .with("description", status.description())
            .with("date", status.date())
    }
}
