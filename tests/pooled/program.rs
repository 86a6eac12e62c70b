//! The program `pgbouncer`: found on the machine, or fetched.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use atlas_migrate_tests::{poll, wait_for};

/// How long apt may take, and how long to wait for another test that has it fetch the same.
const LIMIT: Duration = Duration::from_secs(120);
const TURN: Duration = Duration::from_secs(300);

pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// Where its libraries are, if it was fetched; for `LD_LIBRARY_PATH`.
    pub(crate) libraries: Option<String>,
}

impl Program {
    /// The one of the machine. If there is none, Debian's package is unpacked below this folder, which needs no rights.
    #[track_caller]
    pub(crate) fn find(below: &Path) -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        // Debian's place is not in everybody's PATH.
        let mut folders = env::split_paths(&path).chain(["/usr/sbin".into()]);
        if let Some(path) = folders.find_map(|folder| Some(folder.join("pgbouncer")).filter(|path| path.is_file())) {
            return Self { path, libraries: None };
        }
        let folder = below.join("pgbouncer");
        let fetched = fetch_once(below, &folder);
        fetched.unwrap_or_else(|reason| {
            panic!(
                "PgBouncer is neither in the PATH nor in /usr/sbin, and its Debian package could not be fetched: install \
                 it, for example with `apt-get install pgbouncer`\n{reason}"
            )
        });
        let libraries: Vec<_> =
            ["lib", "usr/lib"].into_iter().flat_map(|name| subfolders(&folder.join(name))).collect();
        Self { path: folder.join("usr/sbin/pgbouncer"), libraries: Some(libraries.join(":")) }
    }
}

/// The first of several tests that need it fetches it.
fn fetch_once(below: &Path, folder: &Path) -> Result<(), String> {
    let lock = File::create(below.join("pgbouncer.lock")).map_err(|error| error.to_string())?;
    wait_for("another test to fetch PgBouncer", TURN, || lock.try_lock().ok());
    if folder.is_dir() {
        return Ok(());
    }
    let unfinished = below.join("pgbouncer.unfinished");
    // Left by a test that was killed.
    let _left = fs::remove_dir_all(&unfinished);
    fs::create_dir_all(&unfinished).map_err(|error| error.to_string())?;
    if let Err(reason) = fetch(&unfinished) {
        // The lists of packages may be missing or old, and only root may renew them.
        run(&unfinished, "apt-get", &["update"]).map_err(|error| format!("{reason}\n{error}"))?;
        fetch(&unfinished)?;
    }
    fs::rename(&unfinished, folder).map_err(|error| error.to_string())
}

/// Unpacks the package, and those of the libraries that it needs.
fn fetch(folder: &Path) -> Result<(), String> {
    let dependencies = run(folder, "apt-cache", &["depends", "pgbouncer"])?;
    let libraries = dependencies.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    let libraries = libraries.filter(|name| name.starts_with("lib") && !name.starts_with("libc6"));
    let packages: Vec<_> = ["download", "pgbouncer"].into_iter().chain(libraries).collect();
    run(folder, "apt-get", &packages)?;
    let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
    for path in entries.flatten().map(|entry| entry.path().display().to_string()) {
        if path.ends_with(".deb") {
            run(folder, "dpkg-deb", &["-x", &path, "."])?;
        }
    }
    Ok(())
}

/// Gives what the program printed.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<String, String> {
    let what = format!("`{program} {}`", arguments.join(" "));
    let log = folder.join("log");
    let started = File::create(&log).and_then(|output| {
        let too = output.try_clone()?;
        Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(too)
            .spawn()
    });
    let mut child = started.map_err(|error| format!("{what}: {error}"))?;
    let status = poll(LIMIT, || child.try_wait().ok().flatten());
    if status.is_none() {
        // An error says that it has ended this very moment.
        let _ended = child.kill();
        let _status = child.wait();
    }
    let printed = fs::read_to_string(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    match status {
        Some(status) if status.success() => Ok(printed),
        Some(status) => Err(format!("{what}: {status}\n{printed}")),
        None => Err(format!("{what} was not done after {} s\n{printed}", LIMIT.as_secs())),
    }
}

fn subfolders(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.is_dir()).map(|path| path.display().to_string()).collect()
}
