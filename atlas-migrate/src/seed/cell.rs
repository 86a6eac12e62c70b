//! A cell of a file, as the column's type is written in a `COPY`.

use std::borrow::Cow;

use atlas_migrate_core::seed::Format;
use serde_json::value::RawValue;

use super::label;
use super::table::{Column, is_json};

/// Of CSV, or of a string of JSON.
pub(super) fn of_text<'a>(text: &'a str, column: &Column, format: Format) -> Cow<'a, str> {
    if column.is_json() && format != Format::Csv {
        return Cow::Owned(serde_json::Value::from(text).to_string());
    }
    label_of(text, &column.base).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// What a label stands for in a column of this type, if it is one.
fn label_of(text: &str, base: &str) -> Option<String> {
    let label = text.strip_prefix(label::PREFIX)?;
    match base {
        "uuid" => Some(label::uuid(label).to_string()),
        "int8" => Some(label::bigint(label).to_string()),
        _ => None,
    }
}

/// Of a value of JSON that is no string and not null: the text, or what is wrong with it.
pub(super) fn of_json<'a>(json: &'a str, column: &Column) -> Result<Cow<'a, str>, String> {
    if column.is_json() {
        return Ok(Cow::Borrowed(json));
    }
    let whole = |message: String| format!("{message} in `{}`", column.name);
    match json.as_bytes().first() {
        Some(b'[') if column.element.is_some() => {
            let mut array = String::new();
            write_array(&mut array, json, column, 1).map_err(whole)?;
            Ok(Cow::Owned(array))
        }
        Some(b'{' | b'[') => structure(json, &column.base, column.builtin).map_err(whole),
        _ => Ok(Cow::Borrowed(json)),
    }
}

/// An object or an array, for a type that is not JSON: types of extensions have forms of their own, and many read JSON.
fn structure<'a>(json: &'a str, base: &str, builtin: bool) -> Result<Cow<'a, str>, String> {
    match json.as_bytes().first() {
        Some(b'{') if base == "hstore" => hstore(json).map(Cow::Owned),
        _ if !builtin => Ok(Cow::Borrowed(json)),
        Some(b'{') => Err("an object".to_owned()),
        _ => Err("an array".to_owned()),
    }
}

/// Writes an object as hstore reads it: `"a"=>"1","b"=>NULL`.
fn hstore(json: &str) -> Result<String, String> {
    let entries: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json).map_err(|error| error.to_string())?;
    let mut written = String::new();
    for (key, value) in entries {
        if !written.is_empty() {
            written.push(',');
        }
        quote(&mut written, &key);
        written.push_str("=>");
        match value {
            serde_json::Value::Null => written.push_str("NULL"),
            serde_json::Value::String(text) => quote(&mut written, &text),
            other => quote(&mut written, &other.to_string()),
        }
    }
    Ok(written)
}

/// PostgreSQL's arrays have no more dimensions.
const MOST_DIMENSIONS: usize = 6;

/// Writes an array as PostgreSQL does: `{1,NULL,"a"}`; one in so many others counts them with it.
fn write_array(array: &mut String, json: &str, column: &Column, dimensions: usize) -> Result<(), String> {
    if dimensions > MOST_DIMENSIONS {
        return Err(format!("an array of more than {MOST_DIMENSIONS} dimensions"));
    }
    let element = column.element.as_deref().unwrap_or_default();
    let values: Vec<&RawValue> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    array.push('{');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            array.push(',');
        }
        let value = value.get();
        match value.as_bytes().first() {
            Some(b'n') => array.push_str("NULL"),
            _ if is_json(element) => quote(array, value),
            Some(b'[') => write_array(array, value, column, dimensions + 1)?,
            Some(b'{') => {
                let text =
                    structure(value, element, column.builtin).map_err(|what| format!("{what} among {element}"))?;
                quote(array, &text);
            }
            Some(b'"') => {
                let text: String = serde_json::from_str(value).map_err(|error| error.to_string())?;
                quote(array, &label_of(&text, element).unwrap_or(text));
            }
            _ => array.push_str(value),
        }
    }
    array.push('}');
    Ok(())
}

fn quote(array: &mut String, text: &str) {
    array.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            array.push('\\');
        }
        array.push(c);
    }
    array.push('"');
}
