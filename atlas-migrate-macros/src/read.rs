//! The files of a folder.

use std::collections::HashSet;
use std::env;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

#[cfg(feature = "bench")]
use atlas_migrate_core::bench;
#[cfg(feature = "verify")]
use atlas_migrate_core::checks;
use atlas_migrate_core::fault::Fault;
use atlas_migrate_core::file_name::{self, Reach};
use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::package;
#[cfg(feature = "seeds")]
use atlas_migrate_core::seed::{self, Content, Seed};
use atlas_migrate_core::set;
use atlas_migrate_core::syntax::Syntax;
#[cfg(any(feature = "bench", feature = "verify"))]
use atlas_migrate_core::texts;

use crate::{parse, plain};

/// A folder without faults.
pub(crate) struct Folder<T> {
    /// What was made of its files.
    pub(crate) items: Vec<T>,
    /// Every file that is one of ours, relative to the manifest.
    pub(crate) files: Vec<String>,
    /// What the author should know, though nothing is wrong.
    pub(crate) warnings: Vec<String>,
}

/// Reads and checks a folder of migrations.
pub(crate) fn migrations(input: &parse::Folder) -> Result<Folder<Migration>, Vec<Fault>> {
    let mut found = walk(input, file_name::is_ours)?;
    let paths = std::mem::take(&mut found.files);
    let reach = Reach::of(paths.iter().map(String::as_str));
    found.warnings.extend(reach.passed_over(&input.path, paths.iter().map(String::as_str)));
    let (read, passed_over): (Vec<String>, Vec<String>) = paths.into_iter().partition(|path| reach.has(path));
    found.files = read;
    let mut files = found.contents(input, |path, bytes| set::File { path, bytes: bytes.into() });
    // Their names say why there is nothing, if there is nothing.
    files.extend(passed_over.into_iter().map(|path| set::File { path, bytes: Vec::new().into() }));
    found.finish(input, set::assemble(&input.path, files, Syntax::Parser))
}

/// Reads and checks a folder of seeds.
#[cfg(feature = "seeds")]
pub(crate) fn seeds(input: &parse::Folder) -> Result<Folder<Seed>, Vec<Fault>> {
    let found = walk(input, seed::is_ours)?;
    let file = |path: &String| seed::File { path: path.clone(), content: Content::File(found.root.join(path)) };
    let files: Vec<seed::File> = found.files.iter().map(file).collect();
    let seeds = seed::assemble(&input.path, files, Syntax::Parser, |content| match content {
        Content::Embedded(bytes) => Ok(Box::new(bytes.as_ref())),
        Content::File(path) => Ok(Box::new(plain::open(path)?)),
    });
    found.finish(input, seeds)
}

/// Reads and checks a folder of checks.
#[cfg(feature = "verify")]
pub(crate) fn checks(input: &parse::Folder) -> Result<Folder<texts::File>, Vec<Fault>> {
    texts(input, checks::is_ours, |files| checks::assemble(&input.path, files, Syntax::Parser))
}

/// Reads and checks a folder of benchmarks.
#[cfg(feature = "bench")]
pub(crate) fn benchmarks(input: &parse::Folder) -> Result<Folder<texts::File>, Vec<Fault>> {
    texts(input, bench::is_ours, |files| bench::assemble(&input.path, files, Syntax::Parser))
}

#[cfg(any(feature = "bench", feature = "verify"))]
fn texts(
    input: &parse::Folder,
    is_ours: fn(&str) -> bool,
    assemble: impl Fn(Vec<texts::SourceFile>) -> Result<Vec<texts::File>, Vec<Fault>>,
) -> Result<Folder<texts::File>, Vec<Fault>> {
    let mut found = walk(input, is_ours)?;
    let files = found.contents(input, |path, bytes| texts::SourceFile { path, bytes: bytes.into() });
    found.finish(input, assemble(files))
}

/// What was found in a folder.
struct Found {
    root: PathBuf,
    /// Paths below the folder.
    files: Vec<String>,
    faults: Vec<Fault>,
    warnings: Vec<String>,
}

impl Found {
    fn contents<F>(&mut self, input: &parse::Folder, file: impl Fn(String, Vec<u8>) -> F) -> Vec<F> {
        let mut files = Vec::new();
        for path in &self.files {
            match plain::read(&self.root.join(path)) {
                Ok(bytes) => files.push(file(path.clone(), bytes)),
                Err(error) => self.faults.push(unreadable(format!("{}/{path}", input.path), &error)),
            }
        }
        files
    }

    fn finish<T>(mut self, input: &parse::Folder, made: Result<Vec<T>, Vec<Fault>>) -> Result<Folder<T>, Vec<Fault>> {
        match made {
            Ok(items) if self.faults.is_empty() => {
                let files = self.files.iter().map(|file| format!("{}/{file}", input.path)).collect();
                Ok(Folder { items, files, warnings: self.warnings })
            }
            Ok(_) => Err(self.faults),
            Err(others) => {
                self.faults.extend(others);
                self.faults.sort();
                Err(self.faults)
            }
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

/// Finds our files in and below a folder.
///
/// Links are followed, as the compiler follows them; but what lies in a folder that was read already is there already,
/// and a link to it may lead round in a circle.
fn walk(input: &parse::Folder, is_ours: fn(&str) -> bool) -> Result<Found, Vec<Fault>> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = manifest.join(&input.path);
    if !root.is_dir() {
        return Err(vec![missing(&manifest, &input.path)]);
    }
    let warnings = left_out(&manifest, &root, &input.path).into_iter().collect();
    let mut found = Found { root, files: Vec::new(), faults: Vec::new(), warnings };
    let mut seen = HashSet::new();
    // Links wait, so that a file has the name of the folder that it really is in.
    let (mut folders, mut links) = (vec![String::new()], Vec::new());
    while let Some(folder) = folders.pop().or_else(|| links.pop()) {
        let display = format!("{}/{folder}", input.path);
        let entries = match entries(&found.root.join(&folder), &mut seen) {
            Ok(entries) => entries,
            Err(error) => {
                found.faults.push(unreadable(display.trim_end_matches('/').to_owned(), &error));
                continue;
            }
        };
        for entry in entries {
            let path = format!("{folder}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() && !is_ours(&path) {
                let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                if is_link { &mut links } else { &mut folders }.push(format!("{path}/"));
            } else if is_ours(&path) {
                match entry.file_name().to_str() {
                    Some(_) => found.files.push(path),
                    None => {
                        let fault = Fault::new(format!("{}/{path}", input.path), "file name is not UTF-8");
                        found.faults.push(fault.hint("rename the file"));
                    }
                }
            }
        }
    }
    Ok(found)
}

/// What is to be said of a folder that is not within the package.
fn left_out(manifest: &Path, root: &Path, path: &str) -> Option<String> {
    let (package, folder) = (fs::canonicalize(manifest).ok()?, fs::canonicalize(root).ok()?);
    if folder.starts_with(&package) {
        return None;
    }
    let text = |folder: &Path| fs::read_to_string(folder.join("Cargo.toml"));
    let workspaces: Vec<String> = package.ancestors().skip(1).filter_map(|above| text(above).ok()).collect();
    package::left_out(path, &text(&package).ok()?, &workspaces)
}

fn unreadable(display: String, error: &io::Error) -> Fault {
    Fault::new(display, format!("cannot be read: {error}"))
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
