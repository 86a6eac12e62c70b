//! What is said when nothing was begun: the state of the database, the files or the options do not allow it.

use std::time::Duration;

use atlas_migrate_core::history::Entry;
use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::plan::{Line, Problem, Standing, Step};

use crate::place::Place;
use crate::progress::Holder;
use crate::report::label;
use crate::{Error, ErrorKind};

/// PostgreSQL cuts longer names in silence: two that differ behind it would be one table, under two locks of ours.
const LONGEST_NAME: usize = 63;

/// Names that PostgreSQL cannot have. A namespace is a value, not a name, and may be as long as it likes.
pub(crate) fn check_names(schema: &str, table: &str, namespace: &str, role: Option<&str>) -> Result<(), Error> {
    let names = [
        ("schema", Some(schema), LONGEST_NAME),
        ("table", Some(table), LONGEST_NAME),
        ("namespace", Some(namespace), usize::MAX),
        ("role", role, LONGEST_NAME),
    ];
    for (option, name, longest) in names {
        let Some(name) = name else { continue };
        let (fault, hint) = if name.is_empty() {
            ("is empty".to_owned(), "give a name, or leave the option out")
        } else if name.contains('\0') {
            ("contains a NUL byte".to_owned(), "give a name, or leave the option out")
        } else if name.len() > longest {
            (format!("has {} bytes, and PostgreSQL would cut it after {longest}", name.len()), "give a shorter name")
        } else {
            continue;
        };
        let message = format!("the name given with `{option}(..)` {fault}");
        return Err(Error::new(ErrorKind::Usage, message).hint(hint));
    }
    Ok(())
}

/// `check` found something to run.
pub(super) fn pending(known: &[Migration], steps: &[Step]) -> Error {
    let names: Vec<_> = steps.iter().map(|step| name(&known[step.known])).collect();
    let message = match names.as_slice() {
        [one] => format!("migration {one} has not run"),
        _ => format!("{} migrations have not run: {}", names.len(), names.join(", ")),
    };
    Error::new(ErrorKind::Pending, message).hint("run the migrations before this process starts")
}

/// The plan was refused.
pub(crate) fn problem(known: &[Migration], history: &[Entry], problem: Problem) -> Error {
    match problem {
        Problem::Drift(lines) => drift(known, history, &lines),
        Problem::UnknownTarget(version) => {
            let newest = known.iter().rev().find(|migration| migration.key().is_versioned());
            let error = Error::new(ErrorKind::UnknownVersion, format!("no migration has the version {version}"));
            match newest {
                Some(newest) => error.hint(format!("the newest is {}", name(newest))),
                None => error.hint("there is no versioned migration at all"),
            }
        }
        Problem::Irreversible(lines) => irreversible(known, history, &lines),
        _ => Error::new(ErrorKind::Drift, format!("{problem:?}")),
    }
}

fn drift(known: &[Migration], history: &[Entry], lines: &[Line]) -> Error {
    let sentences: Vec<_> = lines.iter().map(|line| sentence(known, history, line)).collect();
    let first = lines.first();
    let is_repeatable = |entry: usize| !history[entry].key().is_versioned();
    let file = first.and_then(Line::known).map(|index| known[index].up().path().to_owned());
    let error = match sentences.as_slice() {
        [one] => Error::new(ErrorKind::Drift, one.clone()),
        _ => sentences.iter().fold(
            Error::new(ErrorKind::Drift, format!("{} migrations are not what this binary goes by", lines.len())),
            |error, sentence| error.note(sentence.clone()),
        ),
    };
    let error = match file {
        Some(file) if lines.len() == 1 => error.note(format!("file: {file}")),
        _ => error,
    };
    let hint = match first.map(|line| line.standing) {
        Some(Standing::Changed) => "restore the file as it was applied, and put the change into a new migration",
        Some(Standing::UnfinishedChanged) => {
            "restore the statements that have run as they were; the ones after them may be changed"
        }
        Some(Standing::Reverting) => "revert again: it goes on where it stopped",
        Some(Standing::OutOfOrder) => {
            "give it a version above all that were applied, or allow it with `out_of_order(OutOfOrder::Allow)`"
        }
        Some(Standing::Newer) if first.and_then(Line::entry).is_some_and(is_repeatable) => {
            "deploy the binary that has it; or accept it with `newer(Newer::Accept)`; if it was removed on purpose, keep its \
             file with nothing in it but a comment that says so"
        }
        Some(Standing::Newer) => {
            "deploy the binary that has it; or accept it with `newer(Newer::Accept)`; migrations that older binaries can \
             live with are marked `-- atlas:compatible`"
        }
        _ => "restore the file, or run the binary that has it",
    };
    error.hint(if lines.len() == 1 { hint.to_owned() } else { format!("for the first of them: {hint}") })
}

fn sentence(known: &[Migration], history: &[Entry], line: &Line) -> String {
    let entry = line.entry().map(|index| &history[index]);
    let (version, name, _) = line.identity(known, history);
    let name = label(version, name);
    let applied = entry.map_or(String::new(), |entry| format!("{} by {}", entry.applied_at, entry.applied_by));
    match line.standing {
        Standing::Changed => format!("migration {name} was changed after it was applied ({applied})"),
        Standing::UnfinishedChanged => {
            let done = entry.map_or(0, |entry| entry.statements);
            format!("migration {name} stopped after {done} of its statements, and these were changed since")
        }
        Standing::Reverting => format!("migration {name} was being reverted when that stopped ({applied})"),
        Standing::OutOfOrder => format!("migration {name} has not run, though one with a higher version has"),
        Standing::Newer if entry.is_some_and(|entry| entry.key().is_versioned()) => {
            format!("migration {name} was applied ({applied}) and is newer than all that this binary has")
        }
        Standing::Newer | Standing::Missing => {
            format!("migration {name} was applied ({applied}), and this binary does not have it")
        }
        standing => format!("migration {name} is {}", standing.as_str()),
    }
}

fn irreversible(known: &[Migration], history: &[Entry], lines: &[Line]) -> Error {
    let reasons = lines.iter().filter_map(|line| {
        let entry = &history[line.entry()?];
        let name = label(&entry.version, &entry.name);
        Some(match line.known().map(|index| &known[index]) {
            None => format!("migration {name} is not in this binary"),
            Some(migration) if migration.down().is_none() => format!("migration {name} has no down file"),
            Some(_) if entry.state.is_done() => format!("migration {name} was baselined, not applied"),
            Some(_) => format!("migration {name} is unfinished"),
        })
    });
    let reasons: Vec<_> = reasons.collect();
    Error::new(ErrorKind::Irreversible, format!("nothing was reverted: {}", reasons.join("; ")))
        .hint("revert to a version above it, or write a new migration that undoes it")
}

/// Another process was at work for too long.
pub(super) fn busy(waited: Duration, holder: Option<&Holder>) -> Error {
    let error = Error::new(
        ErrorKind::Busy,
        format!("another process has been migrating for all of the {:.1} s that this one waited", waited.as_secs_f64()),
    );
    match holder {
        Some(holder) => error.note(format!("it is {holder}")),
        None => error.note("it is none that pg_stat_activity shows; it may have ended just now"),
    }
    .hint("find out whether it still makes progress; wait longer with `wait_budget(..)`, or end it with pg_terminate_backend")
}

/// What is said of a repeatable migration that an older binary leaves alone.
pub(super) fn superseded(migration: &Migration) -> String {
    format!(
        "{} is left as it is: the database has a form of it that is newer than this binary's; to put an earlier one back on \
         purpose, change its file (a comment is enough)",
        name(migration)
    )
}

/// A migration creates a table that has the name of the history.
pub(super) fn own_name(migration: &Migration, history: &str) -> String {
    format!(
        "{} creates a table where the history of migrations is, {history}: give the history another name with `table(..)`, \
         before the first run",
        name(migration)
    )
}

/// A repair was asked for that claims more than the file has.
pub(super) fn too_many_statements(migration: &Migration, completed: usize, total: usize) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!("migration {} cannot have completed {completed} statements: it has {total}", name(migration)),
    )
    .note(format!("file: {}", migration.up().path()))
    .hint("count the statements of the file, from the first")
}

/// One of the migrations cannot be in a transaction, and all are to be in one.
pub(super) fn not_in_one_transaction(migration: &Migration) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!("migration {} runs without a transaction, so not all can share one", name(migration)),
    )
    .note(format!("file: {}", migration.up().path()))
    .hint("use `transaction_mode(TransactionMode::Each)`")
}

/// There is a table of that name, and it is not ours.
pub(super) fn foreign(table: &str, columns: &str, form: &str) -> Error {
    Error::new(ErrorKind::ForeignHistory, format!("the table {table} is there and is not a history of atlas-migrate"))
        .note(format!("its columns: {columns}; the form is {form}"))
        .hint(
            "choose another name with `table(..)` or another schema with `schema(..)`, then adopt what the database has with \
             `baseline`; the table is left as it is",
        )
}

/// Whether a script is to run: its conditions, with what the server made of them.
pub(super) fn conditions_hold(migration: &Migration, script: &Script, outcomes: &[String]) -> Result<bool, Error> {
    let header = script.header();
    let mut outcomes = outcomes.iter().map(String::as_str);
    let mut holds = |condition: &str| match outcomes.next().unwrap_or("null") {
        "true" => Ok(true),
        "false" | "null" => Ok(false),
        other => Err(Error::new(
            ErrorKind::Precondition,
            format!(
                "a condition of migration {} could not be evaluated: {}",
                name(migration),
                other.trim_start_matches("error ")
            ),
        )
        .place(place(script, condition))
        .note("nothing of it ran")
        .hint("a condition is a boolean expression, evaluated right before the migration")),
    };
    if let Some(condition) = &header.skip_unless
        && !holds(condition)?
    {
        return Ok(false);
    }
    for require in header.require.iter() {
        if !holds(&require.condition)? {
            let message = match &require.message {
                Some(message) => format!("migration {} was stopped: {message}", name(migration)),
                None => format!("migration {} was stopped: its requirement is not met", name(migration)),
            };
            return Err(Error::new(ErrorKind::Precondition, message)
                .place(place(script, &require.condition))
                .note("nothing of it ran")
                .hint("bring the database to where this is true, then run again"));
        }
    }
    Ok(true)
}

fn place(script: &Script, condition: &str) -> Place {
    let text = script.text().into_owned();
    let start = text.find(condition).unwrap_or(0);
    let span = start..start + condition.len();
    Place { path: script.path().to_owned(), text, span, label: String::new() }
}

pub(super) fn name(migration: &Migration) -> String {
    label(migration.version(), migration.name())
}
