//! What is asked while migrations are rehearsed, between statements that go by a path which they may change.

use atlas_migrate_core::statement::Refused;

use crate::postgres::sql::path::answered;
use crate::postgres::sql::{dollar_quoted, literal};

/// What a rehearsal goes back to where it cannot go on with a migration.
pub(crate) const SAVEPOINT: &str = "SAVEPOINT atlas_rehearse;\n";
pub(crate) const RELEASE_SAVEPOINT: &str = "RELEASE SAVEPOINT atlas_rehearse;\n";
pub(crate) const ROLLBACK_TO_SAVEPOINT: &str = "ROLLBACK TO SAVEPOINT atlas_rehearse;\n";

/// The same for one statement.
pub(crate) const STATEMENT: &str = "SAVEPOINT atlas_statement;\n";
pub(crate) const RELEASE_STATEMENT: &str = "RELEASE SAVEPOINT atlas_statement;\n";
pub(crate) const ROLLBACK_TO_STATEMENT: &str = "ROLLBACK TO SAVEPOINT atlas_statement;\n";

/// The tables that there are and the like, each with the file that has its rows; zero if none has. And their indexes.
pub(crate) fn tables() -> String {
    answered(&[
        (
            "atlas_tables",
            "SELECT c.oid AS atlas_table, format('%I.%I', n.nspname, c.relname), coalesce(pg_relation_filenode(c.oid), 0),\n\
             n.nspname, c.relname\n\
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n\
             WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'",
        ),
        (
            "atlas_indexes",
            "SELECT i.indrelid AS atlas_index, c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid\n\
             WHERE i.indrelid >= 16384",
        ),
    ])
}

/// The values of enums, each with its type.
pub(crate) fn enum_values() -> String {
    answered(&[(
        "atlas_values",
        "SELECT e.enumlabel AS atlas_value, t.typname FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid",
    )])
}

/// What the server's clock says before a statement.
pub(crate) fn start() -> String {
    answered(&[("atlas_start", "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS atlas_started")])
}

/// What it says behind the statement; and the locks that the session has on what is not the server's own, with the file and
/// the bytes of what nobody else can use.
pub(crate) fn findings() -> String {
    answered(&[
        ("atlas_end", "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS atlas_ended"),
        (
            "atlas_locks",
            "SELECT l.relation AS atlas_lock, l.mode, coalesce(pg_relation_filenode(l.relation), 0),\n\
             CASE WHEN l.mode = 'AccessExclusiveLock' THEN coalesce(pg_relation_size(l.relation), 0) ELSE 0 END\n\
             FROM pg_locks l WHERE l.locktype = 'relation' AND l.granted AND l.pid = pg_backend_pid() AND l.relation >= 16384\n\
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        ),
    ])
}

/// Checks the constraints that wait for the commit, after which they wait for the next one. Triggers of users go by the path
/// that there is, and so does what follows.
pub(crate) const CHECK_CONSTRAINTS: &str = "\
    SET CONSTRAINTS ALL IMMEDIATE;\n\
    DO $atlas$\n\
    DECLARE\n\
    \x20 atlas_path pg_catalog.text := pg_catalog.current_setting('search_path');\n\
    \x20 atlas_deferred pg_catalog.text;\n\
    BEGIN\n\
    \x20 PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);\n\
    \x20 SELECT string_agg(DISTINCT format('%I.%I', n.nspname, k.conname), ', ') INTO atlas_deferred\n\
    \x20   FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE k.condeferred;\n\
    \x20 IF atlas_deferred IS NOT NULL THEN\n\
    \x20   EXECUTE 'SET CONSTRAINTS ' || atlas_deferred || ' DEFERRED';\n\
    \x20 END IF;\n\
    \x20 PERFORM set_config('search_path', atlas_path, true);\n\
    END $atlas$;\n";

/// Refuses what the server would refuse of a statement with `CONCURRENTLY`, which is about to be tried without. Names are looked
/// up where the statement itself looks.
pub(crate) fn guard(refused: &Refused<'_>) -> String {
    let is = |name: &str, kind: &str| {
        format!(
            "EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass({}) \
             AND c.relkind OPERATOR(pg_catalog.=) '{kind}')",
            literal(name)
        )
    };
    let (condition, code, message) = match refused {
        Refused::PartitionedTable(table) => {
            (is(table, "p"), "0A000", format!("cannot create index on partitioned table {table} concurrently"))
        }
        Refused::PartitionedIndex(index) => {
            (is(index, "I"), "0A000", format!("cannot drop partitioned index {index} concurrently"))
        }
        Refused::WithDefaultPartition(table) => (
            format!(
                "EXISTS (SELECT 1 FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid OPERATOR(pg_catalog.=) \
                 pg_catalog.to_regclass({}) AND p.partdefid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid)",
                literal(table)
            ),
            "55000",
            "cannot detach partitions concurrently when a default partition exists".to_owned(),
        ),
        Refused::Always => (
            "true".to_owned(),
            "0A000",
            "DROP INDEX CONCURRENTLY supports neither several indexes nor CASCADE".to_owned(),
        ),
    };
    let body = format!(
        "BEGIN\n  IF {condition} THEN\n    RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = {};\n  END IF;\nEND",
        literal(&message)
    );
    format!("DO {};\n", dollar_quoted(&body))
}
