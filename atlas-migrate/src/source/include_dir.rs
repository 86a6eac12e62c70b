//! A folder that was compiled in with the crate `include_dir`.

use std::borrow::Cow;
use std::path::Path;

use atlas_migrate_core::file_name;
use atlas_migrate_core::set::File;
use include_dir::{Dir, DirEntry};

/// The files that a set of migrations is made of.
pub(super) fn files(folder: &Dir<'static>) -> Vec<File> {
    let mut files = Vec::new();
    collect(folder, folder.path(), &mut files);
    files
}

fn collect(folder: &Dir<'static>, root: &Path, files: &mut Vec<File>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(folder) => collect(folder, root, files),
            DirEntry::File(file) => {
                // Of a folder within the one that was compiled in, all paths begin with its own.
                let path = file.path().strip_prefix(root).unwrap_or(file.path());
                let path = path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
                if file_name::is_ours(&path) {
                    files.push(File { path, bytes: Cow::Borrowed(file.contents()) });
                }
            }
        }
    }
}
