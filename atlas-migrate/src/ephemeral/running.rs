//! A server as one of its users sees it.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;
#[cfg(feature = "testing")]
use std::{fs, os::unix::fs::PermissionsExt};

#[cfg(feature = "testing")]
use super::Error;
use super::tool;

/// More than its keeper needs, which makes the shutdown an immediate one after ten seconds.
pub(super) const STOP_LIMIT: Duration = Duration::from_secs(30);

/// A file with the seconds that a shared server stays after its last user, if they are not the usual ones; `keeper.sh` knows it
/// by this name.
#[cfg(feature = "testing")]
const LINGER: &str = "linger";

/// The log's name in the server's folder.
pub(super) const LOG: &str = "server.log";

#[derive(Debug)]
pub(super) struct Running {
    /// Where everything is that belongs to it: data, log, socket.
    pub(super) folder: PathBuf,
    pub(super) port: u16,
    pub(super) version: u32,
    pub(super) binaries: PathBuf,
    /// As long as any process has it open, the server goes on.
    pub(super) usage: Option<File>,
    /// Of a private server alone.
    pub(super) keeper: Option<Keeper>,
}

#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) process: Child,
    /// Starts it, and can do so again.
    pub(super) command: Command,
}

#[cfg(feature = "testing")]
impl Running {
    pub(super) fn linger(&self, time: Duration) -> Result<(), Error> {
        let cannot = format!("cannot keep the server in {}", self.folder.display());
        // In one step, so that nobody reads half of it; and open to the server's user, whatever the umask says.
        let unfinished = self.folder.join(format!("{LINGER}.{}", std::process::id()));
        let written = fs::write(&unfinished, format!("{}\n", time.as_secs()))
            .and_then(|()| fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o644)))
            .and_then(|()| fs::rename(&unfinished, self.folder.join(LINGER)));
        written.map_err(Error::io(cannot, super::hint::FREE_SPACE))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.usage.take());
        if let Some(keeper) = &mut self.keeper {
            // With its last user gone the keeper stops the server and removes the folder, whether it is watched or not;
            // and nobody would hear of a failure from here.
            let _ = tool::wait(&mut keeper.process, STOP_LIMIT);
        }
    }
}
