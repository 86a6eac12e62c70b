//! Whether the crate of an integration test has a module `migrations`. Each file in `tests/` is a crate of its own, and so the
//! default of the attribute is mostly not there.

use std::path::PathBuf;
use std::{env, fs};

/// What to write instead, if it surely has none.
pub(super) fn without_migrations() -> Option<String> {
    // Cargo sets it for integration tests and benchmarks alone.
    env::var_os("CARGO_TARGET_TMPDIR")?;
    let text = fs::read_to_string(root()?).ok()?;
    if may_have_migrations(&text) {
        return None;
    }
    let package = env::var("CARGO_PKG_NAME").unwrap_or("my_app".to_owned()).replace('-', "_");
    Some(format!(
        "there is no `crate::migrations` here, since this test is a crate of its own: write \
         `#[atlas_migrate::test(migrations = {package}::migrations)]`, with the path of the module in which \
         `embed_migrations!` stands, which has to be `pub`"
    ))
}

/// The file of the crate, as Cargo finds it.
fn root() -> Option<PathBuf> {
    let tests = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?).join("tests");
    let name = env::var("CARGO_CRATE_NAME").ok()?;
    let entries = fs::read_dir(&tests).ok()?.flatten().map(|entry| entry.path());
    let is_its = |path: &PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let is_source = path.is_dir() || path.extension().is_some_and(|extension| extension == "rs");
        is_source && stem.is_some_and(|stem| stem.replace('-', "_") == name)
    };
    entries
        .filter(is_its)
        .map(|path| if path.is_dir() { path.join("main.rs") } else { path })
        .find(|path| path.is_file())
}

/// Whether anything but the attributes of tests has the word, or a macro or a glob may bring it in.
fn may_have_migrations(text: &str) -> bool {
    let is_about = |line: &str| {
        let code = line.split("//").next().unwrap_or_default().trim_start();
        !code.starts_with("#[atlas_migrate::test")
            && (code.contains("migrations") || code.contains("::*") || code.contains("include!"))
    };
    text.lines().any(is_about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_texts() {
        for (text, expected) in [
            ("#[atlas_migrate::test(migrations = app::migrations)]\nfn a() {}", false),
            ("// migrations\n#[atlas_migrate::test]\nfn a() {}", false),
            ("mod migrations { }", true),
            ("use app::migrations;", true),
            ("use app::{a, migrations};", true),
            ("use app::*;", true),
        ] {
            assert_eq!(may_have_migrations(text), expected, "{text}");
        }
    }
}
