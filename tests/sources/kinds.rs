//! Seeds, checks and benchmarks: what is no plain file is refused before it is opened, and what has no end before it is sent.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use atlas_migrate::Error;
use atlas_migrate::bench::Benchmarks;
use atlas_migrate::seed::Seeds;
use atlas_migrate::verify::Checks;
use atlas_migrate_tests::ODD_FILES;

use crate::{folder, write};

type Read = fn(&Path) -> Result<(), Error>;

const SEEDS: Read = |folder| Seeds::from_directory(folder).map(drop);
const CHECKS: Read = |folder| Checks::from_directory(folder).map(drop);
const BENCHMARKS: Read = |folder| Benchmarks::from_directory(folder).map(drop);

/// What is said of a folder, by somebody who is not waited for forever.
#[track_caller]
fn said(read: Read, folder: &Path) -> String {
    let (sender, receiver) = mpsc::channel();
    let path = folder.to_owned();
    std::thread::spawn(move || sender.send(read(&path)));
    let result = receiver.recv_timeout(Duration::from_secs(20));
    let result = result.unwrap_or_else(|_| panic!("reading {} does not end", folder.display()));
    result.expect_err("a file that cannot be read").to_string()
}

#[test]
fn d11_what_is_no_plain_file_in_other_folders() {
    let files: [(Read, &str, &str); 7] = [
        (SEEDS, "010_a.sql", ""),
        (SEEDS, "010_a.csv", ""),
        (SEEDS, "010_a.json", ""),
        (SEEDS, "010_a.csv.toml", "010_a.csv"),
        (CHECKS, "a.sql", ""),
        (CHECKS, "a.toml", ""),
        (BENCHMARKS, "a.sql", ""),
    ];
    for (index, (read, file, beside)) in files.into_iter().enumerate() {
        for odd in ODD_FILES {
            let folder = folder(&format!("odd_{index}_{odd:?}"), &[]);
            if !beside.is_empty() {
                write(&folder, beside, "id\n1\n");
            }
            odd.put(&folder.join(file));
            let said = said(read, &folder);
            assert!(said.contains(&format!("be read: {}", odd.said())), "{odd:?} {file}: {said}");
            assert!(said.contains(&format!("/{file}")), "{odd:?} {file}: {said}");
        }
    }
}

#[test]
fn a9_what_has_no_end_in_other_folders() {
    let files = [
        (
            SEEDS,
            "010_a.sql",
            "INSERT INTO a VALUES (1);\nINSERT INTO a VALUES ('open);",
            "2:23",
            "string without an end",
        ),
        (SEEDS, "010_a.sql", "SELECT 1 /* open;", "1:10", "comment without an end"),
        (SEEDS, "010_a.csv", "id,name\n1,\"open\n", "2:3", "quote without an end"),
        (SEEDS, "010_a.json", "[{\"id\": \"open", "1:2", "object without an end"),
        (SEEDS, "010_a.csv.toml", "existing = \"open", "1:17", "broken TOML"),
        (CHECKS, "a.sql", "SELECT $$open", "1:8", "dollar-quoted string without an end"),
        (CHECKS, "a.toml", "[[table]]\nname = \"open\n", "2:13", "broken TOML"),
        (BENCHMARKS, "a.sql", "SELECT \"open", "1:8", "quoted name without an end"),
        (BENCHMARKS, "a.sql", "-- atlas:parameters SELECT 'open\nSELECT $1", "1:28", "malformed `atlas:parameters`"),
    ];
    let mut missed = Vec::new();
    for (index, (read, file, text, place, expected)) in files.into_iter().enumerate() {
        let folder = folder(&format!("open_{index}"), &[(file, text)]);
        if file.ends_with(".csv.toml") {
            write(&folder, "010_a.csv", "id\n1\n");
        }
        let said = said(read, &folder);
        if !said.contains(expected) || !said.contains(&format!("/{file}:{place}\n")) {
            missed.push(format!("{file}: {expected} at {place} is not in\n{said}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
