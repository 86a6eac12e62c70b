//! The four sources give the same set.

use std::fs;
use std::path::Path;

use atlas_migrate::Migrations;
use include_dir::{Dir, include_dir};
use sha2::{Digest as _, Sha256};

use crate::scripts;

/// The folders that the tests of the compiler's messages have too, those with faults among them.
static ALL: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/ui");

mod numbered {
    atlas_migrate::embed_migrations!("ui/migrations/numbered");
}

mod flyway {
    atlas_migrate::embed_migrations!("ui/migrations/flyway");
}

mod diesel {
    atlas_migrate::embed_migrations!("ui/migrations/diesel");
}

mod directives {
    atlas_migrate::embed_migrations!("ui/migrations/directives");
}

mod from_other_tools {
    atlas_migrate::embed_migrations!("ui/migrations/from_other_tools");
}

/// All that there is to know of a set; paths begin behind the name of the folder.
fn described(migrations: &Migrations, folder: &str) -> Vec<String> {
    let of_migrations = migrations.as_slice().iter().map(|migration| {
        format!("{} {} {:?} {}", migration.version(), migration.name(), migration.kind(), migration.down().is_some())
    });
    let of_scripts = scripts(migrations).map(|script| {
        let sql = script.sql();
        let statements: Vec<_> = script
            .statements()
            .into_iter()
            .map(|statement| (statement.kind, sql[statement.range].to_owned()))
            .collect();
        let path = script.path().split_once(folder).map(|(_, path)| path);
        let digests = (script.checksum(), script.fingerprint());
        format!("{path:?} {digests:?} {:?} {statements:?} {:?}", script.header(), script.text())
    });
    of_migrations.chain(of_scripts).collect()
}

/// The folder has these files that count, and every source gives what is embedded.
#[track_caller]
fn check(name: &str, embedded: &Migrations, files: &[&str]) {
    let folder = format!("{}/ui/migrations/{name}", env!("CARGO_MANIFEST_DIR"));
    let expected = described(embedded, name);
    assert!(!expected.is_empty());

    let directory = Migrations::from_directory(&folder).unwrap();
    assert_eq!(described(&directory, name), expected);

    let included = ALL.get_dir(format!("migrations/{name}")).unwrap();
    assert_eq!(described(&Migrations::from_include_dir(included).unwrap(), name), expected);

    let texts = files.iter().map(|file| (*file, fs::read_to_string(Path::new(&folder).join(file)).unwrap()));
    assert_eq!(described(&Migrations::from_files(name, texts).unwrap(), name), expected);
}

#[test]
fn every_source_gives_the_same() {
    let numbered = ["001_users.down.sql", "001_users.up.sql", "010_orders.sql", "002_items.sql", "R__views.sql"];
    check("numbered", &numbered::MIGRATIONS, &numbered);
    check("flyway", &flyway::MIGRATIONS, &["V1__users.sql", "V1.9__orders.sql", "2/V1.10__items.sql"]);
    let diesel = [
        "00000000000000_diesel_initial_setup/up.sql",
        "00000000000000_diesel_initial_setup/down.sql",
        "2024-01-02-000000_users/up.sql",
        "2024-01-02-000000_users/down.sql",
        "2024-01-03-000000_index/up.sql",
        "2024-01-03-000000_index/metadata.toml",
    ];
    check("diesel", &diesel::MIGRATIONS, &diesel);
    check("directives", &directives::MIGRATIONS, &["001_users.sql"]);
    let from_other_tools = ["001_wrapped.sql", "002_index.sql", "003_sqlx.sql", "004_crlf.sql", "005_unchecked.sql"];
    check("from_other_tools", &from_other_tools::MIGRATIONS, &from_other_tools);
}

/// Save for the syntax, which is checked when a program is compiled.
#[test]
fn every_source_finds_the_same_faults() {
    for name in
        ["duplicate_version", "empty", "malformed_directive", "mixed_layouts", "name_fits_no_layout", "settings"]
    {
        let folder = format!("{}/ui/migrations/{name}", env!("CARGO_MANIFEST_DIR"));
        let of_directory = Migrations::from_directory(&folder).unwrap_err().to_string();
        let included = ALL.get_dir(format!("migrations/{name}")).unwrap();
        let of_include_dir = Migrations::from_include_dir(included).unwrap_err().to_string();
        assert_eq!(of_directory.replace(&folder, &format!("migrations/{name}")), of_include_dir);
    }
}

#[test]
fn checksum_is_that_of_sha256sum() {
    let sha256 = |bytes: &[u8]| -> [u8; 32] { Sha256::digest(bytes).into() };
    for migrations in [&numbered::MIGRATIONS, &diesel::MIGRATIONS, &directives::MIGRATIONS] {
        for script in scripts(migrations) {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(script.path());
            assert_eq!(script.checksum().to_bytes(), sha256(&fs::read(file).unwrap()), "{}", script.path());
        }
    }
    // Of a file with other line ends it is that of the file as it would be with ours.
    let migrations = Migrations::from_files("", [("1_a.sql", "\u{feff}SELECT 1;\r\nSELECT 2;\r\n")]).unwrap();
    let checksum = migrations.as_slice()[0].up().checksum();
    assert_eq!(checksum.to_bytes(), sha256(b"SELECT 1;\nSELECT 2;\n"));
}
