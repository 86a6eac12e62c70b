//! The lock that whoever writes holds, and who is in the way.

use atlas_migrate_core::checksum::Checksum;

use super::{OWN_PATH, Sql, ident, literal};

/// What is told of the session `a` that is in the way.
pub(crate) const HOLDER: &str = "a.pid AS atlas_holder, coalesce(a.usename, '?'), coalesce(a.application_name, ''), \
    coalesce(a.client_hostname, host(a.client_addr), CASE WHEN a.client_port IS NULL THEN '?' ELSE 'local' END), \
    coalesce(a.state, '?'), \
    coalesce((extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.query_start)) * 1000)::bigint, 0), \
    coalesce(left(a.query, 300), '')";

/// The lock of a table of ours: the same for all namespaces in it, since the table has to be created too.
pub(crate) fn lock_key(schema: &str, table: &str) -> i64 {
    let name = format!("atlas-migrate {} {}", ident(schema), ident(table));
    let mut first = [0; 8];
    first.copy_from_slice(&Checksum::of(&name).to_bytes()[..8]);
    i64::from_be_bytes(first)
}

impl Sql {
    /// Whoever changes this table holds this lock.
    pub(crate) fn lock_key(&self) -> i64 {
        lock_key(&self.schema, &self.table)
    }

    /// Tries to take the advisory locks with these keys, which are expressions.
    #[cfg(any(feature = "clean", feature = "roles"))]
    pub(crate) fn try_locks(keys: &[String]) -> String {
        let tries: Vec<_> = keys.iter().map(|key| format!("pg_try_advisory_xact_lock({key})")).collect();
        format!("SELECT {} AS atlas_lock;\n", tries.join(" AND "))
    }

    /// Who has the lock of this table.
    pub(crate) fn holder_of_lock(&self) -> String {
        Self::holder_of_locks(&[self.lock_key().to_string()])
    }

    /// Who has one of the advisory locks with these keys.
    pub(crate) fn holder_of_locks(keys: &[String]) -> String {
        format!(
            "{OWN_PATH}SELECT {HOLDER} FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid\n\
             WHERE l.locktype = 'advisory' AND l.granted AND l.pid <> pg_backend_pid() AND l.objsubid = 1\n\
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())\n\
             AND (l.classid::bigint << 32) | l.objid::bigint IN ({}) LIMIT 1;\n",
            keys.join(", ")
        )
    }

    /// Who holds locks on tables with these names in this database, other than this session; and on which.
    pub(crate) fn blockers(names: &[&str]) -> String {
        let names: Vec<_> = names.iter().map(|name| literal(name)).collect();
        Self::holders_of_tables(&format!("c.relname = ANY (ARRAY[{}]::text[])", names.join(", ")))
    }

    /// Who lets nobody read a table.
    #[cfg(any(feature = "clean", feature = "roles", feature = "seeds"))]
    pub(crate) fn blockers_of_readers() -> String {
        Self::holders_of_tables("l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p', 'm')")
    }

    /// Who is connected to a database, other than this session.
    pub(crate) fn connected_to(database: &str) -> String {
        format!(
            "{OWN_PATH}SELECT {HOLDER} FROM pg_stat_activity a WHERE a.datname = {} AND a.pid <> pg_backend_pid()\n\
             ORDER BY a.pid LIMIT 10;\n",
            literal(database)
        )
    }

    fn holders_of_tables(which: &str) -> String {
        format!(
            "{OWN_PATH}SELECT DISTINCT {HOLDER}, c.relname\n\
             FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a ON a.pid = l.pid\n\
             WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid()\n\
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())\n\
             AND {which} ORDER BY 6 DESC LIMIT 5;\n"
        )
    }
}
