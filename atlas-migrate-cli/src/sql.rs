//! What the command line sends beside what the library does.

use atlas_migrate::__private::cli::{OWN_PATH, ident, literal};

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
