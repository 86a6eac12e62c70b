//! The shapes of JSON, which `docs/cli.md` describes: those of the library's reports, and what a command adds.

use atlas_migrate::__private::cli::{ErrorExt as _, variant};
use atlas_migrate::Error;
use atlas_migrate_core::fault::Fault;

use super::context::Location;

pub(super) use atlas_migrate::__private::cli::Json;

/// What a command gives back, with its name before it.
pub(super) fn of(command: &str, report: impl Into<Json>) -> Json {
    Json::object().with("command", command).with_all(report)
}

/// Where something was changed.
impl From<&Location> for Json {
    fn from(Location { database, host }: &Location) -> Self {
        Self::object().with("database", database).with("host", host)
    }
}

/// What went wrong, and what was done before it.
pub(super) fn failed(error: &Error, exit_code: u8) -> Json {
    let (message, notes, hint) = error.parts();
    let (file, place) = match error.position() {
        Some((file, line, column)) => (Some(file), Some((line, column))),
        None => (None, None),
    };
    let (line, column) = place.unzip();
    let wrong = Json::object()
        .with("kind", variant(&error.kind()))
        .with("message", message)
        .with("file", file)
        .with("line", line)
        .with("column", column)
        .with("sqlstate", error.sqlstate())
        .with("notes", Json::list(notes))
        .with("hint", hint)
        .with("exit_code", exit_code)
        .with("faults", Json::list(error.each_fault().iter().map(faulty)));
    Json::object().with("error", wrong).with_all(error.report())
}

/// What is wrong with one of several files.
fn faulty(fault: &Fault) -> Json {
    let (line, column) = fault.position().unzip();
    Json::object()
        .with("message", fault.message())
        .with("file", fault.path())
        .with("line", line)
        .with("column", column)
        .with("hint", fault.hint_text())
}
