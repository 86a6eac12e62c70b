//! The shapes of JSON, which `docs/cli.md` describes.

use atlas_migrate_core::fault::Fault;
use serde::Serialize;

use super::context::Location;
use atlas_migrate::__private::cli::ErrorExt as _;
use atlas_migrate::{Done, Error, MigrationStatus, Report};

pub(super) use atlas_migrate::__private::cli::pretty;
pub(super) use atlas_migrate::__private::cli::time::milliseconds;

/// What a command gives back, with its name before it.
#[derive(Serialize)]
pub(super) struct Of<T> {
    command: &'static str,
    #[serde(flatten)]
    report: T,
}

impl<T> Of<T> {
    pub(super) fn new(command: &'static str, report: T) -> Self {
        Self { command, report }
    }
}

/// What went wrong, and what was done before it.
#[derive(Serialize)]
pub(super) struct Failed<'a> {
    error: Wrong<'a>,
    migrations: Vec<Touched<'a>>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Wrong<'a> {
    kind: String,
    message: &'a str,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    sqlstate: Option<&'a str>,
    notes: Vec<&'a str>,
    hint: Option<String>,
    exit_code: u8,
    faults: Vec<Faulty<'a>>,
}

/// What is wrong with one of several files.
#[derive(Serialize)]
struct Faulty<'a> {
    message: &'a str,
    file: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    hint: Option<&'a str>,
}

impl<'a> From<&'a Fault> for Faulty<'a> {
    fn from(fault: &'a Fault) -> Self {
        let (line, column) = fault.position().unzip();
        Self { message: fault.message(), file: fault.path(), line, column, hint: fault.hint_text() }
    }
}

impl<'a> Failed<'a> {
    pub(super) fn new(error: &'a Error, exit_code: u8) -> Self {
        let (message, notes, hint) = error.parts();
        let (migrations, warnings) = (touched(error.report()), error.report().warnings());
        let (file, line, column) = match error.position() {
            Some((file, line, column)) => (Some(file), Some(line), Some(column)),
            None => (None, None, None),
        };
        let error = Wrong {
            kind: name(&error.kind()),
            message,
            file,
            line,
            column,
            sqlstate: error.sqlstate(),
            notes,
            hint,
            exit_code,
            faults: error.each_fault().iter().map(Faulty::from).collect(),
        };
        Self { error, migrations, warnings }
    }
}

/// The name of a variant: `LockTimeout` as `lock_timeout`.
fn name(variant: &impl std::fmt::Debug) -> String {
    let mut text = String::new();
    for character in format!("{variant:?}").chars() {
        if character.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

/// A migration that a command touched.
#[derive(Serialize)]
pub(super) struct Touched<'a> {
    version: &'a str,
    name: &'a str,
    outcome: String,
    duration_ms: f64,
}

impl<'a> From<&'a Done> for Touched<'a> {
    fn from(done: &'a Done) -> Self {
        let (outcome, duration_ms) = (done.outcome().to_string(), milliseconds(done.duration()));
        Self { version: done.version().as_str(), name: done.name(), outcome, duration_ms }
    }
}

pub(super) fn touched(report: &Report) -> Vec<Touched<'_>> {
    report.migrations().iter().map(Touched::from).collect()
}

/// What a run, a revert, a baseline or a repair did.
#[derive(Serialize)]
pub(super) struct Ran<'a> {
    pub(super) command: &'static str,
    pub(super) migrations: Vec<Touched<'a>>,
    pub(super) warnings: &'a [String],
    /// Of what takes something back, or changes what is recorded.
    #[serde(flatten)]
    pub(super) location: Option<Location>,
}

impl<'a> Ran<'a> {
    pub(super) fn new(command: &'static str, report: &'a Report) -> Self {
        Self { command, migrations: touched(report), warnings: report.warnings(), location: None }
    }

    pub(super) fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }
}

/// Where a migration stands.
#[derive(Serialize)]
pub(super) struct Stands<'a> {
    version: &'a str,
    name: &'a str,
    kind: String,
    state: String,
    applied_at: Option<&'a str>,
    applied_by: Option<&'a str>,
    duration_ms: Option<f64>,
    title: Option<&'a str>,
    description: Option<&'a str>,
    date: Option<&'a str>,
}

impl<'a> From<&'a MigrationStatus> for Stands<'a> {
    fn from(status: &'a MigrationStatus) -> Self {
        Self {
            version: status.version().as_str(),
            name: status.name(),
            kind: name(&status.kind()),
            state: name(&status.standing()),
            applied_at: status.applied_at(),
            applied_by: status.applied_by(),
            duration_ms: status.execution_time().map(milliseconds),
            title: status.title(),
            description: status.description(),
            date: status.date(),
        }
    }
}
