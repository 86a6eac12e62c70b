//! A password is in no message, no debugging text and no line of a log, whatever goes wrong.

use std::io::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use atlas_migrate::Migrator;
use atlas_migrate::ephemeral::Server;
use atlas_migrate_tests::{DRIVERS, Database, Driver, migrator};
use postgres::{Client, NoTls};
use sqlx::postgres::PgPoolOptions;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// As the server has it, and as a URL has it.
const PASSWORD: &str = "p@ss:w/or d?#%&'\"é";
const ENCODED: &str = "p%40ss%3Aw%2For%20d%3F%23%25%26%27%22%C3%A9";

/// Parts that neither form must leave anywhere, whatever is done to them.
const TRACES: [&str; 3] = ["p@ss", "p%40ss", "or%20d"];

fn set() -> Migrator {
    migrator(&[("1_a.sql", "CREATE TABLE IF NOT EXISTS a (id int);"), ("2_b.sql", "VACUUM;")])
}

/// Everything that is logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(move || writer.clone());
        (log, subscriber.finish().set_default())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

#[track_caller]
fn tells_nothing(driver: Driver, what: &str, text: &str) {
    for trace in TRACES.iter().chain(&[PASSWORD, ENCODED]) {
        assert!(!text.contains(trace), "{driver:?}: {what} tells {trace:?}:\n{text}");
    }
}

/// An error with all that caused it, as people and programs print it.
fn all_of(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n");
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!("{cause}\n{cause:?}\n{cause:#?}\n");
        source = cause.source();
    }
    text
}

/// Nobody gets in by this URL.
#[track_caller]
fn refused(url: &str) {
    refused_by(&DRIVERS, url);
}

#[track_caller]
fn refused_by(drivers: &[Driver], url: &str) {
    for driver in drivers.iter().copied() {
        let (log, guard) = Log::start();
        match driver.try_connect(url) {
            Ok(mut connection) => {
                let error = connection.run(&set()).expect_err("nobody should get in");
                assert!(error.is_connection(), "{driver:?}: {error}");
                tells_nothing(driver, "the error", &all_of(&error));
            }
            Err(error) => tells_nothing(driver, "the client", &all_of(error.as_ref())),
        }
        tells_nothing(driver, "the migrator", &format!("{:?}", set()));
        drop(guard);
        tells_nothing(driver, "the log", &log.text());
    }
}

#[test]
fn nobody_listens() {
    let url = format!("postgres://somebody:{ENCODED}@127.0.0.1:1/db");
    refused_by(&DRIVERS[1..], &url);
    // Where nobody listens, this pool tries again until its patience ends.
    let (log, _guard) = Log::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let patience = Duration::from_millis(300);
    let pool = runtime.block_on(async { PgPoolOptions::new().acquire_timeout(patience).connect_lazy(&url).unwrap() });
    let error = runtime.block_on(set().run(&pool)).expect_err("nobody should get in");
    tells_nothing(Driver::SqlxPool, "the error", &all_of(&error));
    tells_nothing(Driver::SqlxPool, "the pool's log", &log.text());
}

/// What listens hangs up at once.
#[test]
fn nobody_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    refused(&format!("postgres://somebody:{ENCODED}@{address}/db"));
}

#[test]
fn no_such_host() {
    refused(&format!("postgres://somebody:{ENCODED}@no-such-host.invalid/db"));
}

#[test]
fn no_such_database() {
    let url = Database::new().url().replacen("postgres@", &format!("postgres:{ENCODED}@"), 1);
    refused(&format!("{url}_that_is_not_there"));
}

#[test]
fn no_such_role() {
    refused(&Database::new().url().replacen("postgres@", &format!("nobody_at_all:{ENCODED}@"), 1));
}

#[test]
fn not_a_url() {
    refused(&format!("postgres://somebody:{ENCODED}@127.0.0.1:port/db"));
    refused(&format!("postgres://somebody:{ENCODED}@[::1/db"));
}

/// A server that asks for passwords: with another one nobody gets in; with the right one it is not told either.
#[test]
fn password_that_is_asked_for() {
    let server = Server::private().unwrap_or_else(|error| panic!("no server to test on: {error}"));
    let admin = |sql: &str| {
        let mut client = Client::connect(&server.url(), NoTls).unwrap_or_else(|error| panic!("{error:?}"));
        client.simple_query(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    };
    admin(&format!("CREATE ROLE asked SUPERUSER LOGIN PASSWORD '{}'", PASSWORD.replace('\'', "''")));
    admin(
        "DO $$ BEGIN EXECUTE format('COPY (VALUES (%L), (%L)) TO %L', 'host all postgres 127.0.0.1/32 trust',
            'host all all 127.0.0.1/32 scram-sha-256', current_setting('hba_file')); END $$",
    );
    admin("SELECT pg_reload_conf()");
    let url = |password: &str| server.url().replacen("postgres@", &format!("asked:{password}@"), 1);
    await_refusal(&url("wrong"));
    refused(&url(&format!("{ENCODED}-wrong")));

    for driver in DRIVERS {
        let (log, guard) = Log::start();
        let mut connection = driver.connect(&url(ENCODED));
        let report = connection.run(&set()).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
        tells_nothing(driver, "the report", &format!("{report} {report:?}"));
        let status = connection.status(&set()).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
        tells_nothing(driver, "the status", &format!("{status} {status:?}"));
        let failing = migrator(&[
            ("1_a.sql", "CREATE TABLE IF NOT EXISTS a (id int);"),
            ("2_b.sql", "VACUUM;"),
            ("3_c.sql", "SELECT 1 / 0"),
        ]);
        let error = connection.run(&failing).expect_err("a division by zero");
        tells_nothing(driver, "the error", &all_of(&error));
        let killed = migrator(&[("1_a.sql", "SELECT pg_terminate_backend(pg_backend_pid())")]).namespace("killed");
        let error = connection.run(&killed).expect_err("a connection that is lost");
        tells_nothing(driver, "the error", &all_of(&error));
        drop(guard);
        assert!(log.text().contains("migration finished") || driver != DRIVERS[0], "nothing was logged");
        tells_nothing(driver, "the log", &log.text());
    }
}

/// What another session is at is told by the words of its command: its values are nobody's business.
#[test]
fn d10_statements_of_others() {
    for (driver, statement) in [
        (Driver::SqlxPool, "UPDATE held SET a = 'p@ss' WHERE a = 'p@ss'"),
        (Driver::Postgres, "LOCK TABLE held; ALTER ROLE postgres SET application_name = 'p@ss'"),
        (Driver::TokioPostgres, "LOCK TABLE held; SELECT $q$p@ss$q$, E'p@ss' /* p@ss */ -- p@ss"),
    ] {
        let database = Database::new();
        let mut holder = Driver::Postgres.connect(&database.url());
        holder.sql("CREATE TABLE held (a text)");
        holder.sql("BEGIN");
        holder.sql(statement);
        let told: Arc<Mutex<String>> = Arc::default();
        let listener = told.clone();
        let set = migrator(&[("1_a.sql", "ALTER TABLE held ADD b int;")]);
        let set = set.lock_timeout(Duration::from_millis(50)).retry_budget(Duration::from_millis(300));
        let set = set.on_progress(move |event| *listener.lock().unwrap() += &format!("{event:?}\n"));
        let (log, guard) = Log::start();
        let error = driver.connect(&database.url()).run(&set).expect_err("a lock that is not to be had");
        drop(guard);
        let command = statement.split(' ').next().unwrap();
        let text = all_of(&error);
        assert!(
            text.contains("held is locked by pid ") && text.contains(&format!(": {command}")),
            "{driver:?}: {text}"
        );
        assert!(told.lock().unwrap().contains("Retrying"), "{driver:?}: {told:?}");
        tells_nothing(driver, "the error", &text);
        tells_nothing(driver, "an event", &told.lock().unwrap());
        tells_nothing(driver, "the log", &log.text());
    }
}

/// The server reads its new rules a moment after it was told to.
#[track_caller]
fn await_refusal(url: &str) {
    let started = Instant::now();
    while Client::connect(url, NoTls).is_ok() {
        assert!(started.elapsed().as_secs() < 20, "waited for the server to ask for passwords");
        std::thread::sleep(Duration::from_millis(20));
    }
}
