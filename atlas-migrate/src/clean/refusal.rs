//! What is said when a database is not emptied.

use atlas_migrate_core::fault::shown;

use super::scope::Chosen;
use super::state::{Reference, State, Table};
use crate::error::hint::{Opt, Verb, clause, hint};
use crate::postgres::refusal::locked;
use crate::postgres::session::{Cause, Failure};
use crate::{Error, ErrorKind};

fn list<'a>(tables: impl IntoIterator<Item = &'a str>) -> String {
    tables.into_iter().map(shown).collect::<Vec<_>>().join(", ")
}

pub(super) fn no_schema(name: &str, state: &State) -> Error {
    let schemas = list(state.schemas.iter().map(|schema| schema.name.as_str()));
    Error::new(ErrorKind::Usage, format!("there is no schema {}", shown(name))).hint(format!("there are: {schemas}"))
}

pub(super) fn no_table(name: &str, candidates: &[&Table]) -> Error {
    let error = Error::new(ErrorKind::Usage, format!("there is no table {}", shown(name)));
    let is_like = |table: &&&Table| {
        let last = name.rsplit('.').next().unwrap_or(name);
        table.name.eq_ignore_ascii_case(name) || table.name.eq_ignore_ascii_case(last)
    };
    match candidates.iter().find(is_like) {
        Some(table) => error.hint(format!("there is {}", table.quoted)),
        None => {
            error.hint("name it as it is, with its schema before a dot or without; a partition is a part of its table")
        }
    }
}

pub(super) fn several_tables(name: &str, tables: &[&Table]) -> Error {
    let list = list(tables.iter().map(|table| table.quoted.as_str()));
    Error::new(ErrorKind::Usage, format!("there are several tables {}: {list}", shown(name)))
        .hint("name the one that is meant with its schema before a dot")
}

/// A table was named that keeps its rows.
pub(super) fn spared(table: &Table, reason: &str) -> Error {
    Error::new(ErrorKind::Usage, format!("the table {} is not emptied: {reason}", shown(&table.quoted)))
        .hint(clause!["leave it out of ", Opt::Tables; or "do not name it"])
}

/// What can be seen without a look at rows.
pub(super) fn check(chosen: &Chosen<'_>, user: &str) -> Result<(), Error> {
    if let Some((table, part)) = chosen.tables.iter().find_map(|table| Some((table, table.foreign_part.as_ref()?))) {
        let message =
            format!("the table {} has a partition that is a foreign table: {}", shown(&table.quoted), shown(part));
        return Err(Error::new(ErrorKind::Usage, message)
            .hint(hint!["rows on another server are left alone: name the table", clause![" with ", Opt::Keep]]));
    }
    let lacking = chosen.tables.iter().filter(|table| !table.may_read || !table.may_delete);
    let lacking: Vec<_> = lacking.map(|table| table.quoted.as_str()).collect();
    if !lacking.is_empty() {
        let message = format!("the role {user} may not both read and delete rows of {}", list(lacking));
        return Err(Error::new(ErrorKind::Database, message).hint(hint![
            "grant it SELECT and DELETE on them",
            clause![", clean as their owner with ", Opt::Role(None)],
            clause![", or leave them out with ", Opt::Keep]
        ]));
    }
    let hidden = chosen.outside.iter().filter(|(reference, _)| !reference.may_read);
    let hidden: Vec<_> = hidden.map(|(reference, _)| reference.table.as_str()).collect();
    if !hidden.is_empty() {
        let message = format!("the role {user} may not read {}, which may refer to rows", list(hidden));
        return Err(Error::new(ErrorKind::Database, message).hint("grant it SELECT on them"));
    }
    Ok(())
}

/// The role cannot make seeds be loaded again.
pub(super) fn seeds_stay(table: &Table, user: &str) -> Error {
    let message = format!(
        "the role {user} may not both read and delete rows of {}, so that seeds would not load again",
        shown(&table.quoted)
    );
    Error::new(ErrorKind::Database, message)
        .hint(hint!["grant it SELECT and DELETE on it", clause![", or clean as its owner with ", Opt::Role(None)]])
}

/// The role can neither own nor set a sequence that is to begin again.
pub(super) fn check_sequences(chosen: &Chosen<'_>, user: &str) -> Result<(), Error> {
    let sequences = chosen.sequences();
    let foreign = sequences.iter().filter(|sequence| !sequence.owned && !sequence.may_update);
    let foreign: Vec<_> = foreign.map(|sequence| sequence.quoted.as_str()).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Database,
        format!("the role {user} may not let sequences begin again: {}", list(foreign)),
    )
    .hint(hint!["grant it UPDATE on them", clause![", or clean as their owner with ", Opt::Role(None)]]))
}

/// Tables that keep their rows refer to tables that are to be emptied.
pub(super) fn referred<'a>(chosen: &Chosen<'_>, outside: impl Iterator<Item = &'a (&'a Reference, usize)>) -> Error {
    let mut sentences: Vec<_> = outside
        .map(|(reference, to)| format!("{} refers to {}", shown(&reference.table), shown(&chosen.tables[*to].quoted)))
        .collect();
    sentences.dedup();
    Error::new(ErrorKind::Usage, format!("tables that keep their rows refer to rows that go: {}", sentences.join("; ")))
        .hint("empty these as well, or keep the ones that they refer to")
}

/// There are rows again, however often they are removed.
pub(super) fn refilled<'a>(tables: impl Iterator<Item = &'a Table>) -> Error {
    let tables = list(tables.map(|table| table.quoted.as_str()));
    Error::new(ErrorKind::Database, format!("there are still rows after three rounds in {tables}"))
        .fate("rolled back: nothing was removed")
        .hint(hint![
            "look for triggers that put rows back when others are deleted, or do not let them go",
            clause!["; ", Opt::Keep, " leaves a table alone"]
        ])
}

/// The server did not carry out one of the statements.
pub(super) fn failed(doing: &str, failure: Failure) -> Error {
    let (message, code) = match &failure.cause {
        Cause::Server(server) => (server.message.clone(), server.code.clone()),
        Cause::Connection(_) => (String::new(), String::new()),
    };
    let error = locked(doing, failure.cause);
    if error.is_connection() {
        return error;
    }
    let error = error.fate("rolled back: nothing was removed");
    match code.as_str() {
        "42501" if message.contains("row-level security") => error.hint(hint![
            "some rows would have been left: do it as a role that sees them all",
            clause![", with ", Opt::Role(None)]
        ]),
        "42501" => error.hint(hint!["do it as the owner of these objects", clause![", with ", Opt::Role(None)]]),
        _ => error,
    }
}

/// The commit of a cleaning.
pub(super) fn unknown_whether_emptied(error: Error) -> Error {
    error.unless_answered(
        "the tables may have been emptied",
        hint!["look at ", Verb::CleanPlan, " before you clean again: rows that came since would go with the others"],
    )
}

/// The commit of a reset, behind which come the migrations.
pub(super) fn unknown_whether_dropped(error: Error) -> Error {
    error.unless_answered(
        "what is in the schemas may have been dropped",
        hint![
            "look at ",
            Verb::Status,
            ": if no migration is applied, it was, and ",
            Verb::Run,
            " does the rest; else reset again"
        ],
    )
}

/// What is in other schemas would fall with what is to be dropped.
pub(super) fn outside(objects: &[(String, String)]) -> Error {
    let names: Vec<_> = objects.iter().map(|(kind, identity)| format!("{kind} {}", shown(identity))).collect();
    Error::new(
        ErrorKind::Usage,
        format!("what is in other schemas depends on what is to be dropped: {}", names.join(", ")),
    )
    .hint(hint!["name their schemas as well", clause![" with ", Opt::Schemas], ", or drop them first"])
}

/// The migrations failed that came behind it.
pub(super) fn after_reset(error: Error, left: &[String]) -> Error {
    let is_there = matches!(error.sqlstate(), Some("42P06" | "42710"));
    let error = error.fate("what was there before was dropped").instead_of_run_again(&hint![
        "go on with ",
        Verb::Run,
        ", which drops nothing"
    ]);
    if !is_there {
        return error;
    }
    let error =
        if left.is_empty() { error } else { error.note(format!("these were left as they are: {}", left.join(", "))) };
    error.hint("schemas, extensions and roles stay when a database is reset: make them with IF NOT EXISTS, or drop what is there")
}
