//! What is at hand of a file that is read from its beginning to its end.

use std::io::{self, Read};
use std::ops::Range;

use memchr::{memchr_iter, memrchr};

use super::same::{Changed, changed};
use crate::fault::Fault;

/// How much is read at first; the buffer grows only for a row that is longer. In tests most rows are.
const SIZE: usize = if cfg!(test) { 16 } else { 256 * 1024 };

/// How much of a long line is shown on either side of a place.
const AROUND: usize = 300;

/// Reads a file into a buffer that is used again and again.
pub(super) struct Buffer<R> {
    input: R,
    at_end: bool,
    pub(super) text: Text,
}

/// What is at hand of a file, and where that stands in it.
pub(super) struct Text {
    path: String,
    bytes: Vec<u8>,
    /// What is before this has been dealt with.
    start: usize,
    end: usize,
    /// The line in which `start` is, counted from 1.
    line: usize,
    /// Where that line begins, or as much of it as was kept.
    line_start: usize,
    /// How many characters of that line were not kept.
    dropped: usize,
}

impl<R: Read> Buffer<R> {
    /// Reads the beginning of a file, and passes over byte-order marks.
    pub(super) fn new(path: &str, input: R) -> Result<Self, Fault> {
        let bytes = vec![0; SIZE];
        let text = Text { path: path.to_owned(), bytes, start: 0, end: 0, line: 1, line_start: 0, dropped: 0 };
        let mut buffer = Self { input, at_end: false, text };
        buffer.fill()?;
        let text = &mut buffer.text;
        while text.rest().starts_with(b"\xef\xbb\xbf") {
            text.start += 3;
            text.line_start = text.start;
        }
        Ok(buffer)
    }

    /// Whether everything up to the end of the file is at hand.
    pub(super) fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// Reads on, if only a part of the line is at hand that begins at a byte of the rest: to show more of it in a fault. That
    /// the file cannot be read matters less then.
    pub(super) fn fill_line(&mut self, position: usize) {
        if !self.at_end && !self.text.rest()[position..].contains(&b'\n') {
            let _ = self.fill();
        }
    }

    /// Reads on, behind what is at hand, until the buffer is full. One that is full of what is still needed is made larger.
    pub(super) fn fill(&mut self) -> Result<(), Fault> {
        let text = &mut self.text;
        text.make_room();
        while text.end < text.bytes.len() && !self.at_end {
            match self.input.read(&mut text.bytes[text.end..]) {
                Ok(0) => self.at_end = true,
                Ok(count) => text.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(&text.path, &error)),
            }
        }
        Ok(())
    }
}

impl Text {
    /// What is at hand and has not been dealt with.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// So many bytes of the rest have been dealt with.
    pub(super) fn consume(&mut self, count: usize) {
        let consumed = &self.bytes[self.start..self.start + count];
        if let Some(last) = memrchr(b'\n', consumed) {
            self.line += memchr_iter(b'\n', &consumed[..last]).count() + 1;
            self.line_start = self.start + last + 1;
            self.dropped = 0;
        }
        self.start += count;
    }

    /// So many bytes of the rest have been dealt with: one line, with its end.
    pub(super) fn consume_line(&mut self, count: usize) {
        self.start += count;
        (self.line, self.line_start, self.dropped) = (self.line + 1, self.start, 0);
    }

    /// The line in which a byte of the rest is.
    pub(super) fn line(&self, position: usize) -> usize {
        self.line + memchr_iter(b'\n', &self.rest()[..position]).count()
    }

    /// A fault of bytes of the rest.
    pub(super) fn fault(&self, span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Fault {
        let rest = self.rest();
        let start = span.start.min(rest.len());
        let mut newlines = memchr_iter(b'\n', &rest[..start]);
        let line = self.line + newlines.clone().count();
        let (first, dropped) = match newlines.next_back() {
            Some(newline) => (self.start + newline + 1, 0),
            None => (self.line_start, self.dropped),
        };
        let start = self.start + start;
        let end = memchr::memchr(b'\n', &self.bytes[start..self.end]).map_or(self.end, |length| start + length);
        let column = dropped + characters(&self.bytes[first..start]) + 1;
        let shown = self.boundary(first.max(start.saturating_sub(AROUND)), start);
        let before = String::from_utf8_lossy(&self.bytes[shown..start]);
        let behind = String::from_utf8_lossy(&self.bytes[start..end.min(start + 2 * AROUND)]);
        let behind = behind.trim_end_matches(['\r', '\n']);
        // Whole characters; and what is put for bytes that are none is longer than they are.
        let span_end = self.boundary((self.start + span.end).clamp(start, end), end);
        let marked = String::from_utf8_lossy(&self.bytes[start..span_end]).len();
        let span = before.len()..before.len() + behind.floor_char_boundary(marked);
        let fault = Fault::new(&self.path, message);
        fault.at_line((line, column), &format!("{before}{behind}"), span, label)
    }

    /// A fault of bytes of the rest that are not UTF-8.
    pub(super) fn not_utf8(&self, position: usize) -> Fault {
        let label = format!("byte 0x{:02x}", self.rest()[position]);
        self.fault(position..position + 1, "not UTF-8", label).hint("save the file as UTF-8")
    }

    /// The beginning of a character, at this byte or behind it.
    fn boundary(&self, start: usize, most: usize) -> usize {
        (start..most).find(|byte| !is_continuation(self.bytes[*byte])).unwrap_or(most)
    }

    /// Drops what has been dealt with, but for a part of its last line, to be shown. If that is little, the buffer grows.
    fn make_room(&mut self) {
        let kept = self.boundary(self.line_start.max(self.start.saturating_sub(AROUND)), self.start);
        self.dropped += characters(&self.bytes[self.line_start..kept]);
        self.bytes.copy_within(kept..self.end, 0);
        (self.start, self.end, self.line_start) = (self.start - kept, self.end - kept, 0);
        if self.end > self.bytes.len() / 2 {
            self.bytes.resize(2 * self.bytes.len(), 0);
        }
    }
}

pub(super) fn unreadable(path: &str, error: &io::Error) -> Fault {
    match error.get_ref() {
        Some(cause) if cause.is::<Changed>() => changed(path),
        _ => Fault::new(path, format!("cannot be read: {error}")),
    }
}

fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !is_continuation(**byte)).count()
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}
