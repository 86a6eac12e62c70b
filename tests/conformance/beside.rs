//! A first run in a database that has another history.

use atlas_migrate::{ErrorKind, Migrator, OtherHistory, Revert};
use atlas_migrate_tests::{Database, Driver, every_driver, migrator};

const ACCOUNTS: (&str, &str) = ("1_accounts.sql", "CREATE TABLE accounts (amount int);");
const CENTS: (&str, &str) = ("2_cents.sql", "UPDATE accounts SET amount = amount * 100;");

const SQLX: &str = "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL,
    installed_on timestamptz NOT NULL DEFAULT now(), success boolean NOT NULL, checksum bytea NOT NULL,
    execution_time bigint NOT NULL);
    INSERT INTO _sqlx_migrations SELECT v, 'a', now(), true, '', 1 FROM generate_series(1, 2) v;";

/// What another tool, or another program, has migrated; then it may be looked at.
fn accounts() -> Migrator {
    migrator(&[ACCOUNTS, CENTS])
}

/// A database that sqlx has migrated.
fn migrated_by_sqlx() -> Database {
    let database = Database::new();
    database.query(&format!("{SQLX} {} INSERT INTO accounts VALUES (100)", ACCOUNTS.1));
    database
}

every_driver! {
    fn a3_nothing_runs_a_second_time(driver) {
        let database = migrated_by_sqlx();
        let mut connection = driver.connect(&database.url());
        let error = connection.run(&accounts()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForeignHistory, "{error}");
        assert_eq!(database.query("SELECT amount FROM accounts"), ["100"]);
        assert_eq!(database.value("SELECT to_regclass('schema_migrations') IS NULL"), "t");

        // What the hint says.
        assert!(error.to_string().contains("`baseline(&pool, \"2\")`, then run"), "{error}");
        connection.baseline(&accounts(), "2").unwrap();
        assert!(connection.run(&accounts()).unwrap().is_empty());
        assert_eq!(database.query("SELECT amount FROM accounts"), ["100"]);
        assert_eq!(database.errors(), [""; 0]);
    }
}

#[test]
fn a3_every_verb_looks() {
    let database = migrated_by_sqlx();
    let mut connection = Driver::Postgres.connect(&database.url());
    let set = accounts();
    let kinds = [
        connection.run(&set).unwrap_err().kind(),
        connection.plan(&set).unwrap_err().kind(),
        connection.check(&set).unwrap_err().kind(),
        connection.wait(&set).unwrap_err().kind(),
        connection.rehearse(&set).unwrap_err().kind(),
    ];
    assert_eq!(kinds, [ErrorKind::ForeignHistory; 5]);
    let status = connection.status(&set).unwrap();
    assert!(
        status.to_string().contains("warning: this database was migrated by sqlx: public._sqlx_migrations has 2 rows"),
        "{status}"
    );
    assert!(connection.revert(&set, Revert::All).unwrap().is_empty());
    assert_eq!(database.tables(), ["public._sqlx_migrations", "public.accounts"]);
    assert_eq!(database.errors(), [""; 0]);

    let beside = set.other_history(OtherHistory::Ignore);
    assert_eq!(connection.plan(&beside).unwrap().steps().len(), 2);
    assert!(connection.status(&beside).unwrap().warnings().is_empty());
    assert!(connection.check(&beside).unwrap_err().is_pending());
}

/// A history of this form stops the first run, which names the tool.
#[track_caller]
fn check(tool: &str, sql: &str) {
    let database = Database::new();
    database.query(sql);
    let set = migrator(&[("7_z.sql", "CREATE TABLE z ();")]).table("history");
    let mut connection = Driver::Postgres.connect(&database.url());
    let error = connection.run(&set).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignHistory, "{error}");
    assert!(error.to_string().starts_with(&format!("this database was migrated by {tool}: ")), "{error}");
    connection.run(&set.other_history(OtherHistory::Ignore)).unwrap();
}

/// These tables stop no run.
#[track_caller]
fn passes(set: &Migrator, sql: &str) {
    let database = Database::new();
    database.query(sql);
    let result = Driver::Postgres.connect(&database.url()).run(set);
    assert!(result.is_ok(), "{sql}\n{}", result.unwrap_err());
    assert_eq!(database.errors(), [""; 0]);
}

#[test]
fn a3_each_tool_is_told_apart() {
    check("sqlx", &SQLX.replace("_sqlx_migrations", "renamed"));
    check(
        "refinery",
        "CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY, name varchar(255), applied_on varchar(255), checksum varchar(255)); INSERT INTO refinery_schema_history VALUES (1, 'a', '', '')",
    );
    check(
        "diesel",
        "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now()); INSERT INTO __diesel_schema_migrations VALUES ('20180102000000')",
    );
    check(
        "SeaORM",
        "CREATE TABLE seaql_migrations (version varchar PRIMARY KEY, applied_at bigint NOT NULL); INSERT INTO seaql_migrations VALUES ('m2022_a', 1)",
    );
    check(
        "geni",
        "CREATE TABLE schema_migrations (id varchar(255) PRIMARY KEY); INSERT INTO schema_migrations VALUES ('9')",
    );
    check(
        "Rails or dbmate",
        "CREATE TABLE schema_migrations (version varchar PRIMARY KEY); INSERT INTO schema_migrations VALUES ('2024')",
    );
    check(
        "golang-migrate",
        "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (7, true)",
    );
    check(
        "Ecto",
        "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, inserted_at timestamp(0)); INSERT INTO schema_migrations VALUES (7)",
    );
    check(
        "drizzle",
        "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint); INSERT INTO drizzle.__drizzle_migrations (hash) VALUES ('')",
    );
    check(
        "Prisma",
        "CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64), finished_at timestamptz, migration_name varchar(255), logs text, rolled_back_at timestamptz, started_at timestamptz, applied_steps_count int); INSERT INTO _prisma_migrations (id, migration_name) VALUES ('1', '2024_a')",
    );
    check(
        "node-pg-migrate",
        "CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL DEFAULT now()); INSERT INTO pgmigrations (name) VALUES ('1_a')",
    );
    check(
        "knex",
        "CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255), batch int, migration_time timestamptz); INSERT INTO knex_migrations (name) VALUES ('1_a.js')",
    );
    check(
        "TypeORM",
        "CREATE TABLE migrations (id serial PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL); INSERT INTO migrations (timestamp, name) VALUES (1, 'A1')",
    );
    check(
        "db-migrate",
        "CREATE TABLE migrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL DEFAULT now()); INSERT INTO migrations (name) VALUES ('/1-a')",
    );
    check(
        "ley",
        "CREATE TABLE migrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, created_at timestamp DEFAULT now()); INSERT INTO migrations (name) VALUES ('1.js')",
    );
    check(
        "Sequelize or Umzug",
        "CREATE TABLE \"SequelizeMeta\" (name varchar(255) PRIMARY KEY); INSERT INTO \"SequelizeMeta\" VALUES ('1-a.js')",
    );
    check(
        "MikroORM",
        "CREATE TABLE mikro_orm_migrations (id serial PRIMARY KEY, name varchar(255), executed_at timestamptz DEFAULT now()); INSERT INTO mikro_orm_migrations (name) VALUES ('M1')",
    );
    check(
        "graphile-migrate",
        "CREATE SCHEMA graphile_migrate; CREATE TABLE graphile_migrate.migrations (hash text PRIMARY KEY, previous_hash text, filename text NOT NULL, date timestamptz NOT NULL DEFAULT now()); INSERT INTO graphile_migrate.migrations VALUES ('sha1:1', NULL, '000001.sql')",
    );
    check(
        "the Supabase CLI",
        "CREATE SCHEMA supabase_migrations; CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text); INSERT INTO supabase_migrations.schema_migrations VALUES ('2024')",
    );
    check(
        "postgrator",
        "CREATE TABLE schemaversion (version bigint PRIMARY KEY, name text, md5 text, run_at timestamptz); INSERT INTO schemaversion VALUES (0), (1)",
    );
    check(
        "Alembic",
        "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('ae1')",
    );
    check(
        "Django",
        "CREATE TABLE django_migrations (id serial PRIMARY KEY, app varchar(255), name varchar(255), applied timestamptz); INSERT INTO django_migrations (app) VALUES ('a')",
    );
    check(
        "yoyo",
        "CREATE TABLE _yoyo_migration (migration_hash varchar(64) PRIMARY KEY, migration_id varchar(255), applied_at_utc timestamp); INSERT INTO _yoyo_migration VALUES ('1', 'a')",
    );
    check(
        "Sqitch",
        "CREATE SCHEMA sqitch; CREATE TABLE sqitch.changes (change_id text PRIMARY KEY, script_hash text, change text, project text, note text, committed_at timestamptz, committer_name text, committer_email text, planned_at timestamptz, planner_name text, planner_email text); INSERT INTO sqitch.changes VALUES ('1')",
    );
    check(
        "Liquibase",
        "CREATE TABLE databasechangelog (id varchar(255), author varchar(255), filename varchar(255), dateexecuted timestamp, orderexecuted int, exectype varchar(10), md5sum varchar(35)); INSERT INTO databasechangelog VALUES ('1')",
    );
    check(
        "Flyway",
        "CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), description varchar(200), type varchar(20), script varchar(1000), checksum int, installed_by varchar(100), installed_on timestamp, execution_time int, success boolean); INSERT INTO flyway_schema_history VALUES (1, '1', '', 'SQL')",
    );
    check(
        "goose",
        "CREATE TABLE goose_db_version (id int PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp DEFAULT now()); INSERT INTO goose_db_version VALUES (1, 0, true), (2, 5, true)",
    );
}

/// Where nothing was applied by anybody, or what was is not about these migrations.
#[test]
fn a3_what_stops_no_run() {
    let set = accounts();
    passes(&set, &SQLX.replace("generate_series(1, 2)", "generate_series(1, 0)"));
    passes(
        &set,
        "CREATE TABLE goose_db_version (id int PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp); INSERT INTO goose_db_version VALUES (1, 0, true)",
    );
    passes(
        &set,
        "CREATE TABLE schemaversion (version bigint PRIMARY KEY, name text, md5 text, run_at timestamptz); INSERT INTO schemaversion VALUES (0)",
    );
    // A table of the application, a view, a temporary table.
    passes(&set, "CREATE TABLE migrations (id int, species text); INSERT INTO migrations VALUES (1, 'crane')");
    passes(&set, "CREATE VIEW alembic_version AS SELECT 'a' AS version_num");
    passes(
        &set,
        "CREATE TYPE v AS ENUM ('a'); CREATE TABLE alembic_version (version_num v); INSERT INTO alembic_version VALUES ('a')",
    );
    // A library's own namespace.
    passes(&accounts().namespace("jobs"), SQLX);
}

/// These migrations were applied already, and that stands in another table.
#[track_caller]
fn check_elsewhere(there: &Migrator, here: &Migrator, message: &str) {
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    connection.run(there).unwrap();
    let error = connection.run(here).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignHistory, "{error}");
    assert!(error.to_string().contains(message), "{error}");
    assert_eq!(database.errors(), [""; 0]);
}

#[test]
fn a3_the_same_migrations_elsewhere() {
    let set = accounts();
    let where_to =
        |place: &str| format!("these migrations have another history: {place} has 2 rows of namespace default");
    check_elsewhere(&set, &set.clone().schema("app"), &where_to("public.schema_migrations"));
    check_elsewhere(&set, &set.clone().table("it's"), &where_to("public.schema_migrations"));
    check_elsewhere(&set.clone().schema("app"), &set, "use that one with `schema(\"app\")`");
    check_elsewhere(
        &set.clone().schema("app").table("own"),
        &set,
        "use that one with `schema(\"app\")` and `table(\"own\")`",
    );
    let library = set.clone().namespace("jobs");
    check_elsewhere(&library.clone().table("jobs"), &library, "rows of namespace jobs");

    // Tenants, and another namespace in the same table.
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    let tenant = |name: &str| {
        migrator(&[("1_t.sql", &format!("CREATE SCHEMA IF NOT EXISTS {name}; CREATE TABLE {name}.t ();"))]).schema(name)
    };
    connection.run(&tenant("one")).unwrap();
    connection.run(&tenant("two").other_history(OtherHistory::Ignore)).unwrap();
    assert!(connection.run(&tenant("two")).unwrap().is_empty());
    connection.run(&set.namespace("other")).unwrap();
}

#[test]
fn a3_a_history_that_may_not_be_read() {
    let database = Database::new();
    let role = format!("unread_{}", std::process::id());
    database.query(&format!("{SQLX} CREATE ROLE {role} LOGIN; CREATE SCHEMA own AUTHORIZATION {role}"));
    let set = migrator(&[("1_a.sql", "CREATE TABLE own.a ();")]).schema("own");
    let mut connection = Driver::Postgres.connect(&database.url_as(&role));
    let error = connection.run(&set).unwrap_err();
    assert!(
        error.to_string().contains(
            "may have been migrated by sqlx: public._sqlx_migrations is there, and this role may not read it"
        ),
        "{error}"
    );
    database.query(&format!(
        "GRANT SELECT ON _sqlx_migrations TO {role}; ALTER TABLE _sqlx_migrations ENABLE ROW LEVEL SECURITY"
    ));
    let error = connection.run(&set).unwrap_err();
    assert!(
        error.to_string().contains(
            "may have been migrated by sqlx: public._sqlx_migrations is there, and this role may not read it"
        ),
        "{error}"
    );
    assert_eq!(database.errors(), [""; 0]);
    connection.run(&set.other_history(OtherHistory::Ignore)).unwrap();
    drop(connection);
    database.query(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}"));
}

#[test]
fn a3_a_version_that_says_less_is_no_hint() {
    let database = migrated_by_sqlx();
    let mut connection = Driver::Postgres.connect(&database.url());
    // One of those before it was not applied.
    database.query("DELETE FROM _sqlx_migrations WHERE version = 1");
    let error = connection.run(&accounts()).unwrap_err();
    assert!(error.to_string().contains("which takes the version of the last one"), "{error}");
}

/// A history of both files, one of whose rows says that its migration failed, is not adopted as a whole.
#[track_caller]
fn check_failed(tool: &str, sound: &str, fails: &str) {
    let database = Database::new();
    database.query(sound);
    let set = accounts().table("history");
    let mut connection = Driver::Postgres.connect(&database.url());
    let error = connection.run(&set).unwrap_err().to_string();
    assert!(error.contains("`baseline(&pool, \"2\")`"), "{tool}: {error}");
    database.query(fails);
    let error = connection.run(&set).unwrap_err().to_string();
    assert!(error.starts_with(&format!("this database was migrated by {tool}: ")), "{error}");
    assert!(error.contains("which takes the version of the last one that it has applied"), "{tool}: {error}");
    assert!(!error.contains("its newest version"), "{tool}: {error}");
}

#[test]
fn a3_what_failed_there_is_not_adopted() {
    check_failed("sqlx", SQLX, "UPDATE _sqlx_migrations SET success = false WHERE version = 2");
    check_failed(
        "Flyway",
        "CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), description varchar(200), type varchar(20), script varchar(1000), checksum int, installed_by varchar(100), installed_on timestamp, execution_time int, success boolean NOT NULL); INSERT INTO flyway_schema_history SELECT v, v::text, 'a', 'SQL', 'a', 1, 'a', now(), 1, true FROM generate_series(1, 2) v",
        "UPDATE flyway_schema_history SET success = false WHERE version = '2'",
    );
    check_failed(
        "Prisma",
        "CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64), finished_at timestamptz, migration_name varchar(255), logs text, rolled_back_at timestamptz, started_at timestamptz, applied_steps_count int); INSERT INTO _prisma_migrations SELECT v, '', now(), v || '_a', '', NULL, now(), 1 FROM generate_series(1, 2) v",
        "UPDATE _prisma_migrations SET finished_at = NULL WHERE id = '2'",
    );
    check_failed(
        "goose",
        "CREATE TABLE goose_db_version (id int PRIMARY KEY, version_id bigint, is_applied boolean, tstamp timestamp); INSERT INTO goose_db_version SELECT v, v, true, now() FROM generate_series(0, 2) v",
        "UPDATE goose_db_version SET is_applied = false WHERE version_id = 2",
    );
    check_failed(
        "golang-migrate",
        "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (2, false)",
        "UPDATE schema_migrations SET dirty = true",
    );
    check_failed(
        "Phinx",
        "CREATE TABLE phinxlog (version bigint PRIMARY KEY, migration_name varchar(100), start_time timestamp, end_time timestamp, breakpoint boolean); INSERT INTO phinxlog SELECT v, 'a', now(), now() FROM generate_series(1, 2) v",
        "UPDATE phinxlog SET end_time = NULL WHERE version = 2",
    );
}
