//! A PgBouncer of a test's own.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use atlas_migrate_tests::{Daemon, Database, poll};
use postgres::{Client, NoTls, SimpleQueryMessage};

use crate::program::Program;

/// How many connections to the server it keeps for a database, and shares among its clients.
const POOL: usize = 2;

/// How long it may take to start; and, once its last client has gone, to close what that left in a transaction.
const LIMIT: Duration = Duration::from_secs(20);

/// How many ports are tried where others take the chosen one first.
const PORTS: usize = 5;

/// What sessions have that nobody set. PgBouncer itself gives a session the settings of its client's start-up message.
const LEFT: &str = "
    SELECT 'setting ' || name || ' = ' || setting FROM pg_settings WHERE source = 'session' AND setting <> reset_val AND name NOT IN
      ('application_name', 'client_encoding', 'DateStyle', 'IntervalStyle', 'standard_conforming_strings', 'TimeZone')
      AND name NOT LIKE 'transaction_%'
  UNION ALL SELECT 'role ' || current_user WHERE current_user <> 'postgres'
  UNION ALL SELECT 'statement ' || name FROM pg_prepared_statements
  UNION ALL SELECT 'cursor ' || name FROM pg_cursors WHERE is_holdable
  UNION ALL SELECT 'channel ' || pg_listening_channels()
  UNION ALL SELECT 'object ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()";

/// What can be seen of sessions from outside.
const OPEN: &str = "
    SELECT format('%s: %s, %s', pid, state, query) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
  UNION ALL
    SELECT format('%s: lock %s', pid, objid) FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Listens on a port of its own, and pools connections by transaction.
pub(crate) struct Bouncer {
    /// Ended before its folder goes.
    daemon: Option<Daemon>,
    port: u16,
    server: u16,
    folder: PathBuf,
    turns: Turns,
}

/// Which connection to the server a client gets for its next transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Turns {
    /// The one that was used last: mostly the same, if there is only one client.
    Last,
    /// The one that was used least recently: each time another.
    RoundRobin,
}

impl Bouncer {
    /// In front of the server of this URL.
    #[track_caller]
    pub(crate) fn new(url: &str) -> Self {
        Self::taking_turns(url, Turns::Last)
    }

    #[track_caller]
    pub(crate) fn taking_turns(url: &str, turns: Turns) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let below = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let program = Program::find();
        let folder = format!("pgbouncer_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut bouncer = Self { daemon: None, port: 0, server: port(url), folder: below.join(folder), turns };
        fs::create_dir(&bouncer.folder).unwrap();
        let mut refused = String::new();
        for _ in 0..PORTS {
            match bouncer.start(program) {
                Ok(()) => return bouncer,
                Err(reason) if reason.contains("Address already in use") => refused = reason,
                Err(reason) => panic!("{reason}"),
            }
        }
        panic!("{PORTS} free ports were taken before PgBouncer had them: {refused}");
    }

    /// The same URL, by way of PgBouncer.
    #[track_caller]
    pub(crate) fn url(&self, url: &str) -> String {
        url.replacen(&format!(":{}/", port(url)), &format!(":{}/", self.port), 1)
    }

    /// Looks at all the connections to the server for what a client has left there.
    #[track_caller]
    pub(crate) fn inspect(&self, database: &Database) {
        assert_eq!(database.errors(), [""; 0]);
        let mut open = Vec::new();
        let closed = poll(LIMIT, || {
            open = database.query(OPEN);
            open.is_empty().then_some(())
        });
        assert!(closed.is_some(), "after {} s there are transactions and locks: {open:#?}", LIMIT.as_secs());
        // As many transactions at once as it has connections are one on each.
        let url = self.url(&database.url());
        let mut clients: Vec<_> = (0..POOL).map(|_| Client::connect(&url, NoTls).unwrap()).collect();
        let mut transactions: Vec<_> = clients.iter_mut().map(|client| client.transaction().unwrap()).collect();
        for transaction in &mut transactions {
            let left: Vec<_> = transaction.simple_query(LEFT).unwrap().iter().filter_map(text).collect();
            assert_eq!(left, [""; 0]);
        }
    }

    fn start(&mut self, program: &Program) -> Result<(), String> {
        self.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = format!(
            "[databases]\n\
             * = host=127.0.0.1 port={} user=postgres\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {}\n\
             unix_socket_dir =\n\
             auth_type = any\n\
             pool_mode = transaction\n\
             default_pool_size = {POOL}\n\
             server_round_robin = {}\n\
             ignore_startup_parameters = extra_float_digits\n",
            self.server,
            self.port,
            u8::from(matches!(self.turns, Turns::RoundRobin))
        );
        let file = self.folder.join("pgbouncer.ini");
        fs::write(&file, settings).unwrap();
        let mut command = Daemon::command("TERM", &program.path);
        if fs::metadata(&file).unwrap().uid() == 0 {
            command.args(["-u", unprivileged_user()]);
        }
        if let Some(libraries) = &program.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command.arg(&file);
        let log = self.folder.join("log");
        let mut daemon = Daemon::start(command, &log);
        let up = || fs::read_to_string(&log).unwrap().contains("process up").then_some(());
        daemon.wait_for("PgBouncer", LIMIT, up)?;
        self.daemon = Some(daemon);
        Ok(())
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("PgBouncer's log: {}", self.daemon.as_ref().map(Daemon::log).unwrap_or_default());
        }
        drop(self.daemon.take());
        fs::remove_dir_all(&self.folder).unwrap_or_else(|error| eprintln!("{}: {error}", self.folder.display()));
    }
}

fn text(message: &SimpleQueryMessage) -> Option<String> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    row.get(0).map(str::to_owned)
}

/// It refuses to run as root.
fn unprivileged_user() -> &'static str {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let is_there = |name: &&str| users.lines().any(|line| line.split(':').next() == Some(*name));
    ["postgres", "nobody"].into_iter().find(is_there).expect("a user `postgres` or `nobody` for PgBouncer to run as")
}

#[track_caller]
fn port(url: &str) -> u16 {
    let config: postgres::Config = url.parse().unwrap_or_else(|error| panic!("{url}: {error}"));
    config.get_ports()[0]
}
