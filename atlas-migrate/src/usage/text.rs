//! The report as text.

use std::fmt;

use super::{Connections, IndexUsage, TableUsage, Usage};

/// How many tables and indexes are shown.
const SHOWN: usize = 20;

impl fmt::Display for Usage {
    /// The largest tables and indexes; all indexes that are unused or there twice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = |table: &TableUsage| {
            let rows = table.rows.map_or_else(|| "?".to_owned(), |rows| rows.to_string());
            let [total, heap, indexes, toast] = [table.total(), table.heap, table.indexes, table.toast].map(size);
            [table.name.clone(), total, heap, indexes, toast, rows]
        };
        let index = |index: &IndexUsage| [index.name.clone(), size(index.size), index.scans.to_string()];
        let connections = |one: &Connections| [one.state.clone(), one.count.to_string(), one.application.clone()];
        aligned(f, ["table", "total", "heap", "indexes", "toast", "rows"], self.tables.iter().map(table))?;
        aligned(f, ["index", "size", "scans"], self.indexes.iter().map(index))?;
        let since = self.since.as_ref().map_or(String::new(), |since| format!(" since {since}"));
        for index in self.unused_indexes() {
            writeln!(f, "not used{since}: {} on {} ({})", index.name, index.table, size(index.size))?;
        }
        for same in self.duplicate_indexes() {
            let names: Vec<_> = same.iter().map(|index| index.name.as_str()).collect();
            writeln!(f, "the same on {}: {}", same[0].table, names.join(", "))?;
        }
        aligned(f, ["connections", "number", "application"], self.connections.iter().map(connections))
    }
}

/// Columns of which the first and, as words, the last but not numbers are at the left.
fn aligned<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    header: [&str; N],
    rows: impl ExactSizeIterator<Item = [String; N]>,
) -> fmt::Result {
    if rows.len() == 0 {
        return Ok(());
    }
    let more = rows.len().saturating_sub(SHOWN);
    let mut lines = vec![header.map(str::to_owned)];
    lines.extend(rows.take(SHOWN));
    let mut widths = [0; N];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    for line in &lines {
        let mut text = String::new();
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            let is_text = column == 0 || header[column] == "application";
            text += &if is_text { format!("{cell:<width$}  ") } else { format!("{cell:>width$}  ") };
        }
        writeln!(f, "{}", text.trim_end())?;
    }
    if more > 0 {
        writeln!(f, "and {more} more")?;
    }
    Ok(())
}

/// Bytes in the unit that suits them.
fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 1024.0 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1024.0;
    }
    format!("{value:.1} TB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (8192, "8.0 kB"),
            (3 << 19, "1.5 MB"),
            (5 << 30, "5.0 GB"),
            (7 << 40, "7.0 TB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }
}
