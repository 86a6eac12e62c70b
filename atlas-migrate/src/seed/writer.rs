//! The rows of a `COPY`: binary as long as all of them can be sent so, and text from the first one on that cannot.

use super::binary::{Binary, Form};
use super::text::Lines;

/// A piece is at least so long, except the last one.
const PIECE: usize = 1 << 16;

/// Takes the cells of a row.
pub(super) trait Sink {
    fn cell(&mut self, text: Option<&str>);
}

impl Sink for Lines {
    fn cell(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }
}

impl Sink for Binary {
    fn cell(&mut self, text: Option<&str>) {
        Self::cell(self, text);
    }
}

pub(super) struct Writer {
    mode: Mode,
    binary: Binary,
    text: Lines,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Binary,
    /// A row that waits cannot be sent so.
    Ending,
    Text,
}

impl Writer {
    /// With forms, binary as far as it goes.
    pub(super) fn new(forms: Option<Vec<Form>>) -> Self {
        let mode = if forms.is_some() { Mode::Binary } else { Mode::Text };
        Self { mode, binary: Binary::new(forms.unwrap_or_default()), text: Lines::default() }
    }

    /// Writes a row, whose cells this gives; it may be asked for them twice.
    pub(super) fn row<E>(&mut self, mut write: impl FnMut(&mut dyn Sink) -> Result<(), E>) -> Result<(), E> {
        if self.mode == Mode::Binary {
            self.binary.begin_row();
            write(&mut self.binary)?;
            if self.binary.end_row() {
                return Ok(());
            }
            self.mode = Mode::Ending;
        }
        write(&mut self.text)?;
        self.text.end_row();
        Ok(())
    }

    /// Whether there is enough for a piece.
    pub(super) fn is_full(&self) -> bool {
        match self.mode {
            Mode::Binary => self.binary.buffer.len() >= PIECE,
            Mode::Ending => true,
            Mode::Text => self.text.buffer.len() >= PIECE,
        }
    }

    /// Takes what there is; nothing once all of it has been taken. `ended`: there are no more rows.
    pub(super) fn take(&mut self, buffer: &mut Vec<u8>, ended: bool) -> bool {
        buffer.clear();
        if self.mode == Mode::Text {
            std::mem::swap(buffer, &mut self.text.buffer);
        } else {
            if ended || self.mode == Mode::Ending {
                self.binary.close();
            }
            std::mem::swap(buffer, &mut self.binary.buffer);
        }
        !buffer.is_empty()
    }

    /// Whether all rows so far were binary.
    pub(super) fn is_plain(&self) -> bool {
        self.mode == Mode::Binary
    }

    pub(super) fn is_binary(&self) -> bool {
        self.mode != Mode::Text
    }

    /// Goes on with text, if that is needed.
    pub(super) fn go_on_with_text(&mut self) -> bool {
        let needed = self.mode == Mode::Ending;
        if needed {
            self.mode = Mode::Text;
        }
        needed
    }
}
