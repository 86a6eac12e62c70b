//! The servers that this process has: the shared ones, which it joins or starts and keeps, and its private ones.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::binaries::Search;
use super::fingerprint::fingerprint;
use super::hint;
use super::lock;
use super::machine::Machine;
use super::running::Running;
use super::server_folder::ServerFolder;
use super::start::{self, Lifetime, Start};
use super::tool;
use super::{Error, Options};

/// How long to wait for another process that starts the server: it may have to run initdb on a busy machine.
const LIMIT: Duration = Duration::from_secs(180);

/// The shared servers that this process has entered. It stays in them for its life, however many `Server`s come and go:
/// the next test would find a server that has just ended.
static ENTERED: Mutex<BTreeMap<String, Arc<Running>>> = Mutex::new(BTreeMap::new());

pub(super) fn binaries(major: u32) -> Result<PathBuf, Error> {
    Search::here().of_major(&Machine::here()?, major)
}

pub(super) fn private(options: &Options) -> Result<Arc<Running>, Error> {
    private_on(&Machine::here()?, options)
}

pub(super) fn private_on(machine: &Machine, options: &Options) -> Result<Arc<Running>, Error> {
    let binaries = binaries_for(machine, options)?;
    let (settings, home) = (&options.settings, &machine.home()?);
    let start = Start { machine, binaries: &binaries, settings, home, lifetime: Lifetime::OfOwner };
    start.run().map(Arc::new)
}

/// Has a private server crash, and starts it again.
pub(super) fn restart(running: &mut Arc<Running>) -> Result<(), Error> {
    match Arc::get_mut(running) {
        Some(running) => start::restart(running),
        None => Err(Error::new("cannot restart a shared server: other processes use it", hint::PRIVATE)),
    }
}

pub(super) fn shared(options: &Options) -> Result<Arc<Running>, Error> {
    shared_on(&Machine::here()?, options)
}

pub(super) fn shared_on(machine: &Machine, options: &Options) -> Result<Arc<Running>, Error> {
    let binaries = binaries_for(machine, options)?;
    // Another release of this library may start its servers otherwise.
    let parts = [env!("CARGO_PKG_VERSION"), machine.name(), &binaries.to_string_lossy()];
    let name = format!("shared-{}", fingerprint(parts.into_iter().chain(options.settings.iter().map(String::as_str))));

    let mut entered = ENTERED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = entered.get(&name) {
        let folder = ServerFolder { path: running.folder.clone() };
        if folder.is_alive().map_err(cannot_use(&folder.path))? {
            return Ok(running.clone());
        }
    }
    let running = Arc::new(enter_or_start(machine, &binaries, &options.settings, &name)?);
    entered.insert(name, running.clone());
    Ok(running)
}

fn binaries_for(machine: &Machine, options: &Options) -> Result<PathBuf, Error> {
    match &options.binaries {
        Some(folder) => Ok(folder.clone()),
        None => Search::here().newest(machine),
    }
}

/// One process starts the server, the others wait for it.
fn enter_or_start(machine: &Machine, binaries: &Path, settings: &[String], name: &str) -> Result<Running, Error> {
    if let Some(running) = enter_any(machine, binaries, name)? {
        return Ok(running);
    }
    let home = machine.home()?;
    let lock = home.join(format!("{name}.lock"));
    let attempt = || -> Result<Option<Running>, Error> {
        let taken = lock::try_take(&lock).map_err(cannot_use(&lock))?;
        // Asked with the lock in hand, so that it was not started in between.
        if let Some(running) = enter_any(machine, binaries, name)? {
            return Ok(Some(running));
        }
        let Some(_lock) = taken else { return Ok(None) };
        let running = Start { machine, binaries, settings, home: &home, lifetime: Lifetime::OfUsers }.run()?;
        record(&running, &home.join(name)).map_err(cannot_use(&home))?;
        Ok(Some(running))
    };
    tool::poll(LIMIT, attempt)?.ok_or_else(|| {
        let waited =
            format!("{} was locked for {} s by a process that starts a server", lock.display(), LIMIT.as_secs());
        Error::new(waited, hint::STARTING)
    })
}

/// Enters the server of this name if there is one, wherever it was started: the best room may be another one by now.
fn enter_any(machine: &Machine, binaries: &Path, name: &str) -> Result<Option<Running>, Error> {
    for home in machine.homes() {
        if let Some(running) = enter(&home.join(name), binaries).map_err(cannot_use(&home))? {
            return Ok(Some(running));
        }
    }
    Ok(None)
}

/// Enters the server that a record tells of, if it is still there.
fn enter(record: &Path, binaries: &Path) -> io::Result<Option<Running>> {
    let text = match fs::read_to_string(record) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text?,
    };
    let mut fields = text.split_whitespace();
    let (Some(folder), Some(Ok(port)), Some(Ok(version))) =
        (fields.next(), fields.next().map(str::parse), fields.next().map(str::parse))
    else {
        return Err(io::Error::other(format!("{} does not tell of a server: {text:?}", record.display())));
    };
    let folder = ServerFolder { path: record.with_file_name(folder) };
    let Some(usage) = folder.enter()? else { return Ok(None) };
    let binaries = binaries.to_owned();
    Ok(Some(Running { port, version, binaries, folder: folder.path, usage: Some(usage), keeper: None }))
}

/// Tells other processes of a server that is ready.
fn record(running: &Running, record: &Path) -> io::Result<()> {
    let folder = running.folder.file_name().unwrap_or_default().display();
    // In one step, so that nobody reads half of it.
    let unfinished = record.with_extension("unfinished");
    fs::write(&unfinished, format!("{folder} {} {}\n", running.port, running.version))?;
    fs::rename(unfinished, record)
}

fn cannot_use(place: &Path) -> impl FnOnce(io::Error) -> Error {
    Error::io(format!("cannot use {}", place.display()), hint::RECORD)
}
