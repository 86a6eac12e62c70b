//! Reports as JSON for people and programs.

use serde::Serialize;

/// With line feeds and spaces. Fields are in the order of their declaration.
pub(crate) fn pretty(report: &impl Serialize) -> String {
    match serde_json::to_string_pretty(report) {
        Ok(text) => text,
        Err(error) => unreachable!("texts, numbers and lists of them can always be written: {error}"),
    }
}
