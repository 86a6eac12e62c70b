//! A question that the server did not answer.

use std::time::Duration;

use super::report::Outcome;
use crate::postgres::session::ServerError;

/// What is made of it.
pub(super) fn refused(server: &ServerError, timeout: Duration) -> Outcome {
    let words = format!("{} ({})", server.message, server.code);
    match server.code.as_str() {
        "42501" => Outcome::unseen(words),
        "25006" => Outcome::finding("query", "to write nothing", words),
        "57014" => Outcome::finding("query", format!("an answer within {timeout:?}"), words),
        _ => Outcome::finding("query", "an answer", words),
    }
}
