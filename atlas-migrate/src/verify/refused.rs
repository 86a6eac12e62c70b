//! A question that the server did not answer.

use std::time::Duration;

use super::report::Conclusion;
use crate::postgres::session::ServerError;

/// What is made of it.
pub(super) fn refused(server: &ServerError, timeout: Duration) -> Conclusion {
    let words = format!("{} ({})", server.message, server.code);
    match server.code.as_str() {
        "42501" => Conclusion::unseen(words),
        "25006" => Conclusion::finding("query", "to write nothing", words),
        "57014" => Conclusion::finding("query", format!("an answer within {timeout:?}"), words),
        _ => Conclusion::finding("query", "an answer", words),
    }
}
