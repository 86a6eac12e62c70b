//! The rows of a file, one at a time.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufRead};

use super::Format;
use super::buffer::{Text, unreadable};
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

impl<R: BufRead> Rows<R> {
    /// Begins with a file whose rows are in this format: reads the header, or all of JSON for the keys that there are, for
    /// which it is opened twice. SQL has no rows.
    ///
    /// # Errors
    ///
    /// What is wrong with the header, or with anything in JSON; that the file cannot be read.
    pub fn open(format: Format, path: &str, mut open: impl FnMut() -> io::Result<R>) -> Result<Self, Fault> {
        let mut open = || open().map_err(|error| unreadable(path, &error));
        let (reader, columns) = match format {
            Format::Sql => return Err(Fault::new(path, "SQL has no rows of its own")),
            Format::Csv => {
                let (reader, columns) = csv::Reader::open(path, open()?)?;
                (Reader::Csv(reader), columns)
            }
            Format::Json | Format::Ndjson => {
                let columns = json::columns(format, path, open()?)?;
                (Reader::Json(json::Reader::open(format, path, open()?)?), columns)
            }
        };
        Ok(Self { reader, columns, number: 0 })
    }

    /// The columns: of the header, or all the keys in the order in which they appear.
    pub fn columns(&self) -> &[String] {
        self.columns.names()
    }

    /// A fault of a column: at its place in the header, or where its key appears for the first time.
    pub fn column_fault(&self, column: usize, message: impl Into<String>, label: impl Into<String>) -> Fault {
        self.columns.places[column].clone().saying(message, label)
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
pub(super) struct Columns {
    names: Vec<String>,
    by_name: HashMap<String, usize>,
    /// Faults that say nothing yet.
    places: Vec<Fault>,
}

impl Columns {
    pub(super) fn names(&self) -> &[String] {
        &self.names
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
