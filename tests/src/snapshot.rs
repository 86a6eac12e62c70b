//! All that migrations can have done to a database, as text that can be compared.

use atlas_migrate::{Migrations, Migrator};

use crate::{Database, Driver};

impl Database {
    /// The schema of the database and its history, as far as two runs of the same migrations have it in common.
    #[track_caller]
    pub fn snapshot(&self) -> Vec<String> {
        let snapshot = Driver::Postgres.connect(&self.url()).snapshot(&Migrator::new(Migrations::empty()));
        let text = snapshot.unwrap_or_else(|error| panic!("{error}")).to_string();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        if !self.query("SELECT FROM pg_class WHERE oid = to_regclass('schema_migrations')").is_empty() {
            lines.extend(self.query(
                "SELECT namespace, version, name, kind, state, statements, compatible, checksum, fingerprint, runner
                 FROM schema_migrations ORDER BY namespace, version",
            ));
        }
        lines
    }

    /// The names of all tables, with their schemas, as they are.
    #[track_caller]
    pub fn tables(&self) -> Vec<String> {
        self.query(
            "SELECT concat(n.nspname, '.', c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1",
        )
    }
}
