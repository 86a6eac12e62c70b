//! What is around questions to the server, which do not write.

use std::time::Duration;

use super::session::milliseconds;

/// The server, the session, and who asks.
pub(crate) const LOOK: &str = "SELECT now() = statement_timestamp() AS atlas_server, \
    current_setting('server_version_num'), current_setting('server_version'), current_user;\n";

/// What a message asks in a transaction that cannot write, and that leaves nothing behind.
pub(crate) fn read_only(question: &str, timeout: Duration) -> String {
    format!("{}{question}{}", before(timeout), super::ROLLBACK)
}

/// What stands before the question in [`read_only`].
pub(crate) fn before(timeout: Duration) -> String {
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;\nSET LOCAL statement_timeout = {};\n",
        milliseconds(timeout)
    )
}
