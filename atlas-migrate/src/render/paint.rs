//! Reports as text, with and without the colours of a terminal.

use atlas_migrate_core::fault::shown;

/// A colour of a terminal.
#[derive(Clone, Copy)]
pub(crate) enum Color {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Grey = 90,
}

/// Gives a text its colour, or leaves it as it is.
pub(crate) type Paint = fn(Color, &str) -> String;

/// For plain text.
pub(crate) const PLAIN: Paint = |_, text| text.to_owned();

/// For a terminal.
pub(crate) const TERMINAL: Paint = |color, text| format!("\x1b[{}m{text}\x1b[0m", color as u8);

/// What a database holds may be anybody's, and is not to steer the terminal.
pub(crate) fn printable(text: &str) -> String {
    shown(text).into_owned()
}

/// Lines whose cells stand below each other: words at the left, numbers at the right.
pub(crate) fn table<const N: usize>(lines: &[[String; N]], is_words: impl Fn(usize) -> bool) -> Vec<String> {
    let mut widths = [0; N];
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let shown = |line: &[String; N]| {
        let mut text = String::new();
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            text += &if is_words(column) { format!("{cell:<width$}  ") } else { format!("{cell:>width$}  ") };
        }
        text.trim_end().to_owned()
    };
    lines.iter().map(shown).collect()
}
