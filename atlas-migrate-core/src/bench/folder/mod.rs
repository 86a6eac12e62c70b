//! The benchmarks of a folder.

use std::collections::HashMap;

use super::{File, SourceFile};
use crate::fault::Fault;
use crate::syntax::Syntax;
use crate::texts::Sort;

const BENCHMARKS: Sort = Sort {
    extensions: &[".sql"],
    unread: &[".psql", ".pgsql", ".yaml", ".yml", ".json", ".jsonl", ".ndjson", ".csv", ".tsv"],
    several: "benchmarks",
    example: "010_timeline.sql",
};

/// Whether a file, by its path below the folder, is one of ours, or was meant to be.
pub fn is_ours(path: &str) -> bool {
    BENCHMARKS.is_ours(path)
}

/// Makes the benchmarks of a folder of all the files in it, by their paths.
///
/// `folder` is how messages name the folder. Files that are none of ours are passed over.
///
/// # Errors
///
/// Everything that is wrong with the files, by path and position; and names that two of them have.
pub fn assemble(
    folder: &str,
    files: impl IntoIterator<Item = SourceFile>,
    syntax: Syntax,
) -> Result<Vec<File>, Vec<Fault>> {
    let files = BENCHMARKS.assemble(folder, files, |file| file.benchmark(syntax))?;
    let mut first = HashMap::new();
    let mut faults = Vec::new();
    for (file, benchmark) in &files {
        if let Some(other) = first.insert(&benchmark.name, file.path()) {
            let fault = Fault::new(file.path(), format!("second benchmark `{}`", benchmark.name));
            faults.push(fault.hint(format!("rename it: {other} has that name too, numbers and folders aside")));
        }
    }
    if faults.is_empty() { Ok(files.into_iter().map(|(file, _)| file).collect()) } else { Err(faults) }
}

#[cfg(test)]
mod tests;
