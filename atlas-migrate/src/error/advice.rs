//! What to do next about what the server said.

use atlas_migrate_core::migration::Transaction;

use crate::error::hint::{Hint, Opt, Verb, clause, either, hint};
use crate::postgres::session::ServerError;
use crate::postgres::sql::written::NOT_TAKEN;

/// About a statement of a migration whose file says that it runs so.
pub(crate) fn migration(server: &ServerError, transaction: Transaction) -> Hint {
    let of_extensions = || of_extensions(server).map(Hint::from);
    let of_statements = || of_statements(server, transaction).map(Hint::from);
    of_extensions()
        .or_else(|| of_options(server))
        .or_else(of_statements)
        .or_else(|| self::server(server))
        .unwrap_or_else(|| "fix the file and run again".into())
}

/// What options of the migrator, or another verb, have to do with.
fn of_options(server: &ServerError) -> Option<Hint> {
    Some(match server.code.as_str() {
        "42P07" if quoted(server) == "schema_migrations" => hint![
            "the history of migrations has this name",
            clause![", unless another one is given to it with ", Opt::Table(None)]
        ],
        "42P07" | "42710" | "42P06" | "42701" | "42723" => hint![
            "if the database was made by other means and has this already, adopt it with ",
            Verb::Baseline(None),
            "; else use IF NOT EXISTS"
        ],
        "42501" => {
            hint!["run migrations as the owner of these objects", clause![", or name that role with ", Opt::Role(None)]]
        }
        "55P03" => hint![
            "end the session that is in the way",
            clause![", or let the run be patient with ", Opt::LockTimeout, clause![" and ", Opt::RetryBudget]]
        ],
        _ => return None,
    })
}

fn of_extensions(server: &ServerError) -> Option<String> {
    let quoted = quoted(server);
    Some(match server.code.as_str() {
        // pg_cron, which is of one database of the server, and not of those that tests have.
        "P0001" if server.message.starts_with("can only create extension in database") => {
            "put `-- atlas:skip-unless current_database() = current_setting('cron.database_name', true)` at the top of the file: \
             other databases, such as those of tests, then go without it"
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
        "42883" | "42704" if server.message.contains("gin_trgm_ops") || server.message.contains("similarity") => {
            "the extension pg_trgm is missing: begin this migration with CREATE EXTENSION IF NOT EXISTS pg_trgm".to_owned()
        }
        "42883" if server.message.contains("uuid_generate") => {
            "the extension uuid-ossp is missing: begin this migration with CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\"; or use \
             gen_random_uuid(), which is built in"
                .to_owned()
        }
        _ => return None,
    })
}

fn of_statements(server: &ServerError, transaction: Transaction) -> Option<&'static str> {
    Some(match (server.code.as_str(), transaction) {
        ("42P01" | "42703" | "42883" | "42704" | "3F000", _) => {
            "check the spelling and the search path; if it is not there yet, create it before, in this migration"
        }
        ("42P16", _) if server.message.contains("view") => {
            "CREATE OR REPLACE VIEW only adds columns behind the others: DROP VIEW first, in the same migration, and create it \
             anew"
        }
        ("42P16", _) if server.message.contains("primary key") => {
            "the table has a primary key already: drop that constraint first, or let the new one be UNIQUE"
        }
        ("25001" | "2D000", Transaction::Wrapped) => {
            "put `-- atlas:no-transaction` into the first line of the file: each of its statements is then sent by itself"
        }
        ("25001", Transaction::None) => "write the statement at the top level of the file, not in a function",
        ("2D000", Transaction::None) => {
            "commit only in procedures and DO blocks that the file calls at its top level, not in functions, nor in blocks with \
             EXCEPTION"
        }
        ("57014", _) => {
            "run again; if it ran into its timeout, give it more time with `-- atlas:statement-timeout` in the file"
        }
        ("55P04", _) => {
            "use the new enum value in the next migration: it can be used once the one that adds it has committed"
        }
        ("53200", _) if has_too_few_locks(server) => {
            "raise max_locks_per_transaction on the server, and restart it; or divide the file, so that no transaction locks as \
             many tables; then run again"
        }
        ("P0001", _) => "do what the message says, or change the file; then run again",
        (code, _) if code.starts_with("23") => {
            "fix the rows that are in the way, by hand or earlier in this migration, then run again"
        }
        _ => return None,
    })
}

/// A minor release writes an option into the catalog that `pg_dump` then dumps, and no server takes.
const OF_NEWER_DUMP: &str = "remove `pg_attver` from the file: pg_dump wrote it, and the server keeps it for itself; a pg_dump of \
    the server's own version leaves it out";

fn is_of_newer_dump(server: &ServerError) -> bool {
    server.code == "22023" && server.message.contains("\"pg_attver\"")
}

/// The server's table of locks is full. What it says may be in another language, the name of the setting is not.
fn has_too_few_locks(server: &ServerError) -> bool {
    server.hint.as_ref().is_some_and(|hint| hint.contains("max_locks_per_transaction"))
        || server.message == "out of shared memory"
}

/// What the server's message has in its first quotes.
fn quoted(server: &ServerError) -> &str {
    server.message.split('"').nth(1).unwrap_or_default()
}

/// About a statement that reads or writes the history.
pub(crate) fn history(error: &ServerError) -> Option<Hint> {
    Some(match error.code.as_str() {
        "42501" => hint![
            "the role needs USAGE on the schema of the history table and SELECT on the table; to migrate, also CREATE on the schema",
            clause![" (or choose another with ", Opt::Schema(None), ", another role with ", Opt::Role(None), ")"]
        ],
        _ => return own(error),
    })
}

/// About one of the library's own statements, by its SQLSTATE.
pub(crate) fn own(error: &ServerError) -> Option<Hint> {
    Some(match error.code.as_str() {
        "42501" => {
            hint![
                "let the owner grant the role what it lacks",
                clause![", or name another role with ", Opt::Role(None)]
            ]
        }
        "55P03" => "end the session that holds the lock (pg_locks shows it), then run again".into(),
        "22023" | "42704" => hint!["create the role", clause![", or choose another with ", Opt::Role(None)]],
        "25P02" => "roll back first: the connection has a transaction that has failed".into(),
        _ => return server(error),
    })
}

/// About a connection that was not made, going by what the client says, and by the SQLSTATE if the server refused it.
pub(crate) fn connecting(said: &str, error: Option<&ServerError>) -> Hint {
    let plain = match error.map(|error| error.code.as_str()) {
        Some("3D000") => return hint![Verb::Create, ", or connect to another one"],
        Some("28P01") => {
            return hint![either(
                "check the user and the password",
                "check the user and the password (PGPASSWORD, ~/.pgpass or the URL)"
            )];
        }
        Some("28000") if said.contains("pg_hba.conf") => Some(
            "let the server's pg_hba.conf have a line for this host, user and database, or connect in another way (`sslmode`)",
        ),
        Some("28000") if said.contains("certificate") => {
            Some("give the certificate of this user and its key, as with sslcert and sslkey")
        }
        Some("28000") if said.contains("not permitted to log in") => {
            Some("connect as a role that may log in, or let this one: ALTER ROLE … LOGIN")
        }
        Some("28000") => Some("create the role, or connect as another one"),
        Some("42501") => Some("let the role in, with GRANT CONNECT ON DATABASE …, or connect as another one"),
        _ => error.and_then(of_server).or_else(|| of_encryption(said)),
    };
    plain.map(Hint::from).unwrap_or_else(|| {
        hint![
            either(
                "check that the server is running, that host, port and credentials of the URL are right, and that a pool has \
                 connections to spare",
                "check that the server is running, and that host, port and user are right"
            ),
            "; then run again"
        ]
    })
}

fn of_encryption(said: &str) -> Option<&'static str> {
    Some(if said.contains("UnknownIssuer") {
        "name a file with the certificate of the authority that signed the server's, as with sslrootcert=root.crt"
    } else if said.contains("not valid for name") {
        "connect by a name that the server's certificate has; or hold only its authority against sslrootcert, with \
         sslmode=verify-ca"
    } else if said.contains("does not support TLS") {
        "enable ssl on the server; or connect without encryption, with sslmode=disable"
    } else {
        return None;
    })
}

/// About a fault that is the server's or its surroundings', by its SQLSTATE: no file is to be changed for it, except one that
/// was dumped by a newer server's tools.
pub(crate) fn server(error: &ServerError) -> Option<Hint> {
    if matches!(error.code.as_str(), "40001" | "40P01" | "40003") {
        return Some(hint![
            "run again when other sessions do less to these tables",
            clause![", or be patient with ", Opt::RetryBudget]
        ]);
    }
    of_server(error).map(Hint::from)
}

fn of_server(error: &ServerError) -> Option<&'static str> {
    Some(match error.code.as_str() {
        "22023" if is_of_newer_dump(error) => OF_NEWER_DUMP,
        "53200" if has_too_few_locks(error) => {
            "raise max_locks_per_transaction on the server, and restart it; then run again"
        }
        NOT_TAKEN => {
            "drop the rule or trigger of that table that changes what is written (`\\d` in psql lists them), then run again"
        }
        "53100" => "make room on the server's disk, which is full, then run again",
        "53200" => {
            "give the server more memory, or let it use less at a time (work_mem, maintenance_work_mem); then run again"
        }
        "53300" => "end sessions that are idle, or raise max_connections on the server; then run again",
        "53400" => "raise the limit that the message names, then run again",
        "55000" => "bring it to the state that the message asks for, then run again",
        "55006" => "end the session that uses it (pg_stat_activity lists them), then run again",
        "25006" => "connect to the primary, with a session that is not read-only",
        "25P03" => {
            "run again: the process stood still for too long in the middle of a transaction, which the server ended"
        }
        "25P04" => "raise transaction_timeout, or set it to 0 in the file; then run again",
        "57014" => "run again: the statement was cancelled, or ran into a timeout of the session",
        "57P01" => "run again when the server is there: the session was ended, or the server shuts down",
        "57P04" => "connect to another database: this one was dropped",
        "XX001" | "XX002" => "look at the server's log, and restore what is damaged, before anything else",
        "XX000" => "look at the server's log: the fault is the server's or an extension's",
        code => match code.get(..2)? {
            "08" => "run again when the other server can be reached",
            "53" => "provide what the server is short of, then run again",
            "57" => "wait until the server is there again, then run again",
            "58" => "look at the server's log and at its disks, which it could not read or write; then run again",
            "F0" => "fix the server's configuration, then run again",
            _ => return None,
        },
    })
}
