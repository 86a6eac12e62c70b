//! What is sent about one migration: its row, and its lease where it runs statement by statement.

use std::fmt::Write as _;

use atlas_migrate_core::checksum::Fingerprint;
use atlas_migrate_core::history::State;
use atlas_migrate_core::migration::{Kind, Migration, Script};
use atlas_migrate_core::version::Version;

use crate::postgres::sql::path::{PATH_AS_IT_IS, PUT_PATH_BACK, TAKE_OWN_PATH};
use crate::postgres::sql::session::{OWN_STATEMENTS, SessionSettings, Timeouts};
use crate::postgres::sql::written::{block, expect};
use crate::postgres::sql::{Sql, dollar_quoted, literal};

/// What is written about a migration.
pub(crate) struct Record<'a> {
    pub(crate) migration: &'a Migration,
    /// The row that it has already, if it has one.
    pub(crate) row: Option<&'a Version>,
    pub(crate) state: State,
    pub(crate) statements: usize,
    pub(crate) fingerprint: Fingerprint,
    /// The row that was written before it in the same message: since then it has been at work.
    pub(crate) behind: Option<&'a Version>,
}

/// The right to run a migration statement by statement, until somebody takes it over.
pub(crate) struct Lease<'a> {
    /// Which row of the history it is about.
    pub(crate) row: &'a Version,
    /// What tells this run of the migration from all others.
    pub(crate) token: &'a str,
    /// The settings that its statements need of the session, if they need any.
    pub(crate) session: Option<SessionNeeds>,
}

/// What a session is taken to be from one statement to the next.
#[derive(Clone, Copy)]
pub(crate) struct SessionNeeds {
    pub(crate) timeouts: Timeouts,
    /// It has a role or settings of its own.
    pub(crate) is_changed: bool,
}

/// How far a migration that runs statement by statement has come.
#[derive(Clone, Copy)]
pub(crate) enum Advance<'a> {
    /// No further; the statement that is next commits by itself, and nothing will tell what it did if it is cut off.
    Commits,
    /// So many statements have completed, and this is their fingerprint.
    To(usize, Fingerprint),
    /// So many statements of the down file have completed.
    Reverted(usize),
    /// All of the script's have, so many.
    Applied(usize, &'a Script),
    /// All of the down file's have.
    Forgotten,
}

/// The SQLSTATE of a write of somebody who does not hold the lease any more.
pub(crate) const LEASE_LOST: &str = "AM001";

const TAKEN_OVER: &str = "RAISE EXCEPTION USING ERRCODE = 'AM001', MESSAGE = 'another process took over';";

/// The SQLSTATE of a write from another session than the one that has the role or the settings.
pub(crate) const SESSION_LOST: &str = "AM002";

/// The last word of a lease: a statement is under way that commits by itself.
const COMMITS: &str = "commits";

/// The first word of what a repair leaves instead of a lease: part of the statement that is next took effect.
const PARTLY: &str = "partly";

/// How many of its former forms the history remembers of a repeatable migration, times the length of a checksum and a space.
const REMEMBERED: usize = 50 * 65;

impl Sql {
    /// Writes the row of a migration that has none, by the statement that was prepared; nothing if it has one.
    pub(crate) fn record_prepared(record: &Record<'_>) -> Option<String> {
        let Record { migration, row: None, state, statements, fingerprint, behind } = record else { return None };
        Some(format!(
            "EXECUTE {} ({}, {}, '{}', '{}', {statements}, {}, '{}', '{fingerprint}', {});\n",
            OWN_STATEMENTS[0],
            literal(migration.version().as_str()),
            literal(migration.name()),
            kind(migration.kind()),
            state.as_str(),
            migration.up().header().compatible,
            migration.up().checksum(),
            behind.map_or("NULL".to_owned(), |version| literal(version.as_str())),
        ))
    }

    /// Since when a migration has been at work.
    fn since(&self, record: &Record<'_>) -> String {
        // statement_timestamp() is when the message arrived.
        record.behind.map_or("statement_timestamp()".to_owned(), |version| {
            format!(
                "coalesce((SELECT p.applied_at FROM {} p WHERE p.namespace = {} AND p.version = {}), statement_timestamp())",
                self.history(),
                literal(&self.namespace),
                literal(version.as_str())
            )
        })
    }

    /// Writes the row of a migration, over the one that it has already.
    pub(crate) fn record(&self, record: &Record<'_>) -> String {
        let migration = record.migration;
        let insert = format!(
            "INSERT INTO {history} AS h (namespace, version, name, kind, state, applied_at, applied_by, execution_time, \
             statements, compatible, checksum, fingerprint)\n\
             VALUES ({namespace}, {version}, {name}, '{kind}', '{state}', clock_timestamp(), session_user, \
             {execution_time}, {statements}, {compatible}, '{checksum}', '{fingerprint}')",
            history = self.history(),
            namespace = literal(&self.namespace),
            version = literal(record.row.unwrap_or(migration.version()).as_str()),
            name = literal(migration.name()),
            kind = kind(migration.kind()),
            state = record.state.as_str(),
            // Both clocks are the server's.
            execution_time = match record.state {
                State::Applied => format!("clock_timestamp() - {}", self.since(record)),
                _ => "interval '0'".to_owned(),
            },
            statements = record.statements,
            compatible = migration.up().header().compatible,
            checksum = migration.up().checksum(),
            fingerprint = record.fingerprint,
        );
        // A row that nobody knew of is an error.
        let replace = match record.row {
            Some(_) => format!(
                "\nON CONFLICT (namespace, version) DO UPDATE SET name = excluded.name, kind = excluded.kind, \
                 state = excluded.state, applied_at = excluded.applied_at, applied_by = excluded.applied_by, \
                 execution_time = excluded.execution_time, statements = excluded.statements, runner = NULL, \
                 compatible = excluded.compatible, checksum = excluded.checksum, fingerprint = excluded.fingerprint, \
                 superseded = CASE WHEN h.kind = 'repeatable' AND h.checksum <> excluded.checksum \
                 THEN right(concat_ws(' ', replace(h.superseded, excluded.checksum, ''), h.checksum), {REMEMBERED}) \
                 ELSE h.superseded END"
            ),
            None => String::new(),
        };
        let row = record.row.unwrap_or(migration.version());
        let holds = format!(
            "state = '{}' AND statements = {} AND fingerprint = '{}'",
            record.state.as_str(),
            record.statements,
            record.fingerprint
        );
        block(&format!("{insert}{replace};\n{}", self.expect(row, &holds)))
    }

    /// Removes the row of a migration.
    pub(crate) fn forget(&self, row: &Version) -> String {
        block(&format!("DELETE FROM {} WHERE {};\n{}", self.history(), self.is(row), self.expect_none(row)))
    }

    /// Writes of a migration whose file is gone that binaries without it may run.
    pub(crate) fn accept(&self, row: &Version) -> String {
        let set = "state = CASE WHEN state IN ('applied', 'skipped', 'baseline') THEN state ELSE 'applied' END, runner = NULL, \
            compatible = true";
        let write = format!("UPDATE {} SET {set} WHERE {};\n", self.history(), self.is(row));
        block(&(write + &self.expect(row, "compatible AND runner IS NULL")))
    }

    /// Writes of a migration whose row is there that so many statements of a script took effect, and part of the next one: up
    /// to the end of that, this is the fingerprint.
    pub(crate) fn mark_partly(&self, row: &Version, fingerprint: Fingerprint) -> String {
        let write =
            format!("UPDATE {} SET runner = '{PARTLY} {fingerprint}' WHERE {};\n", self.history(), self.is(row));
        block(&(write + &self.expect(row, &format!("runner = '{PARTLY} {fingerprint}'"))))
    }

    /// Writes of a migration whose down file has begun that so many statements of it have completed.
    pub(crate) fn mark_reverting(&self, row: &Version, statements: usize) -> String {
        let write =
            format!("UPDATE {} SET statements = {statements}, runner = NULL WHERE {};\n", self.history(), self.is(row));
        block(&(write + &self.expect(row, &format!("statements = {statements} AND runner IS NULL"))))
    }

    /// Raises an error unless the row is there and this is so of it, in a block.
    pub(crate) fn expect(&self, row: &Version, holds: &str) -> String {
        let found = format!("EXISTS (SELECT 1 FROM {} WHERE {} AND {holds})", self.history(), self.is(row));
        expect(&self.history(), &found, &format!("the history {} does not take the row of {row}", self.history()))
    }

    /// Raises an error unless the row is gone, in a block.
    fn expect_none(&self, row: &Version) -> String {
        let found = format!("NOT EXISTS (SELECT 1 FROM {} WHERE {})", self.history(), self.is(row));
        expect(&self.history(), &found, &format!("the history {} does not let go of the row of {row}", self.history()))
    }

    /// A row goes by the spelling of its version, which need not be the binary's: that may have `001` for its `1`.
    pub(crate) fn is(&self, row: &Version) -> String {
        format!("namespace = {} AND version = {}", literal(&self.namespace), literal(row.as_str()))
    }

    /// Takes the lease of a migration that runs statement by statement, whose row is there.
    pub(crate) fn take_lease(&self, lease: &Lease<'_>, state: State, statements: usize) -> String {
        let write = format!(
            "UPDATE {} SET state = '{}', statements = {statements}, applied_at = clock_timestamp(), \
             runner = (SELECT concat_ws(' ', {}, pid, extract(epoch FROM backend_start)) FROM pg_stat_activity \
             WHERE pid = pg_backend_pid())\nWHERE {};\n",
            self.history(),
            state.as_str(),
            literal(lease.token),
            self.is(lease.row)
        );
        let holds = format!(
            "state = '{}' AND statements = {statements} AND split_part(runner, ' ', 1) = {}",
            state.as_str(),
            literal(lease.token)
        );
        block(&(write + &self.expect(lease.row, &holds)))
    }

    /// Raises the error of a lease that is lost, unless the row is as it was read: its holder, which seemed to be gone, has come
    /// further.
    pub(crate) fn still(&self, row: &Version, state: State, statements: usize) -> String {
        block(&format!(
            "  PERFORM FROM {} WHERE {} AND state = '{}' AND statements = {statements} FOR UPDATE;\n\
             \x20 IF NOT FOUND THEN\n    {TAKEN_OVER}\n  END IF;\n",
            self.history(),
            self.is(row),
            state.as_str()
        ))
    }

    /// Gives the lease of a migration up in the middle of it, if it is still held. Whether the statement that is next commits by
    /// itself stays.
    pub(crate) fn release(&self, lease: &Lease<'_>) -> String {
        let released = format!(
            "UPDATE {} SET runner = concat('released', substring(runner FROM ' {COMMITS}$')) WHERE {};\n",
            self.history(),
            self.holds(lease)
        );
        self.give_up(lease, &released)
    }

    /// Writes that a migration stopped after so many statements, if the lease is still held; and whether a part of the next
    /// one took effect all the same, of which the catalog tells the rest.
    pub(crate) fn stop(&self, lease: &Lease<'_>, state: State, statements: usize, is_half_done: bool) -> String {
        let left = if is_half_done { "'half done'" } else { "NULL" };
        let stopped = format!(
            "UPDATE {} SET state = '{}', statements = {statements}, {ELAPSED}, runner = {left} WHERE {};\n",
            self.history(),
            state.as_str(),
            self.holds(lease)
        );
        self.give_up(lease, &stopped)
    }

    /// Raises an error if the lease is still held behind this.
    fn give_up(&self, lease: &Lease<'_>, write: &str) -> String {
        let given_up = format!("NOT EXISTS (SELECT 1 FROM {} WHERE {})", self.history(), self.holds(lease));
        let complaint = format!("the history {} does not take that {} has stopped", self.history(), lease.row);
        block(&(write.to_owned() + &expect(&self.history(), &given_up, &complaint)))
    }

    fn holds(&self, lease: &Lease<'_>) -> String {
        format!("{} AND split_part(runner, ' ', 1) = {}", self.is(lease.row), literal(lease.token))
    }

    /// Writes how far a migration that runs statement by statement has come: an error unless the lease is still held, and the
    /// session is the one that was made ready.
    pub(crate) fn advance(&self, lease: &Lease<'_>, advance: Advance<'_>, before: &SessionSettings) -> String {
        let (history, row) = (self.history(), self.is(lease.row));
        let told = format!("{ELAPSED}, runner = regexp_replace(runner, ' {COMMITS}$', '')");
        let (write, then) = match advance {
            Advance::Commits => (
                format!("UPDATE {history} SET runner = concat_ws(' ', runner, '{COMMITS}') WHERE {row}"),
                self.expect(
                    lease.row,
                    &format!(
                        "starts_with(runner, {} || ' ') AND right(runner, 8) = ' {COMMITS}'",
                        literal(lease.token)
                    ),
                ),
            ),
            Advance::To(statements, fingerprint) => (
                format!(
                    "UPDATE {history} SET statements = {statements}, {told}, fingerprint = '{fingerprint}' WHERE {row}"
                ),
                self.expect(lease.row, &format!("statements = {statements} AND fingerprint = '{fingerprint}'")),
            ),
            Advance::Reverted(statements) => (
                format!("UPDATE {history} SET statements = {statements}, {told} WHERE {row}"),
                self.expect(lease.row, &format!("statements = {statements}")),
            ),
            Advance::Applied(statements, script) => (
                format!(
                    "UPDATE {history} SET statements = {statements}, {ELAPSED}, state = 'applied', runner = NULL, \
                     checksum = '{}', fingerprint = '{}' WHERE {row}",
                    script.checksum(),
                    script.fingerprint()
                ),
                self.expect(lease.row, &format!("state = 'applied' AND fingerprint = '{}'", script.fingerprint())),
            ),
            Advance::Forgotten => (format!("DELETE FROM {history} WHERE {row}"), self.expect_none(lease.row)),
        };
        let mut body = format!(
            "DECLARE\n\
             {PATH_AS_IT_IS}\
             \x20 atlas_runner pg_catalog.text;\n\
             BEGIN\n\
             {TAKE_OWN_PATH}\
             \x20 IF session_user <> {user} THEN\n\
             \x20   PERFORM set_config('session_authorization', {user}, true);\n\
             \x20 END IF;\n\
             \x20 PERFORM set_config('role', {role}, true);\n\
             \x20 SELECT runner INTO atlas_runner FROM {history} WHERE {row} FOR UPDATE;\n\
             \x20 IF split_part(atlas_runner, ' ', 1) IS DISTINCT FROM {token} THEN\n\
             \x20   {TAKEN_OVER}\n\
             \x20 END IF;\n",
            user = literal(&before.user),
            role = literal(self.role.as_deref().unwrap_or(&before.role)),
            token = literal(lease.token),
        );
        if let Some(SessionNeeds { is_changed: true, .. }) = lease.session {
            let _infallible = write!(
                body,
                "  IF split_part(atlas_runner, ' ', 2) <> pg_backend_pid()::text THEN\n\
                 \x20   RAISE EXCEPTION USING ERRCODE = '{SESSION_LOST}', MESSAGE = 'the session has changed';\n\
                 \x20 END IF;\n"
            );
        }
        format!("DO {};\n", dollar_quoted(&format!("{body}  {write};\n{then}{PUT_PATH_BACK}END")))
    }

    /// What stands before a statement that is sent by itself, so that others see in the server's activity view that it runs.
    pub(crate) fn tag(token: &str, migration: &Migration) -> String {
        format!("/* atlas-migrate {token} {} */ ", comment(migration))
    }

    /// What stands before migrations that run in transactions, so that others see which ones they are.
    pub(crate) fn title(migrations: &[&Migration]) -> String {
        match migrations {
            [] => String::new(),
            [one] => format!("/* atlas-migrate: {} */ ", comment(one)),
            [first, .., last] => format!("/* atlas-migrate: {}, and on to {} */ ", comment(first), comment(last)),
        }
    }
}

/// The time that has passed, noted along with the time.
pub(crate) const ELAPSED: &str =
    "execution_time = execution_time + (clock_timestamp() - applied_at), applied_at = clock_timestamp()";

/// A migration's version and name, as a comment may have them.
pub(crate) fn comment(migration: &Migration) -> String {
    let name = format!("{} {}", migration.version(), migration.name());
    name.replace("*/", "* /").replace("/*", "/ *")
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Versioned => "versioned",
        Kind::Repeatable => "repeatable",
    }
}
