//! A folder that was compiled in with the crate `include_dir`.

use std::borrow::Cow;

use atlas_migrate_core::file_name;
use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::set::{self, File};
use include_dir::{Dir, DirEntry};

use crate::Error;

pub(super) fn read(folder: &Dir<'static>) -> Result<Vec<Migration>, Error> {
    let mut files = Vec::new();
    collect(folder, &mut files);
    set::assemble(&folder.path().to_string_lossy(), files).map_err(|faults| Error::faults(&faults))
}

fn collect(folder: &Dir<'static>, files: &mut Vec<File>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(folder) => collect(folder, files),
            DirEntry::File(file) => {
                let path = file.path().iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
                if file_name::is_ours(&path) {
                    files.push(File { path, bytes: Cow::Borrowed(file.contents()) });
                }
            }
        }
    }
}
