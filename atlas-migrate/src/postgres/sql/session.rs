//! What is sent about the session: timeouts, the role, and putting it all back.

use std::fmt::Write as _;
use std::time::Duration;

use super::path::{OWN_PATH, PATH_AS_IT_IS, TAKE_OWN_PATH, compare_rules, perform_rules, rules};
use super::{Sql, dollar_quoted, ident, literal};
use crate::postgres::row::{Unreadable, string};
use crate::postgres::session::Row;

/// How long statements may wait and run; `None` is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timeouts {
    pub(crate) lock: Option<Duration>,
    pub(crate) statement: Option<Duration>,
}

/// The names of statements that are prepared while migrations share a message.
pub(crate) const OWN_STATEMENTS: [&str; 2] = ["atlas_migrate_record", "atlas_migrate_check"];

/// The settings of a session before the first migration, as the server told them.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionSettings {
    /// A JSON object: what was set in the session itself, and of settings that the server does not list, what they were;
    /// null if they were not set.
    pub(crate) settings: String,
    /// A JSON array: the statements that would remove what the session has beside settings.
    pub(crate) belongings: String,
    pub(crate) role: String,
    pub(crate) user: String,
}

impl SessionSettings {
    /// Four columns from this one on.
    pub(crate) fn read(row: &Row, first: usize) -> Result<Self, Unreadable> {
        Ok(Self {
            settings: string(row, first)?,
            belongings: string(row, first + 1)?,
            role: string(row, first + 2)?,
            user: string(row, first + 3)?,
        })
    }
}

/// For each thing of the session's own that is no setting, the statement that removes it: open cursors, temporary objects of
/// all sorts, prepared statements (of SQL; those of the client's protocol are its own), channels.
const OBJECTS: &str = "\
    SELECT format('CLOSE %I', name) AS removal FROM pg_cursors WHERE is_holdable OR NOT starts_with(name, '<unnamed') \
    UNION ALL SELECT format('DROP %s IF EXISTS %s CASCADE', CASE o.type WHEN 'composite type' THEN 'type' \
    WHEN 'statistics object' THEN 'statistics' ELSE o.type END, o.identity) \
    FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) o \
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = pg_my_temp_schema() AND NOT EXISTS \
    (SELECT FROM pg_depend i WHERE i.classid = d.classid AND i.objid = d.objid AND i.deptype = 'i' AND i.refobjid <> i.objid) \
    UNION ALL SELECT format('DEALLOCATE %I', name) FROM pg_prepared_statements WHERE from_sql \
    UNION ALL SELECT format('UNLISTEN %I', channel) FROM pg_listening_channels() channel";

/// The same for each advisory lock: once, however often the session has taken it.
const ADVISORY_LOCKS: &str = "\
    SELECT format('SELECT pg_advisory_unlock%s(%s)', CASE mode WHEN 'ShareLock' THEN '_shared' END, \
    CASE objsubid WHEN 1 THEN format('%L', (classid::bigint << 32) | objid::bigint) \
    ELSE concat(classid::integer, ', ', objid::integer) END) AS removal \
    FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted";

/// Those settings of `atlas_before` that the server does not list and that have another value now. Where there was none they
/// are empty ever after.
const CUSTOM_SETTINGS_THAT_DIFFER: &str = "\
    \x20   UNION ALL SELECT b.key, b.value FROM jsonb_each_text(atlas_before) b\n\
    \x20   WHERE current_setting(b.key, true) <> coalesce(b.value, '')\n\
    \x20   AND b.key NOT IN (SELECT name FROM pg_show_all_settings())\n";

/// Settings that are not put back with the others: they belong to a transaction; and the path, which is ours meanwhile.
const APART: &str = "'transaction_isolation', 'transaction_read_only', 'transaction_deferrable', 'search_path'";

pub(crate) fn milliseconds(duration: Duration) -> u128 {
    // Zero switches a timeout off, so that less than a millisecond is rounded up to one.
    if duration.is_zero() { 0 } else { duration.as_millis().clamp(1, i32::MAX as u128) }
}

impl Sql {
    /// Takes the role on, in the transaction that is open.
    pub(crate) fn local_role(&self) -> String {
        self.role.as_deref().map_or(String::new(), |role| format!("SET LOCAL ROLE {};\n", ident(role)))
    }

    /// Begins a transaction, in the role that the migrator has.
    pub(crate) fn begin_local(&self) -> String {
        super::BEGIN.to_owned() + &self.local_role()
    }

    /// Lets the server pass the time, in a transaction of its own: the client needs no timer, and whoever waits for old
    /// snapshots to go (`CREATE INDEX CONCURRENTLY`) waits no longer than this. `then` is sent at its end.
    pub(crate) fn pause(duration: Duration, then: &str) -> String {
        format!(
            "BEGIN;\n{OWN_PATH}SET LOCAL statement_timeout = 0;\nSELECT pg_sleep({:.3});\n{then}COMMIT;\n",
            duration.as_secs_f64()
        )
    }

    /// What follows in the transaction waits for locks no longer than is said.
    #[cfg(any(feature = "clean", feature = "roles", feature = "seeds"))]
    pub(crate) fn limit_locks(&self) -> String {
        format!("SET LOCAL lock_timeout = {};\n", milliseconds(self.lock_timeout))
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

    /// What stands before the text of a migration that runs in a transaction.
    pub(crate) fn head(&self, timeouts: Timeouts) -> String {
        Self::timeouts(timeouts) + &self.session_path()
    }

    /// Sets the timeouts and the role of the session, for statements that cannot be in a transaction with anything else. Does
    /// nothing where they are so already.
    pub(crate) fn session_settings(&self, timeouts: Timeouts) -> String {
        let mut body = format!("BEGIN\n{TAKE_OWN_PATH}");
        for (name, timeout) in [("lock_timeout", timeouts.lock), ("statement_timeout", timeouts.statement)] {
            let value = timeout.map_or(0, milliseconds);
            let _infallible = writeln!(
                body,
                "  IF (SELECT setting FROM pg_settings WHERE name = '{name}') <> '{value}' THEN\n    \
                 PERFORM set_config('{name}', '{value}', false);\n  END IF;"
            );
        }
        body += &perform_rules(false);
        let role = self.role.as_deref().map_or(String::new(), |role| format!("SET ROLE {};\n", ident(role)));
        format!("DO {};\n{role}", dollar_quoted(&(body + "END")))
    }

    /// Takes the role on until the end of the transaction, in a block.
    pub(crate) fn perform_local_role(&self) -> String {
        let perform = |role| format!("  PERFORM pg_catalog.set_config('role', {}, true);\n", literal(role));
        self.role.as_deref().map_or(String::new(), perform)
    }

    /// Reads what the session has of its own, in a block.
    pub(crate) fn select_settings(&self) -> String {
        format!(
            "{}    SELECT coalesce(jsonb_object_agg(name, setting), '{{}}') INTO atlas_settings\n\
             \x20     FROM (SELECT name, setting FROM pg_settings\n\
             \x20     WHERE source = 'session' AND name NOT IN ({APART}){}) s;\n\
             \x20   SELECT coalesce(jsonb_agg(removal), '[]') INTO atlas_belongings FROM ({OBJECTS} UNION ALL {ADVISORY_LOCKS}) b;\n",
            compare_rules(),
            self.custom_settings(),
        )
    }

    /// To be united with settings that the server lists: the name and value of each one that it does not.
    fn custom_settings(&self) -> String {
        if self.custom_settings.is_empty() {
            return String::new();
        }
        let names: Vec<_> = self.custom_settings.iter().map(|name| literal(name)).collect();
        format!(
            "\n      UNION ALL SELECT name, nullif(current_setting(name, true), '') FROM unnest(ARRAY[{}]) name\n\
             \x20     WHERE name NOT IN (SELECT lower(name) FROM pg_show_all_settings())",
            names.join(", ")
        )
    }

    /// Puts the session's settings back to what they were, whatever a migration did to them. What follows in the transaction
    /// waits for locks no longer than a migration does, and goes by our path and rules.
    pub(crate) fn restore(&self, before: &SessionSettings) -> String {
        if before.settings == "{}" {
            return self.reset(before);
        }
        let role = self.perform_local_role();
        let body = format!(
            "DECLARE\n\
             {PATH_AS_IT_IS}\
             \x20 atlas_before pg_catalog.jsonb := {settings};\n\
             \x20 atlas_setting pg_catalog.record;\n\
             BEGIN\n\
             {TAKE_OWN_PATH}\
             \x20 IF session_user <> {user} THEN\n\
             \x20   PERFORM set_config('session_authorization', {user}, false);\n\
             \x20 END IF;\n\
             \x20 PERFORM set_config('role', {session_role}, false);\n\
             \x20 FOR atlas_setting IN SELECT s.name, b.value FROM pg_show_all_settings() s\n\
             \x20   LEFT JOIN jsonb_each_text(atlas_before) b ON b.key = s.name\n\
             \x20   WHERE s.name NOT IN ({APART}) AND (s.source = 'session' OR b.key IS NOT NULL)\n\
             \x20   AND s.setting IS DISTINCT FROM coalesce(b.value, s.reset_val)\n\
             {custom_settings}\
             \x20   LOOP\n\
             \x20   PERFORM set_config(atlas_setting.name, atlas_setting.value, false);\n\
             \x20 END LOOP;\n\
             \x20 IF atlas_path <> {path} THEN\n\
             \x20   PERFORM set_config('search_path', {path}, false);\n\
             {TAKE_OWN_PATH}\
             \x20 END IF;\n\
             {role}{rules}\
             \x20 PERFORM set_config('lock_timeout', '{lock_timeout}', true);\n\
             END",
            path = literal(&self.path),
            rules = perform_rules(true),
            lock_timeout = milliseconds(self.lock_timeout),
            custom_settings = if self.custom_settings.is_empty() { "" } else { CUSTOM_SETTINGS_THAT_DIFFER },
            settings = literal(&before.settings),
            user = literal(&before.user),
            session_role = literal(&before.role),
        );
        format!("DO {};\n", dollar_quoted(&body))
    }

    /// The same where nothing was set in the session itself: to ask for each setting takes the server a hundred times as long.
    fn reset(&self, before: &SessionSettings) -> String {
        let role = if before.role == "none" { "NONE".to_owned() } else { ident(&before.role) };
        let path = literal(&self.path);
        format!(
            "SET SESSION AUTHORIZATION {user};\nSET ROLE {role};\nRESET ALL;\n\
             SELECT pg_catalog.set_config('search_path', {path}, false)\n\
             WHERE pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.<>) {path};\n\
             {OWN_PATH}{rules}{local_role}SET LOCAL lock_timeout = {lock_timeout};\n",
            user = ident(&before.user),
            rules = rules(),
            local_role = self.local_role(),
            lock_timeout = milliseconds(self.lock_timeout),
        )
    }

    /// Removes what the session did not have before, beside settings, in a transaction that has our lock and goes on: behind a
    /// commit, since only then the session listens, and has no other locks but its own.
    pub(crate) fn clear(&self, before: &SessionSettings) -> String {
        // The transaction's, or held for those that follow it; and what they need.
        let own_lock = format!("SELECT pg_advisory_unlock('{}')", self.lock_key());
        let statements = OWN_STATEMENTS.map(|name| format!("DEALLOCATE {name}"));
        let kept: Vec<_> = statements.iter().chain([&own_lock]).map(|removal| literal(removal)).collect();
        self.remove(before, &format!(" AND removal NOT IN ({})", kept.join(", ")))
    }

    /// The same in a transaction of its own, with what was needed on the way.
    pub(crate) fn clear_up(&self, before: &SessionSettings) -> String {
        format!("BEGIN;\n{OWN_PATH}{}COMMIT;\n", self.remove(before, ""))
    }

    fn remove(&self, before: &SessionSettings, which: &str) -> String {
        // Whose the object is depends on who the migration was when it made it.
        let roles: Vec<_> = self.role.iter().chain([&before.role]).map(|role| literal(role)).collect();
        let body = format!(
            "DECLARE\n\
             \x20 atlas_removal text;\n\
             \x20 atlas_role text;\n\
             \x20 atlas_released boolean;\n\
             \x20 atlas_messages text := current_setting('client_min_messages');\n\
             BEGIN\n\
             \x20 PERFORM set_config('client_min_messages', 'error', true);\n\
             \x20 FOR atlas_removal IN SELECT removal FROM ({OBJECTS}) b WHERE NOT {before}::jsonb ? removal{which} LOOP\n\
             \x20   FOREACH atlas_role IN ARRAY ARRAY[{roles}] LOOP\n\
             \x20     BEGIN\n\
             \x20       PERFORM set_config('role', atlas_role, true);\n\
             \x20       EXECUTE atlas_removal;\n\
             \x20       EXIT;\n\
             \x20     EXCEPTION WHEN insufficient_privilege THEN\n\
             \x20       NULL;\n\
             \x20     END;\n\
             \x20   END LOOP;\n\
             \x20 END LOOP;\n\
             {role}\
             \x20 FOR atlas_removal IN SELECT removal FROM ({ADVISORY_LOCKS}) b WHERE NOT {before}::jsonb ? removal{which} LOOP\n\
             \x20   LOOP\n\
             \x20     EXECUTE atlas_removal INTO atlas_released;\n\
             \x20     EXIT WHEN NOT atlas_released OR atlas_removal NOT IN ({ADVISORY_LOCKS});\n\
             \x20   END LOOP;\n\
             \x20 END LOOP;\n\
             \x20 PERFORM set_config('client_min_messages', atlas_messages, true);\n\
             END",
            roles = roles.join(", "),
            role = self.perform_local_role(),
            before = literal(&before.belongings),
        );
        format!("DO {};\n", dollar_quoted(&body))
    }
}
