//! What the examples share: a database to run on, and what is to be so.

use std::env;
use std::fmt;

use atlas_migrate::ErrorKind;
use atlas_migrate::ephemeral::{Error, Server};

/// The database that `DATABASE_URL` names. Without it, one on a throw-away server, which ends when this is dropped.
pub struct Database {
    url: String,
    server: Option<Server>,
}

impl Database {
    /// Starts the server if there has to be one.
    ///
    /// # Errors
    ///
    /// There is no `DATABASE_URL`, and no PostgreSQL on this machine that a server could be started from.
    pub fn open() -> Result<Self, Error> {
        if let Ok(url) = env::var("DATABASE_URL") {
            return Ok(Self { url, server: None });
        }
        let server = Server::private()?;
        Ok(Self { url: server.url(), server: Some(server) })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Which one it is. The URL may have a password in it, so it is not shown.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.server {
            Some(server) => write!(f, "a throw-away server, PostgreSQL {}", server.version() / 10_000),
            None => f.write_str("the database that DATABASE_URL names; what is made there stays"),
        }
    }
}

/// An error unless all is as it should be.
///
/// # Errors
///
/// It is not.
pub fn all_well(what: &str, passed: bool) -> Result<(), Box<dyn std::error::Error>> {
    if passed { Ok(()) } else { Err(format!("{what} is not as it should be").into()) }
}

/// Prints why something was refused, which it has to be.
///
/// # Errors
///
/// It was not refused, or for another reason.
pub fn refusal<T>(kind: ErrorKind, outcome: Result<T, atlas_migrate::Error>) -> Result<(), Box<dyn std::error::Error>> {
    match outcome {
        Err(error) if error.kind() == kind => {
            println!("{error}");
            Ok(())
        }
        Err(error) => Err(error.into()),
        Ok(_) => Err(format!("it should have been refused: {kind:?}").into()),
    }
}
