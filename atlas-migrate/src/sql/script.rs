//! Migrations as one file, which any client can run.

use atlas_migrate_core::history::State;
use atlas_migrate_core::migration::{Header, Migration, Transaction};

use super::path::{OWN_PATH, aside, rules, session_rules};
use super::{COMMIT, Record, Sql, dollar_quoted, literal};

/// What a migration may have done to the session that is not for the next one.
const RESET: &str = "RESET SESSION AUTHORIZATION;\nRESET ALL;\n";

impl Sql {
    /// Makes the history, if there is none, and refuses if it lacks one of those that come before, has one of those that are to
    /// run, or somebody is at work on them.
    pub(crate) fn begin_script(&self, before: &[&Migration], wanted: &[&Migration]) -> String {
        let versions = |migrations: &[&Migration]| {
            let versions = migrations.iter().map(|migration| literal(migration.version().as_str()));
            format!("ARRAY[{}]::text[]", versions.collect::<Vec<_>>().join(", "))
        };
        let lacking = match before {
            [] => String::new(),
            before => format!(
                "\x20 SELECT string_agg(v, ', ' ORDER BY v) INTO atlas_done FROM unnest({}) v\n\
                 \x20   WHERE NOT EXISTS (SELECT FROM {} WHERE namespace = {} AND version = v\n\
                 \x20     AND state IN ('applied', 'skipped', 'baseline'));\n\
                 \x20 IF atlas_done IS NOT NULL THEN\n\
                 \x20   RAISE EXCEPTION 'the history does not have these: %', atlas_done;\n\
                 \x20 END IF;\n",
                versions(before),
                self.history(),
                literal(&self.namespace)
            ),
        };
        let body = format!(
            "DECLARE\n\
             \x20 atlas_granted boolean := pg_try_advisory_xact_lock({lock});\n\
             \x20 atlas_done text;\n\
             BEGIN\n\
             \x20 IF NOT atlas_granted THEN\n\
             \x20   RAISE EXCEPTION 'another process is migrating this database';\n\
             \x20 END IF;\n\
             {create}\
             {lacking}\
             \x20 SELECT string_agg(version, ', ' ORDER BY version) INTO atlas_done FROM {history}\n\
             \x20   WHERE namespace = {namespace} AND version = ANY ({wanted});\n\
             \x20 IF atlas_done IS NOT NULL THEN\n\
             \x20   RAISE EXCEPTION 'the history has these already: %', atlas_done;\n\
             \x20 END IF;\n\
             END",
            lock = self.lock_key(),
            create = self.create(),
            history = self.history(),
            namespace = literal(&self.namespace),
            wanted = versions(wanted),
        );
        format!("{}{OWN_PATH}DO {};\n{COMMIT}", self.begin_local(), dollar_quoted(&body))
    }

    /// Runs a migration and records it.
    pub(crate) fn scripted(&self, migration: &Migration) -> String {
        let script = migration.up();
        let header = script.header();
        let record = |state, statements| {
            let fingerprint = script.fingerprint();
            self.record(&Record { migration, row: None, state, statements, fingerprint })
        };
        let applied = record(State::Applied, script.statements().len());
        // The line feed ends a comment that the file may end in.
        let text = format!("{}\n;\n", script.sql().trim_end());
        let requirements = requirements(header);
        let run = match &header.skip_unless {
            None => format!("{requirements}{text}DO {};\n", dollar_quoted(&aside(&applied))),
            Some(condition) => format!(
                "DO {};\n",
                dollar_quoted(&format!(
                    "\nBEGIN\nIF {} THEN\n{requirements}EXECUTE {};\n{};\nELSE\n{};\nEND IF;\nEND\n",
                    is_true(condition),
                    dollar_quoted(&format!("\n{text}")),
                    aside(&applied),
                    aside(&record(State::Skipped, 0))
                ))
            ),
        };
        match header.transaction {
            Transaction::Wrapped => format!("{}{}{run}{COMMIT}{RESET}", self.begin_local(), rules()),
            Transaction::None => {
                let role =
                    self.role.as_deref().map_or(String::new(), |role| format!("SET ROLE {};\n", super::ident(role)));
                format!("{}{role}{run}{RESET}", session_rules())
            }
        }
    }
}

/// Raises an error unless all that a migration requires is so.
fn requirements(header: &Header) -> String {
    let require = |require: &atlas_migrate_core::migration::Require| {
        let message = require.message.clone().unwrap_or_else(|| format!("not so: {}", require.condition).into());
        let body = format!(
            "BEGIN\nIF NOT {} THEN\nRAISE EXCEPTION USING MESSAGE = {};\nEND IF;\nEND",
            is_true(&require.condition),
            literal(&message)
        );
        format!("DO {};\n", dollar_quoted(&body))
    };
    header.require.iter().map(require).collect()
}

/// The line feed ends a comment that a condition may end in.
fn is_true(condition: &str) -> String {
    format!("coalesce(({condition}\n)::boolean, false)")
}
