//! What any user does.

use std::time::Duration;

use atlas_migrate::{ErrorKind, Migrator};
use atlas_migrate_tests::{Cut, Proxy, migrator};

use super::*;

const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    INSERT INTO users VALUES (1, 'anna@example.org'), (2, '')";

const EMPTY: (&str, &str) = ("020_empty.sql", "SELECT id FROM users WHERE email = ''");
const TABLE: (&str, &str) =
    ("010_users.toml", "[[table]]\nname = \"users\"\ncolumns = { id = \"int8\", email = \"text\" }\n");
const BROKEN: (&str, &str) = ("030_broken.sql", "SELECT * FROM nowhere");
const WRITES: (&str, &str) = ("040_writes.sql", "SELECT nextval('s')");

every_driver! {
    fn passes_and_fails(driver) {
        let (database, mut connection) = with(driver, USERS);
        let report = verify(&mut connection, &verifier(&[TABLE]));
        assert!(report.passed(), "{report}");
        assert_eq!(report.count(Verdict::Pass), report.checks().len());
        assert_eq!(database.errors(), [""; 0]);
        let report = verify(&mut connection, &verifier(&[TABLE, EMPTY]));
        assert!(!report.passed());
        assert_eq!(report.count(Verdict::Fail), 1, "{report}");
        let failed = checked(&report, "checks/020_empty.sql");
        assert_eq!(told(failed), "fail checks/020_empty.sql\n  rows: expected none, found 1\n    id=2\n  at checks/020_empty.sql:1\n");
        assert!(failed.duration() > Duration::ZERO && failed.duration() <= report.duration());
    }

    fn what_fails_does_not_stop_the_others(driver) {
        let (_database, mut connection) = with(driver, &format!("{USERS}; CREATE SEQUENCE s"));
        let report = verify(&mut connection, &verifier(&[BROKEN, WRITES, TABLE]));
        insta::assert_snapshot!("what_fails_does_not_stop_the_others", told_of_files(&report));
    }

    fn the_session_is_left_as_it_was(driver) {
        const SETTINGS: &str = "SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('transaction_read_only'),
            now() = statement_timestamp(), coalesce(current_setting('app.a', true), ''))";
        let (_database, mut connection) = with(driver, USERS);
        let before = connection.sql(SETTINGS);
        let sets = ("sets.sql", "SELECT 1 WHERE set_config('app.a', '7', false) <> '7'");
        let report = verify(&mut connection, &verifier(&[sets, BROKEN, EMPTY]));
        assert_eq!(report.count(Verdict::Fail), 2, "{report}");
        assert_eq!(connection.sql(SETTINGS), before);
    }

    fn nothing_is_asked_in_the_middle_of_a_transaction(driver) {
        // A pool has no such connection.
        if !matches!(driver, Driver::SqlxPool | Driver::Deadpool) {
            let (_database, mut connection) = with(driver, USERS);
            connection.sql("BEGIN; CREATE TABLE mine (id int)");
            let verified = connection.verify(&verifier(&[])).map(drop).unwrap_err();
            assert_eq!(verified.kind(), ErrorKind::Usage, "{verified}");
            let used = connection.usage().map(drop).unwrap_err();
            assert_eq!(used.kind(), ErrorKind::Usage, "{used}");
            assert_eq!(connection.sql("SELECT count(*) FROM mine"), "0");
        }
    }

    fn migrations(driver) {
        let (_database, mut connection) = with(driver, USERS);
        let first: Migrator = migrator(&[("1_a.sql", "CREATE TABLE a (id int PRIMARY KEY)")]);
        let of = |report: &VerifyReport| told(checked(report, "migrations"));
        let before = verify(&mut connection, &verifier(&[]).migrations(&first));
        insta::assert_snapshot!("migrations_pending", of(&before));
        connection.run(&first).unwrap();
        assert_eq!(of(&verify(&mut connection, &verifier(&[]).migrations(&first))), "pass migrations\n");
        let changed = migrator(&[("1_a.sql", "CREATE TABLE a (id bigint PRIMARY KEY)")]);
        let after = of(&verify(&mut connection, &verifier(&[]).migrations(&changed)));
        insta::assert_snapshot!("migrations_changed", after.split(" (").next().unwrap_or_default());
    }

    fn a_lost_connection_is_an_error(driver) {
        let database = Database::new();
        database.query(USERS);
        for query in 1..=3 {
            let proxy = Proxy::new(&database.url());
            let mut connection = driver.connect(&proxy.url(&database.url()));
            proxy.cut(Cut::Before(query));
            let error = connection.verify(&verifier(&[TABLE, EMPTY])).map(drop).unwrap_err();
            assert!(error.is_connection(), "at query {query}: {error}");
        }
    }
}

#[test]
fn round_trips() {
    let (database, _) = with(Driver::TokioPostgres, USERS);
    let count = |files: &[(&str, &str)]| {
        let proxy = Proxy::new(&database.url());
        let mut connection = Driver::TokioPostgres.connect(&proxy.url(&database.url()));
        connection.sql("SELECT 1");
        proxy.reset();
        let report = verify(&mut connection, &verifier(files));
        assert!(report.passed(), "{report}");
        proxy.counts().round_trips
    };
    assert_eq!(count(&[]), 2);
    let tables = format!("{0}{0}{0}[[rows]]\ntable = \"users\"\nmin = 1\n", TABLE.1);
    assert_eq!(count(&[("a.toml", &tables), ("b.toml", TABLE.1)]), 2 + 1 + 2);
    assert_eq!(count(&[("a.sql", "SELECT 1 WHERE false"), ("b.sql", "SELECT 1 WHERE false")]), 2 + 2);
}

#[test]
fn from_a_folder() {
    let folder = std::env::temp_dir().join(format!("atlas_migrate_checks_{}", std::process::id()));
    std::fs::create_dir_all(folder.join("more")).unwrap();
    std::fs::write(folder.join("more/a.sql"), "SELECT 1").unwrap();
    std::fs::write(folder.join("README.md"), "none of ours").unwrap();
    let (_database, mut connection) = with(Driver::Postgres, USERS);
    let report = verify(&mut connection, &Verifier::new(Checks::from_directory(&folder).unwrap()));
    let places: Vec<_> = report.checks().iter().filter_map(Checked::place).collect();
    assert_eq!(places, [format!("{}/more/a.sql:1", folder.display())]);
    std::fs::write(folder.join("b.toml"), "[[tabl]]\n").unwrap();
    let error = Checks::from_directory(&folder).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Source, "{error}");
    assert!(error.to_string().contains("b.toml:1:3") && error.to_string().contains("did you mean `table`?"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(Checks::from_directory(&folder).map(drop).unwrap_err().kind(), ErrorKind::Source);
}
