//! What is used of the machine: as whom the server runs, and the folders that it and this process both reach.

use std::env;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use super::Error;
use super::hint;
use super::tool;

/// What `/dev/shm` must have free before servers are put there: containers often give it no more than 64 MB.
const ROOM_IN_MEMORY: u64 = 1 << 30;

/// Socket paths end here (104 bytes with the final NUL on macOS, 108 on Linux).
const SOCKET_PATH_BYTES: usize = 103;

pub(super) struct Machine {
    /// As whom this process runs.
    uid: u32,
    /// As whom the server and its tools run.
    server: User,
    /// Folders that may hold running servers, best first.
    rooms: Vec<PathBuf>,
    /// Folders that may hold what is worth keeping between runs, best first.
    caches: Vec<PathBuf>,
    /// The name of this library's folder in a room.
    name: String,
}

#[derive(Clone, Copy, PartialEq)]
struct User {
    uid: u32,
    gid: Option<u32>,
}

impl Machine {
    pub(super) fn here() -> Result<Self, Error> {
        let uid = effective_uid()?;
        let server = if uid == 0 { unprivileged_user()? } else { User { uid, gid: None } };
        let mut rooms: Vec<PathBuf> = vec!["/dev/shm".into()];
        rooms.extend(folder_variable("TMPDIR"));
        rooms.push("/tmp".into());
        let mut caches = Vec::new();
        if uid == 0 {
            // Root's own home is closed to the server's user.
            caches.push("/var/cache/atlas-migrate".into());
        } else {
            caches.extend(folder_variable("XDG_CACHE_HOME").map(|folder| folder.join("atlas-migrate")));
            let below_home = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
            caches.extend(folder_variable("HOME").map(|home| home.join(below_home).join("atlas-migrate")));
        }
        // Where the home is missing or read-only, as in containers and for `nobody`.
        caches.push(format!("/tmp/atlas-migrate-{uid}-cache").into());
        Ok(Self { uid, server, rooms, caches, name: format!("atlas-migrate-{uid}") })
    }

    /// Tells the folders of this user, and of a test, from those of others.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The same machine with a folder of its own for servers, so that a test meets no others.
    #[cfg(test)]
    pub(super) fn with_space(mut self, space: &str) -> Self {
        self.name = format!("{}-{space}", self.name);
        self
    }

    /// The same machine with other folders for servers.
    #[cfg(test)]
    pub(super) fn with_rooms(mut self, rooms: Vec<PathBuf>) -> Self {
        self.rooms = rooms;
        self
    }

    /// The same machine with nothing kept from earlier runs.
    #[cfg(test)]
    pub(super) fn with_cache(mut self, cache: PathBuf) -> Self {
        self.caches = vec![cache];
        self
    }

    /// A command that runs as the server's user, in a language and time zone of its own.
    ///
    /// PostgreSQL's programs refuse to run as root, and `PGPORT`, `PGDATA` and the like are meant for another server.
    pub(super) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir("/").env("LC_ALL", "C").env("TZ", "UTC");
        for (name, _) in env::vars_os().filter(|(name, _)| name.as_bytes().starts_with(b"PG")) {
            command.env_remove(name);
        }
        if let User { uid, gid: Some(gid) } = self.server {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// The folders of this user's servers that are there already.
    pub(super) fn homes(&self) -> impl Iterator<Item = PathBuf> {
        self.rooms.iter().map(|room| room.join(&self.name)).filter(|home| self.is_own(home))
    }

    /// The folder for a server that is about to start, made if needed: owned by the server's user, closed to others.
    pub(super) fn home(&self) -> Result<PathBuf, Error> {
        let mut refused = String::new();
        for room in &self.rooms {
            match self.home_in(room) {
                Ok(home) => return Ok(home),
                Err(reason) => refused.push_str(&format!("\n  {}: {reason}", room.display())),
            }
        }
        Err(Error::new(format!("no folder for a throw-away server{refused}"), hint::room(self.server.uid)))
    }

    /// The folder for what is kept between runs, made if needed: writable by this process, readable by the server's user.
    pub(super) fn cache(&self) -> Result<PathBuf, Error> {
        let mut refused = String::new();
        for folder in &self.caches {
            match self.make_cache(folder) {
                Ok(()) => return Ok(folder.clone()),
                Err(reason) => refused.push_str(&format!("\n  {}: {reason}", folder.display())),
            }
        }
        Err(Error::new(format!("no folder for what is kept between runs{refused}"), hint::CACHE))
    }

    /// A folder for the server's user alone, made if needed.
    pub(super) fn private_folder(&self, folder: &Path) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let found = fs::symlink_metadata(folder)?;
        if found.is_dir() && found.uid() == self.uid && self.uid != self.server.uid {
            lchown(folder, Some(self.server.uid), self.server.gid)?;
        }
        if self.is_own(folder) {
            Ok(())
        } else {
            Err(io::Error::other("it belongs to somebody else, or is open to others"))
        }
    }

    /// Anybody can make a folder of this name in `/tmp`, or a link, before we do.
    fn is_own(&self, folder: &Path) -> bool {
        fs::symlink_metadata(folder)
            .is_ok_and(|found| found.is_dir() && found.uid() == self.server.uid && found.mode() & 0o077 == 0)
    }

    fn home_in(&self, room: &Path) -> Result<PathBuf, String> {
        let home = room.join(&self.name);
        let longest_socket = home.join("server-4194304-999/.s.PGSQL.65535");
        if longest_socket.as_os_str().len() > SOCKET_PATH_BYTES {
            return Err("too long for the path of a socket".into());
        }
        if !self.server_reaches(room) {
            return Err(format!("uid {} does not reach it", self.server.uid));
        }
        if room == Path::new("/dev/shm") {
            let free = free_bytes(room).map_err(|error| error.to_string())?;
            if free < ROOM_IN_MEMORY {
                return Err(format!("{} MB are free, less than {}", free >> 20, ROOM_IN_MEMORY >> 20));
            }
        }
        self.private_folder(&home).map_err(|error| error.to_string())?;
        Ok(home)
    }

    fn server_reaches(&self, folder: &Path) -> bool {
        // Another user's way there leads through folders that everybody may pass.
        let open = |folder: &Path| fs::metadata(folder).is_ok_and(|found| found.is_dir() && found.mode() & 0o001 != 0);
        if self.uid == self.server.uid { folder.is_dir() } else { folder.ancestors().all(open) }
    }

    fn make_cache(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let found = fs::symlink_metadata(folder)?;
        if !found.is_dir() || found.uid() != self.uid {
            return Err(io::Error::other("it belongs to somebody else"));
        }
        // Programs are run from there, so nobody else may write; the server's user must read, whatever the umask says.
        fs::set_permissions(folder, Permissions::from_mode(0o755))?;
        // The file system may be read-only all the same.
        fs::write(folder.join("writable"), "")
    }
}

fn folder_variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute())
}

/// The standard library does not tell, and calling the C library needs `unsafe`.
fn effective_uid() -> Result<u32, Error> {
    static UID: OnceLock<u32> = OnceLock::new();
    if let Some(uid) = UID.get() {
        return Ok(*uid);
    }
    let printed = tool::output(Command::new("id").arg("-u"), Duration::from_secs(10), hint::UNIX_TOOLS)?;
    let uid = printed
        .trim()
        .parse()
        .map_err(|_| Error::new(format!("`id -u` printed {printed:?}, which is no user id"), hint::UNIX_TOOLS))?;
    Ok(*UID.get_or_init(|| uid))
}

/// Whom the server runs as when this process is root's.
fn unprivileged_user() -> Result<User, Error> {
    let users = fs::read_to_string("/etc/passwd").map_err(Error::io("cannot read /etc/passwd", hint::NO_ROOT))?;
    let user = |wanted: &str| {
        let mut fields =
            users.lines().map(|line| line.split(':')).find(|fields| fields.clone().next() == Some(wanted))?;
        // macOS writes the ids of `nobody` as -2.
        let mut id = |at| Some(fields.nth(at)?.parse::<i64>().ok()? as u32);
        Some(User { uid: id(2)?, gid: Some(id(0)?) })
    };
    user("postgres")
        .or_else(|| user("nobody"))
        .ok_or_else(|| Error::new("/etc/passwd has neither a user `postgres` nor `nobody`", hint::NO_ROOT))
}

fn free_bytes(folder: &Path) -> Result<u64, Error> {
    let table = tool::output(Command::new("df").arg("-Pk").arg(folder), Duration::from_secs(10), hint::UNIX_TOOLS)?;
    let kilobytes = table.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
    kilobytes
        .map(|kilobytes| kilobytes << 10)
        .ok_or_else(|| Error::new(format!("`df -Pk` printed no number of free blocks: {table:?}"), hint::UNIX_TOOLS))
}
