//! What a file must keep to for its statements to run as it says.

use crate::directive::{Directives, OfMigration};
use crate::fault::Fault;
use crate::migration::Transaction;
use crate::statement::{self, Kind, Statement};

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
    let is_left_out = |statement: &&Statement| pair.is_some_and(|pair| pair.contains(statement));
    faults.extend(statements.iter().filter(|statement| !is_left_out(statement)).filter_map(|statement| {
        let (message, label, hint) = problem(statement.kind, transaction, &text[statement.range.clone()])?;
        Some(Fault::new(path, message).at(text, statement.range.clone(), label).hint(hint))
    }));
    faults.extend(both_directions(path, text));
    transaction
}

/// Marks that divide one file into an up part and a down part. To us, and to the server, they are comments: both parts would
/// run, and what the first one makes the second one would drop.
const DIVIDERS: [(&str, &str); 3] =
    [("+goose down", "goose"), ("migrate:down", "dbmate"), ("+migrate down", "sql-migrate")];

fn both_directions(path: &str, text: &str) -> Option<Fault> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let words = line.strip_prefix("--").map(|comment| comment.trim().to_ascii_lowercase());
        let divider = DIVIDERS.iter().find(|(mark, _)| words.as_deref().is_some_and(|words| words.starts_with(mark)));
        if let Some((_, tool)) = divider {
            let fault = Fault::new(path, format!("up and down in one file, as {tool} has it"))
                .at(
                    text,
                    start..start + line.trim_end().len(),
                    "this is a comment here, and what follows would run too",
                )
                .hint("make two files of it, one that ends in .up.sql and one that ends in .down.sql");
            return Some(fault);
        }
        start += line.len();
    }
    None
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
            "remove it: the migration is committed together with its row in the history",
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
        (Kind::Meta, _) => (
            format!("`{}` is for psql", statement.split_whitespace().next().unwrap_or(statement)),
            "psql meta-command",
            "remove the line: only psql understands it, the server does not",
        ),
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
