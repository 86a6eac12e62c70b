//! Reading what the server says about the history.

use std::time::Duration;

use atlas_migrate_core::history::{Entry, Lease, State as EntryState};
use atlas_migrate_core::migration::Kind;
use atlas_migrate_core::version::Version;

use super::beside;
use crate::postgres::refusal::{hidden, untrusted};
use crate::postgres::server::Server;
use crate::postgres::session::{Reply, Row};
use crate::postgres::sql::{SessionSettings, Sql};
use crate::{Error, ErrorKind};

/// What the server said about the history table and about itself.
pub(super) struct State {
    pub(super) form: Form,
    /// Whether the digest is the one that was asked for.
    pub(super) current: bool,
    pub(super) server: Server,
    /// The session's own settings, if they were asked for.
    pub(super) settings: Option<SessionSettings>,
    pub(super) outcomes: Vec<String>,
    /// The process id of the session.
    pub(super) backend: i32,
    pub(super) names: Names,
}

/// Where a session looks names up, and how it reads texts.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// Its search path.
    pub(super) path: String,
    /// Where a name without a schema is created; empty if there is no such schema.
    pub(super) schema: String,
    /// The settings for which the connection asks in vain.
    pub(super) asked: String,
    /// Whether one of the settings that migrations go by is another one.
    pub(super) rules_are_broken: bool,
    /// Whether it is the one that says where a string ends.
    pub(super) strings_are_broken: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// There is no history table.
    Absent,
    /// There is one.
    Ours,
    /// Another process holds the lock.
    Busy,
}

impl State {
    pub(super) fn read(reply: &Reply, sql: &Sql) -> Result<Self, Error> {
        let row = reply.rows("atlas_state").next_back().ok_or_else(|| unreadable("no state"))?;
        let form = match text(row, 0)? {
            "absent" => Form::Absent,
            "ours" => Form::Ours,
            "busy" => Form::Busy,
            "untrusted" => return Err(untrusted(&sql.history(), text(row, 1)?)),
            "hidden" => return Err(hidden(&sql.history(), "the history", text(row, 1)?)),
            _ => return Err(beside::occupied(&sql.history(), text(row, 1).unwrap_or(""))),
        };
        let outcomes = text(row, 12)?;
        Ok(Self {
            form,
            current: flag(row, 2)?,
            server: Server {
                standby: flag(row, 3)?,
                read_only: text(row, 4)? == "on",
                alone: flag(row, 5)?,
                version_number: parse(row, 6)?,
                version: text(row, 7)?.to_owned(),
            },
            settings: Some(SessionSettings {
                settings: text(row, 8)?.to_owned(),
                belongings: text(row, 9)?.to_owned(),
                role: text(row, 10)?.to_owned(),
                user: text(row, 11)?.to_owned(),
            }),
            backend: parse(row, 13)?,
            names: Names {
                path: text(row, 14)?.to_owned(),
                schema: text(row, 15)?.to_owned(),
                asked: text(row, 16)?.to_owned(),
                rules_are_broken: flag(row, 17)?,
                strings_are_broken: text(row, 18)? != "on",
            },
            outcomes: if outcomes.is_empty() { vec![] } else { outcomes.split('\x1f').map(str::to_owned).collect() },
        })
    }
}

/// Whether the lock was granted and the history has this digest, by the answer to a `begin_next`.
pub(super) fn is_as_expected(reply: &Reply, digest: &str) -> bool {
    let value = |name| reply.rows(name).next_back().and_then(|row| row.first()).and_then(Option::as_deref);
    value("atlas_lock") == Some("t") && value("atlas_digest") == Some(digest)
}

/// The rows of the history.
pub(super) fn entries(reply: &Reply) -> Result<Vec<Entry>, Error> {
    reply.rows("atlas_history").map(entry).collect()
}

fn entry(row: &Row) -> Result<Entry, Error> {
    let version = text(row, 0)?;
    Ok(Entry {
        version: Version::new(version.to_owned()),
        name: text(row, 1)?.to_owned(),
        kind: match text(row, 2)? {
            "versioned" => Kind::Versioned,
            "repeatable" => Kind::Repeatable,
            other => return Err(unreadable(&format!("the row of {version} has the kind {other:?}"))),
        },
        state: match EntryState::parse(text(row, 3)?) {
            Some(state) => state,
            None => return Err(unreadable(&format!("the row of {version} has the state {:?}", text(row, 3)?))),
        },
        statements: parse(row, 4)?,
        compatible: flag(row, 5)?,
        checksum: parse(row, 6)?,
        fingerprint: parse(row, 7)?,
        applied_at: text(row, 8)?.to_owned(),
        applied_by: text(row, 9)?.to_owned(),
        execution_time: Duration::from_micros(parse(row, 10)?),
        lease: match Lease::parse(text(row, 11)?) {
            Some(lease) => lease,
            None => return Err(unreadable(&format!("the row of {version} has the lease {:?}", text(row, 11)?))),
        },
        superseded: text(row, 12)?.split_whitespace().filter_map(|checksum| checksum.parse().ok()).collect(),
    })
}

fn text(row: &Row, column: usize) -> Result<&str, Error> {
    match row.get(column) {
        Some(Some(value)) => Ok(value),
        Some(None) => Err(unreadable(&format!("column {column} is null"))),
        None => Err(unreadable(&format!("there is no column {column}"))),
    }
}

fn flag(row: &Row, column: usize) -> Result<bool, Error> {
    match text(row, column)? {
        "t" => Ok(true),
        "f" => Ok(false),
        other => Err(unreadable(&format!("{other:?} is neither true nor false"))),
    }
}

fn parse<T: std::str::FromStr>(row: &Row, column: usize) -> Result<T, Error> {
    let value = text(row, column)?;
    value.parse().map_err(|_| unreadable(&format!("{value:?} in column {column}")))
}

fn unreadable(what: &str) -> Error {
    Error::new(ErrorKind::Database, format!("the history table could not be read: {what}"))
        .hint("somebody or a newer version of the library has changed it by hand: compare its rows with a backup")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The state of a server that says this about itself.
    fn state(version: &str, standby: &str, read_only: &str) -> State {
        let mut reply = Reply::default();
        let number = if version.starts_with("12") { "120022" } else { "150018" };
        let cells =
            ["ours", "", "f", standby, read_only, "t", number, version, "{}", "[]", "none", "postgres", "", "1"];
        let names = ["\"$user\", public", "public", "", "f", "on"];
        reply.row("atlas_state", || cells.into_iter().chain(names).map(|cell| Some(cell.to_owned())).collect());
        let options = crate::Migrator::new(crate::Migrations::empty()).options;
        State::read(&reply, &Sql::new(&options, BTreeSet::new())).unwrap_or_else(|error| panic!("{error}"))
    }

    #[track_caller]
    fn check(result: Result<(), Error>, message: &str) {
        assert_eq!(result.map_err(|error| error.to_string()), Err(message.to_owned()));
    }

    #[test]
    fn servers_that_are_of_no_use() {
        check(
            state("12.22", "f", "off").server.usable(),
            "the server is PostgreSQL 12.22, and 13 is the first that is supported\n  = hint: upgrade the server",
        );
        check(
            state("15.18", "t", "on").server.writable("there are migrations to run"),
            "there are migrations to run, but this server is a standby\n  \
             = hint: connect to the primary server; then this one follows",
        );
    }

    #[test]
    fn answers_that_make_no_sense() {
        let missing = State::read(
            &Reply::default(),
            &Sql::new(&crate::Migrator::new(crate::Migrations::empty()).options, BTreeSet::new()),
        );
        check(
            missing.map(drop),
            "the history table could not be read: no state\n  \
             = hint: somebody or a newer version of the library has changed it by hand: compare its rows with a backup",
        );
    }
}
