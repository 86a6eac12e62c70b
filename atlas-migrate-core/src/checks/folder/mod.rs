//! The checks of a folder.

use super::{File, SourceFile};
use crate::fault::Fault;
use crate::syntax::Syntax;
use crate::texts::Sort;

const CHECKS: Sort = Sort {
    extensions: &[".toml", ".sql"],
    unread: &[".psql", ".pgsql", ".yaml", ".yml", ".json", ".jsonl", ".ndjson", ".csv", ".tsv"],
    several: "checks",
    example: "010_tables.toml or 020_orphans.sql",
};

/// Whether a file, by its path below the folder, is one of ours, or was meant to be.
pub fn is_ours(path: &str) -> bool {
    CHECKS.is_ours(path)
}

/// Makes the checks of a folder of all the files in it, by their paths.
///
/// `folder` is how messages name the folder. Files that are none of ours are passed over.
///
/// # Errors
///
/// Everything that is wrong with the files, by path and position.
pub fn assemble(
    folder: &str,
    files: impl IntoIterator<Item = SourceFile>,
    syntax: Syntax,
) -> Result<Vec<File>, Vec<Fault>> {
    let files = CHECKS.assemble(folder, files, |file| file.checks(syntax))?;
    Ok(files.into_iter().map(|(file, _)| file).collect())
}

#[cfg(test)]
mod tests;
