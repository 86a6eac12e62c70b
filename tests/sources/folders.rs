//! A folder that is read when the program runs.

use std::path::Path;

use atlas_migrate::{ErrorKind, Migrations, Migrator};
use atlas_migrate_tests::{Database, Driver};

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
    let files = [("2025/01/V2__b.sql", SQL), ("2024/12/V1__a.sql", SQL), ("V3__c.sql", SQL), ("views/R__v.sql", SQL)];
    check(&folder("nested", &files), &["2024/12/V1__a.sql", "2025/01/V2__b.sql", "V3__c.sql", "views/R__v.sql"]);
}

/// What a run warns of.
fn warnings(migrations: Migrations) -> Vec<String> {
    let report = Driver::Postgres.connect(&Database::new().url()).run(&Migrator::new(migrations)).unwrap();
    report.warnings().to_vec()
}

#[test]
fn a12_folders_below_that_are_passed_over() {
    let files =
        [("0001_a.sql", SQL), ("old/0003_x.sql", "SELECT 'open"), ("old/older/0002_y.sql", SQL), ("docs/a.md", "")];
    let here = folder("passed_over", &files);
    check(&here, &["0001_a.sql"]);
    let said = format!("{}/old is passed over, with 2 .sql files: folders below are read only", here.display());
    let found = warnings(Migrations::from_directory(&here).unwrap());
    assert!(matches!(found.as_slice(), [one] if one.starts_with(&said)), "{found:?}");
    let found = warnings(Migrations::from_files("m", files).unwrap());
    assert!(
        matches!(found.as_slice(), [one] if one.starts_with("m/old is passed over, with 2 .sql files")),
        "{found:?}"
    );
    let all_below = folder("all_below", &[("2025/001_a.sql", SQL)]);
    refused(
        &all_below,
        &["no migrations in this folder", "move the files up", "all_below/2025 is passed over, with 1 .sql file"],
    );
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
    let files = [("V1__a.sql", "COMMIT;"), ("deep/V1.0__b.sql", "-- atlas:nothing"), ("deep/er/c.sql", "")];
    refused(
        &folder("faults", &files),
        &["faults/V1__a.sql:1:1", "faults/deep/V1.0__b.sql", "faults/deep/V1.0__b.sql:1:4", "faults/deep/er/c.sql"],
    );
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn to_a_folder_that_was_read_already() {
        let folder = folder("links", &[("V1__a.sql", SQL), ("z/y/V2__b.sql", SQL), ("z/x/V3__c.sql", SQL)]);
        symlink(".", folder.join("again")).unwrap();
        symlink("../..", folder.join("z/y/above")).unwrap();
        // Though its name comes first, the files have the name of the folder that they are in.
        symlink("z", folder.join("a")).unwrap();
        symlink("../x", folder.join("z/y/beside")).unwrap();
        symlink("../y", folder.join("z/x/beside")).unwrap();
        check(&folder, &["V1__a.sql", "z/y/V2__b.sql", "z/x/V3__c.sql"]);
    }

    #[test]
    fn to_what_lies_elsewhere() {
        let elsewhere = folder("elsewhere", &[("V2__b.sql", SQL), ("deep/V3__c.sql", SQL), ("file", SQL)]);
        let folder = folder("links_elsewhere", &[("V1__a.sql", SQL)]);
        symlink(&elsewhere, folder.join("shared")).unwrap();
        symlink(&elsewhere, folder.join("shared_too")).unwrap();
        symlink(elsewhere.join("file"), folder.join("V4__d.sql")).unwrap();
        let paths = ["V1__a.sql", "shared_too/V2__b.sql", "shared_too/deep/V3__c.sql", "V4__d.sql"];
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
        refused(&folder, &["002_b.sql could not be read: not a plain file, but a link that leads nowhere", "hint"]);
    }

    /// None of them is opened, since opening some waits forever, and others have no end.
    #[test]
    fn d11_what_is_no_plain_file() {
        use std::os::unix::net::UnixListener;
        use std::process::Command;

        let kinds = [
            ("fifo", "a FIFO"),
            ("socket", "a socket"),
            ("device", "a device"),
            ("folder", "a folder"),
            ("loop", "a link"),
        ];
        for (kind, said) in kinds {
            let folder = folder(&format!("no_plain_file_{kind}"), &[("001_a.sql", SQL), ("003_c.sql", "COMMIT;")]);
            let file = folder.join("002_b.sql");
            let _bound = match kind {
                "socket" => {
                    // Its own path may be too long for a socket.
                    let short = std::env::temp_dir().join(format!("atlas-migrate-{}.sock", std::process::id()));
                    let listener = UnixListener::bind(&short).unwrap();
                    std::fs::rename(&short, &file).unwrap();
                    Some(listener)
                }
                "fifo" => {
                    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
                    None
                }
                _ => {
                    match kind {
                        "device" => symlink("/dev/zero", &file),
                        "folder" => std::fs::create_dir(&file),
                        _ => symlink("002_b.sql", &file),
                    }
                    .unwrap();
                    None
                }
            };
            let what = format!("002_b.sql could not be read: not a plain file, but {said}");
            // And what is wrong with others is said too.
            refused(&folder, &[&what, "003_c.sql:1:1"]);
        }
    }

    #[test]
    fn d11_a_link_to_a_plain_file_is_one() {
        let folder = folder("links_to_files", &[("001_a.sql", SQL), ("kept/b", SQL)]);
        symlink("kept/b", folder.join("002_b.sql")).unwrap();
        check(&folder, &["001_a.sql", "002_b.sql"]);
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
