//! A table, and the types of its columns.

use atlas_migrate_core::checks::{Table, Type};
use atlas_migrate_core::fault::nearest;
use serde::Deserialize;

use super::Finding;
use super::declared::kind;
use super::report::Conclusion;

/// What the catalog says of a table.
#[derive(Deserialize)]
pub(super) struct TableAnswer {
    kind: String,
    primary_key: bool,
    /// In the order of the question.
    columns: Vec<ColumnAnswer>,
    /// All that it has.
    names: Vec<String>,
}

#[derive(Deserialize)]
struct ColumnAnswer {
    /// Its type; none if there is no such column.
    found: Option<String>,
    /// Whether the type has modifiers: `numeric(10,2)`.
    modified: bool,
    /// Whether it is the expected one, modifiers aside.
    same: bool,
    /// How PostgreSQL spells the expected type; none if there is no such type.
    #[serde(rename = "type")]
    ty: Option<String>,
    /// Whether the role may not see the expected type.
    hidden: bool,
}

pub(super) fn compare(expected: &Table, answer: &TableAnswer) -> Conclusion {
    if !matches!(answer.kind.as_str(), "r" | "p" | "f") {
        return Conclusion::finding("table", "a table", kind(&answer.kind));
    }
    let mut outcome = Conclusion::default();
    match (expected.primary_key, answer.primary_key) {
        (Some(true), false) => outcome.findings.push(Finding::new("primary key", "a primary key", "none")),
        (Some(false), true) => outcome.findings.push(Finding::new("primary key", "none", "a primary key")),
        _ => {}
    }
    for ((name, ty), column) in expected.columns.iter().zip(&answer.columns) {
        let Some(found) = &column.found else {
            let names = answer.names.iter().map(String::as_str);
            let near = nearest(name, names).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            outcome.findings.push(Finding::new(format!("column {name}"), spelled(ty, column), format!("none{near}")));
            continue;
        };
        if column.hidden {
            outcome.unseen = Some(format!("the role may not use the schema of the type {ty}"));
        } else if !is_same(ty, column, found) {
            outcome.findings.push(Finding::new(format!("column {name}"), spelled(ty, column), found));
        }
    }
    outcome
}

fn is_same(ty: &Type, column: &ColumnAnswer, found: &str) -> bool {
    // Without parentheses they are words, as in `interval day to second`.
    let inside =
        || found.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or(found, |(inside, _)| inside);
    let found = column.modified.then(inside);
    let is_equal = match (&ty.modifiers, found) {
        (Some(expected), Some(found)) => expected.eq_ignore_ascii_case(found),
        (expected, found) => expected.is_none() && found.is_none(),
    };
    column.same && is_equal
}

/// The expected type, as PostgreSQL spells it.
fn spelled(ty: &Type, column: &ColumnAnswer) -> String {
    let Some(canonical) = &column.ty else { return format!("{ty}, which is no type") };
    let Some(modifiers) = &ty.modifiers else { return canonical.clone() };
    if canonical.starts_with("bpchar") || canonical.contains('(') {
        return ty.to_string();
    }
    let end = canonical.find(" with").or(canonical.find("[]")).unwrap_or(canonical.len());
    format!("{}({modifiers}){}", &canonical[..end], &canonical[end..])
}
