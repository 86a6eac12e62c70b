//! For build scripts: makes cargo notice *new* migrations.
//!
//! An edit of a migration rebuilds the crate that embeds it. A new file does not by itself, since stable Rust gives a macro
//! no way to name a folder that it depends on. A build script does:
//!
//! ```toml
//! [build-dependencies]
//! atlas-migrate = "0.1"
//! ```
//!
//! ```no_run
//! // build.rs
//! fn main() {
//!     atlas_migrate::build::track("migrations");
//! }
//! ```
//!
//! No feature is needed, so no database client is compiled for it. Where the build script should have no dependency at all,
//! `println!("cargo::rerun-if-changed=migrations");` does the same, except for the error.

#![allow(clippy::needless_doctest_main, reason = "a build script has a main")]

use std::fs;
use std::path::Path;

use atlas_migrate_core::fault::shown;
use atlas_migrate_core::package;

/// Rebuilds the crate when a file is added to the folder, or to one below it, when one is removed, and when one changes.
///
/// The folder is the one that `embed_migrations!` is given: relative to the crate's `Cargo.toml`. If it does not exist the
/// build fails with an error that says so. If it lies outside of a package that is published, cargo warns.
pub fn track(folder: &str) {
    println!("{}", instruction(folder));
    if let Some(warning) = left_out(folder) {
        println!("cargo::warning={}", shown(&warning));
    }
}

/// What is to be said of a folder that `cargo package` leaves out.
fn left_out(folder: &str) -> Option<String> {
    let package = fs::canonicalize(".").ok()?;
    if fs::canonicalize(folder).ok()?.starts_with(&package) {
        return None;
    }
    let text = |folder: &Path| fs::read_to_string(folder.join("Cargo.toml"));
    let workspaces: Vec<String> = package.ancestors().skip(1).filter_map(|above| text(above).ok()).collect();
    package::left_out(folder, &text(&package).ok()?, &workspaces)
}

/// What cargo reads. It looks through a folder and those below it by itself.
fn instruction(folder: &str) -> String {
    // A line of its own would be another instruction.
    if shown(folder) != folder {
        return format!("cargo::error=the name of the folder has characters that no line can have: {}", shown(folder));
    }
    // Cargo runs a build script in the folder of the crate's manifest.
    if Path::new(folder).is_dir() {
        format!("cargo::rerun-if-changed={folder}")
    } else {
        format!("cargo::error=no such folder beside Cargo.toml: {folder}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e14_folder_is_tracked_if_it_exists() {
        assert_eq!(instruction("src"), "cargo::rerun-if-changed=src");
        assert_eq!(left_out("src"), None);
        assert!(left_out("../examples").is_some_and(|warning| warning.starts_with("../examples lies outside")));
        assert!(instruction("a\ncargo::rustc-cfg=b").starts_with("cargo::error=the name of the folder has characters"));
        assert!(!instruction("a\ncargo::rustc-cfg=b").contains('\n'));
        assert_eq!(instruction("nowhere"), "cargo::error=no such folder beside Cargo.toml: nowhere");
    }
}
