//! Clients that are given a file of SQL, and know nothing of migrations.

use std::io::Write as _;
use std::process::{Command, Stdio};

use postgres::{Client, NoTls};

/// A client that is given a file.
#[derive(Clone, Copy, Debug)]
pub enum ScriptClient {
    /// psql as it is, which goes on behind an error.
    Psql,
    /// The same, stopping there.
    PsqlStops,
    /// The same, undoing the statement that failed, and going on with the transaction.
    PsqlRollsBackStatements,
    /// psql in one transaction.
    PsqlSingle,
    /// All as one message.
    Whole,
}

/// All of them.
pub const SCRIPT_CLIENTS: [ScriptClient; 5] = [
    ScriptClient::Psql,
    ScriptClient::PsqlStops,
    ScriptClient::PsqlRollsBackStatements,
    ScriptClient::PsqlSingle,
    ScriptClient::Whole,
];

impl ScriptClient {
    /// Whether it may send what can be in no transaction.
    pub fn sends_one_by_one(self) -> bool {
        !matches!(self, Self::PsqlSingle | Self::Whole)
    }

    /// Sends a file to the database of this URL. What came of it shows there.
    #[track_caller]
    pub fn send(self, url: &str, script: &str) {
        let settings: &[&str] = match self {
            Self::Whole => {
                let mut client = Client::connect(url, NoTls).unwrap_or_else(|error| panic!("{url}: {error}"));
                return drop(client.batch_execute(script));
            }
            Self::Psql => &[],
            Self::PsqlStops => &["-v", "ON_ERROR_STOP=1"],
            Self::PsqlRollsBackStatements => &["-v", "ON_ERROR_ROLLBACK=on"],
            Self::PsqlSingle => &["--single-transaction"],
        };
        let mut psql = Command::new("psql")
            .args(["-X", "-q", "-f", "-", url])
            .args(settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("psql: {error}"));
        // If it has stopped, it reads no further.
        let _closed = psql.stdin.take().map(|mut file| file.write_all(script.as_bytes()));
        psql.wait().unwrap_or_else(|error| panic!("psql: {error}"));
    }
}
