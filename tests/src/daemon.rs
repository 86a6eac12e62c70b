//! A program that a test runs beside its server.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use crate::poll;

/// Stops the program once its input ends: the kernel closes that with the test's process, however that ends. It ends with
/// the program too, which is how one sees that.
const KEEPER: &str = r#"
signal=$1; shift
exec 3<&0 </dev/null
"$@" 3<&- &
program=$!
{ read -r line; kill -"$signal" "$program"; } <&3 3<&- &
watcher=$!
exec 3<&-
wait "$program"
kill "$watcher" 2>/dev/null
"#;

/// How long a program may take to stop.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// Runs until the value is dropped.
pub struct Daemon {
    keeper: Child,
    /// The program goes on for as long as this is open.
    life: Option<ChildStdin>,
    log: PathBuf,
}

impl Daemon {
    /// What takes the program's arguments and goes to [`start`](Self::start). The signal, such as `INT`, will stop it.
    pub fn command(signal: &str, program: &Path) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", KEEPER, "keeper", signal]).arg(program);
        command
    }

    /// Starts the program. What it prints is its log.
    #[track_caller]
    pub fn start(mut command: Command, log: &Path) -> Self {
        let started = File::create(log).and_then(|file| {
            let too = file.try_clone()?;
            command.stdin(Stdio::piped()).stdout(file).stderr(too).spawn()
        });
        let mut keeper = started.unwrap_or_else(|error| panic!("{command:?}, with the log {}: {error}", log.display()));
        let life = keeper.stdin.take();
        Self { keeper, life, log: log.to_owned() }
    }

    /// What it has printed.
    #[track_caller]
    pub fn log(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_else(|error| panic!("{}: {error}", self.log.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Asks again and again until there is an answer.
    ///
    /// # Errors
    ///
    /// There is none in time, or the program ended: what was waited for, and the log.
    pub fn wait_for<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut ask: impl FnMut() -> Option<T>,
    ) -> Result<T, String> {
        let found = poll(limit, || match ask() {
            Some(answer) => Some(Ok(answer)),
            // An error says that it has ended.
            None if !matches!(self.keeper.try_wait(), Ok(None)) => Some(Err("it ended instead".to_owned())),
            None => None,
        });
        let found = found.unwrap_or_else(|| Err(format!("waited {} s in vain", limit.as_secs_f32())));
        found.map_err(|reason| format!("no {what}: {reason}; its log:\n{}", self.log()))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.life.take());
        if poll(STOP_LIMIT, || self.keeper.try_wait().ok().flatten()).is_none() {
            // No panic, as there may be one already.
            eprintln!("{} still runs after {} s; its log:\n{}", self.keeper.id(), STOP_LIMIT.as_secs(), self.log());
        }
    }
}
