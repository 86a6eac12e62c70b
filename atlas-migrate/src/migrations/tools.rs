//! Other tools that migrate, and how their histories are told apart.
//!
//! Names and columns are as the tools themselves make them. Later versions may add columns, so that most are recognised by
//! those that have always been there.

/// How a history is recognised, and what its rows say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    /// The tool, as its users write it.
    pub(crate) name: &'static str,
    /// The schema that it keeps its table in, where there is no choice.
    pub(crate) schema: Option<&'static str>,
    /// The table; none where the columns alone tell, whatever the table is called.
    pub(crate) table: Option<&'static str>,
    /// Columns that it has.
    pub(crate) columns: &'static [&'static str],
    /// Whether these are all.
    pub(crate) has_no_others: bool,
    /// A condition on its rows: without it, they say nothing of what was applied.
    pub(crate) applied: &'static str,
    /// An aggregate of its rows: the version of the newest. NULL where versions are not those of files, and where one of the rows
    /// says that its migration failed: then somebody has to look which of them took effect.
    pub(crate) newest: &'static str,
    /// Whether the newest stands for all: there is no row for each.
    pub(crate) keeps_only_newest: bool,
}

impl Tool {
    /// A tool whose table always has this name and at least these columns.
    const fn new(name: &'static str, table: &'static str, columns: &'static [&'static str]) -> Self {
        Self {
            name,
            schema: None,
            table: Some(table),
            columns,
            has_no_others: false,
            applied: "true",
            newest: "NULL",
            keeps_only_newest: false,
        }
    }

    const fn in_schema(mut self, schema: &'static str) -> Self {
        self.schema = Some(schema);
        self
    }

    /// The table may have been given another name.
    const fn by_columns(mut self) -> Self {
        self.table = None;
        self
    }

    const fn and_no_others(mut self) -> Self {
        self.has_no_others = true;
        self
    }

    const fn applied(mut self, condition: &'static str) -> Self {
        self.applied = condition;
        self
    }

    const fn newest(mut self, aggregate: &'static str) -> Self {
        self.newest = aggregate;
        self
    }

    const fn of_the_newest(mut self) -> Self {
        self.keeps_only_newest = true;
        self
    }

    /// Whether a table with these columns can be its history.
    fn has(&self, columns: &[&str]) -> bool {
        self.columns.iter().all(|column| columns.contains(column))
            && (!self.has_no_others || self.columns.len() == columns.len())
    }
}

/// The newest of versions that are digits without a fixed length.
const LONGEST: &str = "(array_agg(x.version ORDER BY length(x.version) DESC, x.version DESC))[1]";

/// The first that fits is the one.
pub(crate) const TOOLS: &[Tool] = &[
    // It has the columns of sqlx, and more.
    Tool::new(
        "Flyway",
        "flyway_schema_history",
        &["installed_rank", "version", "type", "script", "installed_on", "success"],
    )
    .by_columns()
    .applied("x.type <> 'SCHEMA'")
    .newest(
        "CASE WHEN bool_and(x.success IS NOT false) THEN (array_agg(x.version ORDER BY x.installed_rank DESC) FILTER (WHERE x.version IS NOT \
         NULL))[1] END",
    ),
    Tool::new(
        "sqlx",
        "_sqlx_migrations",
        &["version", "description", "installed_on", "success", "checksum", "execution_time"],
    )
    .by_columns()
    .newest("CASE WHEN bool_and(x.success IS NOT false) THEN max(x.version) END"),
    Tool::new("refinery", "refinery_schema_history", &["version", "name", "applied_on", "checksum"])
        .by_columns()
        .newest("max(x.version)"),
    Tool::new("diesel", "__diesel_schema_migrations", &["version", "run_on"]).newest("max(x.version)"),
    Tool::new("SeaORM", "seaql_migrations", &["version", "applied_at"]),
    Tool::new("drizzle", "__drizzle_migrations", &["id", "hash", "created_at"]),
    Tool::new(
        "Prisma",
        "_prisma_migrations",
        &["id", "checksum", "finished_at", "migration_name", "started_at", "rolled_back_at"],
    )
    .applied("x.rolled_back_at IS NULL")
    .newest("CASE WHEN bool_and(x.finished_at IS NOT NULL OR x.started_at IS NULL) THEN split_part(max(x.migration_name), '_', 1) END"),
    Tool::new("node-pg-migrate", "pgmigrations", &["id", "name", "run_on"])
        .newest("split_part((array_agg(x.name ORDER BY x.id DESC))[1], '_', 1)"),
    Tool::new("knex", "knex_migrations", &["id", "name", "batch", "migration_time"]).by_columns(),
    Tool::new("TypeORM", "migrations", &["id", "timestamp", "name"]),
    Tool::new("db-migrate", "migrations", &["id", "name", "run_on"]),
    Tool::new("ley", "migrations", &["id", "name", "created_at"]),
    Tool::new("Laravel", "migrations", &["id", "migration", "batch"]),
    Tool::new("Sequelize or Umzug", "SequelizeMeta", &["name"]),
    Tool::new("MikroORM", "mikro_orm_migrations", &["id", "name", "executed_at"]),
    Tool::new("graphile-migrate", "migrations", &["hash", "previous_hash", "filename", "date"]),
    Tool::new("the Supabase CLI", "schema_migrations", &["version"])
        .in_schema("supabase_migrations")
        .newest("max(x.version)"),
    Tool::new("postgrator", "schemaversion", &["version", "name", "md5", "run_at"])
        .applied("x.version > 0")
        .newest("max(x.version)"),
    Tool::new("Alembic", "alembic_version", &["version_num"]).of_the_newest(),
    Tool::new("Django", "django_migrations", &["id", "app", "name", "applied"]),
    Tool::new("yoyo", "_yoyo_migration", &["migration_hash", "migration_id", "applied_at_utc"]),
    Tool::new("Sqitch", "changes", &["change_id", "change", "project", "committed_at", "planned_at"]),
    Tool::new("Liquibase", "databasechangelog", &["id", "author", "filename", "orderexecuted", "exectype", "md5sum"])
        .by_columns(),
    Tool::new("goose", "goose_db_version", &["id", "version_id", "is_applied", "tstamp"])
        .by_columns()
        .applied("x.version_id > 0")
        .newest("CASE WHEN bool_and(x.is_applied IS NOT false) THEN max(x.version_id) END"),
    Tool::new("sql-migrate", "gorp_migrations", &["id", "applied_at"]),
    Tool::new("golang-migrate", "schema_migrations", &["version", "dirty"])
        .by_columns()
        .and_no_others()
        .newest("CASE WHEN NOT bool_or(x.dirty) THEN max(x.version) END")
        .of_the_newest(),
    Tool::new("Ecto", "schema_migrations", &["version", "inserted_at"])
        .by_columns()
        .and_no_others()
        .newest("max(x.version)"),
    Tool::new("geni", "schema_migrations", &["id"])
        .and_no_others()
        .newest("(array_agg(x.id ORDER BY length(x.id) DESC, x.id DESC))[1]"),
    Tool::new("Rails or dbmate", "schema_migrations", &["version"]).and_no_others().newest(LONGEST),
    Tool::new("tern", "schema_version", &["version"]).and_no_others().newest("max(x.version)").of_the_newest(),
    Tool::new("Doctrine", "doctrine_migration_versions", &["version", "executed_at", "execution_time"]),
    Tool::new("Phinx", "phinxlog", &["version", "migration_name", "start_time", "end_time"])
        .newest("CASE WHEN bool_and(x.end_time IS NOT NULL OR x.start_time IS NULL) THEN max(x.version) END"),
    Tool::new("Entity Framework", "__EFMigrationsHistory", &["MigrationId", "ProductVersion"]),
];

/// The tool whose history has these columns, where the table's name says nothing: somebody has chosen it for another table.
pub(crate) fn of_columns(columns: &[&str]) -> Option<&'static Tool> {
    let fits = |tool: &&Tool| tool.columns.len() > 1 && tool.has(columns) || tool.has_no_others && tool.has(columns);
    TOOLS.iter().find(fits)
}

/// The tool of this name.
pub(crate) fn named(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(columns: &str, expected: Option<&str>) {
        let columns: Vec<_> = columns.split(' ').collect();
        assert_eq!(of_columns(&columns).map(|tool| tool.name), expected, "{columns:?}");
    }

    #[test]
    fn told_by_columns() {
        check("version", Some("Rails or dbmate"));
        check("version dirty", Some("golang-migrate"));
        check("version inserted_at", Some("Ecto"));
        check("id", Some("geni"));
        check("version description installed_on success checksum execution_time", Some("sqlx"));
        check("version name applied_on checksum", Some("refinery"));
        check("version run_on", Some("diesel"));
        check("id script version", None);
        check("id filename applied_on", None);
        check("name", None);
    }

    #[test]
    fn each_has_a_name_of_its_own() {
        for tool in TOOLS {
            assert_eq!(named(tool.name), Some(tool));
        }
    }
}
