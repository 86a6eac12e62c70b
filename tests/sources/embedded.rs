//! A debug build knows the folder that it was made of: it says what has come into it since, and `new` writes there.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use atlas_migrate::seed::Environment;
use atlas_migrate::{__private, Event, Migrations, Migrator};
use atlas_migrate_cli::Project;
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

/// Whatever folder the program is started in, as `cargo run -p app` starts it at a workspace's root.
#[test]
fn e6_new_is_for_the_folder_that_is_embedded() {
    let folder = folder("new", &[("migrations/0001_a.sql", "SELECT 1;"), ("migrations/0002_b.sql", "SELECT 1;")]);
    let migrations = folder.join("migrations");
    let set = built(&migrations);
    let make = |set: Migrations, arguments: &[&str]| {
        let project = Project::new().migrations(Migrator::new(set));
        atlas_migrate_cli::main(project.arguments("myapp db", [&["new", "Add users"], arguments].concat()))
    };
    assert_eq!(make(set.clone(), &[]), ExitCode::SUCCESS);
    assert_eq!(make(set.clone(), &["--reversible"]), ExitCode::SUCCESS);
    let mut files: Vec<_> =
        fs::read_dir(&migrations).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort_unstable();
    let made = ["0003_add_users.sql", "0004_add_users.down.sql", "0004_add_users.up.sql"];
    assert_eq!(files, [&["0001_a.sql", "0002_b.sql"][..], &made].concat());

    // A release build does not know it, and the sources may be elsewhere: nothing is made unless it is said where.
    fs::rename(&migrations, folder.join("elsewhere")).unwrap();
    let release = __private::embedded(None, set.as_slice().to_vec().leak());
    for set in [set, release.clone()] {
        assert_eq!(make(set, &[]), ExitCode::from(2));
    }
    assert!(!migrations.exists() && !Path::new("migrations/0003_add_users.sql").exists());
    let elsewhere = folder.join("elsewhere").display().to_string();
    assert_eq!(make(release, &["--source", &elsewhere]), ExitCode::SUCCESS);
    assert!(folder.join("elsewhere/0005_add_users.sql").exists());
}

mod seeds {
    atlas_migrate::embed_seeds!("testing/seeds");
}

/// Seeds are given to a project as migrations are; or a function is, which may add to them.
#[test]
fn e10_seeds_of_a_project() {
    let projects = [
        Project::new().seeds(&seeds::SEEDS),
        Project::new().seeds(seeds::SEEDS.clone()),
        Project::new().seeds(seeds::seeder),
        Project::new().seeds(|environment: Environment| seeds::seeder(environment).namespace("default")),
    ];
    for project in projects {
        let database = Database::new();
        database.query("CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL)");
        let url = database.url();
        let arguments = ["seed", "--environment", "test", "--quiet", "--database-url", &url];
        assert_eq!(atlas_migrate_cli::main(project.arguments("myapp db", arguments)), ExitCode::SUCCESS);
        assert_eq!(database.value("SELECT name, environment FROM schema_seeds"), "test/users.csv|test");
    }
}
