//! A suite on every version of PostgreSQL that is supported.

use std::io::{PipeReader, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use atlas_migrate::ephemeral;

use crate::database::{own_release, own_version};
use crate::debian::{self, Unpacked};
use crate::{DRIVERS, Driver, poll};

/// How long a suite may take on one version, on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(600);

/// The oldest of the minor releases that [`run_suite_on_newest`] takes, for each major version that Debian's packages have. What
/// is wanted is the newest: servers have changed their catalog in a minor release, in November 2026.
const NEWEST: [(u32, u32); 1] = [(15, 150_020)];

/// Makes a module of a suite that runs all its other tests on other versions of PostgreSQL, a test for each: on 13 to 18;
/// `and_the_newest` adds the newest minor release that can be had; `at_both_ends` is for suites that the version matters little
/// for, on 13 and 18, `at_both_ends_and_the_newest` has all three. What is not on the machine is fetched.
#[macro_export]
macro_rules! on_every_version {
    () => {
        $crate::on_every_version! { @on
            postgres_13: run_suite_on(13),
            postgres_14: run_suite_on(14),
            postgres_15: run_suite_on(15),
            postgres_16: run_suite_on(16),
            postgres_17: run_suite_on(17),
            postgres_18: run_suite_on(18)
        }
    };
    (and_the_newest) => {
        $crate::on_every_version! { @on
            postgres_13: run_suite_on(13),
            postgres_14: run_suite_on(14),
            postgres_15: run_suite_on(15),
            newest_of_15: run_suite_on_newest(15),
            postgres_16: run_suite_on(16),
            postgres_17: run_suite_on(17),
            postgres_18: run_suite_on(18)
        }
    };
    (at_both_ends) => {
        $crate::on_every_version! { @on postgres_13: run_suite_on(13), postgres_18: run_suite_on(18) }
    };
    (at_both_ends_and_the_newest) => {
        $crate::on_every_version! { @on
            postgres_13: run_suite_on(13),
            newest_of_15: run_suite_on_newest(15),
            postgres_18: run_suite_on(18)
        }
    };
    (@on $($name:ident: $run:ident($major:literal)),+) => {
        mod versions {
            $(
                #[test]
                fn $name() {
                    $crate::$run($major);
                }
            )+
        }
    };
}

/// Tells a suite on which version it runs, if it is not the one of the machine.
const VERSION: &str = "ATLAS_MIGRATE_SUITE_ON";

/// The drivers that a suite goes through: all of them, or one on a version that it runs on beside the machine's own. Each driver
/// is that of one of the versions from 13 to 18 at least.
pub fn drivers() -> Vec<Driver> {
    let version: Option<u32> = std::env::var(VERSION).ok().and_then(|version| version.parse().ok());
    DRIVERS.into_iter().filter(|driver| version.is_none_or(|version| is_for(*driver, version))).collect()
}

/// These drivers; on a version beside the machine's own the first of them.
pub fn some<const N: usize>(drivers: [Driver; N]) -> impl Iterator<Item = Driver> {
    let count = if std::env::var_os(VERSION).is_none() { N } else { 1 };
    drivers.into_iter().take(count)
}

fn is_for(driver: Driver, version: u32) -> bool {
    DRIVERS[(version * 2 + version / 18) as usize % DRIVERS.len()] == driver
}

/// What the tests of a driver are in, where there is one for each.
fn module(driver: Driver) -> &'static str {
    match driver {
        Driver::SqlxPool => "::sqlx_pool",
        Driver::SqlxConnection => "::sqlx_connection",
        Driver::TokioPostgres => "::tokio_postgres",
        Driver::Deadpool => "::deadpool",
        Driver::Postgres => "::postgres",
    }
}

/// Runs this very test program again, without the tests that do so, on a server of this version. If that is the version of the
/// tests' own server, this is such a run already, and with all the drivers.
#[track_caller]
pub fn run_suite_on(major: u32) {
    if own_version() == major {
        println!("this whole run is on PostgreSQL {major}");
        return;
    }
    let binaries = ephemeral::binaries(major).unwrap_or_else(|error| panic!("{error}"));
    run_suite(major, &binaries, "");
}

/// The same on the newest minor release of this version: the one of the machine if it is new enough, else the one that Debian's
/// packages have today.
#[track_caller]
pub fn run_suite_on_newest(major: u32) {
    let named = NEWEST.iter().find(|(of, _)| *of == major);
    let (_, oldest) = *named.unwrap_or_else(|| panic!("no minor release of {major} is named in {}", file!()));
    if own_version() == major && own_release() >= oldest {
        println!("this whole run is on PostgreSQL {major}.{}", own_release() % 10_000);
        return;
    }
    let (binaries, libraries) = newest(major, oldest).unwrap_or_else(|reason| panic!("{reason}"));
    run_suite(major, &binaries, &libraries);
}

/// The folder of the programs, and the folders of libraries that the machine does not have.
fn newest(major: u32, oldest: u32) -> Result<(PathBuf, String), String> {
    let wanted = format!("{major}.{}", oldest % 10_000);
    if let Ok(binaries) = ephemeral::binaries(major)
        && release_of(&binaries)? >= oldest
    {
        return Ok((binaries, String::new()));
    }
    let (server, client) = (format!("postgresql-{major}"), format!("postgresql-client-{major}"));
    let is_new_enough = |version: String| release(&version).is_some_and(|release| release >= oldest);
    let fetched = (|| {
        if !debian::candidate(&server).is_ok_and(is_new_enough) {
            debian::renew()?;
        }
        Unpacked::get(&[&server, &client])
    })();
    let Unpacked { root, libraries } = fetched.map_err(|reason| {
        format!(
            "PostgreSQL {wanted} or later is needed, and is neither on this machine nor could its Debian package be fetched: \
             install it, or leave this test out with `--skip newest_of_{major}`\n{reason}"
        )
    })?;
    let binaries = root.join(format!("usr/lib/postgresql/{major}/bin"));
    match release_of(&binaries)? {
        release if release >= oldest => Ok((binaries, libraries)),
        release => Err(format!(
            "PostgreSQL {wanted} or later is needed, and the newest that apt has is {major}.{}: install it, or leave this test \
             out with `--skip newest_of_{major}`",
            release % 10_000
        )),
    }
}

/// The release of the server in this folder.
fn release_of(binaries: &Path) -> Result<u32, String> {
    let program = binaries.join("postgres");
    let output = Command::new(&program).arg("--version").output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = line.split_whitespace().nth(2).and_then(release);
    version.ok_or_else(|| format!("{} printed {line:?} for its version", program.display()))
}

/// `15.20` is 150020, and so is `15.20-0+deb12u1`.
fn release(version: &str) -> Option<u32> {
    let (major, rest) = version.split_once('.')?;
    let minor = rest.split(|character: char| !character.is_ascii_digit()).next()?;
    Some(major.parse::<u32>().ok()? * 10_000 + minor.parse::<u32>().ok()?)
}

#[track_caller]
fn run_suite(major: u32, binaries: &Path, libraries: &str) {
    let program = std::env::current_exe().unwrap_or_else(|error| panic!("{error}"));
    let (output, input) = std::io::pipe().unwrap_or_else(|error| panic!("no pipe: {error}"));
    let input_too = input.try_clone().unwrap_or_else(|error| panic!("no pipe: {error}"));
    let child = Command::new(&program)
        .args(["--quiet", "--skip", "versions::"])
        // What the client holds in memory is the same on each.
        .args(["--skip", "memory::"])
        .args(DRIVERS.iter().filter(|driver| !is_for(**driver, major)).flat_map(|driver| ["--skip", module(*driver)]))
        .env(VERSION, major.to_string())
        .env("ATLAS_MIGRATE_PG_BIN", binaries)
        .envs((!libraries.is_empty()).then_some(("LD_LIBRARY_PATH", libraries)))
        .env_remove("DATABASE_URL")
        // Several versions are tested at once already.
        .env_remove("RUST_TEST_THREADS")
        .stdout(input)
        .stderr(input_too)
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let output = read(output);
    let status = poll(LIMIT, || child.try_wait().unwrap_or_else(|error| panic!("{error}")));
    if status.is_none() {
        // An error says that it has ended this very moment.
        let _ended = child.kill();
        let _status = child.wait();
    }
    // What it has started may live on for a while, with the pipe.
    let output = output.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|error| format!("no output: {error}"));
    match status {
        Some(status) => assert!(status.success(), "on PostgreSQL {major}, {status}:\n{output}"),
        None => panic!("on PostgreSQL {major} the suite was not done after {} s:\n{output}", LIMIT.as_secs()),
    }
    assert!(output.contains(" passed;") && !output.contains(" 0 passed;"), "no tests ran:\n{output}");
}

fn read(mut pipe: PipeReader) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Err(error) = pipe.read_to_end(&mut bytes) {
            bytes.extend_from_slice(error.to_string().as_bytes());
        }
        // Whoever waits for it may have given up.
        let _sent = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}
