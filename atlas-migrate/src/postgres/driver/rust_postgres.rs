//! What `tokio-postgres` and `postgres` share: the messages of a simple query, and errors.

#[cfg(not(feature = "tokio-postgres"))]
use postgres as client;
#[cfg(feature = "tokio-postgres")]
use tokio_postgres as client;

use client::SimpleQueryMessage;
use client::error::{ErrorPosition, Severity};

use crate::postgres::session::{Cause, Reply, ServerError};

pub(super) fn collect(reply: &mut Reply, message: &SimpleQueryMessage) {
    match message {
        SimpleQueryMessage::Row(row) => {
            let first_column = row.columns().first().map_or("", |column| column.name());
            reply.row(first_column, || (0..row.len()).map(|index| row.get(index).map(str::to_owned)).collect());
        }
        SimpleQueryMessage::CommandComplete(rows) => reply.complete(*rows),
        _ => {}
    }
}

pub(super) fn cause(error: client::Error) -> Cause {
    let Some(db) = error.as_db_error() else { return Cause::Connection(Box::new(error)) };
    let mut server = ServerError {
        code: db.code().code().to_owned(),
        // The field that no language setting changes is missing in what poolers say.
        fatal: match db.parsed_severity() {
            Some(severity) => matches!(severity, Severity::Fatal | Severity::Panic),
            None => matches!(db.severity(), "FATAL" | "PANIC"),
        },
        // One line, whatever names and values are in it.
        message: atlas_migrate_core::fault::shown(db.message()).into_owned(),
        detail: db.detail().map(str::to_owned),
        hint: db.hint().map(str::to_owned),
        context: db.where_().map(str::to_owned),
        position: None,
        internal: None,
    };
    match db.position() {
        Some(ErrorPosition::Original(position)) => server.position = Some(*position as usize),
        Some(ErrorPosition::Internal { position, query }) => {
            server.internal = Some((query.clone(), *position as usize));
        }
        None => {}
    }
    Cause::Server(Box::new(server))
}
