//! A folder that is read when the program runs.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use atlas_migrate_core::file_name;
use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::set::{self, File};

use crate::{Error, ErrorKind};

/// A file or folder that could not be read, and why.
#[derive(Debug)]
pub(crate) struct Unreadable(PathBuf, io::Error);

/// Reads and checks the migrations of a folder.
pub(super) fn read(folder: &Path) -> Result<Vec<Migration>, Error> {
    let mut contents = Vec::new();
    for path in files(folder, file_name::is_ours).map_err(|unreadable| error(folder, unreadable))? {
        let bytes = read_file(folder, &path).map_err(|unreadable| error(folder, unreadable))?;
        contents.push(File { path, bytes: Cow::Owned(bytes) });
    }
    set::assemble(&folder.to_string_lossy(), contents).map_err(|faults| Error::faults(&faults))
}

/// The content of a file in a folder.
pub(crate) fn read_file(folder: &Path, path: &str) -> Result<Vec<u8>, Unreadable> {
    let file = folder.join(path);
    fs::read(&file).map_err(|cause| Unreadable(file, cause))
}

/// The error of a file in a folder, or of the folder itself.
pub(crate) fn error(folder: &Path, Unreadable(path, error): Unreadable) -> Error {
    let hint = if path == folder {
        "the folder is looked for in the current directory of the process, unless its path is absolute"
    } else {
        "see that it is there, may be read, and has a name in UTF-8; or move it out of the folder"
    };
    Error::new(ErrorKind::Source, format!("{} could not be read: {error}", path.display())).hint(hint)
}

/// The files of a folder and those below it that a set is made of, by their paths in it, with `/` between their parts.
///
/// Links are followed, as the compiler follows them; but what lies in a folder that was read already is there already, and
/// a link to it may lead round in a circle.
pub(crate) fn files(folder: &Path, is_ours: impl Fn(&str) -> bool) -> Result<Vec<String>, Unreadable> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    // Links wait, so that a file has the name of the folder that it really is in.
    let (mut folders, mut links) = (vec![folder.to_owned()], Vec::new());
    while let Some(here) = folders.pop().or_else(|| links.pop()) {
        for entry in entries(&here, &mut seen).map_err(|error| Unreadable(here, error))? {
            let path = entry.path();
            let below = path.strip_prefix(folder).unwrap_or(&path);
            let name = below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
            if path.is_dir() {
                let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                if is_link { &mut links } else { &mut folders }.push(path);
            } else if is_ours(&name) {
                if below.to_str().is_none() {
                    let error = io::Error::new(io::ErrorKind::InvalidData, "its name is not UTF-8");
                    return Err(Unreadable(path, error));
                }
                found.push(name);
            }
        }
    }
    Ok(found)
}

/// What is in a folder and is not hidden, by name; nothing if it was seen before.
fn entries(folder: &Path, seen: &mut HashSet<PathBuf>) -> io::Result<Vec<DirEntry>> {
    if !seen.insert(fs::canonicalize(folder)?) {
        return Ok(Vec::new());
    }
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.retain(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}
