//! CSV as PostgreSQL's `COPY` has it.
//!
//! An empty cell without quotes is NULL and `""` is an empty text. The crate `csv` does not tell the two apart, so it is not
//! used here.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

use memchr::memchr2;

use super::buffer::{Buffer, Text};
use super::rows::{Cell, Columns};
use crate::fault::Fault;

/// Reads records one by one.
pub(super) struct Reader<R> {
    buffer: Buffer<R>,
    record: Record,
}

/// The record that was read last. All places are within it.
#[derive(Default)]
struct Record {
    /// With its line end.
    length: usize,
    /// Whether it has no line end but its own: it ends with one, and nothing is in quotes.
    is_line: bool,
    fields: Vec<Field>,
    /// The text of the cells in which quotes are doubled, one after the other.
    unescaped: String,
}

/// One cell of a record.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// As it is written, with its quotes.
    place: Range<usize>,
    value: Value,
}

#[derive(Clone, Debug)]
enum Value {
    Null,
    /// As it is written.
    Plain,
    /// What is between the quotes.
    Quoted,
    /// The same, with doubled quotes in it; its place in what is unescaped, once that is there.
    Escaped(Range<usize>),
}

/// Why a record could not be read.
enum Broken {
    /// The cell that begins here goes on behind what is at hand.
    Open(usize),
    /// Behind the closing quote of a cell, which opens at the first place, there is more.
    Behind(usize, usize),
    /// Place, message, label and hint.
    Wrong(Range<usize>, &'static str, &'static str, &'static str),
}

/// The cells of a record.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    text: &'a str,
    fields: &'a [Field],
    unescaped: &'a str,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    pub(super) fn open(path: &str, input: R) -> Result<(Self, Columns), Fault> {
        const HINT: &str = "begin the file with the names of the columns, as in `id,name`";
        let mut reader = Self { buffer: Buffer::new(path, input)?, record: Record::default() };
        if !reader.advance()? {
            return Err(Fault::new(path, "empty file").hint(HINT));
        }
        let Cells { fields, .. } = reader.cells()?;
        if let [Field { value: Value::Null, place }] = fields {
            let fault = reader.fault(place.clone(), "no header", "the first line is empty");
            return Err(fault.hint(HINT));
        }
        let mut columns = Columns::default();
        for column in 0..reader.record.fields.len() {
            let place = reader.record.fields[column].place.clone();
            let name = match reader.cells()?.cell(column) {
                Cell::Text(name) if !name.is_empty() => name,
                _ => {
                    let fault = reader.fault(place, "column without a name", "expected the name of a column");
                    return Err(fault.hint("remove the column, or name it"));
                }
            };
            if columns.find(&name, column).is_some() {
                let fault = reader.fault(place, format!("column `{name}` twice"), "is there before");
                return Err(fault.hint("remove one of the two"));
            }
            let fault = reader.fault(place, "", "");
            columns.add(name.into_owned(), fault)?;
        }
        Ok((reader, columns))
    }

    /// Reads the next record, if there is another, which has so many cells.
    pub(super) fn next(&mut self, columns: &Columns) -> Result<Option<(&Text, Cells<'_>)>, Fault> {
        if !self.advance()? {
            return Ok(None);
        }
        let (found, expected) = (self.record.fields.len(), columns.names().len());
        if found != expected {
            return Err(self.wrong_number(found, columns.names()));
        }
        Ok(Some((&self.buffer.text, self.cells()?)))
    }

    pub(super) fn fault(&self, span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Fault {
        self.buffer.text.fault(span, message, label)
    }

    fn wrong_number(&self, found: usize, columns: &[String]) -> Fault {
        let number = |count: usize| if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") };
        let rows = format!("{}, expected {}", number(found), columns.len());
        let end = self.record.fields.last().map_or(0, |field| field.place.end);
        if let Some(surplus) = self.record.fields.get(columns.len()) {
            return self
                .fault(
                    surplus.place.start..end,
                    format!("too many cells in a row: {rows}"),
                    "the header has no column for this",
                )
                .hint("put a cell with a comma in it into quotes");
        }
        let label = format!("`{}` is missing", columns[found]);
        match self.record.fields.as_slice() {
            [Field { value: Value::Null, .. }] => {
                self.fault(0..0, "empty line", format!("expected {}", number(columns.len()))).hint("remove the line")
            }
            _ => self
                .fault(end..end, format!("too few cells in a row: {rows}"), label)
                .hint("leave a cell empty for NULL, but keep its comma"),
        }
    }

    /// Goes on to the next record, if there is another.
    fn advance(&mut self) -> Result<bool, Fault> {
        match std::mem::take(&mut self.record.is_line) {
            true => self.buffer.text.consume_line(self.record.length),
            false => self.buffer.text.consume(self.record.length),
        }
        self.record.length = 0;
        loop {
            let (rest, at_end) = (self.buffer.text.rest(), self.buffer.is_at_end());
            if rest.is_empty() && at_end {
                return Ok(false);
            }
            match self.record.read(rest, at_end) {
                Ok(()) => break,
                Err(Broken::Open(_)) if !at_end => self.buffer.fill()?,
                Err(broken) => return Err(self.broken(broken)),
            }
        }
        if self.record.fields.iter().any(|field| matches!(field.value, Value::Escaped(_))) {
            self.record.unescape(text(&self.buffer, self.record.length)?);
        }
        Ok(true)
    }

    fn broken(&mut self, broken: Broken) -> Fault {
        const DOUBLE: &str = "put the whole cell into quotes, and double those within it";
        let place = match &broken {
            Broken::Open(place) | Broken::Behind(_, place) => *place,
            Broken::Wrong(span, ..) => span.start,
        };
        if let Err(fault) = text(&self.buffer, place) {
            return fault;
        }
        self.buffer.fill_line(place);
        match broken {
            Broken::Open(quote) => self
                .fault(quote..quote + 1, "quote without an end", "opens here")
                .hint("close it, and double the quotes within the cell"),
            Broken::Behind(quote, behind) => {
                let label = format!("the cell began in line {}", self.buffer.text.line(quote));
                self.fault(behind..behind + 1, "text behind a closing quote", label).hint(DOUBLE)
            }
            Broken::Wrong(span, message, label, hint) => self.fault(span, message, label).hint(hint),
        }
    }

    fn cells(&self) -> Result<Cells<'_>, Fault> {
        let Record { length, fields, unescaped, .. } = &self.record;
        Ok(Cells { text: text(&self.buffer, *length)?, fields, unescaped })
    }
}

/// The beginning of what is at hand, as text.
fn text<R>(buffer: &Buffer<R>, length: usize) -> Result<&str, Fault> {
    str::from_utf8(&buffer.text.rest()[..length]).map_err(|error| buffer.text.not_utf8(error.valid_up_to()))
}

impl Record {
    /// Finds the cells of the record at the start of these bytes, behind which the file goes on unless they are its end.
    fn read(&mut self, bytes: &[u8], at_end: bool) -> Result<(), Broken> {
        self.fields.clear();
        let (mut start, mut has_quotes) = (0, false);
        loop {
            let (end, value) = match bytes.get(start) {
                Some(b'"') => quoted(bytes, start)?,
                _ => plain(bytes, start),
            };
            let is_quoted = matches!(value, Value::Quoted | Value::Escaped(_));
            has_quotes |= is_quoted;
            self.fields.push(Field { place: start..end, value });
            match &bytes[end..] {
                [b',', ..] => start = end + 1,
                [b'\n', ..] => return self.end(end + 1, !has_quotes),
                [b'\r', b'\n', ..] => return self.end(end + 2, !has_quotes),
                [] if at_end => return self.end(end, false),
                [] | [b'\r'] if !at_end => return Err(Broken::Open(start)),
                _ if is_quoted => return Err(Broken::Behind(start, end)),
                rest => return Err(in_plain(rest[0], end)),
            }
        }
    }

    fn end(&mut self, length: usize, is_line: bool) -> Result<(), Broken> {
        (self.length, self.is_line) = (length, is_line);
        Ok(())
    }

    fn unescape(&mut self, text: &str) {
        self.unescaped.clear();
        for Field { place, value } in &mut self.fields {
            if let Value::Escaped(range) = value {
                let start = self.unescaped.len();
                for (number, part) in text[place.start + 1..place.end - 1].split("\"\"").enumerate() {
                    self.unescaped += if number > 0 { "\"" } else { "" };
                    self.unescaped += part;
                }
                *range = start..self.unescaped.len();
            }
        }
    }
}

/// Where a cell without quotes ends.
fn plain(bytes: &[u8], start: usize) -> (usize, Value) {
    let ends = |byte: &u8| matches!(byte, b',' | b'\n' | b'\r' | b'"' | 0);
    let length = bytes[start..].iter().position(ends).unwrap_or(bytes.len() - start);
    (start + length, if length == 0 { Value::Null } else { Value::Plain })
}

/// Where a cell in quotes ends.
fn quoted(bytes: &[u8], quote: usize) -> Result<(usize, Value), Broken> {
    let mut value = Value::Quoted;
    let mut start = quote + 1;
    loop {
        let found = start + memchr2(b'"', 0, &bytes[start..]).ok_or(Broken::Open(quote))?;
        match &bytes[found..] {
            [0, ..] => return Err(nul(found)),
            [_, b'"', ..] => value = Value::Escaped(0..0),
            _ => return Ok((found + 1, value)),
        }
        start = found + 2;
    }
}

/// What is wrong with a byte that a cell without quotes cannot have.
fn in_plain(byte: u8, place: usize) -> Broken {
    let span = place..place + 1;
    match byte {
        0 => nul(place),
        b'"' => {
            let hint = "put the whole cell into quotes, and double those within it";
            Broken::Wrong(span, "quote within a cell", "the cell began without one", hint)
        }
        _ => {
            let hint = "end lines with LF or CRLF; put a cell with a line end in it into quotes";
            Broken::Wrong(span, "carriage return outside of quotes", "no line feed behind it", hint)
        }
    }
}

fn nul(place: usize) -> Broken {
    Broken::Wrong(place..place + 1, "NUL byte", "PostgreSQL's text cannot hold it", "save the file as UTF-8 text")
}

impl<'a> Cells<'a> {
    pub(super) fn cell(self, column: usize) -> Cell<'a> {
        let Field { place, value } = &self.fields[column];
        let text = match value {
            Value::Null => return Cell::Null,
            Value::Plain => &self.text[place.clone()],
            Value::Quoted => &self.text[place.start + 1..place.end - 1],
            Value::Escaped(range) => &self.unescaped[range.clone()],
        };
        Cell::Text(Cow::Borrowed(text))
    }

    pub(super) fn place(self, column: usize) -> Range<usize> {
        self.fields[column].place.clone()
    }
}
