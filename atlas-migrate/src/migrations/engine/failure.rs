//! What is said when a statement of a migration fails.

use std::ops::Range;

use atlas_migrate_core::migration::{Migration, Script, Transaction};

use super::batch::{Item, Part};
use super::one_by_one::Job;
use super::{Engine, Work};
use crate::error::advice;
use crate::error::place::{Place, line_of_block, span_at};
use crate::migrations::migrator::TransactionMode;
use crate::migrations::report::label;
use crate::postgres::lock::holders;
use crate::postgres::message::Message;
use crate::postgres::session::{Cause, ServerError, Session};
use crate::postgres::sql::{self, Sql};
use crate::{Error, ErrorKind};

/// A message that failed.
pub(super) struct Parts<'a> {
    pub(super) work: Work<'a>,
    pub(super) migration: &'a Migration,
    pub(super) script: &'a Script,
    pub(super) message: &'a Message<(usize, Part)>,
    /// Which one it is in the message.
    pub(super) number: usize,
}

impl<S: Session> Engine<'_, S> {
    /// The error of a migration that ran in a transaction, after that was rolled back: `at` is where it failed, if that is known.
    pub(super) async fn failed(&mut self, parts: &Parts<'_>, at: Option<(Part, usize)>, server: &ServerError) -> Error {
        self.conversation.abandon_open().await;
        let text = parts.script.text();
        let head = parts.message.before((parts.number, Part::Script));
        let span = match server.position.and_then(|position| span_at(&text, head, position)) {
            Some(span) => Some(span),
            None => {
                let index = match at {
                    Some((Part::Script, index)) => Some(index),
                    Some(_) => None,
                    None if self.options.mode == TransactionMode::All => None,
                    None => self.locate(parts, &server.code).await,
                };
                index.and_then(|index| {
                    let range = parts.script.statements().get(index)?.range.clone();
                    let line = line_of_block(&text[range.clone()], server.context.as_deref());
                    Some(line.map_or(range.clone(), |line| range.start + line.start..range.start + line.end))
                })
            }
        };
        let doing = match at {
            Some((Part::Record, _)) => " when it was recorded",
            Some((Part::Commit, _)) => " at its commit",
            _ => "",
        };
        let error = describe(parts.work, parts.migration, parts.script, span, doing, server);
        let error = self.name_blockers(error, &text, server).await;
        error.fate("rolled back: nothing of it took effect")
    }

    /// Finds the statement that fails, for a client that does not tell: by sending them one by one, in a transaction that is
    /// rolled back.
    async fn locate(&mut self, parts: &Parts<'_>, code: &str) -> Option<usize> {
        let head = parts.message.before((parts.number, Part::Script));
        let begin = format!("{}{}{}{head}", sql::BEGIN, sql::rules(), self.sql.local_role());
        let (_, open) = self.conversation.begin(&begin).await.ok()?;
        let text = parts.script.sql();
        let mut found = None;
        for (index, statement) in parts.script.statements().iter().enumerate() {
            if let Err(failure) = self.conversation.send(&text[statement.range.clone()]).await {
                found = matches!(&failure.cause, Cause::Server(server) if server.code == code).then_some(index);
                break;
            }
        }
        self.conversation.roll_back(open).await;
        found
    }

    /// Adds the sessions that hold locks on what this text names, if it did not get its own.
    pub(super) async fn name_blockers(&mut self, error: Error, text: &str, server: &ServerError) -> Error {
        if server.code != "55P03" {
            return error;
        }
        let names = names(text);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let reply = self.conversation.look(&Sql::blockers(&names)).await;
        let blockers = reply.as_ref().map(holders).unwrap_or_default();
        blockers.iter().fold(error, |error, blocker| {
            let table = blocker.table.as_deref().unwrap_or("?");
            error.note(format!("{table} is locked by {blocker}"))
        })
    }
}

/// What may be the name of a table in a text.
pub(super) fn names(text: &str) -> Vec<String> {
    let mut names: Vec<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(str::to_owned).collect()
}

/// The error of a statement that was sent by itself, behind this text.
pub(super) fn of_statement(job: &Job<'_>, index: usize, head: &str, server: &ServerError) -> Error {
    let Job { work, migration, script, .. } = *job;
    describe(work, migration, script, span_of_statement(script, index, head, server), "", server)
}

/// The place of the error of a statement that was sent by itself, behind this text: a word, a line of a block, or all of it.
pub(super) fn span_of_statement(
    script: &Script,
    index: usize,
    head: &str,
    server: &ServerError,
) -> Option<Range<usize>> {
    let text = script.text();
    let whole = script.statements().get(index)?.range.clone();
    let statement = &text[whole.clone()];
    let word = server.position.and_then(|position| span_at(statement, head, position));
    let part = word.or_else(|| line_of_block(statement, server.context.as_deref()));
    Some(part.map_or(whole.clone(), |part| whole.start + part.start..whole.start + part.end))
}

pub(super) fn describe(
    work: Work<'_>,
    migration: &Migration,
    script: &Script,
    span: Option<Range<usize>>,
    doing: &str,
    server: &ServerError,
) -> Error {
    let what = match work {
        Work::Run => "migration",
        Work::Revert(_) => "reverting migration",
    };
    let name = label(migration.version(), migration.name());
    let kind = if server.code == "55P03" { ErrorKind::LockTimeout } else { ErrorKind::Failed };
    let path = script.path().to_owned();
    let error = Error::new(kind, format!("{what} {name} failed{doing}: {}", server.message));
    let error = match span {
        Some(span) => error.place(Place { path, text: script.text().into_owned(), span, label: String::new() }),
        None => error.note(format!("file: {path}")),
    };
    error.server(server).hint(advice::migration(server, script.header().transaction))
}

/// The connection went away in the middle of a migration.
pub(super) fn lost(work: Work<'_>, migration: &Migration, script: Option<&Script>, cause: Cause) -> Error {
    let note = match script.map(|script| script.header().transaction) {
        Some(Transaction::None) => "the history says which of its statements have completed; one more may be under way",
        _ => "the migration and its row in the history take effect together or not at all",
    };
    let what = format!("migration {}", label(migration.version(), migration.name()));
    Error::own(&format!("{} {what}", doing(work)), cause).note(note).hint(AGAIN)
}

/// The same, in the middle of these, which were sent together.
pub(super) fn lost_together(work: Work<'_>, items: &[Item<'_>], mode: TransactionMode, cause: Cause) -> Error {
    let name = |item: &Item<'_>| label(item.migration.version(), item.migration.name());
    match items {
        [first, .., last] => {
            let note = match mode {
                TransactionMode::Each => {
                    "each of them takes effect together with its row in the history or not at all; the server may still go on"
                }
                TransactionMode::All => "all of them take effect together with their rows in the history or not at all",
            };
            let what = format!("migrations {} to {}", name(first), name(last));
            Error::own(&format!("{} {what}", doing(work)), cause).note(note).hint(AGAIN)
        }
        [Item { migration, script, .. }] => lost(work, migration, *script, cause),
        [] => Error::own("running migrations", cause),
    }
}

const AGAIN: &str = "run again: it goes by what the history says";

fn doing(work: Work<'_>) -> &'static str {
    match work {
        Work::Run => "running",
        Work::Revert(_) => "reverting",
    }
}
