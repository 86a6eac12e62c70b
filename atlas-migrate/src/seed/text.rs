//! Rows as `COPY` reads them: a line each, tabs between cells, `\N` for null.

use super::generate::Value;
use super::writer::Sink;

/// Writes the rows of a piece.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) buffer: Vec<u8>,
    /// Whether the row has a cell yet.
    begun: bool,
}

impl Lines {
    fn begin_cell(&mut self) {
        if std::mem::replace(&mut self.begun, true) {
            self.buffer.push(b'\t');
        }
    }

    pub(super) fn null(&mut self) {
        self.begin_cell();
        self.buffer.extend_from_slice(b"\\N");
    }

    pub(super) fn text(&mut self, text: &str) {
        self.begin_cell();
        let mut rest = text.as_bytes();
        let is_special = |byte: &u8| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r');
        // Mostly none is. Without an early end the compiler looks at many bytes at once.
        if !rest.iter().fold(false, |any, byte| any | is_special(byte)) {
            return self.buffer.extend_from_slice(rest);
        }
        while let Some(at) = rest.iter().position(is_special) {
            self.buffer.extend_from_slice(&rest[..at]);
            let escaped = match rest[at] {
                b'\t' => b't',
                b'\n' => b'n',
                b'\r' => b'r',
                other => other,
            };
            self.buffer.extend_from_slice(&[b'\\', escaped]);
            rest = &rest[at + 1..];
        }
        self.buffer.extend_from_slice(rest);
    }

    pub(super) fn end_row(&mut self) {
        self.buffer.push(b'\n');
        self.begun = false;
    }
}

/// Takes the cells of a generated row.
pub struct Cells<'a> {
    sink: &'a mut dyn Sink,
    scratch: &'a mut String,
    count: usize,
    /// The numbers of those that are null.
    nulls: Vec<usize>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink, scratch: &'a mut String) -> Self {
        Self { sink, scratch, count: 0, nulls: Vec::new() }
    }

    /// The next cell. `None` is null; what is no number, boolean, text, UUID or JSON goes by its `Display`, as in
    /// `cells.push(format_args!("{date}"))`.
    pub fn push(&mut self, value: impl Value) {
        self.scratch.clear();
        let is_value = value.write(self.scratch);
        self.sink.cell(is_value.then_some(self.scratch.as_str()));
        if !is_value {
            self.nulls.push(self.count);
        }
        self.count += 1;
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn is_null(&self, number: usize) -> bool {
        self.nulls.contains(&number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cells: &[Option<&str>], line: &str) {
        let (mut lines, mut scratch) = (Lines::default(), String::new());
        let mut row = Cells::new(&mut lines, &mut scratch);
        cells.iter().for_each(|cell| row.push(cell));
        assert_eq!(row.count(), cells.len());
        lines.end_row();
        assert_eq!(String::from_utf8(lines.buffer).unwrap(), line);
    }

    #[test]
    fn lines() {
        check(&[Some("a"), None, Some("")], "a\t\\N\t\n");
        check(&[Some("\\N"), Some("\\."), Some("a\tb\nc\rd\\")], "\\\\N\t\\\\.\ta\\tb\\nc\\rd\\\\\n");
        check(&[Some("größe")], "größe\n");
    }
}
