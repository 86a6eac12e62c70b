//! The text of every statement that the library itself sends.
//!
//! A message is made of pieces; each piece is a run of statements that ends in `;` and a line feed. Names are quoted and
//! literals escaped here and nowhere else.

use std::fmt::Write as _;
use std::time::Duration;

use atlas_migrate_core::checksum::{Checksum, Fingerprint};
use atlas_migrate_core::history::State;
use atlas_migrate_core::migration::{Kind, Migration};

/// An identifier, quoted.
pub(crate) fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal that means the same whatever `standard_conforming_strings` is.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!(" E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// A body between dollar quotes that it does not contain itself.
fn dollar_quoted(body: &str) -> String {
    let mut tag = "$atlas$".to_owned();
    while body.contains(&tag) {
        tag.insert(tag.len() - 1, '_');
    }
    format!("{tag}{body}{tag}")
}

fn milliseconds(duration: Duration) -> u128 {
    // Zero switches a timeout off, so that less than a millisecond is rounded up to one.
    if duration.is_zero() { 0 } else { duration.as_millis().clamp(1, i32::MAX as u128) }
}

/// How long statements may wait and run; `None` is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timeouts {
    pub(crate) lock: Option<Duration>,
    pub(crate) statement: Option<Duration>,
}

/// The settings of a session before the first migration, as the server told them.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionSettings {
    /// A JSON object: what was set in the session itself.
    pub(crate) settings: String,
    pub(crate) role: String,
    pub(crate) user: String,
}

/// What is written about a migration.
pub(crate) struct Record<'a> {
    pub(crate) migration: &'a Migration,
    pub(crate) state: State,
    pub(crate) statements: usize,
    pub(crate) fingerprint: Fingerprint,
}

/// The statements about one history table and one namespace in it.
#[derive(Clone, Debug)]
pub(crate) struct Sql {
    schema: String,
    table: String,
    namespace: String,
    role: Option<String>,
    /// As `server_version_num` has it; zero until it is known.
    pub(crate) server_version: u32,
}

/// The columns of the history table, in their order: the ones that one looks at come first.
const COLUMNS: [(&str, &str); 13] = [
    ("namespace", "text NOT NULL"),
    ("version", "text NOT NULL"),
    ("name", "text NOT NULL"),
    ("kind", "text NOT NULL"),
    ("state", "text NOT NULL"),
    ("applied_at", "timestamptz NOT NULL"),
    ("applied_by", "text NOT NULL"),
    ("execution_time", "interval NOT NULL"),
    ("statements", "integer NOT NULL"),
    ("compatible", "boolean NOT NULL"),
    ("checksum", "text NOT NULL"),
    ("fingerprint", "text NOT NULL"),
    ("runner", "text"),
];

/// How long a process may take between two statements of a migration that runs without a transaction before others think
/// that it is gone. While a statement runs, the server's own activity view tells.
const LEASE: &str = "interval '30 seconds'";

/// An open transaction of a client that went silent (its machine lost, its future dropped) ends by itself after this.
const IDLE_IN_TRANSACTION: &str = "60s";

/// The digest of the rows `h` of a history, as `atlas_migrate_core::history` computes it too.
const DIGEST: &str = "encode(sha256(convert_to(coalesce(string_agg(h.version || ' ' || h.fingerprint || \
    CASE WHEN h.state IN ('applied', 'skipped', 'baseline') THEN '' ELSE ' ' || h.state || ' ' || h.statements END, \
    chr(10) ORDER BY h.version COLLATE \"C\"), ''), 'UTF8')), 'hex')";

/// Settings that belong to a transaction, not to a session.
const OF_THE_TRANSACTION: &str = "'transaction_isolation', 'transaction_read_only', 'transaction_deferrable'";

pub(crate) const COMMIT: &str = "COMMIT;\n";
pub(crate) const ROLLBACK: &str = "ROLLBACK;\n";

impl Sql {
    pub(crate) fn new(schema: &str, table: &str, namespace: &str, role: Option<&str>) -> Self {
        let role = role.map(Into::into);
        Self { schema: schema.into(), table: table.into(), namespace: namespace.into(), role, server_version: 0 }
    }

    /// The history table, quoted and with its schema.
    pub(crate) fn history(&self) -> String {
        format!("{}.{}", ident(&self.schema), ident(&self.table))
    }

    /// Whoever changes this table holds this lock: the same for all namespaces, since the table has to be created too.
    fn lock_key(&self) -> i64 {
        let name = format!("atlas-migrate {} {}", ident(&self.schema), ident(&self.table));
        let mut first = [0; 8];
        first.copy_from_slice(&Checksum::of(&name).to_bytes()[..8]);
        i64::from_be_bytes(first)
    }

    /// Reads the history unless its digest is `current`. Writes nothing, and no error comes of a missing table.
    pub(crate) fn look(&self, current: &str) -> String {
        // Local to the message, which is one implicit transaction.
        let role = self
            .role
            .as_deref()
            .map_or(String::new(), |role| format!("  PERFORM set_config('role', {}, true);\n", literal(role)));
        self.read(&format!("{role}  atlas_granted := true;\n"), current, &[], Want::Settings)
    }

    /// Begins a transaction, tries to take the lock, makes the history table if there is none, and reads it unless its
    /// digest is `current`. The conditions are evaluated as well.
    pub(crate) fn begin(&self, current: &str, conditions: &[&str]) -> String {
        self.open() + &self.locked_read(current, conditions)
    }

    /// Begins a transaction, tries to take the lock, and computes the digest of the history, which is there. Two statements,
    /// so that the second one sees what was committed before the lock was taken.
    pub(crate) fn begin_next(&self) -> String {
        format!(
            "{}SELECT pg_try_advisory_xact_lock({}) AS atlas_lock;\nSELECT {} AS atlas_digest FROM {} h WHERE h.namespace = {};\n",
            self.open(),
            self.lock_key(),
            DIGEST,
            self.history(),
            literal(&self.namespace)
        )
    }

    /// Begins a transaction that goes by our settings, whatever those of the role or server are.
    fn open(&self) -> String {
        // In PostgreSQL 17 came a timeout for transactions as a whole.
        let transaction_timeout =
            if self.server_version >= 170_000 { "SET LOCAL transaction_timeout = 0;\n" } else { "" };
        format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\n\
             SET LOCAL statement_timeout = 0;\n\
             SET LOCAL idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION}';\n\
             {transaction_timeout}{}",
            self.local_role()
        )
    }

    /// Takes the role on, in the transaction that is open.
    pub(crate) fn local_role(&self) -> String {
        self.role.as_deref().map_or(String::new(), |role| format!("SET LOCAL ROLE {};\n", ident(role)))
    }

    /// What [`begin`](Self::begin) does, in the transaction that is open already.
    pub(crate) fn locked_read(&self, current: &str, conditions: &[&str]) -> String {
        let lock = format!("  atlas_granted := pg_try_advisory_xact_lock({});\n{}", self.lock_key(), self.create());
        self.read(&lock, current, conditions, Want::State)
    }

    fn create(&self) -> String {
        let columns: Vec<_> = COLUMNS.iter().map(|(name, ty)| format!("{name} {ty}")).collect();
        format!(
            "  IF atlas_granted AND {find} IS NULL THEN\n\
             \x20   IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = {schema_name}) THEN\n\
             \x20     CREATE SCHEMA {schema};\n\
             \x20   END IF;\n\
             \x20   CREATE TABLE {history} ({columns}, PRIMARY KEY (namespace, version));\n\
             \x20   COMMENT ON TABLE {history} IS 'migrations applied by atlas-migrate';\n\
             \x20 END IF;\n",
            find = self.find(),
            schema_name = literal(&self.schema),
            schema = ident(&self.schema),
            history = self.history(),
            columns = columns.join(", "),
        )
    }

    fn find(&self) -> String {
        format!(
            "(SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relname = {})",
            literal(&self.schema),
            literal(&self.table)
        )
    }

    /// One block that leaves its findings in two cursors, which are fetched and closed in the same message.
    ///
    /// A block, because a plain SELECT from a table that may not exist would be an error in the server's log. Cursors,
    /// because a block has no result.
    fn read(&self, prepare: &str, current: &str, conditions: &[&str], want: Want) -> String {
        let ours: Vec<_> = COLUMNS.iter().map(|(name, _)| literal(name)).collect();
        let settings = match want {
            // Asked for only when there may be something to do: the view costs the server about a millisecond.
            Want::Settings => format!(
                "    SELECT coalesce(jsonb_object_agg(name, setting), '{{}}') INTO atlas_settings\n\
                 \x20     FROM pg_settings WHERE source = 'session' AND name NOT IN ({OF_THE_TRANSACTION});\n"
            ),
            Want::State => String::new(),
        };
        let mut evaluate = String::new();
        for condition in conditions {
            // A caught error is not logged. The line feed ends a comment that the condition may end in.
            let _infallible = writeln!(
                evaluate,
                "    BEGIN\n      EXECUTE {} INTO atlas_outcome;\n    \
                 EXCEPTION WHEN OTHERS THEN atlas_outcome := 'error ' || SQLERRM;\n    END;\n    \
                 atlas_outcomes := atlas_outcomes || coalesce(atlas_outcome, 'null');",
                literal(&format!("SELECT ({condition}\n)::boolean::text"))
            );
        }
        let body = format!(
            "DECLARE\n\
             \x20 atlas_granted boolean;\n\
             \x20 atlas_table oid;\n\
             \x20 atlas_form text := 'absent';\n\
             \x20 atlas_columns text[];\n\
             \x20 atlas_digest text := '';\n\
             \x20 atlas_settings text := '{{}}';\n\
             \x20 atlas_outcome text;\n\
             \x20 atlas_outcomes text[] := '{{}}';\n\
             \x20 atlas_role text := current_setting('role');\n\
             \x20 atlas_state refcursor := 'atlas_state';\n\
             \x20 atlas_history refcursor := 'atlas_history';\n\
             BEGIN\n\
             {prepare}\
             \x20 atlas_table := {find};\n\
             \x20 IF NOT atlas_granted THEN\n\
             \x20   atlas_form := 'busy';\n\
             \x20 ELSIF atlas_table IS NOT NULL THEN\n\
             \x20   SELECT array_agg(attname::text ORDER BY attnum) INTO atlas_columns FROM pg_attribute\n\
             \x20     WHERE attrelid = atlas_table AND attnum > 0 AND NOT attisdropped;\n\
             \x20   atlas_form := CASE WHEN atlas_columns @> ARRAY[{ours}] THEN 'ours' ELSE 'foreign' END;\n\
             \x20 END IF;\n\
             \x20 IF atlas_form = 'ours' THEN\n\
             \x20   SELECT {DIGEST} INTO atlas_digest FROM {history} h WHERE h.namespace = {namespace};\n\
             \x20 END IF;\n\
             \x20 IF atlas_form = 'ours' AND atlas_digest <> {current} THEN\n\
             \x20   OPEN atlas_history FOR SELECT h.version AS atlas_history, h.name, h.kind, h.state, h.statements,\n\
             \x20     h.compatible, h.checksum, h.fingerprint,\n\
             \x20     to_char(h.applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), h.applied_by,\n\
             \x20     (extract(epoch FROM h.execution_time) * 1000000)::bigint,\n\
             \x20     CASE WHEN h.runner IS NULL THEN false ELSE EXISTS (SELECT FROM pg_stat_activity a WHERE\n\
             \x20       a.state = 'active' AND starts_with(a.query, '/* atlas-migrate ' || split_part(h.runner, ' ', 1))\n\
             \x20       AND a.pid <> pg_backend_pid()\n\
             \x20       OR a.pid::text = split_part(h.runner, ' ', 2) AND h.applied_at > now() - {LEASE}\n\
             \x20       AND coalesce(extract(epoch FROM a.backend_start)::text, split_part(h.runner, ' ', 3))\n\
             \x20         = split_part(h.runner, ' ', 3)) END\n\
             \x20     FROM {history} h WHERE h.namespace = {namespace};\n\
             \x20 ELSE\n\
             \x20   OPEN atlas_history FOR SELECT WHERE false;\n\
             \x20 END IF;\n\
             \x20 IF atlas_form IN ('absent', 'ours') AND atlas_digest <> {current} THEN\n\
             {settings}\
             \x20   NULL;\n\
             \x20 END IF;\n\
             \x20 IF atlas_granted THEN\n\
             {evaluate}\
             \x20   NULL;\n\
             \x20 END IF;\n\
             \x20 OPEN atlas_state FOR SELECT atlas_form AS atlas_state, array_to_string(atlas_columns, ' '),\n\
             \x20   atlas_digest = {current}, pg_is_in_recovery(), current_setting('transaction_read_only'),\n\
             \x20   now() = statement_timestamp(), current_setting('server_version_num'),\n\
             \x20   current_setting('server_version'), atlas_settings, atlas_role, session_user,\n\
             \x20   array_to_string(atlas_outcomes, chr(31));\n\
             END",
            find = self.find(),
            ours = ours.join(", "),
            history = self.history(),
            namespace = literal(&self.namespace),
            current = literal(current),
        );
        format!(
            "DO {};\nFETCH ALL FROM atlas_state;\nFETCH ALL FROM atlas_history;\nCLOSE atlas_state;\nCLOSE atlas_history;\n",
            dollar_quoted(&body)
        )
    }

    /// Lets the server pass the time, in a transaction of its own: the client needs no timer, and whoever waits for old
    /// snapshots to go (`CREATE INDEX CONCURRENTLY`) waits no longer than this.
    pub(crate) fn pause(duration: Duration) -> String {
        format!("BEGIN;\nSET LOCAL statement_timeout = 0;\nSELECT pg_sleep({:.3});\nCOMMIT;\n", duration.as_secs_f64())
    }

    /// Sets the timeouts of what follows in the transaction.
    pub(crate) fn timeouts(timeouts: Timeouts) -> String {
        let value = |timeout: Option<Duration>| timeout.map_or(0, milliseconds);
        format!(
            "SET LOCAL lock_timeout = {};\nSET LOCAL statement_timeout = {};\n",
            value(timeouts.lock),
            value(timeouts.statement)
        )
    }

    /// How many statements [`timeouts`](Self::timeouts) is.
    pub(crate) const TIMEOUTS: usize = 2;

    /// Sets the timeouts and the role of the session, for statements that cannot be in a transaction with anything else. Does
    /// nothing where they are so already.
    pub(crate) fn session_settings(&self, timeouts: Timeouts) -> String {
        let mut body = "BEGIN\n".to_owned();
        for (name, timeout) in [("lock_timeout", timeouts.lock), ("statement_timeout", timeouts.statement)] {
            let value = timeout.map_or(0, milliseconds);
            let _infallible = writeln!(
                body,
                "  IF (SELECT setting FROM pg_settings WHERE name = '{name}') <> '{value}' THEN\n    \
                 PERFORM set_config('{name}', '{value}', false);\n  END IF;"
            );
        }
        let role = self.role.as_deref().map_or(String::new(), |role| format!("SET ROLE {};\n", ident(role)));
        format!("DO {};\n{role}", dollar_quoted(&(body + "END")))
    }

    /// Puts the session's settings back to what they were, whatever a migration did to them.
    pub(crate) fn restore(&self, before: &SessionSettings) -> String {
        let role = self
            .role
            .as_deref()
            .map_or(String::new(), |role| format!("  PERFORM set_config('role', {}, true);\n", literal(role)));
        let body = format!(
            "DECLARE\n\
             \x20 atlas_before jsonb := {settings};\n\
             \x20 atlas_setting record;\n\
             BEGIN\n\
             \x20 IF session_user <> {user} THEN\n\
             \x20   PERFORM set_config('session_authorization', {user}, false);\n\
             \x20 END IF;\n\
             \x20 PERFORM set_config('role', {session_role}, false);\n\
             \x20 FOR atlas_setting IN SELECT s.name, b.value FROM pg_show_all_settings() s\n\
             \x20   LEFT JOIN jsonb_each_text(atlas_before) b ON b.key = s.name\n\
             \x20   WHERE s.name NOT IN ({OF_THE_TRANSACTION}) AND (s.source = 'session' OR b.key IS NOT NULL)\n\
             \x20   AND s.setting IS DISTINCT FROM coalesce(b.value, s.reset_val) LOOP\n\
             \x20   PERFORM set_config(atlas_setting.name, atlas_setting.value, false);\n\
             \x20 END LOOP;\n\
             {role}\
             END",
            settings = literal(&before.settings),
            user = literal(&before.user),
            session_role = literal(&before.role),
        );
        format!("DO {};\n", dollar_quoted(&body))
    }

    /// Writes the row of a migration. It must not be there yet, unless the migration is repeatable or unfinished.
    pub(crate) fn record(&self, record: &Record<'_>) -> String {
        let migration = record.migration;
        let insert = format!(
            "INSERT INTO {history} (namespace, version, name, kind, state, applied_at, applied_by, execution_time, \
             statements, compatible, checksum, fingerprint)\n\
             VALUES ({namespace}, {version}, {name}, '{kind}', '{state}', clock_timestamp(), session_user, \
             {execution_time}, {statements}, {compatible}, '{checksum}', '{fingerprint}')",
            history = self.history(),
            namespace = literal(&self.namespace),
            version = literal(migration.version().as_str()),
            name = literal(migration.name()),
            kind = kind(migration.kind()),
            state = record.state.as_str(),
            // Both clocks are the server's; statement_timestamp() is when the message arrived.
            execution_time = if record.state == State::Applied {
                "clock_timestamp() - statement_timestamp()"
            } else {
                "interval '0'"
            },
            statements = record.statements,
            compatible = migration.up().header().compatible,
            checksum = migration.up().checksum(),
            fingerprint = record.fingerprint,
        );
        let replace = match (migration.kind(), record.state) {
            (Kind::Repeatable, _) | (_, State::Running) => {
                "\nON CONFLICT (namespace, version) DO UPDATE SET name = excluded.name, kind = excluded.kind, \
                 state = excluded.state, applied_at = excluded.applied_at, applied_by = excluded.applied_by, \
                 execution_time = excluded.execution_time, statements = excluded.statements, \
                 compatible = excluded.compatible, checksum = excluded.checksum, fingerprint = excluded.fingerprint"
            }
            _ => "",
        };
        format!("{insert}{replace};\n")
    }

    /// Removes the row of a migration.
    pub(crate) fn forget(&self, migration: &Migration) -> String {
        format!("DELETE FROM {} WHERE {};\n", self.history(), self.is(migration))
    }

    /// Removes the row of a migration whose lease this is. Gives a row if it is still held.
    pub(crate) fn forget_leased(&self, migration: &Migration, runner: &str) -> String {
        format!(
            "DELETE FROM {} WHERE {} AND split_part(runner, ' ', 1) = {} RETURNING version AS atlas_runner;\n",
            self.history(),
            self.is(migration),
            literal(runner)
        )
    }

    fn is(&self, migration: &Migration) -> String {
        format!("namespace = {} AND version = {}", literal(&self.namespace), literal(migration.version().as_str()))
    }

    /// Takes the lease of a migration that runs statement by statement; the row must be there, and comes back.
    pub(crate) fn take_lease(&self, migration: &Migration, runner: &str, state: State, statements: usize) -> String {
        format!(
            "UPDATE {} SET state = '{}', statements = {statements}, applied_at = clock_timestamp(), \
             runner = (SELECT concat_ws(' ', {}, pid, extract(epoch FROM backend_start)) FROM pg_stat_activity \
             WHERE pid = pg_backend_pid())\nWHERE {} RETURNING version AS atlas_runner;\n",
            self.history(),
            state.as_str(),
            literal(runner),
            self.is(migration)
        )
    }

    /// Gives the lease of a migration up, if it is still held.
    pub(crate) fn release(&self, migration: &Migration, runner: &str) -> String {
        format!(
            "UPDATE {} SET runner = NULL WHERE {} AND split_part(runner, ' ', 1) = {};\n",
            self.history(),
            self.is(migration),
            literal(runner)
        )
    }

    /// Writes how far a migration that runs statement by statement has come. Gives a row if the lease is still held.
    pub(crate) fn advance(&self, migration: &Migration, runner: &str, advance: Advance) -> String {
        let (statements, rest) = match advance {
            Advance::To(statements, fingerprint) => (statements, format!("fingerprint = '{fingerprint}'")),
            Advance::Reverted(statements) => (statements, "state = state".to_owned()),
            Advance::Applied(statements) => (
                statements,
                format!(
                    "state = 'applied', runner = NULL, checksum = '{}', fingerprint = '{}'",
                    migration.up().checksum(),
                    migration.up().fingerprint()
                ),
            ),
            Advance::Stopped(state, statements) => (statements, format!("state = '{}', runner = NULL", state.as_str())),
        };
        format!(
            "UPDATE {} SET statements = {statements}, execution_time = execution_time + (clock_timestamp() - applied_at), \
             applied_at = clock_timestamp(), {rest}\nWHERE {} AND split_part(runner, ' ', 1) = {} \
             RETURNING version AS atlas_runner;\n",
            self.history(),
            self.is(migration),
            literal(runner)
        )
    }

    /// What stands before a statement that is sent by itself, so that others see in the server's activity view that it runs.
    pub(crate) fn tag(runner: &str) -> String {
        format!("/* atlas-migrate {runner} */ ")
    }

    /// Who holds locks on tables with these names in this database, other than this session.
    pub(crate) fn blockers(names: &[&str]) -> String {
        let names: Vec<_> = names.iter().map(|name| literal(name)).collect();
        format!(
            "SELECT DISTINCT a.pid AS atlas_blocker, a.usename, a.application_name, a.state, \
             extract(epoch FROM clock_timestamp() - a.xact_start)::bigint, left(a.query, 200), c.relname\n\
             FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a ON a.pid = l.pid\n\
             WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid()\n\
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())\n\
             AND c.relname = ANY (ARRAY[{}]::text[]) ORDER BY 5 DESC NULLS LAST LIMIT 5;\n",
            names.join(", ")
        )
    }
}

/// How far a migration that runs statement by statement has come.
#[derive(Clone, Copy)]
pub(crate) enum Advance {
    /// So many statements have completed, and this is their fingerprint.
    To(usize, Fingerprint),
    /// So many statements of the down file have completed.
    Reverted(usize),
    /// All have.
    Applied(usize),
    /// It stopped in this state after so many.
    Stopped(State, usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    /// The state and, where there may be something to do, the settings of the session.
    Settings,
    /// The state.
    State,
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Versioned => "versioned",
        Kind::Repeatable => "repeatable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_mean_the_same_with_and_without_standard_conforming_strings() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"a\'b"), r" E'a\\''b'");
        assert_eq!(ident(r#"we"ird"#), r#""we""ird""#);
    }

    #[test]
    fn dollar_quotes_do_not_end_early() {
        assert_eq!(dollar_quoted("a $atlas$ b"), "$atlas_$a $atlas$ b$atlas_$");
    }
}
