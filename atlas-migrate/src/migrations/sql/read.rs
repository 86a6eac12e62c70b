//! What is sent to find out: the state of the history, the lock, and who is in the way.

use std::fmt::Write as _;

use super::beside;
use crate::postgres::sql::lock::HOLDER;
use crate::postgres::sql::path::{OWN_PATH, PATH_AS_IT_IS, PUT_PATH_BACK, TAKE_OWN_PATH, rules};
use crate::postgres::sql::session::milliseconds;
use crate::postgres::sql::trust::{Owner, find_distrust};
use crate::postgres::sql::{Sql, dollar_quoted, ident, literal};

/// The columns of the history table, in their order: the ones that one looks at come first.
const COLUMNS: [(&str, &str); 14] = [
    ("namespace", "pg_catalog.text NOT NULL"),
    ("version", "pg_catalog.text NOT NULL"),
    ("name", "pg_catalog.text NOT NULL"),
    ("kind", "pg_catalog.text NOT NULL"),
    ("state", "pg_catalog.text NOT NULL"),
    ("applied_at", "pg_catalog.timestamptz NOT NULL"),
    ("applied_by", "pg_catalog.text NOT NULL"),
    ("execution_time", "interval NOT NULL"),
    ("statements", "integer NOT NULL"),
    ("compatible", "boolean NOT NULL"),
    ("checksum", "pg_catalog.text NOT NULL"),
    ("fingerprint", "pg_catalog.text NOT NULL"),
    ("runner", "pg_catalog.text"),
    ("superseded", "pg_catalog.text"),
];

/// An open transaction of a client that went silent (its machine lost, its future dropped) ends by itself after this.
const IDLE_IN_TRANSACTION: &str = "60s";

/// The digest of the rows `h` of a history, as `atlas_migrate_core::history` computes it too.
const DIGEST: &str = "encode(sha256(convert_to(coalesce(string_agg(h.version || ' ' || h.fingerprint || \
    CASE WHEN h.state IN ('applied', 'skipped', 'baseline') THEN '' ELSE ' ' || h.state || ' ' || h.statements END, \
    chr(10) ORDER BY h.version COLLATE \"C\"), ''), 'UTF8')), 'hex')";

/// Whether the session `a` is at work on the row `h`: it runs one of its statements, or it has the lease and has written a
/// moment ago. Of a session that we may not look into, locks say that it is at something.
const IS_RUNNER: &str = "(a.state = 'active' AND a.pid <> pg_backend_pid()\n\
    \x20   AND starts_with(a.query, '/* atlas-migrate ' || split_part(h.runner, ' ', 1) || ' ')\n\
    \x20   OR a.pid::text = split_part(h.runner, ' ', 2)\n\
    \x20   AND coalesce(extract(epoch FROM a.backend_start)::text = split_part(h.runner, ' ', 3), true)\n\
    \x20   AND (h.applied_at > now() - interval '30 seconds'\n\
    \x20     OR a.backend_start IS NULL AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid)))";

/// Lets the server note which sessions there are, for the rest of the transaction: before the rows are read, lest one that comes
/// to its end meanwhile look as if it had gone in the middle of its migration.
const LIVING: &str = "PERFORM count(*) FROM pg_stat_get_activity(NULL)";

/// Asks, in a block, whether the server takes the statements of several migrations in one message, which Citus does not, and
/// whether it can look if its client is still there, for which it needs the operating system.
const SERVER: &str = "\
    \x20   atlas_batches := NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus');\n\
    \x20   atlas_checks := current_setting('server_version_num')::integer >= 140000 AND version() LIKE '%linux%';\n";

/// What a process that is at work holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// The lock.
    Lock,
    /// The lease of a migration that runs statement by statement.
    Lease,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    /// The state and, where there may be something to do, the settings of the session.
    Settings,
    /// The state.
    State,
}

impl Sql {
    /// Reads the history unless its digest is `current`. Writes nothing, and no error comes of a missing table.
    pub(crate) fn look(&self, current: &str) -> String {
        // Local to the message, which is one implicit transaction.
        let prepare = format!(
            "  PERFORM set_config('lock_timeout', '{}', true);\n  atlas_granted := true;\n",
            milliseconds(self.lock_timeout)
        );
        self.read(&prepare, current, &[], Want::Settings)
    }

    /// Begins a transaction, tries to take the lock, makes the history table if there is none, and reads it unless its
    /// digest is `current`. The conditions are evaluated as well.
    pub(crate) fn begin(&self, current: &str, conditions: &[&str]) -> String {
        self.open() + &self.locked_read(current, conditions)
    }

    /// Begins a transaction that goes by our settings, whatever those of the role or server are.
    pub(crate) fn open(&self) -> String {
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\n".to_owned() + &self.open_settings()
    }

    /// The settings by which our own statements go, in the transaction that has just begun.
    pub(crate) fn open_settings(&self) -> String {
        let transaction_timeout = self.no_transaction_timeout();
        format!(
            "SET LOCAL statement_timeout = 0;\n\
             SET LOCAL lock_timeout = {};\n\
             SET LOCAL idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION}';\n\
             {transaction_timeout}{OWN_PATH}{}{}",
            milliseconds(self.lock_timeout),
            rules(),
            self.local_role()
        )
    }

    /// In PostgreSQL 17 came a timeout for transactions as a whole.
    pub(crate) fn no_transaction_timeout(&self) -> &'static str {
        if self.server_version >= 170_000 { "SET LOCAL transaction_timeout = 0;\n" } else { "" }
    }

    /// What [`begin`](Self::begin) does, in the transaction that is open already.
    pub(crate) fn locked_read(&self, current: &str, conditions: &[&str]) -> String {
        let lock = format!("  atlas_granted := pg_try_advisory_xact_lock({});\n{}", self.lock_key(), self.create());
        self.read(&lock, current, conditions, Want::State)
    }

    pub(crate) fn create(&self) -> String {
        let columns: Vec<_> = COLUMNS.iter().map(|(name, ty)| format!("{name} {ty}")).collect();
        format!(
            "  IF atlas_granted AND {find} IS NULL THEN\n\
             \x20   IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = {schema_name}) THEN\n\
             {schema}\
             \x20   END IF;\n\
             {table}\
             \x20 END IF;\n",
            find = self.find(),
            schema_name = literal(&self.schema),
            schema = self.as_session(&format!("\x20     CREATE SCHEMA {};\n", ident(&self.schema))),
            table = self.as_session(&format!(
                "\x20   CREATE TABLE {history} ({}, PRIMARY KEY (namespace, version));\n\
                 \x20   COMMENT ON TABLE {history} IS 'migrations applied by atlas-migrate';\n",
                columns.join(", "),
                history = self.history(),
            )),
        )
    }

    pub(crate) fn find(&self) -> String {
        format!(
            "(SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relname = {})",
            literal(&self.schema),
            literal(&self.table)
        )
    }

    /// One block that leaves its findings in two cursors, which are fetched and closed in the same message.
    ///
    /// A block, because a plain SELECT from a table that may not exist, or be dropped at this moment, would be an error in the server's log,
    /// and because a look may be sent in a transaction of the caller's, where it puts the path back. Cursors, because a block has no result.
    fn read(&self, prepare: &str, current: &str, conditions: &[&str], want: Want) -> String {
        let ours: Vec<_> = COLUMNS.iter().map(|(name, _)| literal(name)).collect();
        let (settings, role, path, owner) = match want {
            // Asked for only when there may be something to do: the view costs the server about a millisecond.
            Want::Settings => {
                (self.select_settings() + SERVER, self.perform_local_role(), PUT_PATH_BACK, Owner::MattersToSuperusers)
            }
            Want::State => (String::new(), String::new(), "", Owner::Matters),
        };
        let (others, find_others, open_others, fetch_others) = match self.finds_others {
            true => (beside::VARIABLES, self.find_others_at_first(), beside::OPEN, beside::FETCH),
            false => ("", String::new(), "", ""),
        };
        let body = format!(
            "DECLARE\n\
             \x20 atlas_granted boolean;\n\
             \x20 atlas_table pg_catalog.oid;\n\
             \x20 atlas_form pg_catalog.text := 'absent';\n\
             \x20 atlas_detail pg_catalog.text;\n\
             \x20 atlas_columns pg_catalog.text[];\n\
             \x20 atlas_digest pg_catalog.text := '';\n\
             \x20 atlas_settings pg_catalog.text := '{{}}';\n\
             \x20 atlas_belongings pg_catalog.text := '[]';\n\
             \x20 atlas_asked pg_catalog.text;\n\
             \x20 atlas_broken boolean := false;\n\
             \x20 atlas_batches boolean := false;\n\
             \x20 atlas_checks boolean := false;\n\
             \x20 atlas_outcome pg_catalog.text;\n\
             \x20 atlas_outcomes pg_catalog.text[] := '{{}}';\n\
             \x20 atlas_role pg_catalog.text := pg_catalog.current_setting('role');\n\
             \x20 atlas_lock_timeout pg_catalog.text := pg_catalog.current_setting('lock_timeout');\n\
             \x20 atlas_schema pg_catalog.text;\n\
             {PATH_AS_IT_IS}\
             \x20 atlas_state pg_catalog.refcursor := 'atlas_state';\n\
             \x20 atlas_history pg_catalog.refcursor := 'atlas_history';\n\
             {others}\
             BEGIN\n\
             {role}\
             \x20 atlas_schema := pg_catalog.current_schema();\n\
             {TAKE_OWN_PATH}\
             {prepare}\
             \x20 atlas_table := {find};\n\
             \x20 IF NOT atlas_granted THEN\n\
             \x20   atlas_form := 'busy';\n\
             \x20 ELSIF atlas_table IS NOT NULL THEN\n\
             \x20   SELECT array_agg(attname::text ORDER BY attnum) INTO atlas_columns FROM pg_attribute\n\
             \x20     WHERE attrelid = atlas_table AND attnum > 0 AND NOT attisdropped;\n\
             \x20   atlas_form := CASE WHEN atlas_columns @> ARRAY[{ours}] THEN 'ours' WHEN atlas_columns IS NULL THEN 'absent'\n\
             \x20     ELSE 'foreign' END;\n\
             \x20   atlas_detail := array_to_string(atlas_columns, ' ');\n\
             \x20 END IF;\n\
             \x20 IF atlas_form = 'ours' THEN\n\
             \x20   atlas_detail := NULL;\n\
             {distrust}\
             \x20   atlas_form := CASE WHEN atlas_detail IS NOT NULL THEN 'untrusted'\n\
             \x20     WHEN row_security_active(atlas_table) THEN 'hidden' ELSE 'ours' END;\n\
             \x20   atlas_detail := coalesce(atlas_detail, current_user);\n\
             \x20 END IF;\n\
             \x20 IF atlas_form = 'ours' THEN\n\
             \x20   BEGIN\n\
             \x20     SELECT {DIGEST} INTO atlas_digest FROM {history} h WHERE h.namespace = {namespace};\n\
             \x20   EXCEPTION WHEN undefined_table THEN atlas_form := 'absent';\n\
             \x20   END;\n\
             \x20 END IF;\n\
             {find_others}\
             \x20 IF atlas_form = 'ours' AND atlas_digest <> {current} THEN\n\
             \x20   {LIVING};\n\
             \x20   OPEN atlas_history FOR SELECT h.version AS atlas_history, h.name, h.kind, h.state, h.statements,\n\
             \x20     h.compatible, h.checksum, h.fingerprint,\n\
             \x20     to_char(h.applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), h.applied_by,\n\
             \x20     (extract(epoch FROM h.execution_time) * 1000000)::bigint,\n\
             \x20     CASE WHEN h.runner IS NULL THEN 'none' WHEN starts_with(h.runner, 'partly ') THEN h.runner\n\
             \x20       WHEN EXISTS (SELECT FROM pg_stat_activity a WHERE {IS_RUNNER}) THEN 'held'\n\
             \x20       WHEN right(h.runner, 8) = ' commits' THEN 'in doubt' ELSE 'expired' END,\n\
             \x20     coalesce(h.superseded, '')\n\
             \x20     FROM {history} h WHERE h.namespace = {namespace};\n\
             \x20 ELSE\n\
             \x20   OPEN atlas_history FOR SELECT WHERE false;\n\
             \x20 END IF;\n\
             \x20 PERFORM set_config('lock_timeout', atlas_lock_timeout, true);\n\
             \x20 IF atlas_form IN ('absent', 'ours') AND atlas_digest <> {current} THEN\n\
             {settings}\
             \x20   NULL;\n\
             \x20 END IF;\n\
             \x20 IF atlas_granted THEN\n\
             {evaluate}\
             \x20   NULL;\n\
             \x20 END IF;\n\
             \x20 OPEN atlas_state FOR SELECT atlas_form AS atlas_state, atlas_detail,\n\
             \x20   atlas_digest = {current}, pg_is_in_recovery(), current_setting('transaction_read_only'),\n\
             \x20   now() = statement_timestamp(), current_setting('server_version_num'),\n\
             \x20   current_setting('server_version'), atlas_settings, atlas_belongings, atlas_role,\n\
             \x20   session_user, array_to_string(atlas_outcomes, chr(31)), pg_backend_pid(), atlas_path,\n\
             \x20   coalesce(atlas_schema, ''), coalesce(atlas_asked, ''), atlas_broken,\n\
             \x20   current_setting('standard_conforming_strings'), atlas_batches, atlas_checks;\n\
             {open_others}\
             {path}\
             END",
            find = self.find(),
            ours = ours.join(", "),
            distrust = find_distrust("atlas_detail", "atlas_table", owner),
            history = self.history(),
            namespace = literal(&self.namespace),
            current = literal(current),
            evaluate = self.evaluate(conditions),
        );
        format!(
            "DO {};\nFETCH ALL FROM atlas_state;\nFETCH ALL FROM atlas_history;\nCLOSE atlas_state;\nCLOSE atlas_history;\n{fetch_others}",
            dollar_quoted(&body)
        )
    }

    /// Evaluates conditions, in a block: each under the session's own path.
    fn evaluate(&self, conditions: &[&str]) -> String {
        let mut evaluate = String::new();
        for condition in conditions {
            // A caught error is not logged, and its block's path goes with it. The line feed ends a comment that the condition
            // may end in.
            let _infallible = writeln!(
                evaluate,
                "    BEGIN\n      PERFORM set_config('search_path', {}, true);\n      EXECUTE {} INTO atlas_outcome;\n    \
                 EXCEPTION WHEN OTHERS THEN atlas_outcome := 'error ' || SQLERRM;\n    END;\n  {TAKE_OWN_PATH}    \
                 atlas_outcomes := atlas_outcomes || coalesce(atlas_outcome, 'null');",
                literal(&self.path),
                literal(&format!("SELECT ({condition}\n)::boolean::pg_catalog.text"))
            );
        }
        evaluate
    }

    /// Who holds the lock, or the lease of a migration. The history has to be there for the latter.
    pub(crate) fn holder(&self, of: Held) -> String {
        match of {
            Held::Lock => self.holder_of_lock(),
            Held::Lease => format!(
                "{OWN_PATH}SELECT {HOLDER} FROM {} h JOIN pg_stat_activity a ON {IS_RUNNER}\n\
                 WHERE h.namespace = {} AND h.runner IS NOT NULL LIMIT 1;\n",
                self.history(),
                literal(&self.namespace)
            ),
        }
    }

    /// Who has the lease of a migration, by those of these histories that are there and may be read; each is given as schema and
    /// name.
    #[cfg(feature = "clean")]
    pub(crate) fn holders_of_leases<'t>(histories: impl Iterator<Item = (&'t str, &'t str)>) -> String {
        let names: Vec<_> =
            histories.map(|(schema, name)| format!("({}, {})", literal(schema), literal(name))).collect();
        let body = format!(
            "DECLARE\n\
             \x20 atlas_ask pg_catalog.text := {nobody};\n\
             \x20 atlas_why pg_catalog.text;\n\
             \x20 atlas_table pg_catalog.record;\n\
             \x20 atlas_leases pg_catalog.refcursor := 'atlas_leases';\n\
             BEGIN\n\
             \x20 {LIVING};\n\
             \x20 FOR atlas_table IN SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS quoted\n\
             \x20     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n\
             \x20     WHERE (n.nspname, c.relname) IN ({names}) AND c.relkind = 'r' AND NOT row_security_active(c.oid)\n\
             \x20     AND (SELECT count(*) FROM pg_attribute t WHERE t.attrelid = c.oid AND NOT t.attisdropped AND (t.attname, t.atttypid)\n\
             \x20       IN (('runner', 'text'::regtype), ('applied_at', 'timestamptz'::regtype))) = 2\n\
             \x20     AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') LOOP\n\
             \x20   atlas_why := NULL;\n\
             {distrust}\
             \x20   CONTINUE WHEN atlas_why IS NOT NULL;\n\
             \x20   atlas_ask := concat(atlas_ask, {select}, atlas_table.quoted, {join});\n\
             \x20 END LOOP;\n\
             \x20 OPEN atlas_leases FOR EXECUTE atlas_ask;\n\
             END",
            nobody = literal(&format!("SELECT {HOLDER} FROM pg_stat_activity a WHERE false")),
            names = names.join(", "),
            distrust = find_distrust("atlas_why", "atlas_table.oid", Owner::Matters),
            select = literal(&format!(" UNION ALL SELECT {HOLDER} FROM ")),
            join = literal(&format!(" h JOIN pg_stat_activity a ON {IS_RUNNER} WHERE h.runner IS NOT NULL")),
        );
        format!("{OWN_PATH}DO {};\nFETCH ALL FROM atlas_leases;\nCLOSE atlas_leases;\n", dollar_quoted(&body))
    }
}
