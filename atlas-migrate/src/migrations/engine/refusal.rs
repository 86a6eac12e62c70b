//! What is said when nothing was begun: the state of the database, the files or the options do not allow it.

use atlas_migrate_core::history::{Entry, Lease, State};
use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::plan::{Line, Problem, Revert, Step};
use atlas_migrate_core::words::{count, listed};

use super::drift::drift;

use crate::error::hint::{Hint, Opt, Part, Verb, clause, either, hint};
use crate::error::place::Place;
use crate::migrations::repair::Repair;
use crate::migrations::report::{Report, label};
use crate::{Error, ErrorKind};

/// `check` found something to run.
pub(super) fn pending(known: &[Migration], history: &[Entry], steps: &[Step]) -> Error {
    let state = |step: &Step| {
        let migration = &known[step.known];
        let entry = history.iter().find(|entry| entry.key() == migration.key());
        match entry.map(|entry| (entry.lease, entry.state)) {
            Some((Lease::Held, State::Reverting)) => " (another process is reverting it)",
            Some((Lease::Held, _)) => " (another process is applying it)",
            Some((Lease::InDoubt, _)) => " (it stopped in a statement that may have taken effect in part)",
            Some((Lease::Partly(_), _)) => " (a part of its next statement took effect)",
            Some((_, State::Running | State::Failed)) => " (it stopped before its end)",
            _ => "",
        }
    };
    let names: Vec<_> = steps.iter().map(|step| name(&known[step.known]) + state(step)).collect();
    let message = match names.as_slice() {
        [one] => format!("migration {one} has not run"),
        _ => format!("{} migrations have not run: {}", names.len(), listed(&names)),
    };
    Error::new(ErrorKind::Pending, message)
        .hint(hint!["run the migrations before this process starts, with ", Verb::Run])
}

/// The plan was refused.
pub(crate) fn problem(known: &[Migration], history: &[Entry], problem: Problem) -> Error {
    match problem {
        Problem::Drift(lines) => drift(known, history, &lines),
        Problem::Behind(indexes) => behind(known, &indexes),
        Problem::UnknownTarget(version) => {
            let newest = known.iter().rev().find(|migration| migration.key().is_versioned());
            let error = Error::new(ErrorKind::UnknownVersion, format!("no migration has the version {version}"));
            match newest {
                Some(newest) => error.hint(format!("give a version that exists: the newest is {}", name(newest))),
                None => error.hint("add a versioned migration: there is none at all"),
            }
        }
        Problem::Irreversible(lines) => irreversible(known, history, &lines),
        _ => Error::new(ErrorKind::Drift, format!("{problem:?}")),
    }
}

/// What is to be applied once more comes behind others that have not run.
fn behind(known: &[Migration], indexes: &[usize]) -> Error {
    let names: Vec<_> = indexes.iter().map(|index| name(&known[*index])).collect();
    let have = if names.len() == 1 { "has" } else { "have" };
    Error::new(ErrorKind::Pending, format!("nothing to apply once more: {} {have} not run", names.join(", ")))
        .hint(hint!["apply what is pending, with ", Verb::Run])
}

/// Others have changed the history since somebody was asked.
pub(super) fn not_as_agreed() -> Error {
    Error::new(ErrorKind::Drift, "nothing was taken back: the history is not what it was when you were asked")
        .hint(hint!["look at ", Verb::Status, ", then revert what is to be taken back now"])
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
        .hint(match lines.first().and_then(|line| Some((line, &history[line.entry()?]))) {
            Some((line, _)) if line.known().is_none() => {
                "run the binary that has it; or write a new migration that undoes what is to go".into()
            }
            Some((line, entry)) if line.known().is_some_and(|index| known[index].down().is_none()) => hint![
                "write a down file for it, or a new migration that undoes it; if it was undone by hand, say so with ",
                Verb::Repair(entry.version.clone(), Repair::Pending)
            ],
            Some((_, entry)) if entry.state.is_done() => hint![
                "write a new migration that undoes it; or, if its down file is right for what is there, say that it was applied: ",
                Verb::Repair(entry.version.clone(), Repair::Applied)
            ],
            Some((_, entry)) => hint![
                "run the migrations to its end first; or undo by hand what it has done, and say so with ",
                Verb::Repair(entry.version.clone(), Repair::Pending)
            ],
            None => "write a new migration that undoes it".into(),
        })
}

/// What is done about a row whose file is gone for good.
pub(super) fn remove_or_accept(entry: &Entry) -> Hint {
    hint![
        "if the file is gone for good, keep its row with ",
        Verb::Repair(entry.version.clone(), Repair::Applied),
        ", or remove it with ",
        Verb::Repair(entry.version.clone(), Repair::Removed)
    ]
}

/// How a revert that stopped is taken up.
pub(super) fn go_on_reverting(known: &[Migration], history: &[Entry], lines: &[Line]) -> Hint {
    let steps: Vec<_> = lines.iter().filter_map(Line::known).map(|known| Step { known, done: 0 }).collect();
    let again = Again::new(known, history, &Revert::Last, steps.get(..1).unwrap_or_default());
    hint!["go on reverting where that stopped: ", Verb::Revert(again.call.unwrap_or(Revert::Last))]
}

/// How a revert is said again so that it takes back no more than was meant.
pub(super) struct Again {
    call: Option<Revert>,
    /// The call that was made is one that may be repeated.
    is_the_same: bool,
}

impl Again {
    pub(super) fn new(known: &[Migration], history: &[Entry], revert: &Revert, steps: &[Step]) -> Self {
        let is_the_same = matches!(revert, Revert::To(_) | Revert::All);
        let call = match (revert, steps.last().map(|step| known[step.known].key())) {
            (Revert::To(version), _) => Some(Revert::To(version.clone())),
            (Revert::All, _) | (_, None) => Some(Revert::All),
            (_, Some(lowest)) => {
                let is_below = |entry: &&Entry| entry.key() < lowest && !entry.is_without_effect();
                match history.iter().filter(is_below).map(Entry::key).max() {
                    None => Some(Revert::All),
                    // One that this binary does not know cannot be gone back to.
                    Some(below) => {
                        let known = known.iter().find(|known| known.key() == below);
                        known.map(|known| Revert::To(known.version().clone()))
                    }
                }
            }
        };
        Self { call, is_the_same }
    }

    /// An error of a revert says how to go on: not with what was called, if that took back more each time.
    pub(super) fn instead_of_run_again(&self, error: Error) -> Error {
        if error.is_connection() && !self.is_the_same {
            let look = hint!["it may have been reverted: look at ", Verb::Status, " first"];
            return error.hint(match &self.call {
                Some(call) => {
                    hint![look, "; what is left of it, and no more, is taken back with ", Verb::Revert(call.clone())]
                }
                None => look,
            });
        }
        error.instead_of_run_again(&match &self.call {
            Some(call) => hint!["go on with ", Verb::Revert(call.clone())],
            None => hint!["revert what ", Verb::Status, " says is left"],
        })
    }
}

/// A revert of so many migrations has others before it than when it was called.
pub(super) fn applied_meanwhile(migration: &Migration) -> Error {
    let message = format!("another process has applied migration {} meanwhile: it was not meant", name(migration));
    Error::new(ErrorKind::Irreversible, message).hint(hint![
        "look at ",
        Verb::Status,
        ", then revert what is to be taken back now"
    ])
}

/// A migration that this very call has done is there to be done once more.
pub(super) fn twice(migration: &Migration, reverts: bool, history: &str) -> Error {
    let message = match reverts {
        false => {
            format!("migration {} was applied just now, and the history {history} has lost its row", name(migration))
        }
        true => {
            format!("migration {} was reverted just now, and the history {history} has its row again", name(migration))
        }
    };
    Error::new(ErrorKind::Database, message).note("it does not run twice").hint(
        "find out what changes the history, another process or a trigger of the table (`\\d` in psql lists them); then run again",
    )
}

/// What all of a run shared one transaction with.
pub(super) fn all_together(error: Error, report: &Report) -> Error {
    let names: Vec<_> = report.migrations().iter().map(|done| label(done.version(), done.name())).collect();
    let fate = match error.is_connection() {
        true => "in the same transaction, of which all took effect or nothing",
        false => "rolled back with it",
    };
    error.fate(format!("{fate}: {}", listed(&names)))
}

/// What is said of a migration that failed without effect and that this binary does not have.
pub(super) fn failed_without_effect(entry: &Entry) -> String {
    format!(
        "migration {} failed in its first statement, and this binary does not have it: nothing of it took effect, except that \
         it may have left an index that is not valid",
        label(&entry.version, &entry.name)
    )
}

/// A file is said to be gone, and is there.
pub(super) fn is_not_gone(migration: &Migration) -> Error {
    let message =
        format!("migration {} has a file: its row is not removed as that of one that is gone", name(migration));
    Error::new(ErrorKind::Usage, message).note(format!("file: {}", migration.up().path())).hint(hint![
        "if nothing of it took effect, say so with ",
        Verb::Repair(migration.version().clone(), Repair::Pending)
    ])
}

/// Statements were named of a file that is not there.
pub(super) fn has_no_file(entry: &Entry) -> Error {
    let name = label(&entry.version, &entry.name);
    Error::new(ErrorKind::Usage, format!("only the history has migration {name}, so its statements cannot be counted"))
        .hint(hint!["say it with the binary that has its file; ", remove_or_accept(entry)])
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
pub(super) fn own_name(migration: &Migration, history: &str) -> Hint {
    hint![
        format!("{} creates a table where the history of migrations is, {history}: ", name(migration)),
        "give the history another name",
        clause![" with ", Opt::Table(None)],
        ", before the first run"
    ]
}

/// A migration creates something without a schema, which is not the one of the option `schema`.
pub(super) fn elsewhere(migration: &Migration, found: &str, asked: &str) -> String {
    format!(
        "{} creates something without saying in which schema: by the search path it goes to {found}; the history is in {asked}",
        name(migration)
    )
}

/// A repair was asked for that claims more than the file has.
pub(super) fn too_many_statements(migration: &Migration, script: &Script, statements: usize, total: usize) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!(
            "migration {} cannot have come as far as {}: it has {total}",
            name(migration),
            count(statements, "statement")
        ),
    )
    .note(format!("file: {}", script.path()))
    .hint("count the statements of the file, from the first")
}

/// One of the migrations cannot be in a transaction, and all are to be in one.
pub(super) fn not_in_one_transaction(migration: &Migration) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!("migration {} runs without a transaction, so not all can share one", name(migration)),
    )
    .note(format!("file: {}", migration.up().path()))
    .hint(clause![
        Part::Piece(either("use ", "run ")),
        Opt::EachTransaction;
        or "let each migration have a transaction of its own"
    ])
}

/// There is a table of that name, and it is not ours.
pub(super) fn foreign(table: &str, columns: &str, form: &str) -> Error {
    Error::new(ErrorKind::ForeignHistory, format!("the table {table} exists, and is not a history of atlas-migrate"))
        .note(format!("its columns: {columns}; the form is {form}"))
        .hint(hint![
            "choose another name",
            clause![" with ", Opt::Table(None)],
            " or another schema",
            clause![" with ", Opt::Schema(None)],
            ", then adopt what the database has with ",
            Verb::Baseline(None),
            "; the table is left as it is"
        ])
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
        .hint("make the condition a boolean expression over what is there right before the migration")),
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
