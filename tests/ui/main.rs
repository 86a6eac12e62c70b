//! What the compiler says to the author of migrations, seeds, checks and benchmarks.
//!
//! `TRYBUILD=overwrite cargo test -p atlas-migrate-ui-tests` writes the `.stderr` files anew.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// The crate that trybuild generates, whose `Cargo.toml` the cases' folders are relative to.
const GENERATED: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/../tests/trybuild/", env!("CARGO_PKG_NAME"));

#[test]
fn ui() -> io::Result<()> {
    let migrations = copied("migrations")?;
    copied("seeds")?;
    copied("checks")?;
    copied("benchmarks")?;
    // Files that are met again by way of a link to their own folder are the same files.
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", migrations.join("flyway/2/again"))?;

    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*.rs");
    Ok(())
}

/// A folder of the cases, copied to where they are compiled.
fn copied(folder: &str) -> io::Result<PathBuf> {
    let copy = Path::new(GENERATED).join(folder);
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    copy_folder(Path::new(folder), &copy)?;
    Ok(copy)
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
