//! A large file is loaded without being held in memory, and is read twice.

use std::path::Path;

use atlas_migrate_tests::{Folder, PEOPLE, Runner, bytes_read, write_people};

use super::*;

/// A quarter of what the benchmark loads, so that a debug build takes some seconds. The file is as long as the limit, so
/// that whoever holds it, beside the code of the process, is above.
const ROWS: u64 = 250_000;

/// Of the process as a whole, in kB. The file is as long.
const LIMIT: usize = 20_000;

#[test]
#[cfg(target_os = "linux")]
fn of_a_large_file() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("people_{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("people.csv");
    write_people(&file, ROWS).unwrap();
    assert!(file.metadata().unwrap().len() > LIMIT as u64 * 1_000);
    for driver in [Driver::SqlxConnection, Driver::TokioPostgres, Driver::Postgres] {
        let database = Database::new();
        database.query(PEOPLE);
        let source = folder.display().to_string();
        let process = Runner::with(env!("CARGO_BIN_EXE_seeder"), driver, &database.url(), &source);
        let peak = process.outcome().unwrap_or_else(|error| panic!("{error}"));
        assert!((1..LIMIT).contains(&peak), "{driver:?}: {peak} kB");
        assert_eq!(database.value("SELECT count(*) FROM people"), ROWS.to_string());
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Each file is read once to be checked and once to be loaded. The client's futures run on this thread, and so does the check.
#[test]
#[cfg(target_os = "linux")]
fn files_of_rows_are_read_twice() {
    let joined = |between: &str, row: fn(u64) -> String| (0..20_000).map(row).collect::<Vec<_>>().join(between);
    let object = |id| format!("{{\"id\": {id}, \"name\": \"a name that takes its room in a file, as others do\"}}");
    for (name, text) in [
        ("items.csv", format!("id,name\n{}", joined("\n", |id| format!("{id},a name that takes its room as well")))),
        ("items.json", format!("[{}]", joined(",\n", object))),
        ("items.ndjson", joined("\n", object)),
    ] {
        let folder = Folder::new(env!("CARGO_TARGET_TMPDIR"), &[(name, &text)]);
        let (database, mut connection) = with(Driver::Postgres, "CREATE TABLE items (id int, name text)");
        let before = bytes_read();
        let seeds = Seeds::from_directory(folder.path()).unwrap_or_else(|error| panic!("{error}"));
        connection.seed(&Seeder::new(seeds, "dev")).unwrap_or_else(|error| panic!("{error}"));
        let read = bytes_read() - before;
        let twice = 2 * text.len();
        assert!((twice..twice + text.len() / 10).contains(&read), "{name}: {read} bytes of {}", text.len());
        assert_eq!(database.value("SELECT count(*) FROM items"), "20000");
    }
}

/// Nothing is loaded of a file without rows, however long it takes to see that it has none.
#[test]
fn the_time_of_a_check_counts() {
    let (_database, mut connection) = with(Driver::Postgres, "CREATE TABLE items (id int)");
    let seeder = seeder(&[("items.json", &format!("[{}]", " ".repeat(4 << 20)))]);
    let check = seeder.seeds().as_slice()[0].check_duration();
    let report = connection.seed(&seeder).unwrap_or_else(|error| panic!("{error}"));
    assert!(report.seeds()[0].duration() > check && !check.is_zero(), "{report}, of which the check took {check:?}");
}
