//! A suite on every version of PostgreSQL that is supported.

use std::io::{PipeReader, Read};
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use atlas_migrate::ephemeral;

use crate::database::own_version;
use crate::{DRIVERS, Driver, poll};

/// How long a suite may take on one version, on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(600);

/// Makes a module of a suite that runs all its other tests on PostgreSQL 13 to 18, a test for each version. What is not on
/// the machine is fetched.
#[macro_export]
macro_rules! on_every_version {
    () => {
        mod versions {
            #[test]
            fn postgres_13() {
                $crate::run_suite_on(13);
            }

            #[test]
            fn postgres_14() {
                $crate::run_suite_on(14);
            }

            #[test]
            fn postgres_15() {
                $crate::run_suite_on(15);
            }

            #[test]
            fn postgres_16() {
                $crate::run_suite_on(16);
            }

            #[test]
            fn postgres_17() {
                $crate::run_suite_on(17);
            }

            #[test]
            fn postgres_18() {
                $crate::run_suite_on(18);
            }
        }
    };
}

/// Tells a suite on which version it runs, if it is not the one of the machine.
const VERSION: &str = "ATLAS_MIGRATE_SUITE_ON";

/// The drivers that a suite goes through: all of them, or two on a version that it runs on beside the machine's own. Each
/// driver is among those of two versions or more, the machine's own included.
pub fn drivers() -> Vec<Driver> {
    let version: Option<u32> = std::env::var(VERSION).ok().and_then(|version| version.parse().ok());
    DRIVERS.into_iter().filter(|driver| version.is_none_or(|version| is_for(*driver, version))).collect()
}

fn is_for(driver: Driver, version: u32) -> bool {
    let first = version as usize % DRIVERS.len();
    [0, 2].iter().any(|step| DRIVERS[(first + step) % DRIVERS.len()] == driver)
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
    let program = std::env::current_exe().unwrap_or_else(|error| panic!("{error}"));
    let (output, input) = std::io::pipe().unwrap_or_else(|error| panic!("no pipe: {error}"));
    let input_too = input.try_clone().unwrap_or_else(|error| panic!("no pipe: {error}"));
    let child = Command::new(&program)
        .args(["--quiet", "--skip", "versions::"])
        .args(DRIVERS.iter().filter(|driver| !is_for(**driver, major)).flat_map(|driver| ["--skip", module(*driver)]))
        .env(VERSION, major.to_string())
        .env("ATLAS_MIGRATE_PG_BIN", &binaries)
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
