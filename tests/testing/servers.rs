//! What `DATABASE_URL` names.

use insta::assert_snapshot;

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use atlas_migrate_tests::wait_for;
use postgres::{Client, NoTls};

use crate::place::{Files, LIMIT, MIGRATIONS, Outcome, Place, Tester};

#[track_caller]
fn start(url: &str) -> Outcome {
    Tester::start(url, &["2", &Files::new(&MIGRATIONS).folder(), "drop"]).outcome()
}

/// What somebody reads whose tests have no database, without the port.
#[track_caller]
fn message(url: &str) -> String {
    let outcome = start(url);
    assert_eq!((outcome.code, outcome.databases.as_slice()), (Some(1), &[][..]), "{outcome:?}");
    let port = url.rsplit(':').next().unwrap_or_default().chars().take_while(char::is_ascii_digit).collect::<String>();
    if port.is_empty() { outcome.stderr } else { outcome.stderr.replace(&port, "PORT") }
}

/// The URL of a role that was made by this.
#[track_caller]
fn role(place: &Place, options: &str) -> String {
    place.query(&format!("CREATE ROLE tester LOGIN {options}"));
    place.url().replacen("postgres@", "tester@", 1)
}

fn in_database(url: &str, name: &str) -> String {
    let Some((server, _)) = url.rsplit_once('/') else { panic!("{url}") };
    format!("{server}/{name}")
}

/// Tests pass on the server at this URL, and nothing of them is left.
#[track_caller]
fn check(place: &Place, url: &str) {
    start(url).assert_passed(2);
    place.settle();
    assert_eq!(place.databases("^atlas_(test|draft)_"), [""; 0]);
    place.assert_no_errors();
}

#[test]
fn another_database_a_password_and_parameters() {
    let place = Place::new();
    place.query(r#"CREATE DATABASE "another one""#);
    let url = in_database(&place.url(), "another%20one").replacen("postgres@", "postgres:p%40ss%2F@", 1);
    check(&place, &format!("{url}?application_name=tests"));
}

#[test]
fn two_databases_on_one_server() {
    let place = Place::new();
    place.query("CREATE DATABASE app");
    let urls = [place.url(), in_database(&place.url(), "app")];
    let files = Files::new(&MIGRATIONS);
    let processes = urls.map(|url| Tester::start(&url, &["2", &files.folder(), "wait"]));
    processes.into_iter().for_each(|process| process.outcome().assert_passed(2));
    place.settle();
    assert_eq!(place.databases("^atlas_(test|draft)_"), [""; 0]);
    assert_eq!(place.databases("^atlas_template_").len(), 2, "no lock keeps them from making the same at once");
    place.assert_no_errors();
}

#[test]
fn a_role_that_may_create_databases_and_no_more() {
    let place = Place::new();
    let url = role(&place, "CREATEDB");
    check(&place, &url);
    check(&place, &url);
    assert_eq!(place.databases("^atlas_template_").len(), 1);
}

#[test]
fn roles_that_may_not_touch_what_others_made() {
    let place = Place::new();
    let url = role(&place, "CREATEDB");
    check(&place, &place.url());
    check(&place, &url);
    assert_eq!(place.databases("^atlas_template_").len(), 2, "each owns what is in its own");
    place.query(
        "DO $$DECLARE template name; BEGIN
           FOR template IN SELECT datname FROM pg_database WHERE datname LIKE 'atlas\\_template\\_%' LOOP
             EXECUTE format('COMMENT ON DATABASE %I IS ''atlas-migrate: used 2020-01-01''', template);
           END LOOP;
         END$$",
    );
    check(&place, &url);
    check(&place, &place.url());
}

#[test]
fn a_role_that_may_create_schemas_only() {
    let place = Place::new();
    let url = role(&place, "");
    place.query("GRANT CREATE ON DATABASE postgres TO tester");
    check(&place, &url);
    assert_eq!(place.schemas(), [""; 0]);
    assert_eq!(place.databases("^atlas_"), [""; 0]);
}

#[test]
fn a_role_that_may_create_nothing() {
    let place = Place::new();
    assert_snapshot!(message(&role(&place, "")));
}

#[test]
fn migrations_that_leave_something_in_a_schema() {
    let place = Place::new();
    let url = role(&place, "");
    place.query("GRANT CREATE, TEMPORARY ON DATABASE postgres TO tester");
    let leaves = "CREATE TEMPORARY TABLE users (id int); SET search_path = pg_catalog; SELECT pg_sleep(0);";
    let files = Files::new(&[MIGRATIONS[0], ("2_leaves.sql", leaves), MIGRATIONS[2]]);
    Tester::start(&url, &["1", &files.folder(), "drop"]).outcome().assert_passed(1);
    assert_eq!(place.schemas(), [""; 0]);
    place.assert_no_errors();
}

#[test]
fn a_migration_that_fails_in_a_schema() {
    let place = Place::new();
    let url = role(&place, "");
    place.query("GRANT CREATE ON DATABASE postgres TO tester");
    let files = Files::new(&[MIGRATIONS[0], ("2_broken.sql", "CREATE TABLE a (id int);\nSELECT 1 / 0;\n")]);
    let outcome = Tester::start(&url, &["1", &files.folder(), "drop"]).outcome();
    assert_snapshot!(outcome.stderr.replace(&files.folder(), "migrations"));
    assert_eq!(place.schemas(), [""; 0]);
}

#[test]
fn settings_that_are_meant_for_requests() {
    let place = Place::new();
    let settings = [
        "statement_timeout = '100ms'",
        "lock_timeout = '1ms'",
        "default_transaction_read_only = on",
        "default_transaction_isolation = 'serializable'",
        "datestyle = 'SQL, DMY'",
    ];
    let idle = (place.server_version() >= 140_000).then_some("idle_session_timeout = '200ms'");
    place.query("CREATE DATABASE app");
    for setting in settings.into_iter().chain(idle) {
        place.query(&format!("ALTER DATABASE app SET {setting}"));
    }
    let url = in_database(&place.url(), "app");
    let files = Files::new(&MIGRATIONS);
    let start = || Tester::start(&url, &["2", &files.folder(), "wait"]);
    let processes = [start(), start(), start()];
    processes.into_iter().for_each(|process| process.outcome().assert_passed(2));
    check(&place, &url);
}

#[test]
fn a_server_that_forces_writes_to_disk() {
    let place = Place::with(&[("fsync", "on")]);
    check(&place, &place.url());
    assert_eq!(place.logged("STRATEGY"), 0);
}

#[test]
fn a_server_that_does_not() {
    let place = Place::new();
    check(&place, &place.url());
    assert_eq!(place.logged("STRATEGY FILE_COPY") > 0, place.server_version() >= 150_000);
}

#[test]
fn nothing_that_is_a_url() {
    assert_snapshot!(message("host=localhost dbname=app"));
}

#[test]
fn a_server_that_is_not_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_snapshot!(message(&format!("postgresql://postgres:secret@127.0.0.1:{port}/app")));
}

#[test]
fn a_database_that_is_not_there() {
    let place = Place::new();
    assert_snapshot!(message(&in_database(&place.url(), "nowhere")));
}

#[test]
fn e15_the_server_that_a_file_names() {
    let place = Place::new();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("dotenv-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("below")).unwrap();
    std::fs::write(folder.join(".env"), format!("OTHER=1\nDATABASE_URL='{}'\n", place.url())).unwrap();
    let migrations = Files::new(&MIGRATIONS);
    let start = |environment: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tester"));
        command.args(["1", &migrations.folder(), "drop"]).current_dir(folder.join("below"));
        command.env_remove("DATABASE_URL").envs(environment.map(|url| ("DATABASE_URL", url)));
        Tester::of(&mut command).outcome()
    };
    start(None).assert_passed(1);
    assert_eq!(place.databases("^atlas_template_").len(), 1);
    let outcome = start(Some("postgresql://postgres@127.0.0.1:1/app"));
    assert!(outcome.stderr.contains("could not connect"), "the environment goes before: {outcome:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Something that connects to every database, again and again, as the workers of some extensions do.
fn connect_to_all(place: &Place, until: &AtomicBool) {
    let mut observer = Client::connect(&place.url(), NoTls).unwrap();
    let mut sessions = Vec::new();
    while !until.load(Ordering::Relaxed) {
        let drafts = "SELECT datname::text FROM pg_database WHERE datname LIKE 'atlas\\_draft\\_%'";
        for draft in observer.query(drafts, &[]).unwrap() {
            sessions.extend(Client::connect(&in_database(&place.url(), draft.get(0)), NoTls));
        }
        sessions.retain(|session| !session.is_closed());
    }
}

#[test]
fn a_template_though_something_connects_to_every_database() {
    let place = Place::new();
    let done = AtomicBool::new(false);
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| connect_to_all(&place, &done));
        let outcome = start(&place.url());
        done.store(true, Ordering::Relaxed);
        outcome
    });
    outcome.assert_passed(2);
    assert_eq!(place.databases("^atlas_draft_"), [""; 0]);
}

#[test]
fn what_cannot_be_dropped_stays_and_is_said() {
    let place = Place::new();
    let files = Files::new(&MIGRATIONS);
    let process = Tester::start(&place.url(), &["1", &files.folder(), "wait"]);
    let mut client = Client::connect(&place.url(), NoTls).unwrap();
    let names = || Some(place.databases("^atlas_test_")).filter(|names| !names.is_empty());
    let name = wait_for("the database of the test", LIMIT, names).remove(0);
    // Dropping it waits for this transaction.
    client.batch_execute(&format!("BEGIN; COMMENT ON DATABASE {name} IS ''")).unwrap();
    let outcome = process.outcome();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("it was not gone after 5 s"), "{outcome:?}");
    let hint = "end what is connected to it (pg_stat_activity); the next run of a test removes it then";
    assert!(outcome.stderr.contains(hint), "{outcome:?}");
    place.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'");
    drop(client);
    place.pass(&files);
    place.settle();
    assert_eq!(place.databases("^atlas_(test|draft)_"), [""; 0]);
}

#[test]
fn settings_that_migrations_give_the_database() {
    let place = Place::new();
    let users =
        "CREATE SCHEMA app; CREATE TABLE app.users (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name text);
        INSERT INTO app.users (name) VALUES ('Ann'), ('Bob');";
    let sets = r#"DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET search_path = "$user", app, public', current_database());
        EXECUTE format('ALTER DATABASE %I SET app.name = %L', current_database(), 'a "b"');
      END $$"#;
    let files = Files::new(&[("1_users.sql", users), ("2_settings.sql", sets)]);
    for _ in 0..2 {
        Tester::start(&place.url(), &["3", &files.folder(), "drop"]).outcome().assert_passed(3);
    }
    let outcome = Tester::start(&place.url(), &["1", &files.folder(), "keep"]).outcome();
    let mut client = Client::connect(outcome.kept_url(), NoTls).unwrap();
    let row = client.query_one("SELECT current_setting('search_path'), current_setting('app.name')", &[]).unwrap();
    assert_eq!((row.get(0), row.get(1)), (r#""$user", app, public"#, r#"a "b""#));
    place.assert_no_errors();
}
