//! A folder that is read when the program runs.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use atlas_migrate_core::fault::Fault;
use atlas_migrate_core::file_name::{self, Reach};
use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::set::{self, File};
use atlas_migrate_core::syntax::Syntax;

use super::plain;
use crate::{Error, ErrorKind};

/// Reads and checks the migrations of a folder; and what is to be said of folders below that are passed over.
pub(super) fn read(folder: &Path, syntax: Syntax) -> Result<(Vec<Migration>, Vec<String>), Error> {
    let mut found = files(folder, file_name::is_ours)?;
    let name = folder.to_string_lossy();
    let paths = std::mem::take(&mut found.files);
    let reach = Reach::of(paths.iter().map(String::as_str));
    let passed_over = reach.passed_over(&name, paths.iter().map(String::as_str));
    let mut contents = Vec::new();
    for path in paths {
        // What is passed over need not be read.
        let bytes = if reach.has(&path) { found.content(folder, &path) } else { Some(Vec::new()) };
        contents.extend(bytes.map(|bytes| File { path, bytes: Cow::Owned(bytes) }));
    }
    Ok((found.finish(set::assemble(&name, contents, syntax))?, passed_over))
}

/// What is in a folder and those below it.
pub(crate) struct Found {
    /// The paths below the folder, with `/` between their parts, of all that a set is made of.
    pub(crate) files: Vec<String>,
    faults: Vec<Fault>,
}

impl Found {
    /// The content of one of the files; none is a fault.
    pub(crate) fn content(&mut self, folder: &Path, path: &str) -> Option<Vec<u8>> {
        let file = folder.join(path);
        plain::read(&file).map_err(|error| self.faults.push(unreadable(&file, &error))).ok()
    }

    /// What was made of the files, unless something is wrong with them or the folder.
    pub(crate) fn finish<T>(mut self, made: Result<T, Vec<Fault>>) -> Result<T, Error> {
        match made {
            Ok(made) if self.faults.is_empty() => Ok(made),
            made => {
                self.faults.extend(made.err().into_iter().flatten());
                self.faults.sort();
                Err(Error::faults(&self.faults))
            }
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    let hint = "see that it is a plain file, may be read, and has a name in UTF-8; or move it out of the folder";
    let path = path.to_string_lossy();
    let message = format!("{path} could not be read: {error}");
    Fault::new(path, message).hint(hint)
}

/// The files of a folder and those below it that a set is made of.
///
/// Links are followed, as the compiler follows them; but what lies in a folder that was read already is there already, and
/// a link to it may lead round in a circle. A folder with the name of a file is none that is looked into.
pub(crate) fn files(folder: &Path, is_ours: impl Fn(&str) -> bool) -> Result<Found, Error> {
    let mut found = Found { files: Vec::new(), faults: Vec::new() };
    let mut seen = HashSet::new();
    // Links wait, so that a file has the name of the folder that it really is in.
    let (mut folders, mut links) = (vec![folder.to_owned()], Vec::new());
    while let Some(here) = folders.pop().or_else(|| links.pop()) {
        let entries = match entries(&here, &mut seen) {
            Ok(entries) => entries,
            Err(error) if here == folder => {
                let message = format!("{} could not be read: {error}", folder.display());
                let said = Error::new(ErrorKind::Source, message);
                return Err(match error.kind() {
                    io::ErrorKind::NotFound => said
                        .hint("give a path that is absolute, or that begins in the current directory of the process"),
                    io::ErrorKind::NotADirectory => said.hint("give the path of the folder, not of a file in it"),
                    _ => said,
                });
            }
            Err(error) => {
                found.faults.push(unreadable(&here, &error));
                continue;
            }
        };
        for entry in entries {
            let path = entry.path();
            let below = path.strip_prefix(folder).unwrap_or(&path);
            let name = below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
            if path.is_dir() && !is_ours(&name) {
                let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                if is_link { &mut links } else { &mut folders }.push(path);
            } else if is_ours(&name) {
                match below.to_str() {
                    Some(_) => found.files.push(name),
                    None => {
                        let error = io::Error::new(io::ErrorKind::InvalidData, "its name is not UTF-8");
                        found.faults.push(unreadable(&path, &error));
                    }
                }
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
