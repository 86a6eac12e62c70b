//! What a file must keep to for its statements to run as it says.

use crate::directive::{Directives, OfMigration};
use crate::divider;
use crate::fault::Fault;
use crate::migration::Transaction;
use crate::statement::{self, Kind, Statement};
use crate::token::{self, Lexer};

/// Decides how the statements of a file are sent, and finds those that cannot be sent so.
pub(crate) fn check(
    path: &str,
    text: &str,
    directives: &Directives<OfMigration>,
    statements: &[Statement],
    faults: &mut Vec<Fault>,
) -> Transaction {
    let transaction = transaction(directives, statements);
    // The pair is left out when a transactional migration runs.
    let pair = match transaction {
        Transaction::Wrapped => statement::wrapping_pair(text, statements),
        Transaction::None => None,
    };
    let blocks = match (transaction, pair) {
        (Transaction::Wrapped, None) => statement::blocks(text, statements),
        _ => Vec::new(),
    };
    faults.extend(blocks_in_part(path, text, &blocks));
    let is_dealt_with = |statement: &&Statement| {
        pair.is_some_and(|pair| pair.contains(statement)) || blocks.iter().flatten().any(|part| part == statement)
    };
    faults.extend(statements.iter().filter(|statement| !is_dealt_with(statement)).filter_map(|statement| {
        let (message, label, hint) = problem(statement.kind, transaction, &text[statement.range.clone()])?;
        Some(Fault::new(path, message).at(text, statement.range.clone(), label).hint(hint))
    }));
    transaction
}

/// The fault of blocks that do not wrap the whole file: said once, since they go together.
fn blocks_in_part(path: &str, text: &str, blocks: &[[&Statement; 2]]) -> Option<Fault> {
    let (message, [begin, _]) = match blocks {
        [] => return None,
        [only] => ("`BEGIN … COMMIT` around a part of a migration", only),
        [_, second, ..] => ("several `BEGIN … COMMIT` blocks in a migration", second),
    };
    let fault = Fault::new(path, message).at(text, begin.range.clone(), "transaction control");
    Some(
        fault
            .hint("make a file of each block; or remove all `BEGIN` and `COMMIT`, so that the file is one transaction"),
    )
}

fn transaction(directives: &Directives<OfMigration>, statements: &[Statement]) -> Transaction {
    let all_refuse = statements.iter().all(|statement| matches!(statement.kind, Kind::NotInTransaction(_)));
    if directives.no_transaction()
        || directives.said.header.transaction == Transaction::None
        || (all_refuse && !statements.is_empty())
    {
        Transaction::None
    } else {
        Transaction::Wrapped
    }
}

/// Message, label and hint.
fn problem(kind: Kind, transaction: Transaction, statement: &str) -> Option<(String, &'static str, &'static str)> {
    Some(match (kind, transaction) {
        (Kind::TransactionControl(name), Transaction::Wrapped) => (
            format!("`{name}` in a migration that runs in a transaction"),
            "transaction control",
            instead_of_control(name, statement),
        ),
        (Kind::TransactionControl(name), Transaction::None) => (
            format!("`{name}` in a migration that runs without a transaction"),
            "each statement is sent by itself",
            "remove it, or let the whole migration run in a transaction",
        ),
        (Kind::NotInTransaction(name), Transaction::Wrapped) => (
            format!("`{name}` cannot run in a transaction"),
            "among statements that run in one",
            "move it to a file of its own, or put `-- atlas:no-transaction` at the top of this one",
        ),
        (Kind::Reading(name), _) => {
            let (label, hint) = of_reading(name);
            (format!("`{name}` in a migration"), label, hint)
        }
        (Kind::Meta, _) => {
            let command = statement.split_whitespace().next().unwrap_or(statement);
            (format!("`{command}` is for psql"), "psql meta-command", instead_of_meta(command))
        }
        (Kind::CopyFromStdin, _) => (
            "`COPY … FROM STDIN` in a migration".to_owned(),
            "has no client that would send its rows",
            "write the rows as `INSERT`, as `pg_dump --inserts` does",
        ),
        (Kind::CopyToStdout, _) => {
            ("`COPY … TO STDOUT` in a migration".to_owned(), "has no client that would take its rows", "remove it")
        }
        (Kind::NotInTransaction(_), Transaction::None) | (Kind::Other, _) => return None,
    })
}

fn instead_of_control(name: &str, statement: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().all(|word| Lexer::new(statement).any(|token| token.is(word)));
    match name {
        "SAVEPOINT" | "RELEASE" => SAVEPOINT,
        "ROLLBACK" if has(&["TO"]) => SAVEPOINT,
        "ROLLBACK" | "ABORT" => "remove it: a migration that fails is rolled back as a whole",
        "SET TRANSACTION" => LEVEL,
        _ if has(&["ISOLATION", "LEVEL"]) => LEVEL,
        _ => "remove it: the migration is committed together with its row in the history",
    }
}

const SAVEPOINT: &str =
    "remove it; for what may fail write a block: `DO $$ BEGIN …; EXCEPTION WHEN others THEN NULL; END $$;`";

const LEVEL: &str =
    "remove it: migrations run at READ COMMITTED; to keep others out write `LOCK TABLE … IN SHARE ROW EXCLUSIVE MODE;`";

/// Label and hint for what changes how the text behind it is read.
pub(crate) fn of_reading(name: &str) -> (&'static str, &'static str) {
    match name {
        "SET standard_conforming_strings" => {
            ("would change where strings end", "remove it, and write strings that have backslashes as E'…'")
        }
        _ => ("files are UTF-8, and are sent as that", "remove it"),
    }
}

/// What to do about a command of psql.
pub(crate) fn instead_of_meta(command: &str) -> &'static str {
    match command {
        "\\restrict" | "\\unrestrict" => {
            "remove the lines `\\restrict …` and `\\unrestrict …`: `pg_dump` writes them for psql, the server does not know them"
        }
        "\\i" | "\\ir" | "\\include" | "\\include_relative" => "write the text of that file in its place",
        "\\copy" => "write the rows as `INSERT`, as `pg_dump --inserts` does; or make a seed of them",
        "\\." => "remove the rows, and write them as `INSERT`, as `pg_dump --inserts` does",
        _ => "remove the line: only psql understands it, the server does not",
    }
}

/// Whether a file has nothing to run, and does not say that this is meant: a directive, or a comment that is neither metadata
/// nor what a tool writes into each new file.
pub(crate) fn is_unwritten(text: &str, statements: &[Statement]) -> bool {
    let pair = statement::wrapping_pair(text, statements).map_or(0, |pair| pair.len());
    if statements.len() > pair {
        return false;
    }
    let comments =
        Lexer::new(text).filter(|token| matches!(token.kind, token::Kind::LineComment | token::Kind::BlockComment));
    !comments.flat_map(|comment| comment.text.lines()).any(says_something)
}

/// Metadata, as it stands at the top of files.
const FIELDS: [&str; 10] =
    ["migration", "description", "date", "author", "name", "title", "version", "created", "created at", "created by"];

/// What tools write into new files, in small letters: what is to be written here, and where.
const TEMPLATES: [&str; 10] = [
    "add migration script here",
    "your sql goes here",
    "this file should undo anything in",
    "write your migrate up statements here",
    "write your migrate down statements here",
    "xxx add ddls here",
    "xxx add revert ddls here",
    "put your sql here",
    "write your migration here",
    "migration sql that makes the change goes here",
];

fn says_something(line: &str) -> bool {
    let words = line.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let is_field = FIELDS.contains(&words.split(':').next().unwrap_or_default().trim());
    let is_template = TEMPLATES.iter().any(|template| words.starts_with(template));
    !words.is_empty() && !is_field && !is_template && !divider::is_mark(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        assert_eq!(is_unwritten(text, &statement::split(text)), expected, "{text}");
    }

    #[test]
    fn e1_a_header_does_not_say_that_emptiness_is_meant() {
        for text in [
            "",
            " \n;\n",
            "-- Migration: create notes\n-- Date: 2026-11-27\n\n",
            "-- description: a\n-- Author: b\n/* Created: c */",
            "--\n-----\n/* */",
            "-- Created at: 2013-10-02 07:03:11\n-- ==== UP ====\n\n-- ==== DOWN ====\n",
            "-- migrate:up\n\n\n-- migrate:down\n",
            "-- Add migration script here\n",
            "-- Your SQL goes here",
            "-- This file should undo anything in `up.sql`",
            "BEGIN;\n\n-- XXX Add DDLs here.\n\nCOMMIT;\n",
            "BEGIN;\nCOMMIT;",
        ] {
            check(text, true);
        }
    }

    #[test]
    fn e1_another_comment_or_a_directive_does() {
        for text in [
            "-- nothing",
            "-- Migration: a\n-- Note: it is in 003 now\n",
            "/* Date: a\n * was moved */",
            "-- migration to come",
            "-- atlas:compatible\n",
            "BEGIN;\n-- moved\nCOMMIT;",
            "SELECT 1",
            "-- Date: a\nBEGIN; SELECT 1; COMMIT;",
            "\\d",
            "BEGIN",
        ] {
            check(text, false);
        }
    }
}
