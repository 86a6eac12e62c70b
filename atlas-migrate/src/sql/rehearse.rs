//! What is asked while migrations are rehearsed.

/// What a rehearsal goes back to where it cannot go on with a migration.
pub(crate) const SAVEPOINT: &str = "SAVEPOINT atlas_rehearse;\n";
pub(crate) const RELEASE_SAVEPOINT: &str = "RELEASE SAVEPOINT atlas_rehearse;\n";
pub(crate) const ROLLBACK_TO_SAVEPOINT: &str = "ROLLBACK TO SAVEPOINT atlas_rehearse;\n";

/// The tables that there are and the like, each with the file that has its rows; zero if none has.
pub(crate) const TABLES: &str = "\
    SELECT c.oid AS atlas_table, format('%I.%I', n.nspname, c.relname), coalesce(pg_relation_filenode(c.oid), 0)\n\
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n\
    WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';\n";

/// What the server's clock says before a statement.
pub(crate) const START: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS atlas_started;\n";

/// What it says behind the statement; and the locks that the session has on what is not the server's own, with the file and
/// the bytes of what nobody else can use.
pub(crate) const FINDINGS: &str = "\
    SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS atlas_ended;\n\
    SELECT l.relation AS atlas_lock, l.mode, coalesce(pg_relation_filenode(l.relation), 0),\n\
    CASE WHEN l.mode = 'AccessExclusiveLock' THEN coalesce(pg_relation_size(l.relation), 0) ELSE 0 END\n\
    FROM pg_locks l WHERE l.locktype = 'relation' AND l.granted AND l.pid = pg_backend_pid() AND l.relation >= 16384\n\
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database());\n";

/// Checks the constraints that wait for the commit, after which they wait for the next one.
pub(crate) const CHECK_CONSTRAINTS: &str = "\
    SET CONSTRAINTS ALL IMMEDIATE;\n\
    DO $atlas$\n\
    DECLARE\n\
    \x20 atlas_deferred text := (SELECT string_agg(DISTINCT format('%I.%I', n.nspname, k.conname), ', ')\n\
    \x20   FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE k.condeferred);\n\
    BEGIN\n\
    \x20 IF atlas_deferred IS NOT NULL THEN\n\
    \x20   EXECUTE 'SET CONSTRAINTS ' || atlas_deferred || ' DEFERRED';\n\
    \x20 END IF;\n\
    END $atlas$;\n";
