//! Reading what the server says about the history.

use std::time::Duration;

use atlas_migrate_core::history::{Entry, Lease, State as EntryState};
use atlas_migrate_core::migration::Kind;
use atlas_migrate_core::version::Version;

use super::beside;
use crate::postgres::refusal::{hidden, untrusted};
use crate::postgres::row::{Unreadable, all, flag, one, optional, parse, string, text};
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
    /// Whether the server takes messages with the statements of several migrations.
    pub(super) takes_batches: bool,
    /// Whether it can look whether the client is still there.
    pub(super) checks_connection: bool,
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
        let row = one(reply, "atlas_state")?;
        let form = match text(row, 0)? {
            "absent" => Form::Absent,
            "ours" => Form::Ours,
            "busy" => Form::Busy,
            "untrusted" => return Err(untrusted(&sql.history(), text(row, 1)?)),
            "hidden" => return Err(hidden(&sql.history(), "the history", text(row, 1)?)),
            _ => return Err(beside::occupied(&sql.history(), optional(row, 1).unwrap_or_default())),
        };
        let outcomes = text(row, 12)?;
        Ok(Self {
            form,
            current: flag(row, 2)?,
            server: Server::read(row, 3)?,
            settings: Some(SessionSettings::read(row, 8)?),
            backend: parse(row, 13)?,
            names: Names {
                path: string(row, 14)?,
                schema: string(row, 15)?,
                asked: string(row, 16)?,
                rules_are_broken: flag(row, 17)?,
                strings_are_broken: text(row, 18)? != "on",
            },
            takes_batches: flag(row, 19)?,
            checks_connection: flag(row, 20)?,
            outcomes: if outcomes.is_empty() { vec![] } else { outcomes.split('\x1f').map(str::to_owned).collect() },
        })
    }
}

/// The rows of the history.
pub(super) fn entries(reply: &Reply) -> Result<Vec<Entry>, Error> {
    all(reply, "atlas_history", entry).map_err(|Unreadable(why)| {
        Error::new(ErrorKind::Database, format!("the history table could not be read: {why}"))
            .hint("somebody or a newer version of the library has changed it by hand: compare its rows with a backup")
    })
}

fn entry(row: &Row) -> Result<Entry, Unreadable> {
    let version = text(row, 0)?;
    let of_row = |what: &str, value: &str| Unreadable(format!("the row of {version} has the {what} {value:?}"));
    let (state, lease) = (text(row, 3)?, text(row, 11)?);
    Ok(Entry {
        version: Version::new(version.to_owned()),
        name: string(row, 1)?,
        kind: match text(row, 2)? {
            "versioned" => Kind::Versioned,
            "repeatable" => Kind::Repeatable,
            other => return Err(of_row("kind", other)),
        },
        state: EntryState::parse(state).ok_or_else(|| of_row("state", state))?,
        statements: parse(row, 4)?,
        compatible: flag(row, 5)?,
        checksum: parse(row, 6)?,
        fingerprint: parse(row, 7)?,
        applied_at: string(row, 8)?,
        applied_by: string(row, 9)?,
        execution_time: Duration::from_micros(parse(row, 10)?),
        lease: Lease::parse(lease).ok_or_else(|| of_row("lease", lease))?,
        superseded: text(row, 12)?.split_whitespace().filter_map(|checksum| checksum.parse().ok()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The state of a server that says this about itself.
    fn state(version: &str, standby: &str, read_only: &str) -> State {
        let mut reply = Reply::default();
        let number = if version.starts_with("12") { "120022" } else { "150018" };
        let cells =
            ["ours", "", "f", standby, read_only, "t", number, version, "{}", "[]", "none", "postgres", "", "1"];
        let names = ["\"$user\", public", "public", "", "f", "on", "t", "t"];
        reply.row("atlas_state", || cells.into_iter().chain(names).map(|cell| Some(cell.to_owned())).collect());
        let options = crate::Migrator::new(crate::Migrations::empty()).options;
        State::read(&reply, &options.sql()).unwrap_or_else(|error| panic!("{error}"))
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
        let missing = State::read(&Reply::default(), &crate::Migrator::new(crate::Migrations::empty()).options.sql());
        check(missing.map(drop), "the server's answer could not be read: there is no atlas_state");
    }
}
