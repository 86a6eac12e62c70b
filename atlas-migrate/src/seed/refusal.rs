//! What is said when nothing was begun: the environment, the files or the tables do not allow it.

use std::collections::HashSet;

use atlas_migrate_core::fault::Fault;
use atlas_migrate_core::seed::renamed;
use atlas_migrate_core::words::listed;

use super::item::{Item, Source};
use super::key;
use super::rows;
use super::table::{Misfit, Table};
use super::{Environment, SeedReport};
use crate::error::hint::{Verb, hint};
use crate::postgres::session::Reply;
use crate::{Error, ErrorKind};

/// Two generators of one table would be one row of the table of seeds.
pub(super) fn check_unique(items: &[Item<'_>]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    match items.iter().find(|item| !seen.insert(&item.name)) {
        None => Ok(()),
        Some(item) => Err(Error::new(ErrorKind::Usage, format!("there are two seeds of the name {}", item.name))
            .hint("let one generator make all the rows of a table")),
    }
}

/// A database is of one environment, for good.
pub(super) fn check_environment(ours: &Environment, of_database: Option<&str>) -> Result<(), Error> {
    match of_database {
        Some(other) if Environment::named(other) != *ours => {
            let message = format!("this database is of the environment {other}, and the seeds are for {ours}");
            Err(Error::new(ErrorKind::Environment, message).hint(hint![
                "connect to another database; or, if this one has become another environment's, say so with ",
                mark(ours)
            ]))
        }
        _ => Ok(()),
    }
}

/// A database without a mark has rows in a table that would be loaded.
pub(super) fn check_empty(ours: &Environment, reply: &Reply) -> Result<(), Error> {
    let tables: Vec<_> = reply.rows("atlas_filled").filter_map(|row| row.first()?.as_deref()).collect();
    if tables.is_empty() {
        return Ok(());
    }
    let message =
        format!("this database is not marked as one of an environment, and has rows already: {}", listed(&tables));
    Err(Error::new(ErrorKind::Environment, message).hint(hint![
        format!("if it is one for {ours}, say so with "),
        mark(ours),
        ", and run again"
    ]))
}

/// How a database is marked.
fn mark(ours: &Environment) -> Verb {
    Verb::SeedMark(ours.name().to_owned())
}

/// Whether there are the tables and columns that the files name, and nothing would be there twice: everything that is wrong.
pub(super) fn check_tables(
    items: &[Item<'_>],
    tables: &[Option<Table>],
    pending: &[usize],
    is_loaded: impl Fn(&Item<'_>) -> bool,
) -> Result<(), Error> {
    let mut faults = Vec::new();
    for number in pending {
        let item = &items[*number];
        let Some((schema, name)) = item.table() else { continue };
        let path = item.path().unwrap_or(&item.name);
        let Some(table) = &tables[*number] else {
            let spelled = schema.map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}"));
            let hint = match item.path().and_then(renamed) {
                Some((to, table)) => {
                    format!("rename it to {to} if its table is {table}; else run the migrations first")
                }
                None => {
                    "run the migrations first; the file is named after its table, with the schema before a dot if the \
                         search path does not have it"
                        .to_owned()
                }
            };
            faults.push(Fault::new(path, format!("there is no table {spelled}")).hint(hint));
            continue;
        };
        let columns = item.columns();
        let mut misfits = table.misfits(&columns, &item.key);
        if misfits.is_empty() && item.may_double() && is_loaded(item) && !key::can_tell(table, &columns) {
            misfits.push(doubled(table));
        }
        let places = match item.source {
            Source::Rows(seed) if misfits.iter().any(|misfit| misfit.column.is_some()) => rows::columns(seed).ok(),
            _ => None,
        };
        for misfit in misfits {
            let name = misfit.column.and_then(|column| columns.get(column));
            let at = name.zip(places.as_ref()).and_then(|(name, places)| places.fault(name, &misfit.message, ""));
            faults.push(at.unwrap_or_else(|| Fault::new(path, misfit.message)).hint(misfit.hint));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::faults_of(ErrorKind::Failed, &faults)) }
}

/// Rows would be added that are there already, since no unique index has columns that the file gives.
fn doubled(table: &Table) -> Misfit {
    let message =
        format!("what was loaded before would be there twice: nothing tells which rows of {} exist", table.name);
    let hint = "add a unique index to the table, on columns of the file; or say `run = \"once\"`, and put new rows into a new file";
    Misfit { column: None, message, hint: hint.to_owned() }
}

/// Says what was loaded before an error.
pub(super) fn after(error: Error, report: &SeedReport) -> Error {
    if report.is_empty() {
        return error;
    }
    let names: Vec<_> = report.done.iter().map(|seeded| seeded.name.as_str()).collect();
    error.fate(format!("loaded before it, and stays: {}", listed(&names)))
}
