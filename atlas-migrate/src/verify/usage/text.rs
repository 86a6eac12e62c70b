//! The report as text.

use std::fmt;

use atlas_migrate_core::fault::shown;

use super::{Connections, IndexUsage, TableUsage, Usage};
use crate::render::paint::table;

/// How many tables and indexes are shown.
const SHOWN: usize = 20;

impl fmt::Display for Usage {
    /// The largest tables and indexes; all indexes that are unused or there twice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_table = |table: &TableUsage| {
            let rows = table.rows.map_or_else(|| "?".to_owned(), |rows| rows.to_string());
            let [total, heap, indexes, toast] = [table.total(), table.heap, table.indexes, table.toast].map(size);
            [shown(&table.name).into_owned(), total, heap, indexes, toast, rows]
        };
        let index = |index: &IndexUsage| [shown(&index.name).into_owned(), size(index.size), index.scans.to_string()];
        let connections =
            |one: &Connections| [one.state.clone(), one.count.to_string(), shown(&one.application).into_owned()];
        aligned(f, ["table", "total", "heap", "indexes", "toast", "rows"], self.tables.iter().map(of_table))?;
        aligned(f, ["index", "size", "scans"], self.indexes.iter().map(index))?;
        let since = self.since.as_ref().map_or(String::new(), |since| format!(" since {since}"));
        for index in self.unused_indexes() {
            let [name, table] = [&index.name, &index.table].map(|name| shown(name));
            writeln!(f, "not used{since}: {name} on {table} ({})", size(index.size))?;
        }
        for same in self.duplicate_indexes() {
            let names: Vec<_> = same.iter().map(|index| shown(&index.name)).collect();
            writeln!(f, "the same on {}: {}", shown(&same[0].table), names.join(", "))?;
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
    let lines: Vec<_> = [header.map(str::to_owned)].into_iter().chain(rows.take(SHOWN)).collect();
    for line in table(&lines, |column| column == 0 || header[column] == "application") {
        writeln!(f, "{line}")?;
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
