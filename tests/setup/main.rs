//! Roles, migrations, seeds and checks in one call.

use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate::setup::Setup;
use atlas_migrate::verify::{Checks, Verifier};
use atlas_migrate_tests::{Driver, Site, drivers, every_driver, migrator};
use insta::assert_snapshot;

const TABLES: [(&str, &str); 2] = [
    ("001_users.sql", "CREATE TABLE users (id bigint PRIMARY KEY, name text)"),
    ("002_posts.sql", "CREATE TABLE posts (id bigint PRIMARY KEY, author bigint REFERENCES users)"),
];

fn seeder(text: &str) -> Seeder {
    Seeder::new(Seeds::from_files("seeds", [("010_users.csv", text)]).unwrap(), "dev")
}

fn verifier(query: &str) -> Verifier {
    Verifier::new(Checks::from_files("checks", [("anna.sql", query)]).unwrap())
}

const ANNA: &str = "id,name\n1,Anna\n";
const IS_THERE: &str = "-- atlas:check true\nSELECT count(*) = 1 FROM users WHERE name = 'Anna'";

fn whole(site: &Site) -> Setup {
    Setup::new(migrator(&TABLES)).roles(site.roles()).seeds(seeder(ANNA)).verify(verifier(IS_THERE))
}

every_driver! {
    fn from_nothing_and_again(driver) {
        let site = Site::new();
        let mut superuser = site.superuser(driver);
        let report = superuser.set_up(&whole(&site)).unwrap();
        assert!(report.passed(), "{report}");
        assert_eq!(report.migrations().applied().count(), 2);
        assert_eq!(report.seeds().unwrap().seeds().len(), 1);
        assert!(report.proof().unwrap().probes().len() > 50);
        // All of it belongs to the owner, what the library has made for itself included.
        let owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'";
        assert_eq!(site.database.query(owners), [site.role("owner")]);
        assert_eq!(site.database.value("SELECT count(*) FROM users"), "1");

        let again = superuser.set_up(&whole(&site)).unwrap();
        assert!(again.passed(), "{again}");
        assert!(again.roles().unwrap().is_empty(), "{again}");
        assert!(again.migrations().is_empty() && again.seeds().unwrap().is_empty(), "{again}");
        assert_eq!(site.database.errors(), [""; 0]);
        // It leaves the session as it was.
        assert_eq!(superuser.sql("SELECT current_user || current_setting('role')"), "postgresnone");
    }
}

/// Eight replicas at once: all succeed, and all of it is there once.
#[test]
fn c5_eight_at_once() {
    let site = Site::new();
    let drivers = drivers();
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|replica| {
                let (site, driver) = (&site, drivers[replica % drivers.len()]);
                scope.spawn(move || site.superuser(driver).set_up(&whole(site)))
            })
            .collect();
        for run in runs {
            let report = run.join().unwrap().unwrap_or_else(|error| panic!("{error}"));
            assert!(report.passed(), "{report}");
        }
    });
    assert_eq!(site.database.value("SELECT count(*) FROM users"), "1");
    assert_eq!(site.database.value("SELECT count(*) FROM schema_migrations"), "2");
    assert_eq!(site.database.errors(), [""; 0]);
}

#[test]
fn only_migrations() {
    let site = Site::new();
    let report = site.superuser(Driver::Postgres).set_up(&Setup::new(migrator(&TABLES))).unwrap();
    assert_eq!(report.migrations().applied().count(), 2);
    assert!(report.roles().is_none() && report.seeds().is_none() && report.verify().is_none() && report.passed());
}

/// A line without its time, and without the version of the server.
fn masked(line: &str) -> String {
    let line = atlas_migrate_tests::without_times(line);
    match line.split_once(" [n] ms") {
        Some((before, _)) if before.trim_end().ends_with("server version") => before.trim_end().to_owned(),
        _ => line,
    }
}

#[test]
fn what_fails_is_in_the_report() {
    let site = Site::new();
    let setup = Setup::new(migrator(&TABLES)).roles(site.roles()).verify(verifier(IS_THERE));
    let mut superuser = site.superuser(Driver::Postgres);
    let report = superuser.set_up(&setup).unwrap();
    assert!(!report.passed() && report.proof().unwrap().passed());
    let text = site.plain(&report.to_string());
    assert_snapshot!(text.lines().map(masked).collect::<Vec<_>>().join("\n"));

    site.query("GRANT CREATE ON SCHEMA public TO {app}");
    // What is too much is taken back; what is not the declaration's to change fails the proof.
    assert!(superuser.set_up(&setup).unwrap().proof().unwrap().passed());
}

#[test]
fn an_error_says_what_stays() {
    let site = Site::new();
    let mut superuser = site.superuser(Driver::Postgres);

    let failing = [TABLES[0], ("002_posts.sql", "CREATE TABLE posts (author bigint REFERENCES nobody)")];
    let setup = Setup::new(migrator(&failing)).roles(site.roles());
    let error = superuser.set_up(&setup).unwrap_err();
    assert_snapshot!("in_a_migration", site.plain(&error.to_string()));

    let setup = Setup::new(migrator(&TABLES)).roles(site.roles()).seeds(seeder("id,name\none,Anna\n"));
    let error = superuser.set_up(&setup).unwrap_err();
    assert_snapshot!("in_a_seed", site.plain(&error.to_string()));

    assert!(superuser.set_up(&whole(&site)).unwrap().passed());
}
