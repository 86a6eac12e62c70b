//! Files that the command line reads: what is no plain file is never opened, and what has no end is said.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;

use atlas_migrate_tests::{Database, ODD_FILES, OddFile};
use insta::assert_snapshot;

use crate::Program;
use crate::files::PEOPLE;

/// Nobody is there.
const NOWHERE: &str = "postgresql://me@127.0.0.1:1/app?sslmode=prefer";

/// A file, and a command that reads it.
const FILES: [(&str, &[&str]); 7] = [
    ("atlas-migrate.toml", &["validate"]),
    (".env", &["validate"]),
    ("roles.toml", &["roles", "plan", "--roles", "roles.toml"]),
    ("root.crt", &["status", "--database-url", "postgresql://me@127.0.0.1:1/app?sslrootcert=root.crt"]),
    ("me.crt", &["status", "--database-url", "postgresql://me@127.0.0.1:1/app?sslcert=me.crt&sslkey=other"]),
    ("me.key", &["status", "--database-url", "postgresql://me@127.0.0.1:1/app?sslcert=other&sslkey=me.key"]),
    ("before.json", &["bench", "--baseline", "before.json"]),
];

#[test]
fn d11_what_is_no_plain_file() {
    for (file, arguments) in FILES {
        for odd in ODD_FILES {
            let program = Program::new(PEOPLE).set("DATABASE_URL", NOWHERE);
            program.write("benchmarks/a.sql", "SELECT 1");
            program.write("other", "");
            odd.put(&program.folder.join(file));
            let said = program.run(arguments);
            let expected = format!("not be read: {}", odd.said());
            let is_said = said.err.contains(&expected) && said.err.contains(file);
            assert!(said.code != Some(0) && is_said, "{odd:?}, {file}: {said:?}");
        }
    }
}

/// The password may come from elsewhere, so that it is said and gone on.
#[test]
fn d11_passwords() {
    let database = Database::new();
    for odd in [OddFile::Fifo, OddFile::Device, OddFile::Folder] {
        let program = Program::new(PEOPLE).on(&database);
        odd.put(&program.folder.join(".pgpass"));
        let said = program.run(&["status"]);
        let expected = format!(".pgpass is left alone: {}", odd.said());
        assert!(said.code == Some(0) && said.err.contains(&expected), "{odd:?}: {said:?}");
    }
}

/// What is not used is not looked at: without encryption, no certificate.
#[test]
fn d11_certificates_that_nobody_needs() {
    let database = Database::new();
    let program = Program::new(PEOPLE);
    OddFile::Fifo.put(&program.folder.join("root.crt"));
    program.out(&["run", "--database-url", &format!("{}?sslmode=disable&sslrootcert=root.crt", database.url())]);
}

#[test]
fn a9_texts_without_an_end() {
    let said = [
        ("atlas-migrate.toml", "schema = \"app", &["validate"][..]),
        ("atlas-migrate.toml", "[roles\n", &["validate"]),
        (".env", "DATABASE_URL='postgres://me:secret@h/db\nOTHER=1\n", &["validate"]),
        ("roles.toml", "owner = \"\"\"app\n", &["roles", "plan", "--roles", "roles.toml"]),
    ]
    .map(|(file, text, arguments)| {
        let program = Program::new(PEOPLE).set("DATABASE_URL", NOWHERE);
        program.write(file, text);
        program.session(&[&arguments.join(" ")])
    })
    .join("\n");
    assert!(!said.contains("secret"), "{said}");
    assert_snapshot!(said);
}

/// A line of passwords that ends too early is one that does not fit.
#[test]
fn a9_passwords_without_an_end() {
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    program.write(".pgpass", "127.0.0.1:*:*:postgres\n*:*:*:*\\");
    set_permissions(program.folder.join(".pgpass"), Permissions::from_mode(0o600)).unwrap();
    program.out(&["run"]);
}
