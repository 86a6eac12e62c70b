//! The folder of one server: how it is made, how its users enter and see who is alive, how it is swept.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::Error;
use super::hint;
use super::lock;
use super::machine::Machine;
use super::running::LOG;
use super::tool;

/// A FIFO that every process which uses the server holds open; `keeper.sh` knows it by this name.
const USERS: &str = "users";

/// Files whose locks say who is alive. The kernel knows better than a process id in a file: ids are used again, and are
/// others in a container that shares the folder.
const SERVER_ALIVE: &str = "server.alive";
const KEEPER_ALIVE: &str = "keeper.alive";

const PREFIX: &str = "server-";

/// A folder as young as this may be one whose maker has not come to the locks yet.
const SURELY_LOCKED: Duration = Duration::from_secs(60);

pub(super) struct ServerFolder {
    pub(super) path: PathBuf,
}

/// What the server and its keeper hold for as long as they live.
pub(super) struct Locks {
    pub(super) server: File,
    pub(super) keeper: File,
}

impl ServerFolder {
    /// Makes a new one, held by the caller until it gives the locks away.
    pub(super) fn create(machine: &Machine, home: &Path) -> Result<(Self, Locks), Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let cannot = format!("cannot make a folder for a server in {}", home.display());
        loop {
            let path = home.join(format!("{PREFIX}{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
            match DirBuilder::new().mode(0o700).create(&path) {
                // Left by a process of the same id.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made.map_err(Error::io(&cannot, hint::FREE_SPACE))?,
            }
            let folder = Self { path };
            let made = machine.private_folder(&folder.path).and_then(|()| folder.take_locks());
            let locks = made.map_err(Error::io(&cannot, hint::FREE_SPACE))?;
            // The standard library has no way to make one.
            let mut mkfifo = machine.command("mkfifo");
            tool::output(mkfifo.arg(folder.path.join(USERS)), Duration::from_secs(10), hint::UNIX_TOOLS)?;
            return Ok((folder, locks));
        }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path.join(LOG)
    }

    /// Makes this process a user of the server until it closes the file; `None` if the server ends or has ended.
    pub(super) fn enter(&self) -> io::Result<Option<File>> {
        // To open it for writing alone would be to wait for a reader, and the keeper may be dead.
        let mut users = match OpenOptions::new().read(true).write(true).open(self.path.join(USERS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            users => users?,
        };
        users.write_all(b"\n")?;
        // Asked after entering: a keeper that is alive now sees that there is one more user.
        Ok((lock::is_taken(&self.path.join(KEEPER_ALIVE))? && self.is_alive()?).then_some(users))
    }

    /// Whether the server is alive, or about to be started.
    pub(super) fn is_alive(&self) -> io::Result<bool> {
        lock::is_taken(&self.path.join(SERVER_ALIVE))
    }

    pub(super) fn remove(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.path) {
            // Somebody else has been faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    pub(super) fn take_locks(&self) -> io::Result<Locks> {
        let take = |name| lock::try_take(&self.path.join(name))?.ok_or_else(|| io::Error::other("its lock is taken"));
        Ok(Locks { server: take(SERVER_ALIVE)?, keeper: take(KEEPER_ALIVE)? })
    }

    /// Left by a server and a keeper that were both killed, or by a machine that went down.
    fn is_left_over(&self) -> io::Result<bool> {
        // A clock that was put back makes it look young: then it is swept another time.
        let age = fs::symlink_metadata(&self.path)?.modified()?.elapsed().unwrap_or_default();
        Ok(age > SURELY_LOCKED && !self.is_alive()? && !lock::is_taken(&self.path.join(KEEPER_ALIVE))?)
    }
}

/// Removes the folders of servers that died without their keepers.
pub(super) fn sweep(home: &Path) -> io::Result<()> {
    for entry in fs::read_dir(home)? {
        let entry = entry?;
        let folder = ServerFolder { path: entry.path() };
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        match folder.is_left_over() {
            Ok(true) => folder.remove()?,
            Ok(false) => {}
            // Its keeper has just removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
