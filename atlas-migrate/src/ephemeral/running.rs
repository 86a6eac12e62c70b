//! A server as one of its users sees it.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use super::tool;

/// More than its keeper needs, which makes the shutdown an immediate one after ten seconds.
pub(super) const STOP_LIMIT: Duration = Duration::from_secs(30);

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
