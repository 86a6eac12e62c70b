//! Programs that tests run, and that cargo builds for them: once for each process of tests, whoever asks first.

use std::ffi::OsString;
use std::io::Read;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use crate::wait_for;

/// Building may be a cold build of every client.
const BUILDING: Duration = Duration::from_secs(900);

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What cargo tells a test about its package: build scripts that look at it (ring's does) would run again, and all that depends
/// on them would be built again, here and then outside of the test.
const OF_THE_TEST: [&str; 6] =
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR"];

/// Cargo, at the root of the workspace, as from a shell.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.args(arguments).current_dir(WORKSPACE).env_remove("DATABASE_URL");
    for (name, _) in std::env::vars_os() {
        if OF_THE_TEST.iter().any(|of| name.to_string_lossy().starts_with(of)) {
            command.env_remove(name);
        }
    }
    command
}

/// Builds, and gives what cargo says on standard output.
#[track_caller]
pub fn build(arguments: &[&str]) -> String {
    let built = output(cargo(&["build", "--quiet", "--locked"]).args(arguments), BUILDING);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    String::from_utf8_lossy(&built.stdout).into_owned()
}

/// The program `atlas-migrate`, built as its users build it: with its own features, and nobody else's.
#[track_caller]
pub fn program() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let said = build(&["--package", "atlas-migrate-cli", "--bin", "atlas-migrate", "--message-format=json"]);
        let path = said.lines().find_map(|line| Some(line.split_once("\"executable\":\"")?.1.split_once('"')?.0));
        path.unwrap_or_else(|| panic!("cargo says nothing of the program:\n{said}")).to_owned()
    })
}

/// What a process says until it ends. A pipe that is full would stop it, so both are read while it runs.
#[track_caller]
pub fn output(command: &mut Command, limit: Duration) -> Output {
    let what = format!("the end of {command:?}");
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = started.unwrap_or_else(|error| panic!("{what}: {error}"));
    let (stdout, stderr) = (reading(child.stdout.take()), reading(child.stderr.take()));
    let status = wait_for(&what, limit, || child.try_wait().unwrap_or_else(|error| panic!("{what}: {error}")));
    let read = |text: thread::JoinHandle<Vec<u8>>| text.join().unwrap_or_else(|_| panic!("{what}: not read"));
    Output { status, stdout: read(stdout), stderr: read(stderr) }
}

fn reading(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).unwrap_or_else(|error| panic!("a pipe: {error}"));
        }
        bytes
    })
}
