//! A folder that is read when the program runs.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use atlas_migrate_core::file_name;
use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::set::{self, File};

use crate::{Error, ErrorKind};

/// Reads and checks the migrations of a folder.
pub(super) fn read(folder: &Path) -> Result<Vec<Migration>, Error> {
    let unreadable = |path: &Path, error: &io::Error| {
        Error::new(ErrorKind::Source, format!("{} could not be read: {error}", path.display()))
            .hint("the folder is looked for in the current directory of the process, unless its path is absolute")
    };
    let paths = files(folder).map_err(|error| unreadable(folder, &error))?;
    let mut contents = Vec::new();
    for path in paths {
        let bytes = fs::read(folder.join(&path)).map_err(|error| unreadable(&folder.join(&path), &error))?;
        contents.push(File { path, bytes: Cow::Owned(bytes) });
    }
    set::assemble(&folder.to_string_lossy(), contents).map_err(|faults| Error::faults(&faults))
}

/// The files of a folder and those below it that a set is made of, by their paths in it, with `/` between their parts.
pub(super) fn files(folder: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(folder.join(&below))? {
            let entry = entry?;
            let path = below.join(entry.file_name());
            // Follows links, as the compiler does.
            if fs::metadata(entry.path())?.is_dir() {
                folders.push(path);
                continue;
            }
            let path = path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
            if file_name::is_ours(&path) {
                found.push(path);
            }
        }
    }
    Ok(found)
}
