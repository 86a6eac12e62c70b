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
    match json.as_bytes().first() {
        Some(b'{') => Err(format!("an object in `{}`", column.name)),
        Some(b'[') => match &column.element {
            Some(element) => {
                let mut array = String::new();
                write_array(&mut array, json, element).map_err(|message| format!("{message} in `{}`", column.name))?;
                Ok(Cow::Owned(array))
            }
            None => Err(format!("an array in `{}`", column.name)),
        },
        _ => Ok(Cow::Borrowed(json)),
    }
}

/// Writes an array as PostgreSQL does: `{1,NULL,"a"}`.
fn write_array(array: &mut String, json: &str, element: &str) -> Result<(), String> {
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
            Some(b'[') => write_array(array, value, element)?,
            Some(b'{') => return Err(format!("an object among {element}")),
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
