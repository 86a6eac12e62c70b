//! The files of a folder.

use std::borrow::Cow;
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
    reader.walk(&input.path, "");
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
    /// Collects the files of a folder, whose path `root` is relative to the manifest, in and below `folder`.
    fn walk(&mut self, root: &str, folder: &str) {
        let display = format!("{root}/{folder}");
        let display = display.trim_end_matches('/');
        let entries =
            fs::read_dir(self.manifest.join(display)).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(display, &error),
        };
        for entry in entries {
            let name = entry.file_name();
            let path = format!("{folder}{}", name.to_string_lossy());
            let display = format!("{root}/{path}");
            // Links are followed, as the compiler follows them.
            if entry.path().is_dir() {
                self.walk(root, &format!("{path}/"));
            } else if file_name::is_ours(&path) {
                self.read(path, display, &entry);
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
