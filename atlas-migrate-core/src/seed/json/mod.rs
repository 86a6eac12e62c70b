//! JSON: objects in an array, or in a line each.

mod extent;
mod objects;
mod scan;

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

use memchr::memchr;

use self::objects::{Object, Objects};
use self::scan::Entry;
use super::Format;
use super::buffer::Text;
use super::rows::{CHANGED, Cell, Columns};
use crate::fault::Fault;

/// Reads objects one by one.
pub(super) struct Reader<R> {
    objects: Objects<R>,
    /// Where the values of the object are, by column.
    values: Vec<Option<Range<usize>>>,
}

/// The cells of an object.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    object: Object<'a>,
    values: &'a [Option<Range<usize>>],
}

/// The keys of all objects of a file, in the order in which they appear. All of the file is checked.
pub(super) fn columns(format: Format, path: &str, input: impl Read) -> Result<Columns, Fault> {
    let mut objects = Objects::open(format, path, input)?;
    let mut columns = Columns::default();
    // The object in which each column was last.
    let mut last: Vec<u64> = Vec::new();
    let mut number = 0;
    while let Some(object) = objects.next()? {
        number += 1;
        for (position, Entry { key, .. }) in object.entries.iter().enumerate() {
            let name = text(object, key);
            match columns.find(&name, position) {
                Some(column) if last[column] == number => {
                    let fault = object.fault(key.clone(), format!("key `{name}` twice"), "is in the object already");
                    return Err(fault.hint("remove one of the two"));
                }
                Some(column) => last[column] = number,
                None if name.is_empty() => {
                    let fault = object.fault(key.clone(), "key without a name", "expected the name of a column");
                    return Err(fault.hint("remove it, or name it"));
                }
                None => {
                    columns.add(name.into_owned(), object.fault(key.clone(), "", ""))?;
                    last.push(number);
                }
            }
        }
    }
    if number > 0 && columns.names().is_empty() {
        return Err(Fault::new(path, "objects without keys").hint("name a column in one of them, or remove them all"));
    }
    Ok(columns)
}

impl<R: Read> Reader<R> {
    pub(super) fn open(format: Format, path: &str, input: R) -> Result<Self, Fault> {
        Ok(Self { objects: Objects::open(format, path, input)?, values: Vec::new() })
    }

    /// Reads the next object, if there is another.
    pub(super) fn next(&mut self, columns: &Columns) -> Result<Option<(&Text, Cells<'_>)>, Fault> {
        let Self { objects, values } = self;
        let Some(object) = objects.next()? else { return Ok(None) };
        values.clear();
        values.resize(columns.names().len(), None);
        for (position, Entry { key, value }) in object.entries.iter().enumerate() {
            let name = text(object, key);
            let Some(column) = columns.find(&name, position) else {
                let fault = object.fault(key.clone(), format!("new key `{name}`"), "was not there a moment ago");
                return Err(fault.hint(CHANGED));
            };
            values[column] = Some(value.clone());
        }
        Ok(Some((object.text, Cells { object, values })))
    }
}

impl<'a> Cells<'a> {
    pub(super) fn cell(self, column: usize) -> Cell<'a> {
        let Some(place) = &self.values[column] else { return Cell::Missing };
        match &self.object.json[place.clone()] {
            "null" => Cell::Null,
            value if value.starts_with('"') => Cell::Text(text(self.object, place)),
            value => Cell::Json(value),
        }
    }

    pub(super) fn place(self, column: usize) -> Range<usize> {
        self.values[column].clone().unwrap_or(0..1)
    }
}

/// What a string of an object says.
fn text<'a>(object: Object<'a>, place: &Range<usize>) -> Cow<'a, str> {
    let string = &object.json[place.clone()];
    if object.plain || memchr(b'\\', string.as_bytes()).is_none() {
        return Cow::Borrowed(&string[1..string.len() - 1]);
    }
    Cow::Owned(serde_json::from_str(string).unwrap_or_default())
}
