//! Every message that people meet, as they meet it. The snapshots are meant to be read.

use std::time::{Duration, Instant};

use atlas_migrate::{Error, Migrations, Migrator, OtherHistory, OutOfOrder, Repair, Revert, Target, TransactionMode};
use atlas_migrate_tests::{Connection, Database, Driver, migrator};

mod hints;
mod log;

/// A migrator with the error that is expected of it, in a database of its own.
struct Case {
    database: Database,
    connection: Connection,
}

impl Case {
    fn new() -> Self {
        let database = Database::new();
        let connection = Driver::TokioPostgres.connect(&database.url());
        Self { database, connection }
    }

    fn sql(self, sql: &str) -> Self {
        self.database.query(sql);
        self
    }

    #[track_caller]
    fn applied(mut self, files: &[(&str, &str)]) -> Self {
        self.connection.run(&migrator(files)).unwrap();
        self
    }

    #[track_caller]
    fn run(&mut self, files: &[(&str, &str)]) -> Error {
        self.connection.run(&migrator(files)).unwrap_err()
    }
}

/// Compares with the snapshot of this name, which is free of what differs from run to run.
#[track_caller]
fn check(name: &str, text: impl std::fmt::Display) {
    insta::assert_snapshot!(name.replace(' ', "_").replace(',', ""), redacted(&text.to_string()));
}

/// Times, process ids and durations replaced by their names.
fn redacted(text: &str) -> String {
    let mut result = String::new();
    for line in atlas_migrate_tests::without_times(text).lines() {
        let mut rest = line;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let length = rest[start..].find(|c: char| !(c.is_alphanumeric() || "-:.".contains(c)));
            let end = start + length.unwrap_or(rest.len() - start);
            let (before, word) = (&rest[..start], &rest[start..end]);
            result += before;
            result += match word {
                word if word.len() == 20 && word.ends_with('Z') => "[time]",
                _ if ["pid ", "pid="].iter().any(|name| before.ends_with(name)) => "[pid]",
                _ if ["duration=", "waited=", "since="].iter().any(|name| before.ends_with(name)) => "[n]",
                word => word,
            };
            rest = &rest[end..];
        }
        result += rest;
        result.push('\n');
    }
    result
}

const A: (&str, &str) = ("001_a.sql", "CREATE TABLE a (id int PRIMARY KEY);");
const B: (&str, &str) = ("002_b.sql", "CREATE TABLE b (id int PRIMARY KEY);");

#[test]
fn a_statement_fails() {
    let one = |text: &str| Case::new().run(&[A, ("002_next.sql", text)]);
    check("position", one("-- a comment\nALTER TABLE a\n    ADD FOREIGN KEY (nothing) REFERENCES a;\n"));
    check("position after multibyte text", one("COMMENT ON TABLE a IS 'ünïcödé 🙂';\tSELECT * FROM nowhere;\n"));
    check("no position", one("INSERT INTO a VALUES (1);\nINSERT INTO a\n    VALUES (1);\nINSERT INTO a VALUES (2);\n"));
    check("function body", one("DO $$\nBEGIN\n  PERFORM 1;\n  PERFORM nothing FROM a;\nEND $$;\n"));
    check(
        "raised",
        one(
            "DO $$ BEGIN RAISE EXCEPTION 'no way' USING DETAIL = 'because', HINT = 'try harder', ERRCODE = 'U0001'; END $$;",
        ),
    );
    check("syntax that only the server knows", one("-- atlas:no-syntax-check\nCREATE TABEL c (id int);\n"));
    check(
        "at commit",
        one("CREATE TABLE c (id int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO c VALUES (7);\n"),
    );
    check("second run of a file", one("CREATE TABLE IF NOT EXISTS a (id int);\nCREATE TABLE a (id int);\n"));
    check("name of the history", one("CREATE TABLE schema_migrations (filename text);\n"));
    check("not null violated", one("INSERT INTO a VALUES (NULL);"));
    check("dump of a newer server", one("ALTER TABLE ONLY a ALTER id SET (n_distinct=5, pg_attver=2);"));
    check(
        "too few locks",
        one("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53200', MESSAGE = 'out of shared memory'; END $$;"),
    );
    check("statement timeout", one("-- atlas:statement-timeout 50ms\nSELECT pg_sleep(3);"));
}

#[test]
fn d3_a_trigger_that_is_deferred() {
    let trigger = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER forgets AFTER INSERT ON schema_migrations DEFERRABLE FOR EACH ROW EXECUTE FUNCTION f()";
    check("trigger that is deferred", Case::new().applied(&[A]).sql(trigger).run(&[A, B]));
}

#[test]
fn b1_a_statement_that_fails_half_done() {
    let mut case = Case::new().applied(&[("001_a.sql", "CREATE TABLE a (id int); CREATE INDEX by_id ON a (id);")]);
    let mut other = Driver::Postgres.connect(&case.database.url());
    other.sql("BEGIN; SELECT FROM a");
    let table = ("001_a.sql", "CREATE TABLE a (id int); CREATE INDEX by_id ON a (id);");
    let drops = ("002_drop.sql", "-- atlas:statement-timeout 300ms\nDROP INDEX CONCURRENTLY by_id;\n");
    check("half done", case.run(&[table, drops]));
    check("half done, without the file", case.run(&[table]));
}

#[test]
fn an_extension_is_missing() {
    check("extension not available", Case::new().run(&[("1_e.sql", "CREATE EXTENSION postgis_of_another_world;")]));
    let mut case = Case::new();
    let role = format!("plain_{}", std::process::id());
    case.database.query(&format!("CREATE ROLE {role} LOGIN; CREATE SCHEMA own AUTHORIZATION {role}"));
    let mut connection = Driver::TokioPostgres.connect(&case.database.url_as(&role));
    // The history in the other schema is not what this is about.
    let set = |text| migrator(&[("1_e.sql", text)]).schema("own").other_history(OtherHistory::Ignore);
    check("extension not permitted", connection.run(&set("CREATE EXTENSION file_fdw;")).unwrap_err());
    case.run(&[A, ("002_fails.sql", "SELECT 1 / 0")]);
    check("permission denied", connection.run(&set("ALTER TABLE public.a ADD b int;")).unwrap_err());
    let public = migrator(&[A]).table("other").other_history(OtherHistory::Ignore);
    let refused = connection.run(&public).unwrap_err();
    check("history not permitted", &refused);
    drop(connection);
    case.database.query(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}"));
    check("trigram operators missing", case.run(&[A, ("002_t.sql", "CREATE INDEX ON a USING gin (id gin_trgm_ops);")]));
    check("uuid function missing", case.run(&[A, ("002_t.sql", "SELECT uuid_generate_v4();")]));
}

#[test]
fn without_a_transaction() {
    let text = "CREATE INDEX CONCURRENTLY one ON a (id);\nCREATE INDEX CONCURRENTLY two ON a (nothing);\n";
    check("one by one, the second", Case::new().run(&[A, ("002_i.sql", text)]));
    check("one by one, the first", Case::new().run(&[A, ("002_i.sql", "CREATE INDEX CONCURRENTLY i ON z (id);")]));
    let mut case = Case::new();
    case.run(&[A, ("002_i.sql", text)]);
    let edited = text.replace("one ON", "uno ON");
    check("one by one, changed since", case.run(&[A, ("002_i.sql", &edited)]));
    let all = migrator(&[A, ("002_i.sql", "VACUUM a;")]).transaction_mode(TransactionMode::All);
    check("all in one transaction", case.connection.run(&all).unwrap_err());
}

#[test]
fn all_in_one_transaction_fails() {
    let set = migrator(&[A, B, ("003_c.sql", "DROP TABLE c;")]).transaction_mode(TransactionMode::All);
    check("all rolled back", Case::new().connection.run(&set).unwrap_err());
}

#[test]
fn somebody_is_in_the_way() {
    let mut case = Case::new().applied(&[A]);
    let mut holder = Driver::Postgres.connect(&format!("{}?application_name=report", case.database.url()));
    holder.sql("BEGIN; SELECT *\n  FROM a");
    let set = migrator(&[A, ("002_alter.sql", "ALTER TABLE a ADD b int;")]);
    let hasty = set.lock_timeout(Duration::from_millis(20)).retry_budget(Duration::ZERO);
    check("lock timeout", case.connection.run(&hasty).unwrap_err());

    holder.sql("COMMIT");
    let slow = ("002_slow.sql", "SELECT pg_sleep(2);");
    let url = case.database.url();
    let other = std::thread::spawn(move || Driver::Postgres.connect(&url).run(&migrator(&[A, slow])).map(drop));
    let active = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    let deadline = Instant::now() + Duration::from_secs(10);
    while holder.sql(active) == "0" {
        assert!(Instant::now() < deadline, "the other run has not come to its migration");
    }
    let impatient = migrator(&[A, slow]).wait_budget(Duration::from_millis(100));
    check("busy", case.connection.run(&impatient).unwrap_err());
    other.join().unwrap().unwrap();
}

#[test]
fn the_database_is_not_what_it_should_be() {
    let check_run = |name: &str, case: &mut Case, files: &[(&str, &str)]| check(name, case.run(files));
    let mut case = Case::new().applied(&[A, B]);
    check_run("changed", &mut case, &[("001_a.sql", "CREATE TABLE a (id bigint PRIMARY KEY);"), B]);
    check_run("missing", &mut case, &[B]);
    check_run("newer", &mut case, &[A]);
    check_run("several at once", &mut case, &[("0_new.sql", "SELECT 1"), ("001_a.sql", "SELECT 1")]);
    check_run("renumbered", &mut case, &[A, ("003_b.sql", B.1)]);
    check_run("renumbered, and replaced", &mut case, &[A, ("002_c.sql", "CREATE TABLE c ();"), ("003_b.sql", B.1)]);
    check_run("history of another program", &mut case, &[("001_x.sql", "SELECT 1"), ("002_y.sql", "SELECT 2")]);
    check_run("newest file edited", &mut case, &[A, ("002_b.sql", "CREATE TABLE b ();")]);
    let edited = [A, ("002_b.up.sql", "CREATE TABLE b ();"), ("002_b.down.sql", "DROP TABLE b;")];
    check_run("newest file edited, with a down file", &mut case, &edited);
    let mut case = Case::new().applied(&[A, ("R__v.sql", "SELECT 1;")]);
    check_run("repeatable one missing", &mut case, &[A]);
    let mut case = Case::new().applied(&[B]);
    check_run("out of order", &mut case, &[A, B]);
    check("pending", case.connection.check(&migrator(&[A, B]).out_of_order(OutOfOrder::Allow)).unwrap_err());
    let more = migrator(&[B, ("3_c.sql", "SELECT 1"), ("R__v.sql", "SELECT 2")]);
    check("several pending", case.connection.check(&more).unwrap_err());
    let target = migrator(&[A]).target(Target::Version("7".into()));
    check("unknown target", case.connection.run(&target).unwrap_err());
    check(
        "unknown target of an empty set",
        case.connection.baseline(&Migrator::new(Migrations::empty()), "1").unwrap_err(),
    );
    check(
        "history of golang-migrate",
        Case::new().sql("CREATE TABLE schema_migrations (version bigint, dirty boolean)").run(&[A]),
    );
    check("history of Rails", Case::new().sql("CREATE TABLE schema_migrations (version varchar)").run(&[A]));
    check(
        "history of nobody",
        Case::new().sql("CREATE TABLE schema_migrations (id int, script text, version text)").run(&[A]),
    );
    let sqlx = "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text, installed_on timestamptz, \
        success boolean, checksum bytea, execution_time bigint); INSERT INTO _sqlx_migrations (version)";
    check("beside a history of sqlx", Case::new().sql(&format!("{sqlx} VALUES (1), (2)")).run(&[A, B]));
    check(
        "beside a history of Alembic",
        Case::new()
            .sql("CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('a')")
            .run(&[A]),
    );
    let mut case = Case::new().applied(&[A]).sql(&format!("{sqlx} VALUES (7)"));
    check("beside a history elsewhere", case.connection.run(&migrator(&[A, B]).schema("app")).unwrap_err());
    check("status beside another history", case.connection.status(&migrator(&[A]).schema("app")).unwrap());
    let broken = Case::new().applied(&[A]).sql("UPDATE schema_migrations SET state = 'done'").run(&[A, B]);
    check("history edited by hand", broken);
}

/// What has the names of our tables, and may not be used by whoever runs.
#[test]
fn tables_that_are_not_used() {
    const SQLX: &str = "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text, installed_on timestamptz, \
        success boolean, checksum bytea, execution_time bigint); CREATE SCHEMA own; GRANT ALL ON SCHEMA own TO pg_monitor";
    let mut case = Case::new().applied(&[A]).sql("CREATE TABLE child () INHERITS (schema_migrations)");
    check("history with children", case.run(&[A]));
    let mut case = Case::new().applied(&[A]).sql("ALTER TABLE schema_migrations OWNER TO pg_monitor");
    check("history of another role", case.run(&[A]));
    case.database
        .query("ALTER TABLE schema_migrations OWNER TO postgres; GRANT SELECT ON schema_migrations TO pg_monitor");
    case.database.query("ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY");
    case.connection.sql("SET ROLE pg_monitor");
    check("history that is hidden", case.run(&[A]));
    let mut case = Case::new().sql(SQLX);
    case.connection.sql("SET ROLE pg_monitor");
    check("beside a history that may not be read", case.connection.run(&migrator(&[A]).schema("own")).unwrap_err());
}

#[test]
fn reverting() {
    let down = ("002_b.down.sql", "DROP TABLE b;\nDROP TABLE c;");
    let files = [A, ("002_b.up.sql", B.1), down];
    let mut case = Case::new().applied(&files);
    check("revert fails", case.connection.revert(&migrator(&files), Revert::Last).unwrap_err());
    check("no down file", case.connection.revert(&migrator(&files), Revert::All).unwrap_err());
    check("not in this binary", case.connection.revert(&migrator(&[A]), Revert::Last).unwrap_err());
    let alone = [("1_a.up.sql", A.1), ("1_a.down.sql", "DROP INDEX CONCURRENTLY z;")];
    let mut stopped = Case::new().applied(&alone);
    check("revert stops", stopped.connection.revert(&migrator(&alone), Revert::Last).unwrap_err());
    check("run after a revert that stopped", stopped.run(&alone));
    let pair = [("1_a.up.sql", A.1), ("1_a.down.sql", "DROP TABLE a;")];
    let mut case = Case::new();
    check("baseline of nothing that is known", case.connection.baseline(&migrator(&pair), "3").unwrap_err());
    case.connection.baseline(&migrator(&pair), "1").unwrap();
    check("baselined", case.connection.revert(&migrator(&pair), Revert::Last).unwrap_err());
}

#[test]
fn conditions() {
    let one = |text: &str| Case::new().run(&[A, ("002_next.sql", text)]);
    check(
        "requirement with a message",
        one("-- Migration: b\n-- atlas:require EXISTS (SELECT FROM a) | load the data first\nSELECT 1;"),
    );
    check("requirement without a message", one("-- atlas:require false\nSELECT 1;"));
    let skipped = ("002_next.sql", "-- atlas:skip-unless false\nSELECT 1;");
    let stopped = ("003_last.sql", "-- atlas:require false\nSELECT 1;");
    check("requirement after a skip", Case::new().run(&[A, skipped, stopped]));
    check("requirement that cannot be evaluated", one("-- atlas:require no_such_function() > 1\nSELECT 1;"));
}

#[test]
fn the_session_is_of_no_use() {
    let mut case = Case::new();
    case.connection.sql("BEGIN");
    check("in a transaction", case.run(&[A]));
    case.connection.sql("ROLLBACK; SET default_transaction_read_only = on");
    check("read-only session", case.run(&[A]));
    let asks = format!("{}?options=-ctimezone%3DEurope/Berlin%20-cdatestyle%3DDMY", case.database.url());
    check("asked for in vain", Driver::TokioPostgres.connect(&asks).run(&migrator(&[A])).unwrap());
    check("no such role", Case::new().connection.run(&migrator(&[A]).role("nobody here")).unwrap_err());
    check("empty name", case.connection.run(&migrator(&[A]).schema("")).unwrap_err());
    check("NUL in a name", case.connection.run(&migrator(&[A]).table("a\0b")).unwrap_err());
}

#[test]
fn no_connection() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let refused = runtime.block_on(async {
        let options = sqlx::postgres::PgPoolOptions::new().acquire_timeout(Duration::from_secs(1));
        let pool = options.connect_lazy("postgresql://me:secret@127.0.0.1:1/db").unwrap();
        migrator(&[A]).run(&pool).await.unwrap_err()
    });
    check("refused, sqlx", &refused);
    assert!(refused.is_connection() && !format!("{refused:?}").contains("secret"));
    let refused = runtime.block_on(async {
        let manager = deadpool_postgres::Manager::new(
            "postgresql://me:secret@127.0.0.1:1/db".parse().unwrap(),
            tokio_postgres::NoTls,
        );
        migrator(&[A]).run(&deadpool_postgres::Pool::builder(manager).build().unwrap()).await.unwrap_err()
    });
    check("refused, deadpool", &refused);
    let mut case = Case::new();
    let database = case.database.value("SELECT current_database()");
    let nowhere = case.database.url().replace(&database, "nowhere");
    check("no such database", Driver::SqlxPool.connect(&nowhere).run(&migrator(&[A])).unwrap_err());
    let terminated = case.run(&[A, ("002_bye.sql", "SELECT pg_terminate_backend(pg_backend_pid());")]);
    check("connection lost", terminated);
}

#[test]
fn files() {
    let folder = |files: &[(&str, &str)]| Migrations::from_files("migrations", files.iter().copied()).unwrap_err();
    check("folder missing", Migrations::from_directory("no/such/folder").unwrap_err());
    check("no migrations", folder(&[("README.md", "")]));
    check(
        "several faults",
        folder(&[
            ("001_a.sql", "CREATE TABLE a (id int);\nCOMMIT;\n"),
            ("1_b.sql", "-- atlas:timeout 3s\n"),
            ("x.sql", ""),
        ]),
    );
}

/// A run of a file that was cut off right before this statement, with the database in this state.
#[track_caller]
fn cut_off(name: &str, statement: &str, left: &str) {
    let set = migrator(&[A, ("002_alone.sql", &format!("-- atlas:no-transaction\nSELECT 1;\n{statement};\n"))]);
    let stops = migrator(&[A, ("002_alone.sql", "-- atlas:no-transaction\nSELECT 1;\nSELECT 1 / 0;")]);
    let database = Database::new();
    Driver::Postgres.connect(&database.url()).run(&stops).unwrap_err();
    database.query(left);
    database.query("UPDATE schema_migrations SET state = 'running', runner = 'gone' WHERE version = '002'");
    check(name, Driver::Postgres.connect(&database.url()).run(&set).unwrap_err());
}

#[test]
fn what_was_cut_off() {
    cut_off("in doubt", "CALL backfill()", "SELECT 1");
    let statement = "CREATE INDEX CONCURRENTLY by_id ON a (id)";
    cut_off("index of another definition", statement, "CREATE INDEX by_id ON a (id DESC)");
    cut_off("index of another table", statement, "CREATE TABLE b (id int); CREATE INDEX by_id ON b (id)");
}

#[test]
fn what_a_statement_left() {
    let file = ("002_unique.sql", "CREATE UNIQUE INDEX CONCURRENTLY by_n ON b (n);");
    let mut case = Case::new().sql("CREATE TABLE b (n int); INSERT INTO b VALUES (1), (1)");
    check("index left behind", case.run(&[file]));
}

#[test]
fn repairs() {
    let mut case = Case::new().applied(&[A]);
    let set = migrator(&[A]);
    check("repaired", case.connection.repair(&set, "1", Repair::Applied).unwrap());
    check("repair of too much", case.connection.repair(&set, "1", Repair::Failed { completed: 9 }).unwrap_err());
}

#[test]
fn an_older_binary() {
    let mut case = Case::new().applied(&[("R__v.sql", "SELECT 1;")]).applied(&[("R__v.sql", "SELECT 2;")]);
    check("superseded", case.connection.run(&migrator(&[("R__v.sql", "SELECT 1;")])).unwrap());
}

#[test]
fn nobody_migrates() {
    let mut case = Case::new();
    let set = migrator(&[A, B]).wait_budget(Duration::from_millis(100));
    check("nobody migrated", case.connection.wait(&set).unwrap_err());
}

#[test]
fn what_went_well() {
    let mut case = Case::new();
    let header = "-- Migration: Second table\n-- Description: Holds what a does not\n-- Date: 2026-01-31\n";
    let second = format!("{header}CREATE TABLE b (id int PRIMARY KEY);");
    let skipped = "-- atlas:skip-unless false\nSELECT 1;";
    let set = migrator(&[A, ("002_b.sql", &second), ("003_optional.sql", skipped), ("R__view.sql", "SELECT 1;")]);
    check("plan", case.connection.plan(&set).unwrap());
    check("report", case.connection.run(&set).unwrap());
    check("status", case.connection.status(&set).unwrap());
    let taken = migrator(&[("000_own.sql", "CREATE TABLE IF NOT EXISTS Schema_Migrations (filename text);")]);
    check("name of the history is taken", Case::new().connection.run(&taken).unwrap());
    check("plan of nothing", case.connection.plan(&set).unwrap());
    check("report of nothing", case.connection.run(&set).unwrap());
}

#[test]
fn what_validation_finds() {
    let up = ("002_u.up.sql", "CREATE TABLE u (a int); CREATE INDEX on_a ON a (id);");
    let set = migrator(&[A, up, ("002_u.down.sql", "DROP TABLE u;")]);
    check("invalid", atlas_migrate::testing::validate(set).unwrap_err());
}
