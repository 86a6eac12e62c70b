//! The rows of a file, one at a time.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;

use super::Format;
use super::buffer::Text;
use super::{csv, json};
use crate::fault::Fault;

/// A table cannot have more.
const MOST_COLUMNS: usize = 1_600;

/// Reads the rows of a file of data, and never holds more of it than one row and a buffer.
pub struct Rows<R> {
    reader: Reader<R>,
    columns: Columns,
    number: u64,
}

enum Reader<R> {
    Csv(csv::Reader<R>),
    Json(json::Reader<R>),
}

/// One row of a file.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    number: u64,
    text: &'a Text,
    cells: Cells<'a>,
}

#[derive(Clone, Copy)]
enum Cells<'a> {
    Csv(csv::Cells<'a>),
    Json(json::Cells<'a>),
}

/// What a row has in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing: the object has no such key. Only of JSON.
    Missing,
    /// An empty cell without quotes, or JSON's `null`.
    Null,
    /// A text.
    Text(Cow<'a, str>),
    /// A number, boolean, array or object of JSON, as it is written.
    Json(&'a str),
}

/// Reads all of a file of rows, to check it: its columns.
///
/// # Errors
///
/// The first thing that is wrong with it; that it cannot be read; that SQL has no rows.
pub fn check(format: Format, path: &str, input: impl Read) -> Result<Columns, Fault> {
    match format {
        Format::Sql => Err(no_rows(path)),
        Format::Csv => {
            let (mut reader, columns) = csv::Reader::open(path, input)?;
            while reader.next(&columns)?.is_some() {}
            Ok(columns)
        }
        Format::Json | Format::Ndjson => json::columns(format, path, input),
    }
}

fn no_rows(path: &str) -> Fault {
    Fault::new(path, "SQL has no rows of its own")
}

impl<R: Read> Rows<R> {
    /// Begins with the rows of a file in which a [`check`] found these columns.
    ///
    /// # Errors
    ///
    /// What is wrong with the beginning; other columns in the header; that the file cannot be read; that SQL has no rows.
    pub fn open<C: AsRef<str>>(format: Format, path: &str, columns: &[C], input: R) -> Result<Self, Fault> {
        let (reader, columns) = match format {
            Format::Sql => return Err(no_rows(path)),
            Format::Csv => {
                let (reader, found) = csv::Reader::open(path, input)?;
                found.check_same(columns)?;
                (Reader::Csv(reader), found)
            }
            Format::Json | Format::Ndjson => {
                (Reader::Json(json::Reader::open(format, path, input)?), Columns::known(columns))
            }
        };
        Ok(Self { reader, columns, number: 0 })
    }

    /// The columns: of the header, or all the keys in the order in which they appear.
    pub fn columns(&self) -> &[String] {
        self.columns.names()
    }

    /// The next row, if there is another.
    ///
    /// # Errors
    ///
    /// What is wrong with it; that the file cannot be read. There is no use in asking for another one then.
    #[allow(clippy::should_implement_trait, reason = "a row borrows from this, which an iterator's items cannot")]
    pub fn next(&mut self) -> Result<Option<Row<'_>>, Fault> {
        let row = match &mut self.reader {
            Reader::Csv(reader) => reader.next(&self.columns)?.map(|(text, cells)| (text, Cells::Csv(cells))),
            Reader::Json(reader) => reader.next(&self.columns)?.map(|(text, cells)| (text, Cells::Json(cells))),
        };
        self.number += u64::from(row.is_some());
        Ok(row.map(|(text, cells)| Row { number: self.number, text, cells }))
    }
}

impl<'a> Row<'a> {
    /// The number of the row, counted from 1; a header is none.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What it has in a column.
    pub fn cell(&self, column: usize) -> Cell<'a> {
        match self.cells {
            Cells::Csv(cells) => cells.cell(column),
            Cells::Json(cells) => cells.cell(column),
        }
    }

    /// A fault of a cell; of one that is missing, where the object begins.
    pub fn fault(&self, column: usize, message: impl Into<String>, label: impl Into<String>) -> Fault {
        let place = match self.cells {
            Cells::Csv(cells) => cells.place(column),
            Cells::Json(cells) => cells.place(column),
        };
        self.text.fault(place, message, label)
    }
}

/// The columns of a file, and where their names stand.
#[derive(Default)]
pub struct Columns {
    names: Vec<String>,
    by_name: HashMap<String, usize>,
    /// Faults that say nothing yet; none of columns that were known before.
    places: Vec<Fault>,
}

/// What is said when a file is no longer what it was when it was checked.
pub(super) const CHANGED: &str = "don't change the file while it is read";

impl Columns {
    /// The names in the header, or all keys in the order in which they appear.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn into_names(self) -> impl Iterator<Item = String> {
        self.names.into_iter()
    }

    /// A fault of a column, if there is one of this name: at its place in the header, or where its key appears for the first
    /// time.
    pub fn fault(&self, name: &str, message: impl Into<String>, label: impl Into<String>) -> Option<Fault> {
        Some(self.places.get(*self.by_name.get(name)?)?.clone().saying(message, label))
    }

    fn known<C: AsRef<str>>(names: &[C]) -> Self {
        let names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
        let by_name = names.iter().cloned().zip(0..).collect();
        Self { names, by_name, places: Vec::new() }
    }

    /// Whether they are those that were found when the file was checked.
    fn check_same<C: AsRef<str>>(&self, checked: &[C]) -> Result<(), Fault> {
        let checked = |number: usize| checked.get(number).map(AsRef::as_ref);
        let differs = |number: &usize| self.names.get(*number).map(String::as_str) != checked(*number);
        let Some(number) = (0..=self.names.len()).find(differs) else { return Ok(()) };
        let label = match (checked(number), number < self.names.len()) {
            (Some(name), true) => format!("expected `{name}`"),
            (Some(name), false) => format!("expected `{name}` behind it"),
            (None, _) => "was not there a moment ago".to_owned(),
        };
        let place = &self.places[number.min(self.names.len() - 1)];
        Err(place.clone().saying("other columns than a moment ago", label).hint(CHANGED))
    }

    /// The column of this name, which is likely to be this one.
    pub(super) fn find(&self, name: &str, likely: usize) -> Option<usize> {
        match self.names.get(likely) {
            Some(known) if known == name => Some(likely),
            _ => self.by_name.get(name).copied(),
        }
    }

    pub(super) fn add(&mut self, name: String, place: Fault) -> Result<(), Fault> {
        if self.names.len() == MOST_COLUMNS {
            let fault = place.saying("too many columns", "column 1,601");
            return Err(fault.hint("PostgreSQL's tables have 1,600 at most"));
        }
        self.by_name.insert(name.clone(), self.names.len());
        self.names.push(name);
        self.places.push(place);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
