//! What files of TOML expect of the catalog.

use std::collections::HashMap;
use std::time::Duration;

use atlas_migrate_core::checks::{Expectation, Index, Name, Object, Privilege, Type};
use atlas_migrate_core::version::Version;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Finding;
use super::engine::Engine;
use super::refused::refused;
use super::report::Conclusion;
use super::table::{self, TableAnswer};
use crate::Error;
use crate::postgres::question::ask;
use crate::postgres::row::{Unreadable, json, missing, optional, parse};
use crate::postgres::session::{Reply, Session};
use crate::verify::sql as verify;

/// What the catalog says of something that a table has.
#[derive(Deserialize)]
struct OfTable<T> {
    /// Whether there is the table.
    table: bool,
    object: Option<T>,
}

#[derive(Deserialize)]
struct IndexAnswer {
    valid: bool,
    unique: bool,
    method: String,
    columns: Vec<String>,
}

#[derive(Deserialize)]
struct FunctionAnswer {
    types: Vec<Option<String>>,
    /// Whether there are types that the role may not see.
    hidden: bool,
    /// The types of the arguments of each function of this name.
    found: Vec<String>,
}

#[derive(Deserialize)]
struct PrivilegeAnswer {
    role: bool,
    object: bool,
    /// For each privilege: on the object, on a column of it.
    granted: Option<HashMap<String, (bool, bool)>>,
}

/// Holds expectations of one sort against the catalog.
pub(super) async fn check<S: Session>(
    engine: &mut Engine<'_, S>,
    expectations: &[&Expectation],
) -> Result<Vec<(Conclusion, Duration)>, Error> {
    let described = describe(expectations);
    let question = match expectations.first() {
        Some(Expectation::Extension { .. }) => verify::extensions(&described),
        Some(Expectation::Table(_)) => verify::tables(&described),
        Some(Expectation::Index(_)) => verify::indexes(&described),
        Some(Expectation::Function { .. }) => verify::functions(&described),
        Some(Expectation::Constraint { .. }) => verify::constraints(&described),
        Some(Expectation::Trigger { .. }) => verify::triggers(&described),
        Some(Expectation::Privilege(_)) => verify::privileges(&described),
        Some(Expectation::Rows { .. } | Expectation::Query(_)) | None => return Ok(Vec::new()),
    };
    let answer = ask(&mut engine.conversation, &question, engine.timeout).await?;
    let outcomes = match answer.reply {
        Err(server) => expectations.iter().map(|_| refused(&server, engine.timeout)).collect(),
        Ok(reply) => {
            let answers = answers::<Value>(&reply, expectations.len())?;
            expectations
                .iter()
                .zip(answers)
                .map(|(expectation, answer)| compare(expectation, answer))
                .collect::<Result<Vec<_>, _>>()?
        }
    };
    Ok(outcomes.into_iter().map(|outcome| (outcome, answer.duration)).collect())
}

/// What the server says of each expectation; nothing of what is not there.
pub(super) fn answers<T: DeserializeOwned>(reply: &Reply, count: usize) -> Result<Vec<Option<T>>, Unreadable> {
    let mut answers: Vec<Option<T>> = (0..count).map(|_| None).collect();
    for row in reply.rows("atlas_check") {
        let number: usize = parse(row, 0)?;
        let slot = answers.get_mut(number).ok_or_else(|| missing(format!("expectation {number}")))?;
        *slot = optional(row, 1).map(|_| json(row, 1)).transpose()?;
    }
    Ok(answers)
}

/// The expectations, as the server is asked about them.
pub(super) fn describe(expectations: &[&Expectation]) -> Value {
    let types =
        |types: &[Type]| types.iter().map(|ty| json!({ "schema": ty.schema, "type": ty.base })).collect::<Vec<_>>();
    let describe = |(number, expectation): (usize, &&Expectation)| {
        let of = |name: &Name| json!({ "schema": name.schema, "table": name.name });
        let named = |table: &Name, name: &str| json!({ "schema": table.schema, "table": table.name, "name": name });
        let mut described = match expectation {
            Expectation::Extension { name, .. } => json!({ "name": name }),
            Expectation::Table(table) => {
                let column =
                    |(name, ty): &(String, Type)| json!({ "name": name, "schema": ty.schema, "type": ty.base });
                let mut described = of(&table.name);
                described["columns"] = table.columns.iter().map(column).collect();
                described
            }
            Expectation::Index(index) => named(&index.table, &index.name),
            Expectation::Constraint { table, name } | Expectation::Trigger { table, name } => named(table, name),
            Expectation::Function { name, arguments } => {
                let mut described = of(name);
                described["arguments"] = types(arguments).into();
                described
            }
            Expectation::Rows { table, .. } => of(table),
            Expectation::Privilege(Privilege { role, on, may, may_not }) => {
                let (kind, mut described) = match on {
                    Object::Table(name) => ("table", of(name)),
                    Object::Sequence(name) => ("sequence", of(name)),
                    Object::Schema(name) => ("schema", json!({ "table": name })),
                    Object::Function(name, _) => ("function", of(name)),
                    Object::Database => ("database", json!({})),
                };
                if let Object::Function(_, arguments) = on {
                    described["arguments"] = types(arguments).into();
                }
                described["kind"] = kind.into();
                described["name"] = role.as_str().into();
                described["privileges"] = may.iter().chain(may_not).map(String::as_str).collect();
                described
            }
            Expectation::Query(_) => json!({}),
        };
        described["number"] = number.into();
        described
    };
    expectations.iter().enumerate().map(describe).collect()
}

/// What an expectation is about, in words.
pub(super) fn name(expectation: &Expectation) -> String {
    match expectation {
        Expectation::Extension { name, .. } => format!("extension {name}"),
        Expectation::Table(table) => format!("table {}", table.name),
        Expectation::Index(index) => format!("index {} on {}", local(&index.name), index.table),
        Expectation::Function { name, arguments } => format!("function {}", signature(name, arguments)),
        Expectation::Constraint { table, name } => format!("constraint {} on {table}", local(name)),
        Expectation::Trigger { table, name } => format!("trigger {} on {table}", local(name)),
        Expectation::Rows { table, .. } => format!("rows of {table}"),
        Expectation::Privilege(privilege) => format!("privileges of {} on {}", privilege.role, object(&privilege.on)),
        Expectation::Query(_) => "query".to_owned(),
    }
}

fn local(name: &str) -> Name {
    Name { schema: None, name: name.to_owned() }
}

fn signature(name: &Name, arguments: &[Type]) -> String {
    let arguments: Vec<_> = arguments.iter().map(Type::to_string).collect();
    format!("{name}({})", arguments.join(", "))
}

fn object(on: &Object) -> String {
    match on {
        Object::Table(name) => name.to_string(),
        Object::Sequence(name) => format!("sequence {name}"),
        Object::Schema(name) => format!("schema {}", local(name)),
        Object::Function(name, arguments) => format!("function {}", signature(name, arguments)),
        Object::Database => "the database".to_owned(),
    }
}

/// What a relation is, by its letter in the catalog.
pub(super) fn kind(letter: &str) -> &'static str {
    match letter {
        "r" | "p" | "f" => "a table",
        "v" => "a view",
        "m" => "a materialized view",
        "S" => "a sequence",
        "c" => "a composite type",
        _ => "an index",
    }
}

fn compare(expectation: &Expectation, answer: Option<Value>) -> Result<Conclusion, Unreadable> {
    let is_there = answer.is_some();
    let answer = answer.unwrap_or_default();
    Ok(match expectation {
        Expectation::Extension { version, .. } => extension(version.as_ref(), read::<Option<String>>(answer)?),
        Expectation::Table(expected) if is_there => table::compare(expected, &read::<TableAnswer>(answer)?),
        Expectation::Table(_) => Conclusion::finding("table", "a table", "none"),
        Expectation::Index(expected) => index(expected, read(answer)?),
        Expectation::Function { name, arguments } => function(name, arguments, &read(answer)?),
        Expectation::Constraint { .. } => is("constraint", "validated", read(answer)?),
        Expectation::Trigger { .. } => is("trigger", "enabled", read(answer)?),
        Expectation::Privilege(expected) => privilege(expected, &read(answer)?),
        Expectation::Rows { .. } | Expectation::Query(_) => Conclusion::default(),
    })
}

fn read<T: DeserializeOwned>(answer: Value) -> Result<T, Unreadable> {
    serde_json::from_value(answer).map_err(|error| Unreadable(error.to_string()))
}

fn extension(expected: Option<&Version>, found: Option<String>) -> Conclusion {
    match (expected, found) {
        (_, None) => Conclusion::finding("extension", "installed", "not installed"),
        (Some(expected), Some(found)) if Version::new(found.clone()) < *expected => {
            Conclusion::finding("version", format!("{expected} or later"), found)
        }
        (_, Some(found)) => Conclusion::note(found),
    }
}

/// Something of a table that is to be in one state.
fn is(what: &str, expected: &str, found: OfTable<String>) -> Conclusion {
    match found.object {
        Some(found) if found == expected => Conclusion::default(),
        Some(found) => Conclusion::finding(what, expected, found),
        None => Conclusion::finding(what, expected, if found.table { "none" } else { "no such table" }),
    }
}

fn index(expected: &Index, found: OfTable<IndexAnswer>) -> Conclusion {
    let Some(object) = found.object else {
        return Conclusion::finding("index", "an index", if found.table { "none" } else { "no such table" });
    };
    let mut outcome = Conclusion::default();
    let mut differ = |what: &str, expected: String, found: String| {
        if squeezed(&expected) != squeezed(&found) {
            outcome.findings.push(Finding::new(what, expected, found));
        }
    };
    let word = |is: bool, yes: &str, no: &str| if is { yes.to_owned() } else { no.to_owned() };
    differ("index", "valid".to_owned(), word(object.valid, "valid", "not valid"));
    if let Some(columns) = &expected.columns {
        differ("columns", columns.join(", "), object.columns.join(", "));
    }
    if let Some(unique) = expected.unique {
        differ("index", word(unique, "unique", "not unique"), word(object.unique, "unique", "not unique"));
    }
    if let Some(method) = &expected.method {
        differ("method", method.clone(), object.method);
    }
    outcome
}

/// An expression without its spacing.
fn squeezed(expression: &str) -> String {
    expression.split_whitespace().collect()
}

fn function(name: &Name, arguments: &[Type], answer: &FunctionAnswer) -> Conclusion {
    if answer.hidden {
        return Conclusion::unseen("the role may not use the schema of a type");
    }
    let unknown = |(argument, found): (&Type, &Option<String>)| {
        found.is_none().then(|| Finding::new(format!("type {argument}"), "a type", "none"))
    };
    let findings: Vec<_> = arguments.iter().zip(&answer.types).filter_map(unknown).collect();
    if !findings.is_empty() {
        return Conclusion { findings, ..Conclusion::default() };
    }
    let wanted = answer.types.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
    if answer.found.contains(&wanted) {
        return Conclusion::default();
    }
    let found: Vec<_> = answer.found.iter().map(|types| format!("{name}({types})")).collect();
    let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
    Conclusion::finding("function", format!("{name}({wanted})"), found)
}

fn privilege(expected: &Privilege, answer: &PrivilegeAnswer) -> Conclusion {
    let on = object(&expected.on);
    if !answer.role {
        return Conclusion::finding(format!("role {}", expected.role), "a role", "none");
    }
    if !answer.object {
        return Conclusion::finding(on, "to be there", "none");
    }
    let mut outcome = Conclusion::default();
    let granted =
        |word: &String| answer.granted.as_ref().and_then(|granted| granted.get(word)).copied().unwrap_or_default();
    for word in &expected.may {
        if !granted(word).0 {
            outcome.findings.push(Finding::new(format!("{word} on {on}"), "granted", "not granted"));
        }
    }
    for word in &expected.may_not {
        let found = match granted(word) {
            (true, _) => "granted",
            (false, true) => "granted on columns",
            (false, false) => continue,
        };
        outcome.findings.push(Finding::new(format!("{word} on {on}"), "not granted", found));
    }
    outcome
}
