//! What the compiler says to the author of tests.
//!
//! trybuild does not see most of it, as it compiles no tests. `INSTA_UPDATE=always cargo test -p atlas-migrate-ui-tests` writes the
//! snapshots anew.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::{env, fs, io};

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

const MANIFEST: &str = r#"
[package]
name = "attribute"
edition = "2024"

[workspace]

[dependencies]
atlas-migrate = { path = PATH, features = ["postgres", "testing", "tokio-postgres"] }
postgres = { version = "0.19", default-features = false }
tokio-postgres = { version = "0.7", default-features = false }
"#;

/// A package whose tests are the cases.
static PACKAGE: LazyLock<PathBuf> =
    LazyLock::new(|| make().unwrap_or_else(|error| panic!("the package of the cases: {error}")));

fn make() -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("attribute");
    for part in ["src", "tests", "migrations"] {
        fs::create_dir_all(folder.join(part))?;
    }
    let path = Path::new(WORKSPACE).canonicalize()?.join("atlas-migrate");
    fs::write(folder.join("Cargo.toml"), MANIFEST.replace("PATH", &format!("{path:?}")))?;
    fs::copy(Path::new(WORKSPACE).join("Cargo.lock"), folder.join("Cargo.lock"))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    fs::write(folder.join("migrations/1_users.sql"), "CREATE TABLE users (id bigint PRIMARY KEY);\n")?;
    let outside = folder.join("../outside");
    fs::create_dir_all(&outside)?;
    fs::copy(folder.join("migrations/1_users.sql"), outside.join("1_users.sql"))?;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("attribute"))? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join("tests").join(entry.file_name()))?;
    }
    Ok(folder)
}

/// Compares what the compiler says about a case, which it does not compile, with its snapshot.
#[track_caller]
fn check(case: &str) {
    compare(case, false);
}

/// The same with what it warns of, and compiles.
#[track_caller]
fn warns(case: &str) {
    compare(case, true);
}

#[track_caller]
fn compare(case: &str, compiles: bool) {
    let cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["check", "--quiet", "--color", "never", "--test", case, "--target-dir", "target"])
        .current_dir(&*PACKAGE)
        .stdin(Stdio::null())
        .output();
    let output = cargo.unwrap_or_else(|error| panic!("cargo: {error}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success(), compiles, "{case}:\n{text}");
    let end = text.find("error: could not compile").or(compiles.then_some(text.len()));
    let end = end.unwrap_or_else(|| panic!("not for the case's sake:\n{text}"));
    let workspace = Path::new(WORKSPACE).canonicalize().unwrap_or_else(|error| panic!("{WORKSPACE}: {error}"));
    let text = text[..end].replace(&workspace.display().to_string(), "$WORKSPACE");
    let text = without_sources(&text);
    insta::with_settings!({ snapshot_path => "attribute", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(case, text);
    });
}

/// Without what points into the sources of this library and of Rust's own, which change for other reasons.
fn without_sources(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let (mut kept, mut is_source) = (Vec::new(), false);
    for (index, line) in lines.iter().enumerate() {
        let starts = ["error", "help", "note", "warning"].iter().any(|word| line.starts_with(word));
        if starts {
            let place = lines.get(index + 1).map_or("", |next| next.trim_start());
            is_source = place.starts_with("--> $WORKSPACE") || place.starts_with("--> /rustc/");
        }
        is_source &= !line.is_empty() && !line.trim_start().starts_with("= ");
        if !is_source {
            kept.push(*line);
        }
    }
    kept.join("\n")
}

#[test]
fn arguments() {
    check("argument");
    check("no_argument");
    check("two_arguments");
}

#[test]
fn options() {
    check("options");
    check("e5_no_migrations");
    check("wrong_module");
}

#[test]
fn functions() {
    check("no_function");
    check("generic");
    check("return_type");
}

#[test]
fn e14_a_folder_outside_of_the_package() {
    warns("e14_outside");
}
