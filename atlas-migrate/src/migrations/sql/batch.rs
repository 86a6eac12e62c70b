//! What is sent between and around migrations that share a message.
//!
//! Each has a transaction of its own. From the commit of one to the beginning of the next there must be no moment at which the
//! session stands idle: a pooler could give it to somebody else, with our lock. So transactions follow each other by `COMMIT AND
//! CHAIN`, and what was deferred to the commit is looked at before.

use crate::postgres::sql::path::OWN_PATH;
use crate::postgres::sql::session::{OWN_STATEMENTS, Timeouts};
use crate::postgres::sql::{Sql, dollar_quoted, literal, rules};

/// Commits, and begins the next transaction at once.
pub(crate) const COMMIT_AND_GO_ON: &str = "SET CONSTRAINTS ALL IMMEDIATE;\nCOMMIT AND CHAIN;\n";

/// The modes of a transaction, which a chained one has of the one before.
const MODES: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE;\n";

/// The commit need not wait for the disk: a later one does, which takes all before it along.
pub(crate) const NO_FLUSH: &str = "SET LOCAL synchronous_commit = off;\n";

/// The server looks now and then whether the client is still there.
pub(crate) const CHECK_CONNECTION: &str = "SET LOCAL client_connection_check_interval = '1s';\n";

/// Lets rows and completions out that the server has kept so far: a message of this sort, which no setting keeps back, does.
pub(crate) const TELL: &str =
    "SELECT 1 AS atlas_committed;\nDO 'BEGIN RAISE INFO ''atlas-migrate: committed''; END';\n";

impl Sql {
    /// Holds the lock, which the transaction has, beyond its end.
    pub(crate) fn hold_lock(&self) -> String {
        format!("SELECT pg_try_advisory_lock({});\n", self.lock_key())
    }

    /// Gives the lock back to the transaction that is open, in which it has just begun.
    pub(crate) fn hand_lock_over(&self) -> String {
        let key = self.lock_key();
        format!("SELECT pg_catalog.pg_try_advisory_xact_lock({key});\nSELECT pg_catalog.pg_advisory_unlock({key});\n")
    }

    /// Makes the statements ready that are the same for many migrations.
    pub(crate) fn prepare(&self) -> String {
        let [record, check] = OWN_STATEMENTS;
        let (history, namespace) = (self.history(), literal(&self.namespace));
        format!(
            "PREPARE {record} (text, text, text, text, integer, boolean, text, text, text) AS\n\
             INSERT INTO {history} (namespace, version, name, kind, state, applied_at, applied_by, execution_time, statements, \
             compatible, checksum, fingerprint)\n\
             VALUES ({namespace}, $1, $2, $3, $4, clock_timestamp(), session_user, clock_timestamp() - coalesce((SELECT \
             p.applied_at FROM {history} p WHERE p.namespace = {namespace} AND p.version = $9), statement_timestamp()), \
             $5, $6, $7, $8);\n\
             PREPARE {check} AS SELECT 1 / (c.relkind = 'r' AND NOT (c.relhastriggers OR c.relhasrules OR c.relrowsecurity \
             OR c.relispartition OR c.relhassubclass))::integer AS atlas_took, {ELAPSED}\n\
             FROM pg_class c WHERE c.oid = {}::regclass;\n",
            literal(&history)
        )
    }

    /// Removes them.
    pub(crate) fn unprepare() -> String {
        OWN_STATEMENTS.iter().map(|name| format!("DEALLOCATE {name};\n")).collect()
    }

    /// What stands before a migration whose transaction follows another one.
    pub(crate) fn chained_head(&self, timeouts: Timeouts) -> String {
        let timeouts = self.no_transaction_timeout().to_owned() + &Self::timeouts(timeouts);
        format!("{MODES}{}{}{timeouts}", rules(), self.local_role())
    }

    /// What a transaction that follows another one begins with where the client is to go on from there.
    pub(crate) fn chained_open(&self) -> String {
        MODES.to_owned() + &self.open_settings()
    }

    /// Waits until what was committed before is on disk, in a transaction of its own.
    pub(crate) fn flush(&self) -> String {
        format!("BEGIN;\n{OWN_PATH}{}{}COMMIT;\n", self.local_role(), self.touch())
    }

    /// Lets the commit of the transaction at hand wait for the disk, though it has written nothing: a row is locked, which is
    /// written down as well. If what made the history was rolled back, there is none; a lock on it is waited for no
    /// longer than a second.
    pub(crate) fn touch(&self) -> String {
        let history = self.history();
        let body = format!(
            "BEGIN\n\
             \x20 PERFORM set_config('lock_timeout', '1s', true);\n\
             \x20 IF to_regclass({}) IS NOT NULL THEN\n\
             \x20   PERFORM FROM {history} WHERE namespace = {} LIMIT 1 FOR UPDATE SKIP LOCKED;\n\
             \x20 END IF;\n\
             EXCEPTION WHEN lock_not_available OR insufficient_privilege THEN\n\
             \x20 NULL;\n\
             END",
            literal(&history),
            literal(&self.namespace)
        );
        format!("DO {};\n", dollar_quoted(&body))
    }
}

/// Since the message came, in microseconds.
const ELAPSED: &str = "(extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000000)::bigint";

/// Says how much time has passed, and looks whether the row was taken as it was written, if it was by the statement that was
/// prepared.
pub(crate) fn took(prepared: bool) -> String {
    match prepared {
        true => format!("EXECUTE {};\n", OWN_STATEMENTS[1]),
        false => format!("SELECT 1 AS atlas_took, {ELAPSED};\n"),
    }
}
