//! Starting a server together with its keeper, the shell process that ends it after its last user.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Error;
use super::binaries::{self, Version};
use super::data_folder;
use super::hint;
use super::machine::Machine;
use super::running::{Keeper, Running, STOP_LIMIT};
use super::server_folder::{self, Locks, ServerFolder};
use super::tool;

const KEEPER: &str = include_str!("keeper.sh");

/// What makes a server quick whose data need not survive, and lets a whole test suite in.
///
/// Autovacuum now and then holds the very database that is to be copied or dropped. Memory that backends share is mapped
/// from files in the data folder: elsewhere it would outlive a killed server, and in containers there is little of it.
const SETTINGS: [&str; 8] = [
    "max_connections=400",
    "shared_buffers=64MB",
    "dynamic_shared_memory_type=mmap",
    "huge_pages=off",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
];

/// From the start of the process to the first connection; 50 ms are usual.
const LIMIT: Duration = Duration::from_secs(60);

/// How many ports are tried where others take the chosen one first.
const PORTS: usize = 5;

/// For how long a shared server waits for another user after the last one: a test run is a row of processes.
const GRACE_SECONDS: &str = "5";

/// What is to be started.
pub(super) struct Start<'a> {
    pub(super) machine: &'a Machine,
    pub(super) binaries: &'a Path,
    /// As `postgres -c` takes them.
    pub(super) settings: &'a [String],
    /// Where the server's folder is made.
    pub(super) home: &'a Path,
    pub(super) lifetime: Lifetime,
}

#[derive(Clone, Copy)]
pub(super) enum Lifetime {
    /// The server ends with the one process that has started it, which can wait for that.
    OfOwner,
    /// It ends some seconds after the last process that has entered it.
    OfUsers,
}

impl Start<'_> {
    pub(super) fn run(&self) -> Result<Running, Error> {
        let version = binaries::version(self.machine, self.binaries)?;
        server_folder::sweep(self.home)
            .map_err(Error::io(format_args!("cannot sweep {}", self.home.display()), hint::SWEEP))?;
        for _ in 0..PORTS {
            let port = free_port().map_err(Error::io("cannot find a free port of 127.0.0.1", hint::SETTINGS))?;
            if let Some(running) = self.run_on(port, &version)? {
                return Ok(running);
            }
        }
        Err(Error::new(
            format!("{PORTS} free ports of 127.0.0.1 were taken before the server had them"),
            hint::TRY_AGAIN,
        ))
    }

    /// `None` if another process has the port.
    pub(super) fn run_on(&self, port: u16, version: &Version) -> Result<Option<Running>, Error> {
        let (folder, locks) = ServerFolder::create(self.machine, self.home)?;
        let launched = data_folder::create(self.machine, self.binaries, version, &folder.data())
            .and_then(|()| self.launch(&folder, locks, port));
        let (usage, keeper) = match launched {
            Ok(launched) => launched,
            Err(error) => {
                // The error in hand says more than one of removing could, and a later start sweeps.
                let _ = folder.remove();
                return Err(error);
            }
        };
        let running = Running {
            port,
            version: version.number,
            binaries: self.binaries.to_owned(),
            folder: folder.path.clone(),
            usage: Some(usage),
            keeper: matches!(self.lifetime, Lifetime::OfOwner).then_some(keeper),
        };
        Ok(is_ready(&folder)?.then_some(running))
    }

    fn launch(&self, folder: &ServerFolder, locks: Locks, port: u16) -> Result<(File, Keeper), Error> {
        let mut keeper = self.machine.command("/bin/sh");
        // Without its comments, for those who look at the list of processes.
        let script: Vec<&str> = KEEPER.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        keeper.args(["-c", &script.join("\n"), "keeper"]);
        keeper.arg(match self.lifetime {
            Lifetime::OfOwner => "0",
            Lifetime::OfUsers => GRACE_SECONDS,
        });
        self.add_server(&mut keeper, folder, port);
        // A process group of its own: Ctrl-C in a terminal is not for it.
        keeper.current_dir(&folder.path).process_group(0);
        spawn(keeper, folder, locks)
    }

    /// The server's command line.
    fn add_server(&self, command: &mut Command, folder: &ServerFolder, port: u16) {
        command.arg(self.binaries.join("postgres")).arg("-D").arg(folder.data());
        // Of two values the later one counts. So the caller's stand behind the defaults, and what is promised comes last.
        let own = [format!("port={port}"), "listen_addresses=127.0.0.1".to_owned()];
        for setting in SETTINGS.into_iter().chain(self.settings.iter().chain(&own).map(String::as_str)) {
            command.arg("-c").arg(setting);
        }
        // A list, in which quotes keep a path with commas or spaces together.
        let mut sockets = OsString::from("unix_socket_directories=\"");
        sockets.push(&folder.path);
        sockets.push("\"");
        command.arg("-c").arg(sockets);
    }
}

/// Starts the keeper, which starts the server.
fn spawn(mut command: Command, folder: &ServerFolder, locks: Locks) -> Result<(File, Keeper), Error> {
    let cannot = |what: &str| format!("cannot {what} for a server in {}", folder.path.display());
    // The keeper counts as alive already, as its lock is taken.
    let usage = folder.enter().and_then(|usage| usage.ok_or_else(|| io::Error::other("it has gone")));
    let usage = usage.map_err(Error::io(cannot("open the FIFO"), hint::SETTINGS))?;
    // A file for the log: a pipe that nobody reads would stop the server once it is full.
    let log = OpenOptions::new().create(true).append(true).open(folder.log());
    let log = log.map_err(Error::io(cannot("make a log"), hint::SETTINGS))?;
    let process = command.stdin(locks.server).stdout(locks.keeper).stderr(log).spawn();
    let process = process.map_err(Error::io(cannot("run /bin/sh"), hint::SETTINGS))?;
    // It would keep the files open that it was given, and the locks with them.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok((usage, Keeper { process, command }))
}

/// Has a private server crash, and starts it again.
pub(super) fn restart(running: &mut Running) -> Result<(), Error> {
    let cannot = format!("cannot restart the server in {}", running.folder.display());
    let folder = ServerFolder { path: running.folder.clone() };
    let (Some(mut usage), Some(mut keeper)) = (running.usage.take(), running.keeper.take()) else {
        return Err(Error::new(
            format!("{cannot}: it did not start again after it was stopped before"),
            hint::START_NEW,
        ));
    };
    // Its socket is removed on the way, which makes the folder too young to be swept before the locks are taken again.
    let ended = usage.write_all(b"crash\n").and_then(|()| tool::wait(&mut keeper.process, STOP_LIMIT));
    if ended.map_err(Error::io(&cannot, hint::SETTINGS))?.is_none() {
        return Err(Error::new(
            format!("{cannot}: it was still there after {} s", STOP_LIMIT.as_secs()),
            hint::SETTINGS,
        ));
    }
    drop(usage);
    let locks = folder.take_locks().map_err(Error::io(&cannot, hint::SETTINGS))?;
    let (usage, keeper) = spawn(keeper.command, &folder, locks)?;
    (running.usage, running.keeper) = (Some(usage), Some(keeper));
    if is_ready(&folder)? {
        return Ok(());
    }
    Err(Error::new(format!("{cannot}: another process has taken port {}", running.port), hint::START_NEW))
}

/// Waits for the moment from which the server accepts connections; false if another process has its port.
fn is_ready(folder: &ServerFolder) -> Result<bool, Error> {
    // To try to connect would be simpler, but would leave FATAL lines in a log that is to have none.
    let ready = || -> io::Result<Option<bool>> {
        let status = match fs::read(folder.data().join("postmaster.pid")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            status => status?,
        };
        if status.split(|byte| *byte == b'\n').nth(7).is_some_and(|line| line.starts_with(b"ready")) {
            return Ok(Some(true));
        }
        Ok(if folder.is_alive()? { None } else { Some(false) })
    };
    let place = folder.path.display();
    let outcome = tool::poll(LIMIT, ready)
        .map_err(Error::io(format_args!("cannot watch the server in {place}"), hint::SETTINGS))?;
    if outcome == Some(true) {
        return Ok(true);
    }
    let log = fs::read(folder.log())
        .map_err(Error::io(format_args!("cannot read the server's log in {place}"), hint::SETTINGS))?;
    let log = String::from_utf8_lossy(&log);
    if outcome.is_some() && log.contains("could not create any TCP/IP sockets") {
        return Ok(false);
    }
    let what = match outcome {
        Some(_) => "ended instead of becoming ready".to_owned(),
        None => format!("was not ready after {} s", LIMIT.as_secs()),
    };
    Err(Error::new(format!("the server in {place} {what}; its log:{}", tool::indented_tail(&log)), hint::SETTINGS))
}

/// The system chooses. Another process can take it before the server does.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
