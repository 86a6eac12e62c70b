//! Where PostgreSQL's programs are found.

use super::*;
use crate::ephemeral::binaries::{Search, number, version};

const NOWHERE: Search = Search { explicit: None, packaged: Vec::new(), path: Vec::new() };

#[test]
fn versions_are_read() {
    let cases = [
        ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some(150_018)),
        ("postgres (PostgreSQL) 13.0", Some(130_000)),
        ("postgres (PostgreSQL) 19devel", Some(190_000)),
        ("postgres (PostgreSQL) 18beta1", Some(180_000)),
        ("postgres (PostgreSQL) ", None),
        ("postgres (PostgreSQL) 99999999999.1", None),
        ("postgres (EnterpriseDB) x", None),
    ];
    for (line, expected) in cases {
        assert_eq!(number(line), expected, "{line}");
    }
}

#[test]
fn the_newest_wins_and_the_variable_counts_before_all() {
    let machine = Machine::here().unwrap();
    let found = Search::here().newest(&machine).unwrap();
    let search = |explicit: Option<&Path>| Search {
        explicit: explicit.map(Path::to_owned),
        packaged: vec![(12, "/12".into()), (17, "/17".into()), (9, "/9".into()), (13, "/13".into())],
        path: vec!["/nowhere".into(), found.clone()],
    };
    assert_eq!(search(None).newest(&machine).unwrap(), Path::new("/17"));
    assert_eq!(search(Some(&found)).newest(&machine).unwrap(), found);
    assert_eq!(Search { packaged: vec![(12, "/12".into())], ..search(None) }.newest(&machine).unwrap(), found);
    assert_eq!(search(None).of_major(&machine, 13).unwrap(), Path::new("/13"));
    let major = version(&machine, &found).unwrap().number / 10_000;
    assert_eq!(Search { packaged: Vec::new(), ..search(None) }.of_major(&machine, major).unwrap(), found);

    let message = search(Some(Path::new("/nowhere"))).newest(&machine).unwrap_err().to_string();
    assert_eq!(
        message,
        "ATLAS_MIGRATE_PG_BIN is \"/nowhere\", where `postgres` or `initdb` is missing\n\
         hint: set ATLAS_MIGRATE_PG_BIN to the folder that both are in, such as /usr/lib/postgresql/17/bin"
    );
}

#[test]
fn a_version_that_is_nowhere_is_an_error_that_says_what_to_install() {
    let message = NOWHERE.of_major(&Machine::here().unwrap(), 99).unwrap_err().to_string();
    assert!(message.starts_with("PostgreSQL (version 99) is not on this machine"), "{message}");
    assert!(message.contains("\nhint: install PostgreSQL ("), "{message}");
}

/// Downloads 23 MB for each of six versions, four processes at once for the first: `cargo test -- --ignored`.
#[test]
#[ignore = "downloads 140 MB"]
fn every_version_is_fetched_and_runs() {
    let space = Space::new("fetch");
    let cache = env::temp_dir().join(format!("atlas-migrate-{}", space.0));
    let machine = || space.machine().with_cache(cache.clone());
    let newest = thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| NOWHERE.newest(&machine()).unwrap())).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(newest.iter().all(|folder| *folder == NOWHERE.of_major(&machine(), 18).unwrap()));
    for major in 13..=18 {
        let folder = NOWHERE.of_major(&machine(), major).unwrap();
        let running = servers::private_on(&machine(), &Server::options().binaries(folder)).unwrap();
        let server = Server { running };
        assert_eq!(server.version() / 10_000, major);
        ask(&server, "CREATE EXTENSION pg_trgm; CREATE EXTENSION \"uuid-ossp\"; CREATE EXTENSION citext");
        assert_eq!(ask(&server, "SHOW server_version_num"), [server.version().to_string()]);
        assert_eq!(ask(&server, "SELECT lower('ÄÜ')"), ["äü"]);
    }
    fs::remove_dir_all(cache).unwrap();
}
