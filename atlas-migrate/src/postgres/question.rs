//! A question to the server: it is asked in a transaction that cannot write, and the answer may be that it may not be asked.

use std::time::{Duration, Instant};

use crate::postgres::refusal::asked_for;
use crate::postgres::server::Server;
use crate::postgres::session::{Cause, Reply, Row, ServerError, Session};
use crate::postgres::sql::{self, question};
use crate::{Error, ErrorKind};

/// What came back.
#[cfg_attr(not(feature = "verify"), allow(dead_code, reason = "benchmarks need no times of questions"))]
pub(crate) struct Answer {
    /// What the server said; or why it said nothing.
    pub(crate) reply: Result<Reply, Box<ServerError>>,
    pub(crate) duration: Duration,
}

/// A server, who asks it, and how long that took.
#[cfg_attr(not(feature = "verify"), allow(dead_code, reason = "benchmarks do not say who asks"))]
pub(crate) struct Look {
    pub(crate) server: Server,
    pub(crate) user: String,
    pub(crate) duration: Duration,
    /// What the connection asks for in vain.
    pub(crate) warning: Option<String>,
    /// Whether the session takes backslashes in strings for escapes: a text has to come in a message behind the one that says
    /// otherwise, since a message is read as a whole.
    pub(crate) apart: bool,
}

/// Looks at the server. Refuses what is in the middle of a transaction, which a question would end.
pub(crate) async fn look<S: Session>(session: &mut S) -> Result<Look, Error> {
    let started = Instant::now();
    session.if_dropped(Some(String::new()));
    let reply = session.send(&question::look()).await;
    session.if_dropped(None);
    let duration = started.elapsed();
    let reply = reply.map_err(|failure| Error::own("looking at the server", failure.cause))?;
    let row = reply.rows("atlas_server").next_back().ok_or_else(unreadable)?;
    let server = Server {
        alone: text(row, 0)? == "t",
        version_number: text(row, 1)?.parse().map_err(|_| unreadable())?,
        version: text(row, 2)?.to_owned(),
        ..Server::default()
    };
    if !server.alone {
        return Err(Error::new(ErrorKind::Usage, "the connection is in the middle of a transaction")
            .hint("commit or roll back first: what is asked has transactions of its own"));
    }
    let asked = text(row, 4)?;
    Ok(Look {
        server,
        user: text(row, 3)?.to_owned(),
        duration,
        warning: (!asked.is_empty()).then(|| asked_for(asked)),
        apart: text(row, 5)? != "on",
    })
}

/// Asks, and leaves no transaction open.
#[cfg(feature = "verify")]
pub(crate) async fn ask<S: Session>(session: &mut S, question: &str, timeout: Duration) -> Result<Answer, Error> {
    ask_behind(session, question::begin(timeout), question).await
}

/// Asks what somebody has written, apart from what begins the transaction if need be; and tells what stands before it in its
/// message.
pub(crate) async fn ask_text<S: Session>(
    session: &mut S,
    question: &str,
    timeout: Duration,
    apart: bool,
) -> Result<(Answer, String), Error> {
    let begin = question::begin(timeout);
    let head = if apart { String::new() } else { begin.clone() };
    if apart {
        session.if_dropped(Some(sql::ROLLBACK.to_owned()));
        let begun = session.send(&begin).await;
        begun.map_err(|failure| Error::own("asking the server", failure.cause))?;
    }
    Ok((ask_behind(session, head.clone(), question).await?, head))
}

async fn ask_behind<S: Session>(session: &mut S, head: String, question: &str) -> Result<Answer, Error> {
    let started = Instant::now();
    session.if_dropped(Some(sql::ROLLBACK.to_owned()));
    let reply = match session.send(&(head + question + sql::ROLLBACK)).await {
        Ok(reply) => Ok(reply),
        Err(failure) => match failure.cause {
            Cause::Server(server) if !server.ends_connection() => {
                let rolled_back = session.send(sql::ROLLBACK).await;
                rolled_back.map_err(|failure| Error::own("asking the server", failure.cause))?;
                Err(server)
            }
            cause => return Err(Error::own("asking the server", cause)),
        },
    };
    session.if_dropped(None);
    Ok(Answer { reply, duration: started.elapsed() })
}

pub(crate) fn text(row: &Row, column: usize) -> Result<&str, Error> {
    row.get(column).and_then(Option::as_deref).ok_or_else(unreadable)
}

pub(crate) fn unreadable() -> Error {
    Error::new(ErrorKind::Database, "the catalog could not be read: the server's answer makes no sense")
}
