//! Programs from Debian's packages, unpacked into a folder of their own: that needs no rights, and changes nothing else.

use std::env;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::{poll, wait_for};

/// How long apt may take, and how long to wait for another test that has it fetch the same.
const LIMIT: Duration = Duration::from_secs(120);
const TURN: Duration = Duration::from_secs(300);

/// Packages that were unpacked.
pub struct Unpacked {
    /// What the root folder of the machine would be, were they installed.
    pub root: PathBuf,
    /// Where the libraries are that the machine does not have; for `LD_LIBRARY_PATH`.
    pub libraries: String,
}

impl Unpacked {
    /// The first of several tests that need these packages fetches them, and the libraries that they need.
    ///
    /// # Errors
    ///
    /// There is no apt, or it can fetch nothing: what it said.
    pub fn get(packages: &[&str]) -> Result<Self, String> {
        let version = candidate(packages[0])?;
        let root = cache()?.join(format!("{}-{version}", packages[0]));
        fetch_once(&root, packages)?;
        let folders = ["lib", "usr/lib"].into_iter().flat_map(|name| subfolders(&root.join(name)));
        let libraries = folders.collect::<Vec<_>>().join(":");
        Ok(Self { root, libraries })
    }
}

/// The version of a package that apt would install. Where it knows of none, its lists are renewed, which only root may do.
///
/// # Errors
///
/// There is no apt, or no such package.
pub fn candidate(package: &str) -> Result<String, String> {
    let below = cache()?;
    let ask = || -> Result<Option<String>, String> {
        let policy = run(&below, "apt-cache", &["policy", package])?;
        let version = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
        Ok(version.filter(|version| *version != "(none)").map(str::to_owned))
    };
    if let Some(version) = ask()? {
        return Ok(version);
    }
    renew()?;
    ask()?.ok_or_else(|| format!("apt knows no package {package}"))
}

/// Renews the lists of packages, as only root may.
///
/// # Errors
///
/// What apt said.
pub fn renew() -> Result<(), String> {
    run(&cache()?, "apt-get", &["update"]).map(drop)
}

/// Where what was unpacked is kept. Another user may have to run it.
fn cache() -> Result<PathBuf, String> {
    let own = fs::metadata("/proc/self").map_err(|error| format!("/proc/self: {error}"))?;
    let folder = match own.uid() {
        // Root's own home is closed to the user that servers run as.
        0 => PathBuf::from("/var/cache"),
        _ => match (env::var_os("XDG_CACHE_HOME"), env::var_os("HOME")) {
            (Some(cache), _) => cache.into(),
            (None, Some(home)) => PathBuf::from(home).join(".cache"),
            (None, None) => env::temp_dir(),
        },
    };
    let folder = folder.join("atlas-migrate-tests");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

fn fetch_once(root: &Path, packages: &[&str]) -> Result<(), String> {
    let beside = |ending: &str| {
        let mut path = root.as_os_str().to_owned();
        path.push(ending);
        PathBuf::from(path)
    };
    let lock = File::create(beside(".lock")).map_err(|error| error.to_string())?;
    wait_for("another test to fetch packages", TURN, || lock.try_lock().ok());
    if root.is_dir() {
        return Ok(());
    }
    let unfinished = beside(".unfinished");
    // Left by a test that was killed.
    let _left = fs::remove_dir_all(&unfinished);
    fs::create_dir_all(&unfinished).map_err(|error| error.to_string())?;
    if let Err(reason) = fetch(&unfinished, packages) {
        // The lists of packages may be old.
        renew().map_err(|error| format!("{reason}\n{error}"))?;
        fetch(&unfinished, packages)?;
    }
    fs::rename(&unfinished, root).map_err(|error| error.to_string())
}

/// Unpacks the packages, and those of the libraries that they need and the machine does not have.
fn fetch(folder: &Path, packages: &[&str]) -> Result<(), String> {
    let dependencies = run(folder, "apt-cache", &[&["depends"], packages].concat())?;
    let is_installed = |name: &str| {
        run(folder, "dpkg-query", &["-W", "-f", "${db:Status-Status}", name]).is_ok_and(|status| status == "installed")
    };
    let libraries = dependencies.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    let libraries =
        libraries.filter(|name| name.starts_with("lib") && !name.starts_with("libc6") && !is_installed(name));
    let wanted: Vec<_> = ["download"].into_iter().chain(packages.iter().copied()).chain(libraries).collect();
    run(folder, "apt-get", &wanted)?;
    let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "deb"))
    {
        run(folder, "dpkg-deb", &["-x", &path.display().to_string(), "."])?;
        fs::remove_file(&path).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Gives what the program printed.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<String, String> {
    let what = format!("`{program} {}`", arguments.join(" "));
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let log = folder.join(format!("log-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let started = File::create(&log).and_then(|output| {
        let too = output.try_clone()?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder).env("LC_ALL", "C");
        command.stdin(Stdio::null()).stdout(output).stderr(too).spawn()
    });
    let mut child = started.map_err(|error| format!("{what}: {error}"))?;
    let status = poll(LIMIT, || child.try_wait().ok().flatten());
    if status.is_none() {
        // An error says that it has ended this very moment.
        let _ended = child.kill();
        let _status = child.wait();
    }
    let printed = fs::read_to_string(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    fs::remove_file(&log).map_err(|error| format!("{}: {error}", log.display()))?;
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
