//! The objects of a file of JSON, one at a time.

use std::fmt;
use std::io::Read;
use std::ops::Range;

use memchr::{memchr, memchr_iter};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::extent::{Extent, extent};
use super::scan::{Entry, Scanned, scan};
use crate::fault::Fault;
use crate::seed::Format;
use crate::seed::buffer::{Buffer, Text};

const BROKEN: &str = "broken JSON";

/// The objects of a file, one at a time.
pub(super) struct Objects<R> {
    buffer: Buffer<R>,
    format: Format,
    next: Next,
    /// How long the object is that was read last.
    length: usize,
    /// Its keys and values.
    entries: Vec<Entry>,
}

/// An object of a file. All places are within it.
#[derive(Clone, Copy)]
pub(super) struct Object<'o> {
    pub(super) text: &'o Text,
    pub(super) json: &'o str,
    pub(super) entries: &'o [Entry],
    /// Its keys and values are as they are written: no backslash is in it.
    pub(super) plain: bool,
}

impl Object<'_> {
    pub(super) fn fault(&self, span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Fault {
        self.text.fault(span, message, label)
    }
}

/// What is to come in a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Array,
    FirstObject,
    Object,
    CommaOrEnd,
    Nothing,
}

impl<R: Read> Objects<R> {
    pub(super) fn open(format: Format, path: &str, input: R) -> Result<Self, Fault> {
        let mut buffer = Buffer::new(path, input)?;
        if skip_space(&mut buffer)?.is_none() {
            return Err(Fault::new(path, "empty file").hint("if that is meant, write `[]` into a .json file"));
        }
        Ok(Self { buffer, format, next: Next::Array, length: 0, entries: Vec::new() })
    }

    /// Reads the next object, if there is another.
    pub(super) fn next(&mut self) -> Result<Option<Object<'_>>, Fault> {
        self.buffer.text.consume(self.length);
        self.length = 0;
        let found = match self.format {
            Format::Ndjson => skip_space(&mut self.buffer)?.is_some(),
            _ => self.skip_to_object()?,
        };
        if !found {
            return Ok(None);
        }
        let mut entries = std::mem::take(&mut self.entries);
        let read = self.read(&mut entries);
        self.entries = entries;
        let plain = read?;
        Ok(Some(Object { text: &self.buffer.text, json: self.json()?, entries: &self.entries, plain }))
    }

    /// Reads the object that is next, and tells whether it is plain.
    fn read(&mut self, entries: &mut Vec<Entry>) -> Result<bool, Fault> {
        let line = if self.format == Format::Ndjson { Some(self.line()?) } else { None };
        let rest = self.buffer.text.rest();
        let scanned = scan(&rest[..line.unwrap_or(rest.len())], entries);
        let plain = match scanned.filter(|scanned| line.is_none_or(|line| line == scanned.length)) {
            Some(Scanned { length, escapes }) => {
                self.length = length;
                !escapes
            }
            None => {
                self.length = line.map_or_else(|| self.object(), Ok)?;
                self.read_entries(entries)?;
                false
            }
        };
        if !plain && let Some((span, label)) = wrong_escape(self.json()?) {
            let fault = self.fault(span, "character that PostgreSQL's text cannot hold", label);
            return Err(fault.hint("leave it out"));
        }
        Ok(plain)
    }

    /// Passes over what is between the objects of an array.
    fn skip_to_object(&mut self) -> Result<bool, Fault> {
        loop {
            let byte = skip_space(&mut self.buffer)?;
            self.next = match (self.next, byte) {
                (Next::Array, Some(b'[')) => Next::FirstObject,
                (Next::FirstObject | Next::Object, Some(b'{')) => {
                    self.next = Next::CommaOrEnd;
                    return Ok(true);
                }
                (Next::CommaOrEnd, Some(b',')) => Next::Object,
                (Next::FirstObject | Next::CommaOrEnd, Some(b']')) => Next::Nothing,
                (Next::Nothing, None) => return Ok(false),
                (next, byte) => {
                    self.buffer.fill_line(0);
                    return Err(self.unexpected(next, byte));
                }
            };
            self.buffer.text.consume(1);
        }
    }

    fn unexpected(&self, next: Next, byte: Option<u8>) -> Fault {
        let length = usize::from(byte.is_some());
        let (message, label, hint) = match (next, byte) {
            (Next::Array, Some(b'{')) => (
                "not an array",
                "expected `[`",
                "put the objects into an array; or write one in each line, and name the file .ndjson",
            ),
            (Next::Array, _) => ("not an array", "expected `[`", "write an array of objects"),
            (Next::Nothing, _) => ("text behind the array", "expected nothing", "remove it"),
            (_, None) => (BROKEN, "the array is not closed", "put a `]` at its end"),
            (Next::CommaOrEnd, _) => (BROKEN, "expected `,` or `]`", "separate objects by commas"),
            (Next::Object, Some(b']')) => (BROKEN, "expected an object behind the comma", "remove the comma before it"),
            _ => ("not an object", "expected `{`", "write each row as an object, its keys the names of columns"),
        };
        self.fault(0..length, message, label).hint(hint)
    }

    /// How long the line is, without spacing at its end.
    fn line(&mut self) -> Result<usize, Fault> {
        let first = self.buffer.text.rest().first();
        if first != Some(&b'{') {
            let hint = match first {
                Some(b'[') => "write an object in each line; or name the file .json, if it is an array",
                _ => "write each row as an object, its keys the names of columns",
            };
            return Err(self.fault(0..1, "not an object", "expected `{`").hint(hint));
        }
        loop {
            let rest = self.buffer.text.rest();
            match memchr(b'\n', rest) {
                None if !self.buffer.is_at_end() => self.buffer.fill()?,
                end => return Ok(rest[..end.unwrap_or(rest.len())].trim_ascii_end().len()),
            }
        }
    }

    /// How long the object is; up to where it is broken, if it is.
    fn object(&mut self) -> Result<usize, Fault> {
        loop {
            match extent(self.buffer.text.rest()) {
                Extent::Whole(length) | Extent::Broken(length) => return Ok(length),
                Extent::Incomplete if self.buffer.is_at_end() => return Ok(self.buffer.text.rest().len()),
                Extent::Incomplete => self.buffer.fill()?,
            }
        }
    }

    fn json(&self) -> Result<&str, Fault> {
        let bytes = &self.buffer.text.rest()[..self.length];
        str::from_utf8(bytes).map_err(|error| self.buffer.text.not_utf8(error.valid_up_to()))
    }

    fn fault(&self, span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Fault {
        self.buffer.text.fault(span, message, label)
    }

    fn read_entries(&self, entries: &mut Vec<Entry>) -> Result<(), Fault> {
        entries.clear();
        let object = self.json()?;
        let mut json = serde_json::Deserializer::from_str(object);
        let read = json.deserialize_map(Entries { object, entries }).and_then(|()| json.end());
        read.map_err(|error| self.broken(object, &error))
    }

    fn broken(&self, object: &str, error: &serde_json::Error) -> Fault {
        if error.is_eof() {
            let (label, hint) = match self.format {
                Format::Ndjson => ("is not closed in this line", "write each object in one line"),
                _ => ("is not closed", "look for a bracket or a quote without its other half"),
            };
            return self.fault(0..1, "object without an end", label).hint(hint);
        }
        let line = match error.line() {
            0 | 1 => 0,
            line => memchr_iter(b'\n', object.as_bytes()).nth(line - 2).map_or(0, |newline| newline + 1),
        };
        let place = object.floor_char_boundary(line + error.column().saturating_sub(1));
        let message = error.to_string();
        let label = message.split(" at line ").next().unwrap_or_default();
        if label.starts_with("control character") {
            // The position is that of the byte before.
            let (label, hint) = match object.as_bytes().get(place + 1) {
                Some(b'\n') => {
                    ("the text has no end in this line", "close it with a quote; a line end in it is written `\\n`")
                }
                _ => ("control character", "write it as an escape, as in `\\t`"),
            };
            return self.fault(place + 1..place + 2, BROKEN, label).hint(hint);
        }
        self.fault(place..place + 1, BROKEN, label).hint("look at the commas, quotes and brackets before it")
    }
}

/// Passes over spacing; the byte behind it, unless the file ends there.
fn skip_space<R: Read>(buffer: &mut Buffer<R>) -> Result<Option<u8>, Fault> {
    loop {
        let rest = buffer.text.rest();
        let space = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        let next = rest.get(space).copied();
        // What is missing at the end of a file is shown after the last word, not below it.
        if next.is_none() && buffer.is_at_end() {
            return Ok(None);
        }
        buffer.text.consume(space);
        if next.is_some() {
            return Ok(next);
        }
        buffer.fill()?;
    }
}

/// Escapes that are right in JSON but not in PostgreSQL: NUL, and half of a pair of surrogates. The text is valid JSON.
fn wrong_escape(object: &str) -> Option<(Range<usize>, &'static str)> {
    let bytes = object.as_bytes();
    let unit = |start: usize| {
        let digits = object.get(start..start + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut start = 0;
    while let Some(backslash) = memchr(b'\\', &bytes[start..]).map(|found| start + found) {
        let (length, label) = match unit(backslash) {
            None => (2, None),
            Some(0) => (6, Some("NUL")),
            Some(0xd800..0xdc00) if matches!(unit(backslash + 6), Some(0xdc00..0xe000)) => (12, None),
            Some(0xd800..0xe000) => (6, Some("half of a pair of surrogates")),
            Some(_) => (6, None),
        };
        if let Some(label) = label {
            return Some((backslash..backslash + length, label));
        }
        start = backslash + length;
    }
    None
}

/// Collects where the keys and values of an object are.
struct Entries<'e, 'de> {
    object: &'de str,
    entries: &'e mut Vec<Entry>,
}

impl<'de> Visitor<'de> for Entries<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let place = |part: &RawValue| {
            let start = part.get().as_ptr() as usize - self.object.as_ptr() as usize;
            start..start + part.get().len()
        };
        while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            self.entries.push(Entry { key: place(key), value: place(value) });
        }
        Ok(())
    }
}
