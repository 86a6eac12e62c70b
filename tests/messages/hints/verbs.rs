//! Hints lead out that are about a session, its rights, and what other sessions do.

use std::path::Path;

use atlas_migrate::Event;
use atlas_migrate::bench::{Bencher, Benchmarks};
use atlas_migrate::verify::{Checks, Verifier};

use super::*;

/// A role without rights that is there for one test.
pub(super) struct Login<'d> {
    database: &'d Database,
    pub(super) name: String,
}

impl<'d> Login<'d> {
    pub(super) fn new(database: &'d Database) -> Self {
        let name = format!("login_{}", database.value("SELECT current_database()"));
        database.query(&format!("CREATE ROLE {name} LOGIN"));
        Self { database, name }
    }

    fn connect(&self) -> Connection {
        Driver::TokioPostgres.connect(&self.database.url_as(&self.name))
    }

    /// Runs SQL in which `LOGIN` is the role.
    fn query(&self, sql: &str) {
        self.database.query(&sql.replace("LOGIN", &self.name));
    }
}

impl Drop for Login<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.query("DROP OWNED BY LOGIN CASCADE; DROP ROLE LOGIN");
        }
    }
}

#[test]
fn rights_on_the_history() {
    let hint = "the role needs USAGE on the schema of the history table and SELECT on the table; to migrate, also CREATE on the \
                schema (or choose another with `schema(..)`, another role with `role(..)`)";
    let set = migrator(&[A]);
    for follow in [
        "GRANT USAGE, CREATE ON SCHEMA app TO LOGIN",
        "CREATE SCHEMA own AUTHORIZATION LOGIN",
        "GRANT pg_monitor TO LOGIN",
    ] {
        let database = Database::new();
        database.query("CREATE SCHEMA app; CREATE TABLE app.a (); ");
        let login = Login::new(&database);
        let mut connection = login.connect();
        let unqualified = migrator(&[("001_a.sql", "SELECT 1")]);
        let error = connection.run(&unqualified.clone().schema("app")).unwrap_err();
        leads_out(&error, hint, &mut || {
            login.query(follow);
            connection
                .run(&match follow {
                    follow if follow.contains("own") => unqualified.clone().schema("own"),
                    follow if follow.contains("pg_monitor") => {
                        login.query("GRANT ALL ON SCHEMA app TO pg_monitor");
                        unqualified.clone().schema("app").role("pg_monitor")
                    }
                    _ => unqualified.clone().schema("app"),
                })
                .map(drop)
        });
    }
    let case = Case::new().applied(&[A]);
    let login = Login::new(&case.database);
    let mut connection = login.connect();
    let error = connection.check(&set).unwrap_err();
    leads_out(&error, hint, &mut || {
        login.query("GRANT SELECT ON schema_migrations TO LOGIN");
        connection.check(&set)
    });
    let hint = "run migrations as the owner of these objects, or name that role with `role(..)`";
    login.query("GRANT ALL ON SCHEMA public TO LOGIN; GRANT ALL ON schema_migrations TO LOGIN");
    let more = migrator(&[A, ("002_n.sql", "ALTER TABLE a ADD n int;")]);
    let error = connection.run(&more).unwrap_err();
    leads_out(&error, hint, &mut || {
        login.query("GRANT pg_monitor TO LOGIN; ALTER TABLE a OWNER TO pg_monitor; GRANT ALL ON schema_migrations TO pg_monitor");
        connection.run(&more.clone().role("pg_monitor")).map(drop)
    });
}

#[test]
fn extensions() {
    let mut case = Case::new();
    let error = case.run(&[("1_e.sql", "CREATE EXTENSION of_another_world;")]);
    let condition = "-- atlas:skip-unless EXISTS (SELECT FROM pg_available_extensions WHERE name = 'of_another_world')";
    let set = migrator(&[("1_e.sql", &format!("{condition}\nCREATE EXTENSION of_another_world;"))]);
    assert!(error.to_string().contains("or make the migration optional with `-- atlas:skip-unless "), "{error}");
    leads_out(&error, condition, &mut || case.connection.run(&set).map(drop));

    let login = Login::new(&case.database);
    login.query("CREATE SCHEMA own AUTHORIZATION LOGIN");
    let mut connection = login.connect();
    let set = migrator(&[("1_e.sql", "CREATE EXTENSION IF NOT EXISTS file_fdw;")]).schema("own");
    let set = set.other_history(OtherHistory::Ignore);
    let error = connection.run(&set).unwrap_err();
    let hint =
        "let a superuser create the extension in this database beforehand; CREATE EXTENSION IF NOT EXISTS then passes";
    leads_out(&error, hint, &mut || {
        case.database.query("CREATE EXTENSION file_fdw");
        connection.run(&set).map(drop)
    });
    drop(connection);

    let table = "CREATE TABLE t (a text)";
    let index = "CREATE INDEX ON t USING gin (a gin_trgm_ops)";
    let hint = "the extension pg_trgm is missing: begin this migration with CREATE EXTENSION IF NOT EXISTS pg_trgm";
    let begun = format!("CREATE EXTENSION IF NOT EXISTS pg_trgm; {index}");
    file(table, index, hint, &[&begun]);
    file(
        table,
        "SELECT similarity('a', 'b')",
        hint,
        &["CREATE EXTENSION IF NOT EXISTS pg_trgm; SELECT similarity('a', 'b')"],
    );
    let uuid = "SELECT uuid_generate_v4()";
    let hint = "begin this migration with CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\"; or use gen_random_uuid()";
    file(
        table,
        uuid,
        hint,
        &[&format!("CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\"; {uuid}"), "SELECT gen_random_uuid()"],
    );
}

/// Of a newer server's dump, and of a server with few locks.
#[test]
fn what_the_server_cannot_do() {
    let table = "CREATE TABLE t (a int)";
    let dumped = "ALTER TABLE ONLY t ALTER a SET (n_distinct=5, pg_attver=2)";
    file(table, dumped, "remove `pg_attver` from the file", &["ALTER TABLE ONLY t ALTER a SET (n_distinct=5)"]);
    let locks = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53200', MESSAGE = 'out of shared memory'; END $$";
    let hint = "raise max_locks_per_transaction on the server, and restart it; or divide the file";
    file(table, locks, hint, &["SELECT 1"]);
}

#[test]
fn sessions() {
    let set = migrator(&[A]);
    let verifier = || Verifier::new(Checks::from_files("", [("a.sql", "SELECT true")]).unwrap());
    let mut case = Case::new();
    case.connection.sql("BEGIN");
    let snapshot = case.connection.snapshot(&set).unwrap_err();
    let verified = case.connection.verify(&verifier()).unwrap_err();
    case.connection.sql("ROLLBACK");
    leads_out(&snapshot, "commit or roll back first: reading the catalog needs settings of its own", &mut || {
        case.connection.snapshot(&set).map(drop)
    });
    leads_out(&verified, "commit or roll back first: what is asked has transactions of its own", &mut || {
        case.connection.verify(&verifier()).map(drop)
    });
    // One that has failed, too.
    case.connection.sql("BEGIN");
    case.connection.try_sql("SELECT 1 / 0").unwrap_err();
    let error = case.run(&[A]);
    leads_out(&error, "roll back first: the connection has a transaction that has failed", &mut || {
        case.connection.sql("ROLLBACK");
        case.connection.run(&set).map(drop)
    });
    let more = migrator(&[A, B]);
    case.connection.sql("SET default_transaction_read_only = on");
    let error = case.connection.run(&more).unwrap_err();
    leads_out(&error, "use a session without default_transaction_read_only", &mut || {
        case.connection.sql("RESET default_transaction_read_only");
        case.connection.run(&more).map(drop)
    });
    for name in ["", "a\0b"] {
        let error = Case::new().connection.run(&set.clone().table(name)).unwrap_err();
        let hint = "give a name, or leave the option out";
        leads_out(&error, hint, &mut || Case::new().connection.run(&set).map(drop));
        leads_out(&error, hint, &mut || Case::new().connection.run(&set.clone().table("other")).map(drop));
    }
    let error = Case::new().connection.run(&set.clone().table("a".repeat(64))).unwrap_err();
    leads_out(&error, "give a shorter name", &mut || {
        Case::new().connection.run(&set.clone().table("a".repeat(63))).map(drop)
    });
    let error = Case::new().connection.baseline(&Migrator::new(Migrations::empty()), "1").unwrap_err();
    leads_out(&error, "add a versioned migration: there is none at all", &mut || {
        Case::new().connection.baseline(&set, "1").map(drop)
    });
    let error = Case::new().connection.check(&set).unwrap_err();
    let mut case = Case::new();
    leads_out(&error, "run the migrations before this process starts, with `run(&pool)`", &mut || {
        case.connection.run(&set)?;
        case.connection.check(&set)
    });
}

/// What has the name of the history, and is another's; and what hides it.
#[test]
fn tables_that_are_not_used() {
    let applied = || Case::new().applied(&[A]);
    let set = migrator(&[A]);
    let case = applied();
    let evil = Login::new(&case.database);
    evil.query("ALTER TABLE schema_migrations OWNER TO LOGIN");
    let mut connection = case.connect();
    let error = connection.check(&set).unwrap_err();
    let role = format!("do it as that role, with `role(\"{}\")`", evil.name);
    leads_out(&error, &role, &mut || {
        evil.query("GRANT ALL ON SCHEMA public TO LOGIN");
        connection.check(&set.clone().role(&evil.name))
    });
    let hint = "if only what it says is true, `ALTER TABLE \"public\".\"schema_migrations\" OWNER TO CURRENT_USER`; else drop it";
    leads_out(&error, hint, &mut || {
        case.database.query("ALTER TABLE public.schema_migrations OWNER TO CURRENT_USER");
        connection.check(&set)
    });
    evil.query("ALTER TABLE schema_migrations OWNER TO LOGIN");
    leads_out(&error, "or choose another schema with `schema(..)`", &mut || {
        connection.run(&migrator(&[B]).schema("own").other_history(OtherHistory::Ignore)).map(drop)
    });
    case.database.query("ALTER TABLE public.schema_migrations OWNER TO CURRENT_USER; CREATE TABLE child () INHERITS (schema_migrations)");
    let error = connection.check(&set).unwrap_err();
    leads_out(&error, "drop what you do not know; or choose another schema with `schema(..)`", &mut || {
        case.database.query("DROP TABLE child");
        connection.check(&set)
    });
    evil.query("GRANT SELECT ON schema_migrations TO LOGIN; ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY");
    let mut other = evil.connect();
    let error = other.check(&set).unwrap_err();
    leads_out(&error, "ALTER TABLE \"public\".\"schema_migrations\" DISABLE ROW LEVEL SECURITY", &mut || {
        case.database.query("ALTER TABLE public.schema_migrations DISABLE ROW LEVEL SECURITY");
        other.check(&set)
    });
}

#[test]
fn histories_beside() {
    // A history of others that may not be read.
    let sqlx = "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text, installed_on timestamptz, \
        success boolean, checksum bytea, execution_time bigint); CREATE SCHEMA own";
    let case = Case::new().sql(sqlx);
    let login = Login::new(&case.database);
    login.query("GRANT ALL ON SCHEMA own TO LOGIN");
    let own = migrator(&[("1_a.sql", "CREATE TABLE own.a ();")]).schema("own");
    let mut connection = login.connect();
    let error = connection.run(&own).unwrap_err();
    let hint = "let its owner show it to this role (GRANT SELECT ON public._sqlx_migrations";
    leads_out(&error, hint, &mut || {
        login.query("GRANT SELECT ON public._sqlx_migrations TO LOGIN");
        connection.run(&own).map(drop)
    });
    let mut case = Case::new().sql(sqlx).sql("INSERT INTO _sqlx_migrations (version) VALUES (7)");
    let set = migrator(&[A, B]);
    let error = case.connection.run(&set).unwrap_err();
    let hint = "if it has applied these files, adopt them with `baseline`, which takes the version of the last one that it has applied, then run";
    leads_out(&error, hint, &mut || {
        case.database.query(A.1);
        case.connection.baseline(&set, "001")?;
        case.connection.run(&set).map(drop)
    });
    let mut case = Case::new().applied(&[A]);
    let error = case.connection.run(&migrator(&[A, B]).schema("app")).unwrap_err();
    let hint = "use that one with `schema(\"public\")`; or";
    leads_out(&error, hint, &mut || case.connection.run(&migrator(&[A, B]).schema("public")).map(drop));
    let mut case = Case::new().applied(&[A]);
    let error = case.connection.run(&migrator(&[A, B]).schema("app").table("history")).unwrap_err();
    let hint = "use that one with `schema(\"public\")` and `table(\"schema_migrations\")`";
    let there = migrator(&[A, B]).schema("public").table("schema_migrations");
    leads_out(&error, hint, &mut || case.connection.run(&there).map(drop));
}

/// Others are at work, or were; what is done and by whom is not what it seems.
#[test]
fn others_at_work() {
    let mut case = Case::new().applied(&[A]);
    let slow = migrator(&[A, ("002_slow.sql", "SELECT pg_sleep(600);")]);
    let busy = |case: &mut Case| {
        let (url, set) = (case.database.url(), slow.clone());
        let other = std::thread::spawn(move || Driver::Postgres.connect(&url).run(&set).map(drop));
        let active =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
        let deadline = Instant::now() + Duration::from_secs(20);
        while case.database.value(active) == "0" {
            assert!(Instant::now() < deadline, "the other run has not come to its migration");
        }
        let error = case.connection.run(&slow.clone().wait_budget(Duration::from_millis(50))).unwrap_err();
        (error, other)
    };
    let (error, other) = busy(&mut case);
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    let quick = migrator(&[A, ("002_slow.sql", "SELECT 1;")]);
    leads_out(&error, "or end it with pg_terminate_backend", &mut || {
        case.database.query(end);
        case.connection.run(&quick).map(drop)
    });
    assert!(other.join().unwrap().unwrap_err().is_connection());
    let mut case = Case::new().applied(&[A]);
    let (error, other) = busy(&mut case);
    leads_out(&error, "wait longer with `wait_budget(..)`", &mut || {
        let database = &case.database;
        std::thread::scope(|scope| {
            // Not the one that waits, which pauses on the server too.
            scope.spawn(move || database.query(&format!("{end} AND query LIKE '%pg_sleep(600)%'")));
            case.connection.run(&quick.clone().wait_budget(Duration::from_secs(60))).map(drop)
        })
    });
    assert!(other.join().unwrap().unwrap_err().is_connection());

    // The connection is cut in the middle.
    let bye = "DO $$ BEGIN IF to_regclass('gone') IS NULL THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; END $$;";
    let set = migrator(&[A, ("002_bye.sql", bye)]);
    let mut case = Case::new();
    let error = case.connection.run(&set).unwrap_err();
    leads_out(&error, "run again: it goes by what the history says", &mut || {
        case.database.query("CREATE TABLE gone ()");
        case.connect().run(&set).map(drop)
    });

    // A lock on the history itself, and what keeps it from being written.
    let mut case = Case::new().applied(&[A]);
    let mut holder = case.connect();
    holder.sql("BEGIN; LOCK TABLE schema_migrations");
    case.connection.sql("SET lock_timeout = '20ms'");
    let set = migrator(&[A, B]);
    let error = case.connection.run(&set).unwrap_err();
    leads_out(&error, "end the session that holds the lock (pg_locks shows it), then run again", &mut || {
        holder.sql("ROLLBACK");
        case.connection.run(&set).map(drop)
    });
    case.database.query("CREATE RULE r AS ON INSERT TO schema_migrations DO INSTEAD NOTHING");
    let set = migrator(&[A, B, ("003_c.sql", "SELECT 1")]);
    let error = case.connection.run(&set).unwrap_err();
    let hint = "drop the rule or trigger of that table that changes what is written (`\\d` in psql lists them), then run again";
    leads_out(&error, hint, &mut || {
        case.database.query("DROP RULE r ON schema_migrations");
        case.connection.run(&set).map(drop)
    });
    case.database.query(
        "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE CONSTRAINT TRIGGER later AFTER INSERT ON schema_migrations DEFERRABLE FOR EACH ROW EXECUTE FUNCTION later()",
    );
    let error = case.connection.check(&set).unwrap_err();
    leads_out(&error, "drop the trigger, or make it one that is NOT DEFERRABLE; then run again", &mut || {
        case.database.query("DROP TRIGGER later ON schema_migrations");
        case.connection.run(&set).map(drop)
    });
    // Another process forgets what this one has done.
    let others = std::sync::Mutex::new(Some(case.connect()));
    let forgets = move |event: &Event<'_>| {
        if let Event::Started { remaining: 2, .. } = event {
            let other = others.lock().unwrap().take();
            let forget = "DELETE FROM schema_migrations WHERE version = '004'";
            std::thread::spawn(move || other.map(|mut other| other.sql(forget))).join().unwrap();
        }
    };
    let more = [
        A,
        B,
        ("003_c.sql", "SELECT 1"),
        ("004_d.sql", "SELECT 1"),
        ("005_e.sql", "VACUUM a"),
        ("006_f.sql", "SELECT 1"),
    ];
    let set = migrator(&more).out_of_order(OutOfOrder::Allow);
    let error = case.connection.run(&set.clone().on_progress(forgets)).unwrap_err();
    let hint = "find out what changes the history, another process or a trigger of the table (`\\d` in psql lists them); then run again";
    leads_out(&error, hint, &mut || case.connection.run(&set).map(drop));
    case.database.query("UPDATE schema_migrations SET state = 'done' WHERE version = '004'");
    let error = case.connection.run(&set).unwrap_err();
    leads_out(&error, "compare its rows with a backup", &mut || {
        case.database.query("UPDATE schema_migrations SET state = 'applied' WHERE version = '004'");
        case.connection.run(&set).map(drop)
    });
}

/// Statements that may have taken effect in part, and what people say of them.
#[test]
fn in_part() {
    let set = migrator(&[("1_p.sql", "-- atlas:no-transaction\nCALL p();\nSELECT 1;")]);
    let procedure = "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN CREATE TABLE t (); COMMIT; PERFORM 1 / 0; END'";
    let edited = migrator(&[("1_p.sql", "-- atlas:no-transaction\nSELECT 0;\nSELECT 1;")]);
    let doubtful = || {
        let mut case = Case::new().sql(procedure);
        let error = case.connection.run(&set).unwrap_err();
        (case, error)
    };
    let (mut case, error) = doubtful();
    let hint = "`repair(&pool, \"1\", Repair::Failed { completed: 0 })` if nothing of it did, or you have undone it";
    leads_out(&error, hint, &mut || {
        case.database.query("DROP TABLE t; CREATE OR REPLACE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'");
        case.connection.repair(&set, "1", Repair::Failed { completed: 0 })?;
        case.connection.run(&set).map(drop)
    });
    let (mut case, error) = doubtful();
    let hint = "`repair(&pool, \"1\", Repair::Partly { completed: 0 })` if a part is to stay, and change the statement to what is left";
    leads_out(&error, hint, &mut || {
        case.connection.repair(&set, "1", Repair::Partly { completed: 0 })?;
        case.connection.run(&edited).map(drop)
    });
    let partly = || {
        let (mut case, _) = doubtful();
        case.connection.repair(&set, "1", Repair::Partly { completed: 0 }).unwrap();
        let error = case.connection.run(&set).unwrap_err();
        (case, error)
    };
    let (mut case, error) = partly();
    let hint = "change the statement to what is left to do, then run again; or do that by hand, and say so with ";
    leads_out(&error, hint, &mut || case.connection.run(&edited).map(drop));
    for completed in [1, 0] {
        let (mut case, error) = partly();
        let hint = format!("say so with `repair(&pool, \"1\", Repair::Failed {{ completed: {completed} }})`");
        leads_out(&error, &hint, &mut || {
            case.database.query("DROP TABLE t; CREATE OR REPLACE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'");
            case.connection.repair(&set, "1", Repair::Failed { completed })?;
            case.connection.run(&set).map(drop)
        });
    }
}

#[test]
fn scripts_and_benchmarks() {
    let condition = "-- atlas:skip-unless true\nCREATE INDEX CONCURRENTLY i ON t (a);";
    let set = migrator(&[("1_a.sql", condition)]);
    let hint = "remove its `-- atlas:skip-unless`, or leave it to the program that has it";
    leads_out(&set.script().unwrap_err(), hint, &mut || {
        migrator(&[("1_a.sql", &condition.replacen("-- atlas:skip-unless true\n", "", 1))]).script().map(drop)
    });
    let procedure = "-- atlas:no-transaction\nCALL p();";
    let set = migrator(&[A, ("002_p.sql", procedure), ("003_c.sql", "SELECT 1;")]);
    let hint = "end a script before it with `target(..)`, and begin the next one behind it with `script_from(..)`";
    leads_out(&set.script().unwrap_err(), hint, &mut || {
        set.clone().target(Target::Version("001".into())).script()?;
        set.script_from("002").map(drop)
    });

    let benchmarks = Benchmarks::from_files("", [("010_one.sql", "SELECT 1;")]).unwrap();
    let bencher = Bencher::new(benchmarks).iterations(1).warm_up(0);
    let mut case = Case::new();
    let error = case.connection.bench(&bencher.clone().iterations(0)).unwrap_err();
    leads_out(&error, "ask for one at least", &mut || case.connection.bench(&bencher).map(drop));
    let error = case.connection.bench(&bencher.clone().only(["oned"])).unwrap_err();
    leads_out(&error, "did you mean `one`?", &mut || case.connection.bench(&bencher.clone().only(["one"])).map(drop));
    let error = case.connection.bench(&bencher.clone().only(["timeline"])).unwrap_err();
    leads_out(&error, "the benchmarks are one", &mut || {
        case.connection.bench(&bencher.clone().only(["one"])).map(drop)
    });
    let report = case.connection.bench(&bencher).unwrap();
    let error = report.compare("nonsense").unwrap_err();
    leads_out(&error, "make it anew, with `BenchReport::to_json`", &mut || report.compare(&report.to_json()).map(drop));
    let folder = Migrations::from_directory("no/such/folder").unwrap_err();
    leads_out(&folder, "give a path that is absolute, or that begins in the current directory", &mut || {
        Migrations::from_directory(std::env::current_dir().unwrap().join("migrations")).map(drop)
    });
    let file = Path::new("migrations/001_create_users.sql");
    leads_out(
        &Migrations::from_directory(file).unwrap_err(),
        "give the path of the folder, not of a file in it",
        &mut || Migrations::from_directory(file.parent().unwrap()).map(drop),
    );
}

/// Two that revert: who comes second takes back no more than was meant.
#[test]
fn reverts_beside_others() {
    let pair = [
        ("1_a.sql", "CREATE TABLE a ();"),
        ("1_a.down.sql", "DROP TABLE a;"),
        ("2_b.sql", "CREATE TABLE b ();"),
        (
            "2_b.down.sql",
            "DO $$ BEGIN IF to_regclass('gone') IS NULL THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; END $$; DROP TABLE b;",
        ),
    ];
    let set = migrator(&pair);
    let mut case = Case::new().applied(&pair);
    let error = case.connection.revert(&set, Revert::Last).unwrap_err();
    let hint = "it may have been reverted: look at `status(&pool)` first; what is left of it, and no more, is taken back with \
                `revert(&pool, Revert::To(\"1\".into()))`";
    leads_out(&error, hint, &mut || {
        case.database.query("CREATE TABLE gone ()");
        let mut connection = case.connect();
        connection.status(&set).map(drop)?;
        connection.revert(&set, Revert::To("1".into()))?;
        connection.revert(&set, Revert::To("1".into())).map(drop)
    });
    assert_eq!(case.database.history(), ["1|applied|1"]);
}
