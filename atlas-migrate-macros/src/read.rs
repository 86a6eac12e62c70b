//! The files of a folder.

use std::borrow::Cow;
use std::collections::HashSet;
use std::env;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use atlas_migrate_core::fault::Fault;
use atlas_migrate_core::file_name;
use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::set::{self, File};

use crate::parse;

/// A folder without faults.
pub(crate) struct Folder {
    pub(crate) migrations: Vec<Migration>,
    /// Every file that was read, relative to the manifest.
    pub(crate) files: Vec<String>,
}

/// Reads and checks a folder.
pub(crate) fn folder(input: &parse::Folder) -> Result<Folder, Vec<Fault>> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    if !manifest.join(&input.path).is_dir() {
        return Err(vec![missing(&manifest, &input.path)]);
    }
    let mut reader = Reader { manifest, faults: Vec::new(), files: Vec::new() };
    reader.walk(&input.path);
    let Reader { mut faults, files, .. } = reader;
    let paths = files.iter().map(|file| format!("{}/{}", input.path, file.path)).collect();
    match set::assemble(&input.path, files) {
        Ok(migrations) if faults.is_empty() => Ok(Folder { migrations, files: paths }),
        Ok(_) => Err(faults),
        Err(others) => {
            faults.extend(others);
            faults.sort();
            Err(faults)
        }
    }
}

fn missing(manifest: &Path, path: &str) -> Fault {
    let package = env::var("CARGO_PKG_NAME").unwrap_or_default();
    // In a workspace the folder often stands beside the root's manifest.
    let above = (1..=4).map(|levels| format!("{}{path}", "../".repeat(levels)));
    let hint = above.into_iter().find(|path| manifest.join(path).is_dir()).map_or_else(
        || "create it, or give its path relative to that `Cargo.toml`".to_owned(),
        |found| format!("did you mean \"{found}\"?"),
    );
    Fault::new(path, format!("no such folder beside the `Cargo.toml` of {package}")).hint(hint)
}

struct Reader {
    manifest: PathBuf,
    faults: Vec<Fault>,
    files: Vec<File>,
}

impl Reader {
    /// Collects the files in and below a folder, whose path is relative to the manifest.
    ///
    /// Links are followed, as the compiler follows them; but what lies in a folder that was read already is there already,
    /// and a link to it may lead round in a circle.
    fn walk(&mut self, root: &str) {
        let mut seen = HashSet::new();
        // Links wait, so that a file has the name of the folder that it really is in.
        let (mut folders, mut links) = (vec![String::new()], Vec::new());
        while let Some(folder) = folders.pop().or_else(|| links.pop()) {
            let display = format!("{root}/{folder}");
            let display = display.trim_end_matches('/');
            let entries = match entries(&self.manifest.join(display), &mut seen) {
                Ok(entries) => entries,
                Err(error) => {
                    self.unreadable(display, &error);
                    continue;
                }
            };
            for entry in entries {
                let path = format!("{folder}{}", entry.file_name().to_string_lossy());
                if entry.path().is_dir() {
                    let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                    if is_link { &mut links } else { &mut folders }.push(format!("{path}/"));
                } else if file_name::is_ours(&path) {
                    let display = format!("{root}/{path}");
                    self.read(path, display, &entry);
                }
            }
        }
    }

    fn read(&mut self, path: String, display: String, entry: &DirEntry) {
        if entry.file_name().to_str().is_none() {
            self.faults.push(Fault::new(display, "file name is not UTF-8").hint("rename the file"));
            return;
        }
        match fs::read(entry.path()) {
            Ok(bytes) => self.files.push(File { path, bytes: Cow::Owned(bytes) }),
            Err(error) => self.unreadable(&display, &error),
        }
    }

    fn unreadable(&mut self, display: &str, error: &io::Error) {
        self.faults.push(Fault::new(display, format!("cannot be read: {error}")));
    }
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
