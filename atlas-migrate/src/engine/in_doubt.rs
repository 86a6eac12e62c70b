//! What is said when nobody can tell whether a statement took effect.

use atlas_migrate_core::migration::{Migration, Script};

use super::judge::Verdict;
use super::one_by_one::Job;
use super::refusal::name;
use crate::place::Place;
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
    let go_on = format!(
        "then say so with `repair`: `Repair::Failed {{ completed: {number} }}` if it took effect, `Repair::Failed {{ \
         completed: {index} }}` if it did not; the next run goes on from there"
    );
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
        .hint(format!("look at what the statement does and find out; {go_on}")),
    };
    error.place(place)
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
