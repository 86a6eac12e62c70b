//! A debug build says what has come into the folder since.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use atlas_migrate::{__private, Event, Migrations, Migrator};
use atlas_migrate_tests::{Database, Driver};

use crate::{folder, write};

/// What a debug build carries when the macro is given this folder as it is now.
fn built(folder: &Path) -> Migrations {
    let migrations = Migrations::from_directory(folder).unwrap().as_slice().to_vec();
    __private::embedded(Some(folder.to_str().unwrap().to_owned().leak()), migrations.leak())
}

/// A run warns of these files, in its report and when it begins.
#[track_caller]
fn check(folder: &Path, migrations: &Migrations, expected: &[&str]) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = events.clone();
    let migrator = Migrator::new(migrations).on_progress(move |event| {
        if let Event::Warning(warning) = event {
            told.lock().unwrap().push((*warning).to_owned());
        }
    });
    let report = Driver::Postgres.connect(&Database::new().url()).run(&migrator).unwrap();
    let known: Vec<_> =
        expected.iter().map(|file| format!("{file} in {} is not in this binary", folder.display())).collect();
    let warnings = report.warnings();
    assert_eq!(warnings.len(), known.len(), "{warnings:?}");
    assert!(warnings.iter().zip(&known).all(|(warning, known)| warning.starts_with(known)), "{warnings:?}");
    assert_eq!(*events.lock().unwrap(), warnings);
    assert_eq!(report.to_string().matches("warning: ").count(), expected.len());
}

#[test]
fn warns_of_files_that_have_come_since() {
    let files = [("001_a.up.sql", "SELECT 1;"), ("001_a.down.sql", ""), ("deep/R__b.sql", "SELECT 1;")];
    let folder = folder("embedded", &files);
    let migrations = built(&folder);
    check(&folder, &migrations, &[]);

    write(&folder, "README.md", "");
    write(&folder, ".hidden.sql", "");
    check(&folder, &migrations, &[]);

    write(&folder, "003_c.sql", "SELECT 1;");
    write(&folder, "deep/er/R__d.sql", "SELECT 1;");
    // It has the name of one that is there, in another folder.
    write(&folder, "R__b.sql", "SELECT 1;");
    // No migration is made of it.
    write(&folder, "deep/004_e.sql", "SELECT 1;");
    check(&folder, &migrations, &["003_c.sql", "R__b.sql", "deep/er/R__d.sql"]);

    // The program runs where its sources are not.
    fs::remove_dir_all(&folder).unwrap();
    check(&folder, &migrations, &[]);
}
