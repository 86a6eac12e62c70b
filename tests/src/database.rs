//! A database for each test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use atlas_migrate::ephemeral::Server;
use postgres::{Client, NoTls, SimpleQueryMessage};

/// A database that is there for one test: dropped with the value, unless the test failed.
pub struct Database {
    name: String,
    server: String,
    log: PathBuf,
}

impl Database {
    /// An empty one, on the server that all tests share.
    pub fn new() -> Self {
        Self::on(&server())
    }

    /// An empty one, on this server.
    pub fn on(server: &Server) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{nanoseconds:x}_{count}", std::process::id());
        let database = Self { name, server: server.url(), log: server.log() };
        execute(&database.server, &format!("CREATE DATABASE {}", database.name));
        database
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.url_as("postgres")
    }

    /// Where it is, for this role.
    pub fn url_as(&self, role: &str) -> String {
        let url = self.server.replacen("postgres@", &format!("{role}@"), 1);
        match url.rsplit_once('/') {
            Some((server, _)) => format!("{server}/{}", self.name),
            None => unreachable!("the URL of a server names a database"),
        }
    }

    /// The rows of the last statement that gave any, their columns joined by `|`, as `psql -At` shows them.
    #[track_caller]
    pub fn query(&self, sql: &str) -> Vec<String> {
        execute(&self.url(), sql)
    }

    /// The first column of the only row.
    #[track_caller]
    pub fn value(&self, sql: &str) -> String {
        let rows = self.query(sql);
        assert_eq!(rows.len(), 1, "{sql} gave {rows:?}");
        rows.into_iter().next().unwrap_or_default()
    }

    /// The lines of the server's log that say ERROR (or worse) about this database.
    #[track_caller]
    pub fn errors(&self) -> Vec<String> {
        self.logged(&["ERROR:", "FATAL:", "PANIC:"])
    }

    /// The lines of the server's log that say WARNING about this database.
    #[track_caller]
    pub fn warnings(&self) -> Vec<String> {
        self.logged(&["WARNING:"])
    }

    /// The lines of the server's log about this database that have this in them.
    #[track_caller]
    pub fn logs(&self, what: &str) -> Vec<String> {
        self.logged(&[what])
    }

    #[track_caller]
    fn logged(&self, severities: &[&str]) -> Vec<String> {
        let is_one =
            |line: &&str| line.starts_with(&self.name) && severities.iter().any(|severity| line.contains(severity));
        let text = std::fs::read_to_string(&self.log).unwrap_or_else(|error| panic!("{}: {error}", self.log.display()));
        text.lines().filter(is_one).map(str::to_owned).collect()
    }

    /// The history of the default namespace: version, state and number of statements.
    pub fn history(&self) -> Vec<String> {
        self.query("SELECT version, state, statements FROM schema_migrations ORDER BY applied_at")
    }
}

impl Default for Database {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the database is kept: {}", self.url());
        } else {
            execute(&self.server, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

/// The throw-away server of all the test processes. Each line of its log names the database.
fn server() -> Server {
    let options = Server::options().setting("log_line_prefix", "%d [%p] ");
    options.shared().unwrap_or_else(|error| panic!("no server to test on: {error}"))
}

/// The major version of the server that the tests run on.
pub(crate) fn own_version() -> u32 {
    own_release() / 10_000
}

/// Its release, as `server_version_num` has it.
pub(crate) fn own_release() -> u32 {
    server().version()
}

#[track_caller]
fn execute(url: &str, sql: &str) -> Vec<String> {
    let mut client = match Client::connect(url, NoTls) {
        Ok(client) => client,
        Err(error) => panic!("could not connect to {url}: {error:?}"),
    };
    match client.simple_query(sql) {
        Ok(messages) => messages.iter().filter_map(row).collect(),
        Err(error) => panic!("{sql}\n{error:?}"),
    }
}

fn row(message: &SimpleQueryMessage) -> Option<String> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    Some((0..row.len()).map(|index| row.get(index).unwrap_or("")).collect::<Vec<_>>().join("|"))
}
