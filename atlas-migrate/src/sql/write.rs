//! What is sent about one migration: its row, and its lease where it runs statement by statement.

use atlas_migrate_core::checksum::Fingerprint;
use atlas_migrate_core::history::State;
use atlas_migrate_core::migration::{Kind, Migration, Script};
use atlas_migrate_core::version::Version;

use super::{Sql, literal};

/// What is written about a migration.
pub(crate) struct Record<'a> {
    pub(crate) migration: &'a Migration,
    /// The row that it has already, if it has one.
    pub(crate) row: Option<&'a Version>,
    pub(crate) state: State,
    pub(crate) statements: usize,
    pub(crate) fingerprint: Fingerprint,
}

/// How far a migration that runs statement by statement has come.
#[derive(Clone, Copy)]
pub(crate) enum Advance<'a> {
    /// So many statements have completed, and this is their fingerprint.
    To(usize, Fingerprint),
    /// So many statements of the down file have completed.
    Reverted(usize),
    /// All of the script's have, so many.
    Applied(usize, &'a Script),
    /// It stopped in this state after so many.
    Stopped(State, usize),
}

impl Sql {
    /// Writes the row of a migration, over the one that it has already.
    pub(crate) fn record(&self, record: &Record<'_>) -> String {
        let migration = record.migration;
        let insert = format!(
            "INSERT INTO {history} (namespace, version, name, kind, state, applied_at, applied_by, execution_time, \
             statements, compatible, checksum, fingerprint)\n\
             VALUES ({namespace}, {version}, {name}, '{kind}', '{state}', clock_timestamp(), session_user, \
             {execution_time}, {statements}, {compatible}, '{checksum}', '{fingerprint}')",
            history = self.history(),
            namespace = literal(&self.namespace),
            version = literal(record.row.unwrap_or(migration.version()).as_str()),
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
        // A row that nobody knew of is an error.
        let replace = match record.row {
            Some(_) => {
                "\nON CONFLICT (namespace, version) DO UPDATE SET name = excluded.name, kind = excluded.kind, \
                 state = excluded.state, applied_at = excluded.applied_at, applied_by = excluded.applied_by, \
                 execution_time = excluded.execution_time, statements = excluded.statements, runner = NULL, \
                 compatible = excluded.compatible, checksum = excluded.checksum, fingerprint = excluded.fingerprint"
            }
            None => "",
        };
        format!("{insert}{replace};\n")
    }

    /// Removes the row of a migration.
    pub(crate) fn forget(&self, row: &Version) -> String {
        format!("DELETE FROM {} WHERE {};\n", self.history(), self.is(row))
    }

    /// Removes the row of a migration whose lease this is. Gives a row if it is still held.
    pub(crate) fn forget_leased(&self, row: &Version, runner: &str) -> String {
        format!(
            "DELETE FROM {} WHERE {} AND split_part(runner, ' ', 1) = {} RETURNING version AS atlas_runner;\n",
            self.history(),
            self.is(row),
            literal(runner)
        )
    }

    /// A row goes by the spelling of its version, which need not be the binary's: that may have `001` for its `1`.
    fn is(&self, row: &Version) -> String {
        format!("namespace = {} AND version = {}", literal(&self.namespace), literal(row.as_str()))
    }

    /// Takes the lease of a migration that runs statement by statement; the row must be there, and comes back.
    pub(crate) fn take_lease(&self, row: &Version, runner: &str, state: State, statements: usize) -> String {
        format!(
            "UPDATE {} SET state = '{}', statements = {statements}, applied_at = clock_timestamp(), \
             runner = (SELECT concat_ws(' ', {}, pid, extract(epoch FROM backend_start)) FROM pg_stat_activity \
             WHERE pid = pg_backend_pid())\nWHERE {} RETURNING version AS atlas_runner;\n",
            self.history(),
            state.as_str(),
            literal(runner),
            self.is(row)
        )
    }

    /// Gives the lease of a migration up, if it is still held.
    pub(crate) fn release(&self, row: &Version, runner: &str) -> String {
        format!(
            "UPDATE {} SET runner = NULL WHERE {} AND split_part(runner, ' ', 1) = {};\n",
            self.history(),
            self.is(row),
            literal(runner)
        )
    }

    /// Writes how far a migration that runs statement by statement has come. Gives a row if the lease is still held.
    pub(crate) fn advance(&self, row: &Version, runner: &str, advance: Advance<'_>) -> String {
        let (statements, rest) = match advance {
            Advance::To(statements, fingerprint) => (statements, format!("fingerprint = '{fingerprint}'")),
            Advance::Reverted(statements) => (statements, "state = state".to_owned()),
            Advance::Applied(statements, script) => (
                statements,
                format!(
                    "state = 'applied', runner = NULL, checksum = '{}', fingerprint = '{}'",
                    script.checksum(),
                    script.fingerprint()
                ),
            ),
            Advance::Stopped(state, statements) => (statements, format!("state = '{}', runner = NULL", state.as_str())),
        };
        format!(
            "UPDATE {} SET statements = {statements}, execution_time = execution_time + (clock_timestamp() - applied_at), \
             applied_at = clock_timestamp(), {rest}\nWHERE {} AND split_part(runner, ' ', 1) = {} \
             RETURNING version AS atlas_runner;\n",
            self.history(),
            self.is(row),
            literal(runner)
        )
    }

    /// What stands before a statement that is sent by itself, so that others see in the server's activity view that it runs.
    pub(crate) fn tag(runner: &str) -> String {
        format!("/* atlas-migrate {runner} */ ")
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Versioned => "versioned",
        Kind::Repeatable => "repeatable",
    }
}
