//! Where migrations come from: every source reads a folder as the others do.

mod embedded;
mod folders;
mod kinds;
mod same;
mod script;

use std::fs;
use std::path::{Path, PathBuf};

use atlas_migrate::{Migrations, Script};

/// A folder for one test, with these files in it.
#[track_caller]
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sources").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    for (path, text) in files {
        write(&folder, path, text);
    }
    folder
}

#[track_caller]
fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    path.parent().map_or(Ok(()), fs::create_dir_all).unwrap();
    fs::write(path, text).unwrap();
}

/// The files that the set is made of, in the order in which they run.
fn scripts(migrations: &Migrations) -> impl Iterator<Item = &Script> {
    migrations.as_slice().iter().flat_map(|migration| [Some(migration.up()), migration.down()]).flatten()
}
