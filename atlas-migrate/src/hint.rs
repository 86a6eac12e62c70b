//! What to do next about what the server said.

use crate::session::ServerError;

/// About a statement of a migration.
pub(crate) fn migration(server: &ServerError) -> Option<String> {
    let quoted = server.message.split('"').nth(1).unwrap_or_default();
    let hint = match server.code.as_str() {
        "42P07" if quoted == "schema_migrations" => {
            "the history of migrations has this name, unless another one is given to it with `table(..)`".to_owned()
        }
        "42P07" | "42710" | "42P06" | "42701" | "42723" => {
            "if the database was made by other means and has this already, adopt it with `baseline`; else use IF NOT EXISTS"
                .to_owned()
        }
        // `CREATE EXTENSION` of what is not on the server's disk.
        "58P01" | "0A000" if server.message.contains("extension") => format!(
            "install the extension {quoted:?} on the server's machine (packages are often named postgresql-contrib or \
             postgresql-<version>-{quoted}), or make the migration optional with `-- atlas:skip-unless EXISTS (SELECT FROM \
             pg_available_extensions WHERE name = '{quoted}')`"
        ),
        "42501" if server.message.contains("extension") => {
            "let a superuser create the extension in this database beforehand; CREATE EXTENSION IF NOT EXISTS then passes"
                .to_owned()
        }
        "42501" => "run migrations as the owner of these objects, or name that role with `role(..)`".to_owned(),
        "42883" | "42704" if server.message.contains("gin_trgm_ops") || server.message.contains("similarity") => {
            "the extension pg_trgm is missing: CREATE EXTENSION IF NOT EXISTS pg_trgm in an earlier migration".to_owned()
        }
        "42883" if server.message.contains("uuid_generate") => {
            "the extension uuid-ossp is missing: CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" in an earlier migration; or use \
             gen_random_uuid(), which is built in"
                .to_owned()
        }
        "42P01" | "42703" | "42883" | "42704" | "3F000" => {
            "check the spelling, the search path, and whether an earlier migration creates it".to_owned()
        }
        "55P03" => {
            "end the session that is in the way, or let the run be patient with `lock_timeout(..)` and `retry_budget(..)`"
                .to_owned()
        }
        "25001" => {
            "put the statement into a file of its own, or `-- atlas:no-transaction` into the first line of this one".to_owned()
        }
        "57014" => "the statement ran into its timeout or was cancelled; `-- atlas:statement-timeout` sets one for this file"
            .to_owned(),
        "55P04" => "a new enum value can be used only after the migration that adds it: use it in the next one".to_owned(),
        code if code.starts_with("23") => {
            "mend the rows that are in the way, in this migration or an earlier one, then run again".to_owned()
        }
        _ => return None,
    };
    Some(hint)
}

/// About one of the library's own statements, by its SQLSTATE.
pub(crate) fn own(code: &str) -> Option<String> {
    let hint = match code {
        "42501" => {
            "the role needs USAGE on the schema of the history table and SELECT on the table; to migrate, also CREATE on the \
             schema (or choose another with `schema(..)`, another role with `role(..)`)"
        }
        "25006" => "the server is a standby or the session is read-only: migrate on the primary",
        "55P03" => "somebody holds a lock on the history table; see pg_locks",
        "22023" | "42704" => "create the role, or choose another with `role(..)`",
        "57P01" => "somebody ended the session, or the server shuts down: run again when it is there",
        code if code.starts_with("57P0") => "wait until the server is there again, then run again",
        "25P02" => "the connection has a transaction that has failed: roll it back first",
        "25P03" => "the process stood still for too long in the middle of a transaction, which the server ended",
        _ => return None,
    };
    Some(hint.to_owned())
}
