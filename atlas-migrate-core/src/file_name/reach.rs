//! How far into the folders below a folder of migrations its files are read.

use std::collections::BTreeMap;

use super::{FileName, Layout, Versioned, is_half, is_sql, parse};

/// Why a folder below is not read.
const ONLY_THERE: &str = "folders below are read only where files are named like V1__init.sql";

/// Which of the files in and below a folder are read: those that the tool reads whose layout it has.
///
/// Flyway and refinery read all folders below. Others read files in the folder itself, or one folder for each migration.
/// Files named `R__…` are read wherever they are.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    reads_below: bool,
}

impl Reach {
    /// By the paths of all the files in and below the folder.
    pub fn of<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let (mut has_flyway, mut has_others, mut has_flyway_below) = (false, false, false);
        for path in paths {
            let Ok(Some(FileName::Versioned(Versioned { layout, .. }))) = parse(path, path) else { continue };
            match (layout, depth(path)) {
                (Layout::Flyway, 0) => has_flyway = true,
                (Layout::Flyway, _) => has_flyway_below = true,
                (Layout::Numbered, 0) | (Layout::Folders, 1) => has_others = true,
                _ => {}
            }
        }
        Self { reads_below: has_flyway || (has_flyway_below && !has_others) }
    }

    /// Whether the file with this path below the folder is read.
    pub fn has(self, path: &str) -> bool {
        let file = path.rsplit('/').next().unwrap_or(path);
        let is_of_folder = is_half(file) || matches!(file, "metadata.toml" | "migration.sql");
        match depth(path) {
            0 => true,
            1 if is_of_folder => true,
            _ => self.reads_below || matches!(parse(path, path), Ok(Some(FileName::Repeatable(_)))),
        }
    }

    /// What is to be said of files that end in `.sql` and are not read: a line for each folder directly below.
    pub fn passed_over<'p>(self, folder: &str, paths: impl IntoIterator<Item = &'p str>) -> Vec<String> {
        let mut counts = BTreeMap::new();
        for path in paths {
            let is_hidden = path.split('/').any(|part| part.starts_with('.'));
            if let Some((below, _)) = path.split_once('/')
                && is_sql(path)
                && !is_hidden
                && !self.has(path)
            {
                *counts.entry(below).or_insert(0_usize) += 1;
            }
        }
        let line = |(below, count): (&str, usize)| {
            let files = if count == 1 { "1 .sql file".to_owned() } else { format!("{count} .sql files") };
            let below = crate::set::display(folder, below);
            format!("{below} is passed over, with {files}: {ONLY_THERE}")
        };
        counts.into_iter().map(line).collect()
    }
}

/// How many folders below that of all migrations a file is.
fn depth(path: &str) -> usize {
    path.matches('/').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(paths: &[&str], read: &[&str], passed_over: &[&str]) {
        let reach = Reach::of(paths.iter().copied());
        let has: Vec<&str> = paths.iter().copied().filter(|path| reach.has(path)).collect();
        assert_eq!(has, read);
        let said = reach.passed_over("m", paths.iter().copied());
        let said: Vec<&str> = said.iter().filter_map(|line| line.split(": ").next()).collect();
        assert_eq!(said, passed_over, "{paths:?}");
    }

    #[test]
    fn a12_folders_below_are_read_where_their_tool_reads_them() {
        check(&["1_a.sql", "old/2_b.sql"], &["1_a.sql"], &["m/old is passed over, with 1 .sql file"]);
        check(
            &["1_a.sql", "1_a.down.sql", "old/2_b.sql", "old/x/b.SQL", "old/README.md", "x/up/y.sql"],
            &["1_a.sql", "1_a.down.sql"],
            &["m/old is passed over, with 2 .sql files", "m/x is passed over, with 1 .sql file"],
        );
        check(&["1_a.sql", "old/V2__b.sql"], &["1_a.sql"], &["m/old is passed over, with 1 .sql file"]);
        check(&["1_a.sql", "views/R__a.sql", ".git/x.sql"], &["1_a.sql", "views/R__a.sql"], &[]);
        check(&["V1__a.sql", "x/V2__b.sql", "x/y/V3__c.sql"], &["V1__a.sql", "x/V2__b.sql", "x/y/V3__c.sql"], &[]);
        check(&["x/V2__b.sql", "x/c.sql"], &["x/V2__b.sql", "x/c.sql"], &[]);
        check(&["V1__a.sql", "x/2_b.sql"], &["V1__a.sql", "x/2_b.sql"], &[]);
        check(
            &["2025/1_a.sql", "2026/2_b.sql"],
            &[],
            &["m/2025 is passed over, with 1 .sql file", "m/2026 is passed over, with 1 .sql file"],
        );
        check(
            &["2024-01-02-000000_a/up.sql", "2024-01-02-000000_a/more.sql", "old/2023-01-02-000000_a/up.sql"],
            &["2024-01-02-000000_a/up.sql"],
            &["m/2024-01-02-000000_a is passed over, with 1 .sql file", "m/old is passed over, with 1 .sql file"],
        );
        check(&["20240101000000_a/migration.sql"], &["20240101000000_a/migration.sql"], &[]);
    }
}
