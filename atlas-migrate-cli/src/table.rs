//! Tables of text.

use anstyle::Style;
use atlas_migrate_core::fault::shown;

use super::style::{DIM, Styles};

/// Lines of cells, each column as wide as its widest cell. Columns without any text are left out.
#[derive(Default)]
pub(super) struct Table {
    head: Vec<&'static str>,
    lines: Vec<Vec<(String, Style)>>,
}

impl Table {
    pub(super) fn new<const N: usize>(head: [&'static str; N]) -> Self {
        Self { head: head.to_vec(), lines: Vec::new() }
    }

    /// Adds a line, with as many cells as the head has.
    pub(super) fn line(&mut self, cells: Vec<(String, Style)>) {
        let one_line = |(text, style): (String, Style)| (shown(&text).into_owned(), style);
        self.lines.push(cells.into_iter().map(one_line).collect());
    }

    pub(super) fn show(&self, styles: Styles) -> String {
        let width = |column: usize| {
            let cells = self.lines.iter().map(|line| line[column].0.chars().count());
            let widest = cells.max().unwrap_or(0);
            (widest > 0).then(|| widest.max(self.head[column].len()))
        };
        let widths: Vec<_> = (0..self.head.len()).filter_map(|column| Some((column, width(column)?))).collect();
        let show = |cell: &dyn Fn(usize) -> (String, Style)| {
            let last = widths.last().map(|(column, _)| *column);
            let cells = widths.iter().map(|(column, width)| {
                let (text, style) = cell(*column);
                let padding = width.saturating_sub(text.chars().count());
                let padding = if Some(*column) == last { 0 } else { padding };
                styles.paint(style, &text) + &" ".repeat(padding)
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let head = show(&|column| (self.head[column].to_owned(), DIM));
        let lines = self.lines.iter().map(|line| show(&|column| line[column].clone()));
        std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
    }
}
