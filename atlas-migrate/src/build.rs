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
//! `println!("cargo::rerun-if-changed=migrations");` does the same, save for the error.

#![allow(clippy::needless_doctest_main, reason = "a build script has a main")]

use std::path::Path;

/// Rebuilds the crate when a file is added to the folder, or to one below it, when one is removed, and when one changes.
///
/// The folder is the one that `embed_migrations!` is given: relative to the crate's `Cargo.toml`. If it does not exist the
/// build fails with an error that says so.
pub fn track(folder: &str) {
    println!("{}", instruction(folder));
}

/// What cargo reads. It looks through a folder and those below it by itself.
fn instruction(folder: &str) -> String {
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
    fn folder_is_tracked_if_it_exists() {
        assert_eq!(instruction("src"), "cargo::rerun-if-changed=src");
        assert_eq!(instruction("nowhere"), "cargo::error=no such folder beside Cargo.toml: nowhere");
    }
}
