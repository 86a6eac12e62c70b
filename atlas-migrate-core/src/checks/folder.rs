//! The checks of a folder.

use std::borrow::Cow;

use super::File;
use crate::checksum::normalized;
use crate::fault::Fault;
use crate::script::nul;
use crate::set::{display, utf8};

const EXTENSIONS: [&str; 2] = [".toml", ".sql"];

/// A file of the folder.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path below the folder, with `/` between its parts.
    pub path: String,
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
}

/// Whether a file, by its path below the folder, is one of ours, or was meant to be.
pub fn is_ours(path: &str) -> bool {
    !path.split('/').any(|part| part.starts_with('.')) && extension(path).is_some()
}

/// The extension that a path has, in whatever case.
fn extension(path: &str) -> Option<&'static str> {
    EXTENSIONS.into_iter().find(|extension| {
        let end = path.len().checked_sub(extension.len()).and_then(|start| path.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(extension))
    })
}

/// Makes the checks of a folder of all the files in it, by their paths.
///
/// `folder` is how messages name the folder. Files that are none of ours are passed over.
///
/// # Errors
///
/// Everything that is wrong with the files, by path and position.
pub fn assemble(folder: &str, files: impl IntoIterator<Item = SourceFile>) -> Result<Vec<File>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut read = Vec::new();
    for SourceFile { path, bytes } in files.into_iter().filter(|file| is_ours(&file.path)) {
        let name = display(folder, &path);
        match file(name, &path, bytes) {
            Ok(file) => read.push(file),
            Err(others) => faults.extend(others),
        }
    }
    if read.is_empty() && faults.is_empty() {
        let folder = if folder.is_empty() { "." } else { folder };
        let fault = Fault::new(folder, "no checks in this folder");
        faults.push(fault.hint("add a file with a name like 010_tables.toml or 020_orphans.sql"));
    }
    read.sort_by(|left, right| left.path.cmp(&right.path));
    faults.sort();
    if faults.is_empty() { Ok(read) } else { Err(faults) }
}

fn file(display: String, path: &str, bytes: Cow<'static, [u8]>) -> Result<File, Vec<Fault>> {
    if let Some(extension) = extension(path).filter(|extension| !path.ends_with(extension)) {
        let fault = Fault::new(display, format!("file name ends in `{}`", &path[path.len() - extension.len()..]));
        return Err(vec![fault.hint(format!("write it in small letters, as in `{extension}`"))]);
    }
    let text = utf8(&display, bytes).map_err(|fault| vec![fault])?;
    if let Some(fault) = nul(&display, &normalized(&text)) {
        return Err(vec![fault]);
    }
    let file = File::new(display.into(), text);
    file.checks().map(|_| file)
}

#[cfg(test)]
mod tests;
