//! Dropping what is in schemas, and migrating again.

use atlas_migrate::clean::Resetter;
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate::{ErrorKind, Migrator};
use atlas_migrate_tests::migrator;

use super::*;

fn tables() -> Migrator {
    migrator(&[
        ("001_a.sql", "CREATE TABLE a (id serial PRIMARY KEY); INSERT INTO a DEFAULT VALUES"),
        ("002_b.sql", "CREATE TABLE b (id int GENERATED ALWAYS AS IDENTITY, a int REFERENCES a)"),
    ])
}

fn nothing() -> Migrator {
    migrator(&[("1_nothing.sql", "SELECT 1")])
}

/// One object of each kind, with names that have to be quoted.
const EVERYTHING: &str = r#"
    CREATE TABLE "it's ""t""" (id serial PRIMARY KEY, n int, v tsvector); CREATE VIEW "v 1" AS SELECT * FROM "it's ""t""";
    CREATE MATERIALIZED VIEW m AS SELECT * FROM "v 1"; CREATE SEQUENCE s; CREATE INDEX i ON "it's ""t""" (n);
    CREATE TYPE mood AS ENUM ('ok'); CREATE TYPE pair AS (a int, b mood); CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE TYPE span AS RANGE (subtype = float8); CREATE TABLE moods (m mood, p pair, d positive, s span);
    CREATE FUNCTION f(mood, "p p" int DEFAULT 1) RETURNS mood LANGUAGE sql AS 'SELECT $1';
    CREATE PROCEDURE p(int) LANGUAGE sql AS ''; CREATE FUNCTION next(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1';
    CREATE AGGREGATE number(*) (sfunc = next, stype = int); CREATE AGGREGATE last(int) (sfunc = int4larger, stype = int);
    CREATE OPERATOR === (leftarg = anyenum, rightarg = anyenum, function = enum_eq); CREATE OPERATOR ## (rightarg = int, function = next);
    CREATE OPERATOR FAMILY fam USING btree; CREATE OPERATOR CLASS cls FOR TYPE int USING btree FAMILY fam AS FUNCTION 1 btint4cmp(int, int);
    CREATE COLLATION german FROM "C"; CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
    CREATE TEXT SEARCH CONFIGURATION cfg (COPY = simple); CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = simple);
    CREATE STATISTICS st ON id, n FROM "it's ""t"""; CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER tr BEFORE INSERT ON moods FOR EACH ROW EXECUTE FUNCTION tr(); CREATE RULE r AS ON DELETE TO moods DO INSTEAD NOTHING;
    ALTER TABLE moods ENABLE ROW LEVEL SECURITY; CREATE POLICY pol ON moods USING (f(m) = 'ok');
    CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF parted DEFAULT;
    CREATE TABLE child () INHERITS (moods); CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
    CREATE FOREIGN TABLE far (id int) SERVER elsewhere; CREATE CAST (mood AS int) WITH FUNCTION to_int(mood);
    CREATE PUBLICATION pub FOR TABLE s_of_pub"#;

/// What is in the schema, as the catalog has it.
const LODGERS: &str = "SELECT concat_ws(' ', o.type, o.identity) FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) o
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = 'public'::regnamespace AND o.type <> 'extension'
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e') ORDER BY 1";

every_driver! {
    fn tables_and_rows(driver) {
        let (database, mut connection) = with(driver, "");
        connection.run(&tables()).unwrap();
        database.query("INSERT INTO a DEFAULT VALUES; INSERT INTO b (a) VALUES (2); CREATE TABLE more AS SELECT 1");
        let resetter = Resetter::new(tables());
        let plan = connection.plan_reset(&resetter).unwrap();
        assert_eq!(plan.objects(), ["table public.a", "table public.b", "table public.more", "table public.schema_migrations"]);
        assert_eq!(database.value("SELECT count(*) FROM a"), "2");
        let report = connection.reset(&resetter).unwrap();
        assert_eq!(report.dropped(), plan.objects());
        assert_eq!(report.migrations().migrations().len(), 2);
        assert_eq!(filled(&database), ["public.a 1"]);
        assert_eq!(database.value("SELECT environment FROM schema_environment"), "dev");
        assert_eq!(database.errors(), [""; 0]);
        assert_eq!(connection.sql("SELECT 1"), "1");
    }

    fn a_failing_migration(driver) {
        let (database, mut connection) = with(driver, "CREATE TABLE old (id int)");
        let error = connection.reset(&Resetter::new(migrator(&[("1_a.sql", "SELECT 1 / 0")]))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert!(error.to_string().contains("what was there before was dropped"), "{error}");
        assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname = 'old'"), "0");
    }
}

#[test]
fn everything() {
    let (database, mut connection) = with(Driver::TokioPostgres, "CREATE EXTENSION pg_trgm");
    let before = database.query(LODGERS);
    database.query(&EVERYTHING.replace(
        "CREATE CAST",
        "CREATE TABLE s_of_pub (id int); CREATE FUNCTION to_int(mood) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE CAST",
    ));
    let report = connection.reset(&Resetter::new(nothing())).unwrap();
    let after = database.query(LODGERS);
    let history = "table public.schema_migrations";
    assert_eq!(
        after.iter().filter(|object| *object != history).collect::<Vec<_>>(),
        before.iter().collect::<Vec<_>>(),
        "{report:?}"
    );
    assert_eq!(database.value("SELECT similarity('a', 'a')"), "1");
    assert_eq!(database.value("SELECT count(*) FROM pg_cast WHERE castfunc >= 16384"), "0");
    assert_eq!(database.errors(), [""; 0]);
}

/// What would fall although it is elsewhere.
#[track_caller]
fn check_outside(sql: &str, name: &str) {
    let tables = "CREATE SCHEMA other; CREATE TABLE t (id int PRIMARY KEY); CREATE TYPE mood AS ENUM ('ok');
        CREATE FUNCTION f(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';";
    let (database, mut connection) = with(Driver::Postgres, &format!("{tables} {sql}"));
    let resetter = Resetter::new(nothing()).schemas(["public"]);
    let error = connection.reset(&resetter).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage, "{sql}: {error}");
    assert!(error.to_string().contains(name), "{sql}: {error}");
    assert_eq!(connection.plan_reset(&resetter).unwrap_err().to_string(), error.to_string());
    assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE oid = to_regclass('public.t')"), "1");
    assert_eq!(database.errors(), [""; 0]);
    connection.reset(&Resetter::new(nothing())).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[test]
fn what_is_elsewhere() {
    check_outside("CREATE TABLE other.r (id int REFERENCES t)", "table constraint r_id_fkey on other.r");
    check_outside("CREATE VIEW other.v AS SELECT * FROM t", "other.v");
    check_outside("CREATE TABLE other.m (m mood)", "table other.m");
    check_outside("CREATE TABLE other.c (n int CHECK (f(n)))", "table constraint c_n_check on other.c");
    check_outside("CREATE TABLE other.d (n boolean DEFAULT f(1))", "default value for other.d.n");
    check_outside("CREATE DOMAIN other.dom AS int CHECK (f(VALUE))", "domain constraint dom_check on other.dom");
    check_outside(
        "CREATE INDEX i ON t (f(id)); CREATE TABLE other.i (n int); CREATE INDEX j ON other.i (f(n))",
        "index other.j",
    );
    check_outside("CREATE TABLE other.child () INHERITS (t)", "table other.child");
    check_outside(
        "CREATE FUNCTION other.g(mood) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "function other.g(public.mood)",
    );
}

/// Where the history is elsewhere, the rows of the migrator's namespace go.
#[test]
fn a_history_elsewhere() {
    let (database, mut connection) = with(Driver::Deadpool, "");
    let of_app = || tables().schema("own");
    let of_library = migrator(&[("1_jobs.sql", "CREATE SCHEMA jobs; CREATE TABLE jobs.queue (id int)")])
        .schema("own")
        .namespace("jobs");
    connection.run(&of_app()).unwrap();
    connection.run(&of_library).unwrap();
    database.query("INSERT INTO a DEFAULT VALUES");
    let report = connection.reset(&Resetter::new(of_app()).schemas(["public"])).unwrap();
    assert_eq!(report.dropped(), ["table public.a", "table public.b"]);
    assert_eq!(report.migrations().migrations().len(), 2);
    assert_eq!(filled(&database), ["public.a 1"]);
    assert!(connection.run(&of_library).unwrap().is_empty());
}

#[test]
fn guards() {
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    connection.run(&tables()).unwrap();
    let name = database.value("SELECT current_database()");
    let error = connection.reset(&Resetter::new(tables())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Environment);
    connection.reset(&Resetter::new(tables()).confirm(&name)).unwrap();
    database.query(&MARK.replace("dev", "production"));
    assert_eq!(connection.reset(&Resetter::new(tables()).confirm(&name)).unwrap_err().kind(), ErrorKind::Environment);
    connection.reset(&Resetter::new(tables()).confirm("production")).unwrap();
    assert_eq!(database.value("SELECT environment FROM schema_environment"), "production");
}

/// Whoever migrates in a transaction has the lock, and whoever does statement by statement a lease.
#[track_caller]
fn check_waits(slow: &str) {
    let (database, mut connection) = with(Driver::Postgres, "CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    let slow = migrator(&[("1_slow.sql", slow)]);
    let mut other = Driver::Postgres.connect(&database.url());
    let thread = std::thread::spawn(move || other.run(&slow).map(drop));
    atlas_migrate_tests::wait_for("the migration", std::time::Duration::from_secs(20), || {
        (database.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
        ) == "1")
            .then_some(())
    });
    let impatient = nothing().wait_budget(std::time::Duration::from_millis(50));
    let error = connection.reset(&Resetter::new(impatient)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("slow"), "{error}");
    let cleaner = Cleaner::new().wait_budget(std::time::Duration::from_millis(50));
    let error = connection.clean(&cleaner).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("slow"), "{error}");
    assert_eq!(database.value("SELECT count(*) FROM t"), "1");
    database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'");
    assert!(thread.join().unwrap().is_err());
    // Nobody is at work any more.
    connection.clean(&cleaner).unwrap();
    connection.reset(&Resetter::new(nothing())).unwrap();
}

/// While the verb waits for the lock of the seeds, whoever has it does this; the verb goes by what there is then.
#[track_caller]
fn check_looks_again(sql: &str, verb: impl Fn(&mut Connection) -> String + Sync, expected: &str) {
    for driver in atlas_migrate_tests::drivers() {
        let (database, mut connection) = with(driver, "CREATE TABLE t (id int)");
        let seeds = Seeds::from_files("seeds", [("t.csv", "id\n1\n")]).unwrap();
        connection.seed(&Seeder::new(seeds, "dev")).unwrap();
        let key =
            "('x' || left(encode(sha256('atlas-migrate \"public\" \"schema_seeds\"'), 'hex'), 16))::bit(64)::bigint";
        let mut holder = Driver::Postgres.connect(&database.url());
        holder.sql(&format!("BEGIN; SELECT pg_advisory_xact_lock({key})"));
        std::thread::scope(|scope| {
            let verb = scope.spawn(|| verb(&mut connection));
            atlas_migrate_tests::wait_for("the verb", std::time::Duration::from_secs(20), || {
                let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()";
                (database.value(waiting) != "0").then_some(())
            });
            holder.sql(&format!("{sql}; COMMIT"));
            assert_eq!(verb.join().unwrap(), expected, "{driver:?}: {sql}");
        });
        assert_eq!(database.errors(), [""; 0], "{driver:?}: {sql}");
    }
}

#[test]
fn c5_looks_again_after_a_wait() {
    let clean = |c: &mut Connection| match c.clean(&Cleaner::new()) {
        Ok(report) => report.tables().iter().map(|table| format!("{} {}", table.table(), table.rows())).collect(),
        Err(error) => format!("{:?}", error.kind()),
    };
    let reset = |c: &mut Connection| match c.reset(&Resetter::new(nothing())) {
        Ok(report) => report.dropped().join(", "),
        Err(error) => format!("{:?}", error.kind()),
    };
    check_looks_again("DROP TABLE t, schema_seeds", clean, "");
    check_looks_again("CREATE TABLE new AS SELECT 1", clean, "public.t 1public.new 1");
    check_looks_again(
        "CREATE SCHEMA app CREATE TABLE new (id int)",
        reset,
        "table app.new, table public.schema_seeds, table public.t",
    );
    let production = "UPDATE schema_environment SET environment = 'production'";
    for verb in [&clean as &(dyn Fn(&mut Connection) -> String + Sync), &reset] {
        check_looks_again(production, verb, "Environment");
    }
}

/// A history that is made after the look, with a migration that runs statement by statement: the verb sees it under the lock.
#[test]
fn c5_sees_a_lease_that_is_new() {
    for driver in atlas_migrate_tests::drivers() {
        let (database, mut connection) = with(driver, "CREATE TABLE gate ()");
        let mut gate = Driver::Postgres.connect(&database.url());
        // The look is held up at the mark.
        gate.sql("BEGIN; LOCK TABLE schema_environment");
        let slow = migrator(&[("1_slow.sql", "-- atlas:no-transaction\nSELECT pg_sleep(60)")]);
        let mut other = Driver::Postgres.connect(&database.url());
        std::thread::scope(|scope| {
            let reset = scope.spawn(|| {
                let impatient = nothing().wait_budget(std::time::Duration::from_millis(50));
                connection.reset(&Resetter::new(impatient)).map(drop)
            });
            let waiting = |kind: &str, ask: &str| {
                atlas_migrate_tests::wait_for(kind, std::time::Duration::from_secs(20), || {
                    (database.value(ask) != "0").then_some(())
                });
            };
            let in_database = "database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            waiting("the look", &format!("SELECT count(*) FROM pg_locks WHERE NOT granted AND {in_database}"));
            let migration = scope.spawn(move || other.run(&slow).map(drop));
            let sleeping =
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
            waiting("the migration", sleeping);
            gate.sql("COMMIT");
            let error = reset.join().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Busy, "{driver:?}: {error}");
            database.query(&sleeping.replace("count(*)", "pg_terminate_backend(pid)"));
            assert!(migration.join().unwrap().is_err());
        });
    }
}

#[test]
fn c5_waits_for_the_lock() {
    check_waits("SELECT pg_sleep(60)");
}

#[test]
fn c5_waits_for_the_lease() {
    check_waits("-- atlas:no-transaction\nSELECT pg_sleep(60)");
}

/// The tables of the library are dropped while a verb looks at them: for that they are not there, and the log has no error.
#[track_caller]
fn check_gone(name: &str, verb: impl Fn(&mut Connection) + Sync) {
    for driver in atlas_migrate_tests::drivers() {
        let (database, mut connection) = with(driver, "CREATE TABLE t (id int)");
        connection.run(&nothing()).unwrap();
        let seeds = |table| Seeds::from_files("seeds", [(table, "id\n1\n")]).unwrap();
        connection.seed(&Seeder::new(seeds("t.csv"), "dev")).unwrap();
        let mut holder = Driver::Postgres.connect(&database.url());
        holder.sql("BEGIN; DROP TABLE schema_migrations, schema_seeds");
        std::thread::scope(|scope| {
            let verb = scope.spawn(|| verb(&mut connection));
            atlas_migrate_tests::wait_for(name, std::time::Duration::from_secs(20), || {
                let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
                (database.value(waiting) == "1").then_some(())
            });
            holder.sql("COMMIT");
            verb.join().unwrap_or_else(|_| panic!("{driver:?} {name}"));
        });
        assert_eq!(database.errors(), [""; 0], "{driver:?} {name}");
    }
}

#[test]
fn c5_a_history_that_goes_meanwhile() {
    check_gone("run", |c| assert_eq!(c.run(&nothing()).unwrap().applied().count(), 1));
    check_gone("status", |c| assert_eq!(c.status(&nothing()).unwrap().pending().count(), 1));
    check_gone("check", |c| assert_eq!(c.check(&nothing()).unwrap_err().kind(), ErrorKind::Pending));
    check_gone("reset", |c| drop(c.plan_reset(&Resetter::new(nothing())).unwrap()));
    check_gone("seed", |c| {
        let seeds = Seeds::from_files("seeds", [("t.csv", "id\n1\n")]).unwrap();
        assert_eq!(c.seed(&Seeder::new(seeds, "dev")).unwrap().seeds().len(), 1);
    });
}

/// Between two migrations of a run, another process waits for the lock, and drops the history when it has it: that is when all is
/// done.
#[test]
fn c5_a_history_does_not_go_between_migrations() {
    for driver in atlas_migrate_tests::drivers() {
        let (database, mut connection) = with(driver, "CREATE TABLE gate ()");
        let set = migrator(&[("1_a.sql", "SELECT 1"), ("2_b.sql", "LOCK TABLE gate"), ("3_c.sql", "SELECT 3")]);
        let mut gate = Driver::Postgres.connect(&database.url());
        gate.sql("BEGIN; LOCK TABLE gate");
        let waiting = |kind: &str, count: &str| {
            let ask = format!(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = '{kind}' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            );
            atlas_migrate_tests::wait_for(kind, std::time::Duration::from_secs(20), || {
                (database.value(&ask) == count).then_some(())
            });
        };
        std::thread::scope(|scope| {
            let run = scope.spawn(|| connection.run(&set));
            waiting("relation", "1");
            let other = scope.spawn(|| {
                let key = "('x' || left(encode(sha256('atlas-migrate \"public\" \"schema_migrations\"'), 'hex'), 16))::bit(64)::bigint";
                let mut other = Driver::Postgres.connect(&database.url());
                other.sql(&format!("BEGIN; SELECT pg_advisory_xact_lock({key})"));
                other.sql("DROP TABLE schema_migrations; COMMIT");
            });
            waiting("advisory", "1");
            gate.sql("COMMIT");
            other.join().unwrap();
            assert_eq!(run.join().unwrap().unwrap().applied().count(), 3, "{driver:?}");
        });
        assert_eq!(database.errors(), [""; 0], "{driver:?}");
    }
}

/// What is in no schema would be in the way of migrations that make it.
#[test]
fn b12_what_is_in_no_schema() {
    let everything = || {
        migrator(&[(
            "1_all.sql",
            "CREATE PUBLICATION pub; CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
             CREATE USER MAPPING FOR PUBLIC SERVER elsewhere; SELECT lo_create(4711); CREATE LANGUAGE mine HANDLER plpgsql_call_handler;
             CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no drops''; END';
             CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION et()",
        )])
    };
    let (database, mut connection) = with(Driver::SqlxPool, "");
    connection.run(&everything()).unwrap();
    let resetter = Resetter::new(everything());
    let plan = connection.plan_reset(&resetter).unwrap();
    assert_eq!(
        plan.objects(),
        [
            "event trigger et",
            "foreign-data wrapper nothing",
            "language mine",
            "large object 4711",
            "publication pub",
            "server elsewhere",
            "table public.schema_migrations",
            "function public.et()"
        ]
    );
    let report = connection.reset(&resetter).unwrap();
    assert_eq!(report.dropped(), plan.objects());
    assert_eq!(report.left(), [""; 0]);
    assert_eq!(database.errors(), [""; 0]);
    // Where only some schemas are meant, it stays, and is named.
    let error = connection.reset(&resetter.schemas(["public"])).unwrap_err().to_string();
    assert!(error.contains("no drops"), "{error}");
    database.query("DROP EVENT TRIGGER et");
    let error = connection.reset(&Resetter::new(everything()).schemas(["public"])).unwrap_err().to_string();
    assert!(error.contains("these were left as they are: foreign-data wrapper nothing, language mine"), "{error}");
    let error =
        connection.reset(&Resetter::new(migrator(&[("1_a.sql", "CREATE SCHEMA public")]))).unwrap_err().to_string();
    assert!(error.contains("schemas, extensions and roles stay"), "{error}");
}

/// The rows in which an extension keeps what it knows about objects of users go with these.
/// What an extension keeps in a schema of its own of what is dropped goes with it, and is in nobody's way.
#[test]
fn a10_what_extensions_keep_elsewhere() {
    let (database, mut connection) = with(
        Driver::Postgres,
        "CREATE EXTENSION pg_trgm; CREATE SCHEMA chunks; ALTER EXTENSION pg_trgm ADD SCHEMA chunks;
         CREATE TABLE shell (at int); CREATE TABLE chunks.one () INHERITS (shell)",
    );
    let report = connection.reset(&Resetter::new(tables())).unwrap();
    assert!(report.dropped().contains(&"table public.shell".to_owned()), "{report}");
    assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname IN ('shell', 'one')"), "0");
}

#[test]
fn rows_that_extensions_keep() {
    let (database, mut connection) = with(
        Driver::Deadpool,
        "CREATE EXTENSION pg_trgm; CREATE TABLE config (name text PRIMARY KEY, own boolean); CREATE TABLE parts (name text REFERENCES config);
         ALTER EXTENSION pg_trgm ADD TABLE config; ALTER EXTENSION pg_trgm ADD TABLE parts;
         UPDATE pg_extension SET extconfig = ARRAY['config'::regclass, 'parts'::regclass], extcondition = ARRAY['WHERE NOT own', '']
             WHERE extname = 'pg_trgm'; INSERT INTO config VALUES ('theirs', true)",
    );
    let migrations = migrator(&[(
        "1_a.sql",
        "CREATE TABLE a (id int); INSERT INTO config VALUES ('a', false); INSERT INTO parts VALUES ('a')",
    )]);
    connection.run(&migrations).unwrap();
    connection.reset(&Resetter::new(migrations)).unwrap();
    assert_eq!(database.query("SELECT name FROM config ORDER BY name"), ["a", "theirs"]);
    assert_eq!(database.errors(), [""; 0]);
}
