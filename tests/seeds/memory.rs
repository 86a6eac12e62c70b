//! A large file is loaded without being held in memory.

use std::path::Path;

use atlas_migrate_tests::{PEOPLE, Runner, write_people};

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
