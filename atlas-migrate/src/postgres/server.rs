//! What a server says about itself, and whether anything can be done with it.

use crate::postgres::row::{Unreadable, flag, parse, string, text};
use crate::postgres::session::Row;
use crate::{Error, ErrorKind};

/// A server, and the session with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Server {
    pub(crate) standby: bool,
    pub(crate) read_only: bool,
    /// Whether the transaction began with the message.
    pub(crate) alone: bool,
    /// As `server_version_num` has it.
    pub(crate) version_number: u32,
    pub(crate) version: String,
}

impl Server {
    /// Five columns from this one on: `pg_is_in_recovery()`, `transaction_read_only`, whether the transaction began with the
    /// message, `server_version_num`, `server_version`.
    pub(crate) fn read(row: &Row, first: usize) -> Result<Self, Unreadable> {
        Ok(Self {
            standby: flag(row, first)?,
            read_only: text(row, first + 1)? == "on",
            alone: flag(row, first + 2)?,
            version_number: parse(row, first + 3)?,
            version: string(row, first + 4)?,
        })
    }

    /// Whether this server and connection are ones that can be worked with at all.
    pub(crate) fn usable(&self) -> Result<(), Error> {
        if self.version_number < 130_000 {
            return Err(Error::new(
                ErrorKind::UnsupportedServer,
                format!("the server is PostgreSQL {}, and 13 is the first that is supported", self.version),
            )
            .hint("upgrade the server"));
        }
        if !self.alone {
            return Err(Error::new(ErrorKind::Usage, "the connection is in the middle of a transaction")
                .hint("commit or roll back first: migrations have transactions of their own"));
        }
        Ok(())
    }

    /// Whether something can be written, which is needed because of this.
    pub(crate) fn writable(&self, because: &str) -> Result<(), Error> {
        let (what, hint) = match (self.standby, self.read_only) {
            (true, _) => ("this server is a standby", "connect to the primary server; then this one follows"),
            (false, true) => ("this session is read-only", "use a session without default_transaction_read_only"),
            (false, false) => return Ok(()),
        };
        Err(Error::new(ErrorKind::ReadOnly, format!("{because}, but {what}")).hint(hint))
    }
}
