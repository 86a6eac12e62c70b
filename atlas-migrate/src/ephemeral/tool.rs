//! Running other programs to their end, within a limit.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::Error;

/// How many of the last lines of a program's output an error shows.
const SHOWN_LINES: usize = 25;

/// Runs a program and gives what it wrote to standard output.
///
/// # Errors
///
/// It cannot be started, fails, or is not done within the limit, in which case it is killed.
pub(super) fn output(command: &mut Command, limit: Duration, hint: &str) -> Result<String, Error> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Error::io(format_args!("cannot run `{name}`"), hint))?;
    let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));

    let status = wait(&mut child, limit).map_err(Error::io(format_args!("cannot wait for `{name}`"), hint))?;
    let Some(status) = status else {
        // Killing is for the program alone: what it started may hold the pipes open, so they are not waited for.
        child
            .kill()
            .and_then(|()| child.wait())
            .map_err(Error::io(format_args!("cannot kill `{name}` after {} s", limit.as_secs()), hint))?;
        return Err(Error::new(format!("`{name}` was not done after {} s", limit.as_secs()), hint));
    };
    // The programs used here leave no children behind, so the pipes end with them.
    let (stdout, stderr) = (stdout.recv().unwrap_or_default(), stderr.recv().unwrap_or_default());
    if status.success() {
        return Ok(stdout);
    }
    let said = if stderr.trim().is_empty() { stdout } else { stderr };
    Err(Error::new(format!("`{name}` failed with {status}{}", indented_tail(&said)), hint))
}

/// Waits for the end of a child; `None` when it goes on after the limit.
pub(super) fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    poll(limit, || child.try_wait())
}

/// Asks again and again, with pauses that cost little, until there is an answer; `None` when there is none in time.
pub(super) fn poll<T, E>(limit: Duration, mut ask: impl FnMut() -> Result<Option<T>, E>) -> Result<Option<T>, E> {
    let end = Instant::now() + limit;
    let mut pause = Duration::from_millis(1);
    loop {
        match ask()? {
            None if Instant::now() < end => thread::sleep(pause),
            answer => return Ok(answer),
        }
        pause = (pause * 5 / 4).min(Duration::from_millis(10));
    }
}

/// The last lines of a text, each on a line of its own below what they explain.
pub(super) fn indented_tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].iter().map(|line| format!("\n  {line}")).collect()
}

/// A pipe that is not read while its program runs would stop the program once it is full.
fn read(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A read error ends the text early, and the receiver may have given up: neither changes the program's outcome.
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}
