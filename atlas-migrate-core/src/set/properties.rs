//! Bad input does not panic, does not give half a set, and every fault names its file.

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::checksum::normalized;
use crate::plan::fingerprint_of_first;

const PATHS: [&str; 14] = [
    "001_a.sql",
    "1_b.sql",
    "002_b.up.sql",
    "002_b.down.sql",
    "deep/er/003_c.sql",
    "R__v.sql",
    "V1.2__a.sql",
    "2024-01-02-000000_a/up.sql",
    "2024-01-02-000000_a/down.sql",
    "2024-01-02-000000_a/metadata.toml",
    "x.sql",
    "up.sql",
    ".004_d.sql",
    "README.md",
];

/// What begins, ends or upsets something.
const PIECES: [&[u8]; 36] = [
    b"'",
    b"\"",
    b"$$",
    b"$a$",
    b"E'",
    b"U&'",
    b"/*",
    b"*/",
    b"--",
    b"\\",
    b"\\.\n",
    b"(",
    b")",
    b"[",
    b";",
    b"|",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xf0\x9f",
    "\u{feff}".as_bytes(),
    "é".as_bytes(),
    "🙂".as_bytes(),
    b"BEGIN;",
    b"BEGIN /* \xc3\xa9 */;",
    b"COMMIT",
    b"CASE ",
    b" END ",
    b"CREATE FUNCTION f() BEGIN ATOMIC ",
    b"COPY t FROM STDIN;\n",
    b"CREATE INDEX CONCURRENTLY ",
    b"\n-- atlas:require ",
    b"\n-- atlas:lock-timeout ",
    b"=",
];

/// Files as they should be: the SQL that is known to be good, by itself and behind the lines that a file may begin with.
fn good() -> impl Strategy<Value = Vec<u8>> {
    let headers = [
        "",
        "",
        "\u{feff}",
        "-- no-transaction\n",
        "-- Migration: Überschrift\n-- atlas:no-transaction\n",
        "-- atlas:compatible\r\n-- atlas:require a || b = 'c' | wörds\r\n",
        "-- atlas:skip-unless to_regclass('a') IS NULL\n-- atlas:lock-timeout 2s\n",
        "-- atlas:no-syntax-check\nBEGIN;\n",
        "run_in_transaction = false\n",
    ];
    let sql: Vec<&str> = include_str!("../syntax/valid.sql").split("\n\n").collect();
    (select(headers.to_vec()), vec(select(sql), 0..3))
        .prop_map(|(header, sql)| (header.to_owned() + &sql.join(";\n")).into())
}

/// What happens to a file: a range of it is replaced, by something or by nothing.
fn edits() -> impl Strategy<Value = Vec<(Index, usize, Vec<u8>)>> {
    let replacement = prop_oneof![
        4 => select(&PIECES[..]).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..4),
        1 => Just(Vec::new()),
    ];
    vec((any::<Index>(), prop_oneof![3 => Just(0), 2 => 0..3_usize, 1 => 0..200_usize], replacement), 0..5)
}

fn edited(mut bytes: Vec<u8>, edits: Vec<(Index, usize, Vec<u8>)>) -> Vec<u8> {
    for (start, length, replacement) in edits {
        let start = start.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, replacement);
    }
    bytes
}

fn files() -> impl Strategy<Value = Vec<File>> {
    let path =
        prop_oneof![5 => select(&PATHS[..]).prop_map(str::to_owned), 1 => "[0-9VR_./é-]{0,8}(\\.up|\\.down)?\\.sql"];
    let bytes = prop_oneof![
        1 => vec(any::<u8>(), 0..60),
        4 => (good(), edits()).prop_map(|(bytes, edits)| edited(bytes, edits)),
    ];
    let file = (path, bytes).prop_map(|(path, bytes)| File { path, bytes: bytes.into() });
    vec(file, 0..4)
}

/// Whatever is read of a migration afterwards.
fn can_be_used(script: &Script) -> Result<(), TestCaseError> {
    let (text, sql, statements) = (script.text(), script.sql(), script.statements());
    prop_assert_eq!(text.len(), sql.len());
    let mut end = 0;
    for statement in &statements {
        let Range { start, end: stop } = statement.range;
        prop_assert!(end <= start && start < stop);
        prop_assert!(text.get(start..stop).is_some() && sql.get(start..stop).is_some());
        end = stop;
    }
    prop_assert!((0..=statements.len()).all(|count| fingerprint_of_first(count, script).is_some()));
    prop_assert_eq!(fingerprint_of_first(statements.len() + 1, script), None);
    script.may_change_session();
    script.custom_settings();
    Ok(())
}

proptest! {
    #[test]
    fn a_folder_is_a_set_or_its_faults_name_its_files(
        folder in select(&["migrations", "a/b/", ""][..]),
        files in files(),
    ) {
        let paths: Vec<String> = files.iter().map(|file| display(folder, &file.path)).collect();
        match assemble(folder, files.clone(), Syntax::Parser) {
            Ok(migrations) => {
                prop_assert!(!migrations.is_empty());
                prop_assert!(migrations.is_sorted_by(|left, right| left.key() < right.key()));
                let scripts = migrations.iter().flat_map(|migration| [Some(migration.up()), migration.down()]).flatten();
                for script in scripts {
                    let file = paths.iter().position(|path| path == script.path()).map(|index| &files[index]);
                    let text = file.and_then(|file| std::str::from_utf8(&file.bytes).ok()).map(normalized);
                    prop_assert_eq!(Some(script.text()), text);
                    can_be_used(script)?;
                }
            }
            Err(faults) => {
                prop_assert!(!faults.is_empty() && faults.is_sorted());
                for fault in faults {
                    let is_folder = fault.path() == folder || (folder.is_empty() && fault.path() == ".");
                    prop_assert!(is_folder || paths.iter().any(|path| path == fault.path()), "{fault}");
                    prop_assert!(fault.to_string().contains(fault.path()) && !fault.message().is_empty());
                    prop_assert!(fault.position().is_none_or(|(line, column)| line > 0 && column > 0));
                }
            }
        }
    }

    /// What holds of one file by itself holds of it in a set.
    #[test]
    fn a_file_alone_is_a_script_or_its_faults_name_it(bytes in (good(), edits()).prop_map(|(bytes, edits)| edited(bytes, edits))) {
        let Ok(text) = String::from_utf8(bytes.clone()) else {
            let faults = assemble("", [File { path: "1_a.sql".to_owned(), bytes: bytes.into() }], Syntax::Parser).unwrap_err();
            prop_assert_eq!(faults.len(), 1);
            prop_assert_eq!((faults[0].path(), faults[0].message()), ("1_a.sql", "not UTF-8"));
            return Ok(());
        };
        match Script::parse("1_a.sql", text, Syntax::Parser) {
            Ok(script) => can_be_used(&script)?,
            Err(faults) => prop_assert!(!faults.is_empty() && faults.iter().all(|fault| fault.path() == "1_a.sql")),
        }
    }
}
