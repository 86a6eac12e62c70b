//! What is said when nobody can tell whether a statement took effect.

use atlas_migrate_core::history::{Entry, Lease};
use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::plan;

use super::Work;
use super::judge::Verdict;
use super::one_by_one::Job;
use super::refusal::name;
use crate::error::hint::{Hint, Verb, hint};
use crate::error::place::Place;
use crate::migrations::repair::Repair;
use crate::{Error, ErrorKind};

/// The statement at this index may have run, or something is in its way that it cannot have made.
pub(super) fn of_statement(job: &Job<'_>, index: usize, verdict: &Verdict) -> Error {
    let migration = name(job.migration);
    let statements = job.script.statements();
    let (number, total) = (index + 1, statements.len());
    let place = Place {
        path: job.script.path().to_owned(),
        text: job.script.text().into_owned(),
        span: statements[index].range.clone(),
        label: String::new(),
    };
    let error = match verdict {
        Verdict::Occupied { index, found, wanted } => Error::new(
            ErrorKind::InDoubt,
            format!("migration {migration} cannot go on: the index {index} is there, and is another one than statement {number} of {total} makes"),
        )
        .note(format!("wanted: {}", wanted.trim_start()))
        .note(format!("found: {}", found.trim_start()))
        .hint("drop or rename that index and run again; or, if it is what you want, change the statement to say so"),
        Verdict::Busy(pid) => Error::new(
            ErrorKind::Busy,
            format!("migration {migration} cannot go on: another session may be building the index of statement {number} of {total}"),
        )
        .note(format!("the session has pid {pid}"))
        .hint("run again when it has ended"),
        _ => Error::new(
            ErrorKind::InDoubt,
            format!(
                "migration {migration} was cut off at statement {number} of {total}, and the catalog does not tell whether that \
                 took effect"
            ),
        )
        .hint(find_out(job.migration, index)),
    };
    error.place(place)
}

/// A statement that commits by itself failed: part of it may have taken effect.
pub(super) fn in_part(error: Error, work: Work<'_>, migration: &Migration, index: usize) -> Error {
    let next = match work {
        Work::Run => "no run goes on",
        Work::Revert(_) => "no revert goes on",
    };
    error
        .of_kind(ErrorKind::InDoubt)
        .fate(format!(
            "part of it may have taken effect and stay, since it commits by itself: {next} before that is known"
        ))
        .hint(find_out(migration, index))
}

/// Whether the history says that the next statement of a script is in doubt; and then nothing is begun.
pub(super) fn check(migration: &Migration, script: &Script, entry: Option<&Entry>) -> Result<(), Error> {
    let Some(entry) = entry else { return Ok(()) };
    let (index, number) = (entry.statements, entry.statements + 1);
    let error = match entry.lease {
        Lease::InDoubt => Error::new(
            ErrorKind::InDoubt,
            format!(
                "migration {} stopped in statement {number}, which commits by itself: part of it may have taken effect",
                name(migration)
            ),
        )
        .hint(find_out(migration, index)),
        Lease::Partly(fingerprint) if plan::fingerprint_of_first(number, script) == Some(fingerprint) => Error::new(
            ErrorKind::InDoubt,
            format!(
                "part of statement {number} of migration {} took effect, and it would run as a whole",
                name(migration)
            ),
        )
        .hint(hint![
            "change the statement to what is left to do, then run again; or do that by hand, and say so with ",
            repair(migration, Repair::Failed { completed: number }),
            "; or undo what it did, and say so with ",
            repair(migration, Repair::Failed { completed: index })
        ]),
        Lease::None | Lease::Partly(_) | Lease::Expired | Lease::Held => return Ok(()),
    };
    Err(match script.statements().get(index) {
        Some(statement) => error.place(Place {
            path: script.path().to_owned(),
            text: script.text().into_owned(),
            span: statement.range.clone(),
            label: String::new(),
        }),
        None => error.note(format!("file: {}", script.path())),
    })
}

/// How to go on after the statement with this index.
fn find_out(migration: &Migration, index: usize) -> Hint {
    hint![
        "find out what the statement has done, then say so: ",
        repair(migration, Repair::Failed { completed: index + 1 }),
        " if all of it took effect, or you have done the rest by hand; ",
        repair(migration, Repair::Failed { completed: index }),
        " if nothing of it did, or you have undone it; ",
        repair(migration, Repair::Partly { completed: index }),
        " if a part is to stay, and change the statement to what is left"
    ]
}

fn repair(migration: &Migration, repair: Repair) -> Verb {
    Verb::Repair(migration.version().clone(), repair)
}

/// There is not one session for all of its statements.
pub(super) fn no_session(migration: &Migration, script: &Script) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!(
            "migration {} needs one session for all its statements, and the connection is through a pooler that gives each \
             transaction another",
            name(migration)
        ),
    )
    .note(format!("file: {}", script.path()))
    .note("it has statements that cannot be in a transaction, and a role or settings of its own")
    .hint(
        "connect to the server itself, or to a pool in session mode, to migrate; or give the role and timeouts to the login \
         with ALTER ROLE … SET",
    )
}
