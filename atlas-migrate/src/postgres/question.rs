//! A question to the server: it is asked in a transaction that cannot write, and the answer may be that it may not be asked.

use std::time::{Duration, Instant};

use crate::postgres::refusal::asked_for;
use crate::postgres::row::{one, string, text};
use crate::postgres::server::Server;
use crate::postgres::session::{Cause, Failure, Reply, ServerError, Session};
use crate::postgres::sql::{ROLLBACK, question};
use crate::postgres::transaction::Conversation;
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
pub(crate) async fn look<S: Session>(conversation: &mut Conversation<'_, S>) -> Result<Look, Error> {
    let started = Instant::now();
    let reply = conversation.look(&question::look()).await.map_err(Failure::own("looking at the server"))?;
    let duration = started.elapsed();
    let row = one(&reply, "atlas_server")?;
    let server = Server::read(row, 0)?;
    if !server.alone {
        return Err(Error::new(ErrorKind::Usage, "the connection is in the middle of a transaction")
            .hint("commit or roll back first: what is asked has transactions of its own"));
    }
    let asked = text(row, 6)?;
    Ok(Look {
        server,
        user: string(row, 5)?,
        duration,
        warning: (!asked.is_empty()).then(|| asked_for(asked)),
        apart: text(row, 7)? != "on",
    })
}

/// Asks, and leaves no transaction open.
#[cfg(feature = "verify")]
pub(crate) async fn ask<S: Session>(
    conversation: &mut Conversation<'_, S>,
    question: &str,
    timeout: Duration,
) -> Result<Answer, Error> {
    let started = Instant::now();
    let reply = conversation.whole(&(question::begin(timeout) + question + ROLLBACK)).await;
    Ok(Answer { reply: answered(reply)?, duration: started.elapsed() })
}

/// Asks what somebody has written, apart from what begins the transaction if need be; and tells what stands before it in its
/// message.
pub(crate) async fn ask_text<S: Session>(
    conversation: &mut Conversation<'_, S>,
    question: &str,
    timeout: Duration,
    apart: bool,
) -> Result<(Answer, String), Error> {
    let begin = question::begin(timeout);
    let started = Instant::now();
    if !apart {
        let reply = conversation.whole(&format!("{begin}{question}{ROLLBACK}")).await;
        return Ok((Answer { reply: answered(reply)?, duration: started.elapsed() }, begin));
    }
    let (_, transaction) = conversation.begin(&begin).await.map_err(Failure::own("asking the server"))?;
    let reply = conversation.end(transaction, &format!("{question}{ROLLBACK}")).await;
    if reply.as_ref().is_err_and(|failure| !failure.ends_connection()) {
        conversation.abandon().await;
    }
    Ok((Answer { reply: answered(reply)?, duration: started.elapsed() }, String::new()))
}

/// An error if there is no connection any more.
fn answered(reply: Result<Reply, Failure>) -> Result<Result<Reply, Box<ServerError>>, Error> {
    match reply {
        Ok(reply) => Ok(Ok(reply)),
        Err(Failure { cause: Cause::Server(server), .. }) if !server.ends_connection() => Ok(Err(server)),
        Err(failure) => Err(Error::own("asking the server", failure.cause)),
    }
}
