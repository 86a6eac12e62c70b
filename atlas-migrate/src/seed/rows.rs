//! Rows on their way to the server.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use atlas_migrate_core::fault::Fault;
use atlas_migrate_core::seed::{self, Cell, Columns, Content, Format, Row, Rows, Same, Seed};

use super::key::{self, Telling};
use super::table::Column;
use super::text::Cells;
use super::writer::{Sink, Writer};
use super::{Generate, cell, generate, label, source};
use crate::postgres::session::Chunks;
use crate::progress::{Event, Listener};
use crate::{Error, ErrorKind};

/// Tells how much of a seed was sent, if it is sent.
#[derive(Default)]
pub(super) struct Progress<'a> {
    pub(super) listener: Option<&'a Listener>,
    pub(super) seed: &'a str,
    pub(super) total_rows: Option<u64>,
    pub(super) total_bytes: Option<u64>,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

impl Progress<'_> {
    fn tell(&mut self, rows: u64, bytes: u64) {
        (self.rows, self.bytes) = (rows, bytes);
        let Self { listener, seed, total_rows, total_bytes, .. } = *self;
        if let Some(listener) = listener {
            listener.tell(&Event::Seeding { seed, rows, total_rows, bytes, total_bytes });
        }
    }
}

/// The rows of a file.
pub(super) struct FileRows<'a> {
    rows: FileReader<'a>,
    /// Those of the file, in its order.
    columns: Vec<&'a Column>,
    format: Format,
    telling: &'a Telling,
    pub(super) writer: Writer,
    pub(super) progress: Progress<'a>,
}

/// Reads a file and counts what it has read.
pub(super) struct FileReader<'a> {
    rows: Rows<Counting<Box<dyn Read + Send + 'a>>>,
    read: Arc<AtomicU64>,
}

struct Counting<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

impl<'a> FileReader<'a> {
    /// Opens the rows of a file.
    pub(super) fn open(seed: &'a Seed) -> Result<Self, Fault> {
        let read = Arc::new(AtomicU64::new(0));
        let input = open(seed)?;
        let input = match (seed.content(), seed.text_checksum()) {
            (Content::File(_), Some(checked)) => Box::new(Same::new(input, checked)),
            _ => input,
        };
        let input = Counting { inner: input, read: Arc::clone(&read) };
        Ok(Self { rows: Rows::open(seed.format(), seed.path(), seed.columns(), input)?, read })
    }

    pub(super) fn columns(&self) -> &[String] {
        self.rows.columns()
    }

    /// The first row for which this gives something, if there is one.
    pub(super) fn find<T>(mut self, mut look: impl FnMut(&Row<'_>) -> Option<T>) -> Option<T> {
        while let Ok(Some(row)) = self.rows.next() {
            if let Some(found) = look(&row) {
                return Some(found);
            }
        }
        None
    }
}

fn open(seed: &Seed) -> Result<Box<dyn Read + Send + '_>, Fault> {
    source::open(seed.content()).map_err(|error| Fault::new(seed.path(), format!("cannot be read: {error}")))
}

/// The columns of a file with their places, for a fault: all of it is read once more.
pub(super) fn columns(seed: &Seed) -> Result<Columns, Fault> {
    seed::check(seed.format(), seed.path(), open(seed)?)
}

/// How long a file is, if that can be had.
pub(super) fn length(content: &Content) -> Option<u64> {
    match content {
        Content::Embedded(bytes) => Some(bytes.len() as u64),
        Content::File(path) => Some(std::fs::metadata(path).ok()?.len()),
    }
}

impl<'a> FileRows<'a> {
    pub(super) fn new(
        rows: FileReader<'a>,
        format: Format,
        columns: Vec<&'a Column>,
        telling: &'a Telling,
        writer: Writer,
    ) -> Self {
        Self { rows, columns, format, telling, writer, progress: Progress::default() }
    }
}

impl Chunks for FileRows<'_> {
    fn next(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error> {
        let (mut rows, mut ended) = (self.progress.rows, false);
        while !self.writer.is_full() && !ended {
            match self.rows.rows.next().map_err(|fault| Error::faults(&[fault]))? {
                Some(row) => {
                    check_key(&row, &self.columns, self.telling)
                        .and_then(|()| self.writer.row(|sink| write_row(sink, &row, &self.columns, self.format)))
                        .map_err(|fault| Error::at(ErrorKind::Failed, fault))?;
                    rows = row.number();
                }
                None => ended = true,
            }
        }
        if !self.writer.take(buffer, ended) {
            return Ok(false);
        }
        self.progress.tell(rows, self.rows.read.load(Ordering::Relaxed));
        Ok(true)
    }
}

/// A row that cannot be told from others would come in once more each time.
fn check_key(row: &Row<'_>, columns: &[&Column], telling: &Telling) -> Result<(), Fault> {
    match telling.null(|number| matches!(row.cell(number), Cell::Null | Cell::Missing)) {
        None => Ok(()),
        Some(number) => {
            let Column { name, ty, .. } = columns[number];
            let message = format!("null in `{name}`, by which existing rows are found");
            Err(row.fault(number, message, format!("{name} is {ty}")).hint(key::HINT))
        }
    }
}

fn write_row(sink: &mut dyn Sink, row: &Row<'_>, columns: &[&Column], format: Format) -> Result<(), Fault> {
    for (number, column) in columns.iter().enumerate() {
        let fault = |message: String, hint: &str| {
            row.fault(number, message, format!("{} is {}", column.name, column.ty)).hint(hint)
        };
        match row.cell(number) {
            Cell::Null if column.not_null => {
                let message = format!("null in `{}`, which is NOT NULL", column.name);
                return Err(fault(message, "write a value; in CSV, \"\" is an empty text"));
            }
            Cell::Missing if column.default || column.not_null => {
                let message = format!("no `{}` in this row, as there is in others", column.name);
                return Err(fault(message, "leave it out everywhere, for the default, or nowhere"));
            }
            Cell::Null | Cell::Missing => sink.cell(None),
            Cell::Text(text) if label::is_label(&text) && column.is_number() => {
                let message = format!("a label in `{}`", column.name);
                return Err(fault(message, "labels stand for keys of the types uuid and bigint"));
            }
            Cell::Text(text) => sink.cell(Some(&cell::of_text(&text, column, format))),
            Cell::Json(json) => match cell::of_json(json, column) {
                Ok(text) => sink.cell(Some(&text)),
                Err(message) => {
                    return Err(fault(message, "an array is for an array type or jsonb, an object for jsonb"));
                }
            },
        }
    }
    Ok(())
}

/// Rows that a program makes: those from one number to another.
pub(super) struct GeneratedRows<'a> {
    generate: &'a dyn Generate,
    key: [u8; 32],
    next: u64,
    end: u64,
    telling: &'a Telling,
    pub(super) writer: Writer,
    scratch: String,
    pub(super) progress: Progress<'a>,
}

impl<'a> GeneratedRows<'a> {
    pub(super) fn new(generate: &'a dyn Generate, rows: Range<u64>, telling: &'a Telling, writer: Writer) -> Self {
        let (key, progress) = (generate::key(generate), Progress::default());
        Self { generate, key, next: rows.start, end: rows.end, telling, writer, scratch: String::new(), progress }
    }
}

impl Chunks for GeneratedRows<'_> {
    fn next(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error> {
        while !self.writer.is_full() && self.next < self.end {
            let Self { generate, key, next, scratch, telling, .. } = self;
            self.writer.row(|sink| {
                let mut cells = Cells::new(sink, scratch);
                generate.row(*next, &mut generate::random(*key, *next), &mut cells);
                let (count, columns) = (cells.count(), generate.columns().len());
                let table = generate.table();
                if count == columns {
                    let Some(null) = telling.null(|number| cells.is_null(number)) else { return Ok(()) };
                    let column = generate.columns()[null];
                    let message = format!(
                        "row {next} generated for {table} has null in `{column}`, by which existing rows are found"
                    );
                    return Err(Error::new(ErrorKind::Usage, message).hint(key::HINT));
                }
                let message = format!("row {next} generated for {table} has {count} cells for {columns} columns");
                Err(Error::new(ErrorKind::Usage, message).hint("push a cell for each column, None for null"))
            })?;
            self.next += 1;
        }
        if !self.writer.take(buffer, self.next == self.end) {
            return Ok(false);
        }
        self.progress.tell(self.next, self.progress.bytes + buffer.len() as u64);
        Ok(true)
    }
}

/// Rows that are sent as binary first, and as text from some row on.
pub(super) trait Written: Chunks {
    fn writer(&mut self) -> &mut Writer;

    /// Whether all of them can be sent as binary, up to one that is wrong. Nothing is sent.
    fn are_plain(mut self) -> bool
    where
        Self: Sized,
    {
        let mut buffer = Vec::new();
        while self.writer().is_plain() && matches!(self.next(&mut buffer), Ok(true)) {}
        self.writer().is_plain()
    }
}

impl Written for FileRows<'_> {
    fn writer(&mut self) -> &mut Writer {
        &mut self.writer
    }
}

impl Written for GeneratedRows<'_> {
    fn writer(&mut self) -> &mut Writer {
        &mut self.writer
    }
}

/// A piece of text is so long.
const PIECE: usize = 1 << 16;

/// Rows that are written as `COPY` takes them.
pub(super) struct Raw<'a> {
    pub(super) rest: &'a [u8],
}

impl Chunks for Raw<'_> {
    fn next(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error> {
        let (piece, rest) = self.rest.split_at(self.rest.len().min(PIECE));
        buffer.clear();
        buffer.extend_from_slice(piece);
        self.rest = rest;
        Ok(!piece.is_empty())
    }
}
