//! What the command line sends beside what the library does.

use crate::postgres::sql::lock::HOLDER;
use crate::postgres::sql::own_tables::marks;
use crate::postgres::sql::path::{OWN_PATH, TAKE_OWN_PATH};
use crate::postgres::sql::{dollar_quoted, ident, literal};

/// The name of the database, and what it is marked as: the environments; the first table whose mark is not known, and why; and
/// the role. Writes nothing.
pub(crate) fn look_at_marks() -> String {
    let body = format!(
        "DECLARE\n\
         \x20 atlas_marks pg_catalog.jsonb := '[]';\n\
         \x20 atlas_mark pg_catalog.record;\n\
         \x20 atlas_environment pg_catalog.text;\n\
         \x20 atlas_state pg_catalog.refcursor := 'atlas_state';\n\
         BEGIN\n\
         {TAKE_OWN_PATH}\
         \x20 PERFORM set_config('lock_timeout', '3s', true);\n\
         {}\
         \x20 OPEN atlas_state FOR SELECT current_database() AS atlas_database,\n\
         \x20   (SELECT string_agg(m ->> 'environment', ' ') FROM jsonb_array_elements(atlas_marks) m),\n\
         \x20   hidden ->> 'table', hidden ->> 'hidden', current_user\n\
         \x20   FROM (VALUES (1)) one LEFT JOIN (SELECT m FROM jsonb_array_elements(atlas_marks) m\n\
         \x20     WHERE m ->> 'hidden' IS NOT NULL LIMIT 1) AS m (hidden) ON true;\n\
         END",
        marks()
    );
    format!("DO {};\nFETCH ALL FROM atlas_state;\nCLOSE atlas_state;\n", dollar_quoted(&body))
}

/// A row if there is a database of this name.
pub(crate) fn find_database(name: &str) -> String {
    format!("{OWN_PATH}SELECT datname AS atlas_database FROM pg_database WHERE datname = {}", literal(name))
}

pub(crate) fn create_database(name: &str) -> String {
    format!("CREATE DATABASE {}", ident(name))
}

/// With `force`, the sessions that are connected to it end.
pub(crate) fn drop_database(name: &str, force: bool) -> String {
    format!("DROP DATABASE {}{}", ident(name), if force { " WITH (FORCE)" } else { "" })
}

/// What keeps a database, other than sessions; and what ends that, in this very database.
pub(crate) fn keeping(name: &str) -> String {
    let name = literal(name);
    format!(
        "{OWN_PATH}SELECT format('the prepared transaction %L of the role %I', gid, owner) AS atlas_keeping, format('ROLLBACK PREPARED %L', gid)\n\
         FROM pg_prepared_xacts WHERE database = {name}\n\
         UNION ALL SELECT format('the replication slot %I', slot_name), format('SELECT pg_terminate_backend(%s)', active_pid)\n\
         FROM pg_replication_slots WHERE database = {name} AND active\n\
         UNION ALL SELECT format('the subscription %I', s.subname), format('DROP SUBSCRIPTION %I', s.subname)\n\
         FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = {name}\n\
         LIMIT 10"
    )
}

/// Cancels what the session of this name is at, and tells whether there is one.
pub(crate) fn cancel(application: &str) -> String {
    signal("pg_cancel_backend", application)
}

/// Ends the session of this name, and tells whether there is one.
pub(crate) fn terminate(application: &str) -> String {
    signal("pg_terminate_backend", application)
}

fn signal(function: &str, application: &str) -> String {
    format!(
        "{OWN_PATH}SELECT {function}(pid) AS atlas_signalled FROM pg_stat_activity\n\
         WHERE application_name = {} AND pid <> pg_backend_pid()",
        literal(application)
    )
}

/// Who is connected to a database, other than this session.
pub(crate) fn connected_to(database: &str) -> String {
    format!(
        "{OWN_PATH}SELECT {HOLDER} FROM pg_stat_activity a WHERE a.datname = {} AND a.pid <> pg_backend_pid() ORDER BY a.pid LIMIT 10;\n",
        literal(database)
    )
}
