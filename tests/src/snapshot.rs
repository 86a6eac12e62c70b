//! All that migrations can have done to a database, as text that can be compared.

use crate::Database;

/// Tables with their columns, indexes, constraints, views, functions, types and schemas: everything that is not the server's
/// own. Object ids are left out.
const SCHEMA: &str = r#"
    SELECT format('%s %s.%s', c.relkind, n.nspname, c.relname) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
    SELECT format('column %s.%s %s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
    SELECT format('index %s valid %s', pg_get_indexdef(i.indexrelid), i.indisvalid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
    SELECT format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(c.oid))
    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
    SELECT format('view %s %s', c.oid::regclass, pg_get_viewdef(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
    SELECT format('function %s', pg_get_functiondef(p.oid)) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND p.prokind IN ('f', 'p')
  ORDER BY 1"#;

impl Database {
    /// The schema of the database and its history, as far as two runs of the same migrations have it in common.
    #[track_caller]
    pub fn snapshot(&self) -> Vec<String> {
        let mut lines = self.query(SCHEMA);
        if lines.iter().any(|line| line == "r public.schema_migrations") {
            lines.extend(self.query(
                "SELECT namespace, version, name, kind, state, statements, compatible, checksum, fingerprint, runner
                 FROM schema_migrations ORDER BY namespace, version",
            ));
        }
        lines
    }
}
