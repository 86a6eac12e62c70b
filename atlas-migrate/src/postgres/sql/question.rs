//! What is around questions to the server, which do not write.

use std::time::Duration;

use super::dollar_quoted;
use super::path::{PATH_AS_IT_IS, PUT_PATH_BACK, TAKE_OWN_PATH, compare_rules, rules};
use super::session::milliseconds;

/// The server, the session, and who asks; the settings that the connection asks for in vain, and how it reads strings.
pub(crate) fn look() -> String {
    let body = format!(
        "DECLARE\n\
         {PATH_AS_IT_IS}\
         \x20 atlas_asked pg_catalog.text;\n\
         \x20 atlas_broken boolean;\n\
         \x20 atlas_server pg_catalog.refcursor := 'atlas_server';\n\
         BEGIN\n\
         {TAKE_OWN_PATH}{}\
         \x20 OPEN atlas_server FOR SELECT pg_is_in_recovery() AS atlas_server,\n\
         \x20   current_setting('transaction_read_only'), now() = statement_timestamp(),\n\
         \x20   current_setting('server_version_num'), current_setting('server_version'), current_user,\n\
         \x20   coalesce(atlas_asked, ''), current_setting('standard_conforming_strings');\n\
         {PUT_PATH_BACK}\
         END",
        compare_rules()
    );
    format!("DO {};\nFETCH ALL FROM atlas_server;\nCLOSE atlas_server;\n", dollar_quoted(&body))
}

/// Begins a transaction that cannot write, and goes by our rules. What is asked is the session's own: its path, above all.
pub(crate) fn begin(timeout: Duration) -> String {
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;\nSET LOCAL statement_timeout = {};\n{}",
        milliseconds(timeout),
        rules()
    )
}
