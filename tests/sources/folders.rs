//! A folder that is read when the program runs.

use std::path::Path;

use atlas_migrate::{ErrorKind, Migrations};

use crate::{folder, scripts};

const SQL: &str = "SELECT 1;";

/// The files that a folder's set is made of, by their paths in it.
#[track_caller]
fn check(folder: &Path, expected: &[&str]) {
    let migrations = Migrations::from_directory(folder).unwrap_or_else(|error| panic!("{error}"));
    let paths = scripts(&migrations).map(|script| Path::new(script.path()).strip_prefix(folder).unwrap());
    assert_eq!(paths.map(|path| path.to_str().unwrap()).collect::<Vec<_>>(), expected);
}

/// It cannot be read, and the message has these parts.
#[track_caller]
fn refused(folder: &Path, parts: &[&str]) {
    let error = Migrations::from_directory(folder).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Source);
    let message = error.to_string();
    let rest = parts.iter().try_fold(message.as_str(), |rest, part| rest.split_once(part).map(|(_, rest)| rest));
    assert!(rest.is_some(), "{message}");
}

#[test]
fn nested() {
    let files = [("2025/01/002_b.sql", SQL), ("2024/12/001_a.sql", SQL), ("003_c.sql", SQL), ("views/R__v.sql", SQL)];
    check(&folder("nested", &files), &["2024/12/001_a.sql", "2025/01/002_b.sql", "003_c.sql", "views/R__v.sql"]);
}

#[test]
fn folders_of_diesel() {
    let files = [
        ("2024-01-02-000000_a/up.sql", SQL),
        ("2024-01-02-000000_a/down.sql", ""),
        ("2024-01-02-000000_a/metadata.toml", "run_in_transaction = false"),
        ("2024-01-03-000000_b/up.sql", SQL),
    ];
    check(
        &folder("diesel", &files),
        &["2024-01-02-000000_a/up.sql", "2024-01-02-000000_a/down.sql", "2024-01-03-000000_b/up.sql"],
    );
}

#[test]
fn files_that_are_none_of_ours() {
    let files = [
        ("001_a.sql", SQL),
        (".002_b.sql", SQL),
        (".git/003_c.sql", SQL),
        ("drafts/.old/004_d.sql", SQL),
        ("README.md", ""),
        ("002_b.sql.orig", SQL),
        ("002_b.sql~", SQL),
        ("metadata.toml", "anything"),
    ];
    check(&folder("others", &files), &["001_a.sql"]);
}

#[test]
fn without_migrations() {
    let empty = folder("empty", &[]);
    refused(&empty, &["no migrations in this folder", "sources/empty", "hint"]);
    refused(&empty.join("nowhere"), &["sources/empty/nowhere could not be read", "hint"]);
    let file = folder("a_file", &[("001_a.sql", SQL)]).join("001_a.sql");
    refused(&file, &["sources/a_file/001_a.sql could not be read", "hint"]);
}

#[test]
fn all_faults_at_once() {
    let files = [("001_a.sql", "COMMIT;"), ("deep/1_b.sql", "-- atlas:nothing"), ("deep/er/c.sql", "")];
    refused(
        &folder("faults", &files),
        &["faults/001_a.sql:1:1", "faults/deep/1_b.sql", "faults/deep/1_b.sql:1:4", "faults/deep/er/c.sql"],
    );
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn to_a_folder_that_was_read_already() {
        let folder = folder("links", &[("001_a.sql", SQL), ("z/y/002_b.sql", SQL), ("z/x/003_c.sql", SQL)]);
        symlink(".", folder.join("again")).unwrap();
        symlink("../..", folder.join("z/y/above")).unwrap();
        // Though its name comes first, the files have the name of the folder that they are in.
        symlink("z", folder.join("a")).unwrap();
        symlink("../x", folder.join("z/y/beside")).unwrap();
        symlink("../y", folder.join("z/x/beside")).unwrap();
        check(&folder, &["001_a.sql", "z/y/002_b.sql", "z/x/003_c.sql"]);
    }

    #[test]
    fn to_what_lies_elsewhere() {
        let elsewhere = folder("elsewhere", &[("002_b.sql", SQL), ("deep/003_c.sql", SQL), ("file", SQL)]);
        let folder = folder("links_elsewhere", &[("001_a.sql", SQL)]);
        symlink(&elsewhere, folder.join("shared")).unwrap();
        symlink(&elsewhere, folder.join("shared_too")).unwrap();
        symlink(elsewhere.join("file"), folder.join("004_d.sql")).unwrap();
        let paths = ["001_a.sql", "shared_too/002_b.sql", "shared_too/deep/003_c.sql", "004_d.sql"];
        check(&folder, &paths);
    }

    #[test]
    fn to_nowhere() {
        // An editor's lock, which is there while a file is being edited.
        let folder = folder("links_to_nowhere", &[("001_a.sql", SQL)]);
        symlink("somebody@somewhere.1234", folder.join(".#001_a.sql")).unwrap();
        symlink("nowhere", folder.join("notes")).unwrap();
        check(&folder, &["001_a.sql"]);
        symlink("nowhere", folder.join("002_b.sql")).unwrap();
        refused(&folder, &["links_to_nowhere/002_b.sql could not be read", "hint"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_are_not_utf8() {
        use std::os::unix::ffi::OsStrExt as _;

        let folder = folder("not_utf8", &[("001_a.sql", SQL)]);
        let name = |bytes: &[u8]| folder.join(std::ffi::OsStr::from_bytes(bytes));
        std::fs::write(name(b"r\xe9sum\xe9.txt"), "").unwrap();
        std::fs::create_dir(name(b"\xe9t\xe9")).unwrap();
        check(&folder, &["001_a.sql"]);
        std::fs::write(name(b"002_caf\xe9.sql"), SQL).unwrap();
        refused(&folder, &["not_utf8/002_caf\u{fffd}.sql could not be read: its name is not UTF-8", "hint"]);
    }
}
