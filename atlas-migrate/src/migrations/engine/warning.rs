//! What a run tells of beforehand that is no error.

use atlas_migrate_core::history::Entry;
use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::plan::{self, Standing, Step};
use atlas_migrate_core::statement::{creates_table, creates_without_schema};

use super::{Engine, refusal};
use crate::migrations::migrator::{DEFAULT_SCHEMA, Options};
use crate::migrations::sql::gone;
use crate::postgres::session::Session;
use crate::progress::Event;

impl<S: Session> Engine<'_, S> {
    /// Tells something that is no error.
    pub(super) fn warn(&mut self, warning: String) {
        self.options.patience.listener.tell(&Event::Warning(&warning));
        self.report.warnings.push(warning);
    }

    /// Tells of what failed without effect and this binary does not have.
    pub(super) fn warn_of_failed(&mut self) {
        let failed = plan::compare(self.known, &self.entries).into_iter().filter_map(|line| match line.standing {
            Standing::Failed => line.entry().map(|entry| refusal::failed_without_effect(&self.entries[entry])),
            _ => None,
        });
        failed.collect::<Vec<_>>().into_iter().for_each(|warning| self.warn(warning));
    }

    /// Tells of repeatable migrations whose objects are gone with those of others.
    pub(super) fn warn_of_gone(&mut self) {
        let entries = &self.entries;
        let is_gone = |migration: &&Migration| {
            let is_row = |entry: &Entry| entry.key() == migration.key() && entry.fingerprint == gone::gone();
            !migration.key().is_versioned() && entries.iter().any(is_row)
        };
        let names: Vec<_> = self.known.iter().filter(is_gone).map(refusal::name).collect();
        for name in names {
            self.warn(format!("what {name} has made is gone with what was reverted; the next run makes it again"));
        }
    }

    /// Tells of migrations that create a table where the history is.
    pub(super) fn warn_of_own_name(&mut self, steps: &[Step]) {
        let Options { schema, table, .. } = self.options;
        let creates_it = |script: &Script| {
            let text = script.text();
            let creates_it = |sql| creates_table(sql, schema, table);
            text.to_ascii_lowercase().contains(&table.to_ascii_lowercase())
                && script.statements().into_iter().any(|statement| creates_it(&text[statement.range]))
        };
        for migration in steps.iter().map(|step| &self.known[step.known]) {
            if creates_it(migration.up()) {
                let warning = refusal::own_name(migration, &self.sql.history());
                self.warn(self.options.patience.listener.words(&warning));
            }
        }
    }

    /// Tells where names without a schema come to be, if that is not the schema that was asked for.
    pub(super) fn warn_of_schema(&mut self, steps: &[Step]) {
        let (asked, found) = (self.options.schema.as_str(), self.names.schema.as_str());
        if asked == DEFAULT_SCHEMA || found.is_empty() || asked == found {
            return;
        }
        let is_meant = |script: &Script| {
            let text = script.text();
            !text.to_ascii_lowercase().contains("search_path")
                && script.statements().into_iter().any(|statement| creates_without_schema(&text[statement.range]))
        };
        let meant = steps.iter().map(|step| &self.known[step.known]).find(|migration| is_meant(migration.up()));
        if let Some(migration) = meant {
            self.warn(refusal::elsewhere(migration, found, asked));
        }
    }
}
