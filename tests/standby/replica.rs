//! A primary and a streaming replica of it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use atlas_migrate::ephemeral::Server;
use atlas_migrate_tests::{Daemon, Database, wait_for};
use postgres::{Client, NoTls};

/// How long copying, starting and catching up may take each; less than a second is usual.
const LIMIT: Duration = Duration::from_secs(60);

/// How many ports are tried where others take the chosen one first.
const PORTS: usize = 5;

/// The replica's files are in the primary's folder, and go with it.
pub(crate) struct Replica {
    /// Ended before the primary, which would wait for it.
    daemon: Daemon,
    port: u16,
    pub(crate) primary: Server,
}

impl Replica {
    /// Starts both.
    #[track_caller]
    pub(crate) fn new() -> Self {
        // What is committed is also written, so that there is a position for the replica to catch up with.
        let options = Server::options().setting("log_line_prefix", "%d [%p] ").setting("synchronous_commit", "on");
        let primary = options.private().unwrap_or_else(|error| panic!("no primary server: {error}"));
        let data = primary.socket_folder().join("replica");
        copy(&primary, &data);
        let mut refused = String::new();
        for _ in 0..PORTS {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            match start(&primary, &data, port) {
                Ok(daemon) => return Self { daemon, port, primary },
                Err(reason) if reason.contains("could not create any TCP/IP sockets") => refused = reason,
                Err(reason) => panic!("{reason}"),
            }
        }
        panic!("{PORTS} free ports were taken before the replica had them: {refused}");
    }

    /// Where a database of the primary is on the replica.
    pub(crate) fn url(&self, database: &Database) -> String {
        self.at_replica(&database.url())
    }

    fn at_replica(&self, url: &str) -> String {
        let at = |port| format!(":{port}/");
        url.replacen(&at(self.primary.port()), &at(self.port), 1)
    }

    /// Waits until it has everything that the primary has by now.
    #[track_caller]
    pub(crate) fn catch_up(&self, database: &Database) {
        let position = database.value("SELECT pg_current_wal_lsn()");
        let mut client = Client::connect(&self.at_replica(&self.primary.url()), NoTls).unwrap();
        let reached = format!("SELECT pg_last_wal_replay_lsn() >= '{position}'");
        let is_there = || client.query_one(&reached, &[]).unwrap().get::<_, bool>(0).then_some(());
        wait_for(&format!("the replica to come to {position}"), LIMIT, is_there);
    }

    /// The lines of its log that say ERROR, or worse.
    #[track_caller]
    pub(crate) fn errors(&self) -> Vec<String> {
        let is_error = |line: &&str| ["ERROR:", "FATAL:", "PANIC:"].iter().any(|severity| line.contains(severity));
        self.daemon.log().lines().filter(is_error).map(str::to_owned).collect()
    }
}

/// Has a program run as the user of the primary, whose files are closed to others, and who is not root.
fn as_server(primary: &Server, command: &mut Command) {
    let owner = fs::metadata(primary.socket_folder()).unwrap();
    command.uid(owner.uid()).gid(owner.gid()).current_dir("/").env_clear().env("LC_ALL", "C");
}

#[track_caller]
fn copy(primary: &Server, data: &Path) {
    let program = primary.binaries().join("pg_basebackup");
    assert!(
        program.is_file(),
        "{} is not there: install PostgreSQL's client programs of this version (on Debian the package \
         postgresql-client-{}), or let ATLAS_MIGRATE_PG_BIN name a folder that has them",
        program.display(),
        primary.version() / 10_000
    );
    let mut command = Command::new(&program);
    command.arg("--pgdata").arg(data).args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
    command.args(["--host=127.0.0.1", "--username=postgres", &format!("--port={}", primary.port())]);
    as_server(primary, &mut command);
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let status = wait_for("the end of pg_basebackup", LIMIT, || child.try_wait().unwrap());
    assert!(status.success(), "{}: {status}", program.display());
}

/// Starts the replica and waits until it accepts connections.
fn start(primary: &Server, data: &Path, port: u16) -> Result<Daemon, String> {
    let mut command = Daemon::command("INT", &primary.binaries().join("postgres"));
    command.arg("-D").arg(data);
    let settings = [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "log_line_prefix=%d [%p] ".to_owned(),
        "fsync=off".to_owned(),
        "dynamic_shared_memory_type=mmap".to_owned(),
        // A replica has to have room for as many sessions as its primary.
        format!("max_connections={}", show(primary, "max_connections")),
    ];
    for setting in settings {
        command.arg("-c").arg(setting);
    }
    as_server(primary, &mut command);
    let mut daemon = Daemon::start(command, &primary.socket_folder().join("replica.log"));
    // To try to connect would leave FATAL lines in a log that is to have none.
    let status = data.join("postmaster.pid");
    let is_ready = || {
        let lines = fs::read_to_string(&status).ok()?;
        lines.lines().nth(7).is_some_and(|line| line.starts_with("ready")).then_some(())
    };
    daemon.wait_for("replica", LIMIT, is_ready)?;
    Ok(daemon)
}

fn show(server: &Server, setting: &str) -> String {
    let mut client = Client::connect(&server.url(), NoTls).unwrap();
    client.query_one(&format!("SHOW {setting}"), &[]).unwrap().get(0)
}
