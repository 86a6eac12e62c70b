//! A role that may create things in a schema of the search path does not get its code run: not by the library's own statements,
//! whatever they use of the server's catalog, in any verb. (What a file says goes by the path: here nothing in a file looks
//! anything up but tables.)

use std::time::Duration;

use atlas_migrate::bench::{Bencher, Benchmarks};
use atlas_migrate::clean::{Cleaner, Resetter};
use atlas_migrate::roles::Roles;
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate::verify::{Checks, Verifier};
use atlas_migrate::{ErrorKind, Migrator, Repair, Revert, TransactionMode};
use atlas_migrate_tests::{Connection, Database, Driver, Folder, migrator, tried, wait_for};

use crate::attacks::{COMMANDS, run};

/// Two clients: one that sets time zone and date style when it connects, and one that does not.
const CLIENTS: [Driver; 2] = [Driver::SqlxConnection, Driver::TokioPostgres];

/// A database with traps for everything, at the front of the path of a superuser.
struct Trapped {
    database: Database,
    victim: String,
    trapper: String,
}

impl Trapped {
    fn new(name: &str) -> Self {
        let database = Database::new();
        let process = std::process::id();
        let (victim, trapper) = (format!("victim_{name}_{process}"), format!("trapper_{name}_{process}"));
        database.query(&format!(
            "CREATE ROLE {victim} LOGIN SUPERUSER; ALTER ROLE {victim} SET search_path = traps, pg_catalog, public;
            CREATE ROLE {trapper}; CREATE SCHEMA traps AUTHORIZATION {trapper}; GRANT USAGE ON SCHEMA traps TO PUBLIC"
        ));
        database.query(&format!("SET ROLE {trapper};\n{}", include_str!("traps.sql")));
        Self { database, victim, trapper }
    }

    /// How many there are.
    fn count(&self) -> usize {
        let count = "SELECT (SELECT count(*) FROM pg_proc WHERE pronamespace = 'traps'::regnamespace AND proname !~ '^(step|operator)_[0-9]')
            + (SELECT count(*) FROM pg_operator WHERE oprnamespace = 'traps'::regnamespace)
            + (SELECT count(*) FROM pg_class WHERE relnamespace = 'traps'::regnamespace)
            + (SELECT count(*) FROM pg_type WHERE typnamespace = 'traps'::regnamespace AND typtype IN ('d', 'e'))";
        self.database.value(count).parse().unwrap()
    }

    fn url(&self) -> String {
        self.database.url_as(&self.victim)
    }

    /// The traps that were sprung since the beginning.
    fn sprung(&self) -> Vec<String> {
        self.database.logs("trap: ")
    }

    #[track_caller]
    fn check(&self, what: &str, driver: Driver) {
        assert_eq!(self.sprung(), [""; 0], "{what}, {driver:?}");
    }
}

impl Drop for Trapped {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let Self { victim, trapper, database } = self;
            database.query(&format!(
                "DROP SCHEMA IF EXISTS traps CASCADE; DROP OWNED BY {trapper}; DROP ROLE {trapper};
                REASSIGN OWNED BY {victim} TO postgres; DROP OWNED BY {victim}; DROP ROLE {victim}"
            ));
        }
    }
}

/// Nothing of what follows would be a proof, if traps were not met by those who go by the path.
#[test]
fn d8_traps_are_sprung_by_those_who_go_by_the_path() {
    let trapped = Trapped::new("sprung");
    for (sql, expected) in [
        ("SELECT now()", "now"),
        ("SELECT 1 = 2", "="),
        ("SELECT concat('a'::pg_catalog.text, 'b')", "concat"),
        ("SELECT 'a'::text", "text"),
        ("SELECT 1 FROM pg_class LIMIT 1", "pg_class"),
        ("SELECT array_agg('a'::pg_catalog.text)", "array_agg"),
        ("DO $$ DECLARE a text := ''; BEGIN END $$", "text"),
        ("SELECT pg_terminate_backend(0)", "pg_terminate_backend"),
    ] {
        let before = trapped.sprung().len();
        let _said = std::panic::catch_unwind(|| Driver::Postgres.connect(&trapped.url()).sql(sql));
        let sprung = trapped.sprung().split_off(before);
        assert!(sprung.iter().any(|line| line.ends_with(&format!("trap: {expected}"))), "{sql}: {sprung:?}");
    }
}

fn files(broken: bool) -> Migrator {
    let last =
        if broken { "CREATE UNIQUE INDEX CONCURRENTLY b_n ON public.b (n);" } else { "CREATE TABLE public.e ();" };
    migrator(&[
        ("1_a.up.sql", "CREATE TABLE public.a (id int PRIMARY KEY, name varchar(9), at timestamptz);"),
        ("1_a.down.sql", "DROP TABLE public.a CASCADE;"),
        (
            "2_b.up.sql",
            "-- atlas:require true\nCREATE TABLE public.b (n int);\nSET statement_timeout = '1h';\nINSERT INTO public.b VALUES (1), (1);",
        ),
        ("2_b.down.sql", "DROP TABLE public.b;"),
        (
            "3_c.up.sql",
            "-- atlas:no-transaction\nSET lock_timeout = '9s';\nCREATE INDEX CONCURRENTLY a_name ON public.a (name);\nCREATE TABLE public.c ();",
        ),
        ("3_c.down.sql", "-- atlas:no-transaction\nDROP TABLE public.c;\nDROP INDEX CONCURRENTLY public.a_name;"),
        ("4_d.up.sql", "-- atlas:skip-unless false\nCREATE TABLE public.d ();"),
        ("4_d.down.sql", "DROP TABLE public.d;"),
        ("5_e.up.sql", &format!("-- atlas:no-transaction\n{last}")),
        ("5_e.down.sql", "DROP TABLE public.e;"),
        ("R__v.sql", "CREATE OR REPLACE VIEW public.v AS SELECT id FROM public.a;"),
    ])
}

fn migrate(connection: &mut Connection, trapped: &Trapped) {
    let set = files(false);
    assert_eq!(connection.plan(&set).unwrap().steps().len(), 6);
    connection.rehearse(&set).map(drop).unwrap();
    assert_eq!(connection.check(&set).unwrap_err().kind(), ErrorKind::Pending);
    let error = connection.wait(&set.clone().wait_budget(Duration::from_millis(50))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Pending, "{error}");
    // A statement that leaves something behind, which the next run asks the catalog about and removes.
    assert!(connection.run(&files(true)).unwrap_err().is_failed());
    trapped.database.query("DELETE FROM public.b");
    connection.run(&files(true)).unwrap();
    connection.repair(&set, "5", Repair::Pending).unwrap();
    connection.run(&set).unwrap();
    for verb in [Connection::check, Connection::wait] {
        verb(connection, &set).unwrap();
    }
    connection.status(&set).map(drop).unwrap();
    connection.snapshot(&set).unwrap();
    assert!(connection.run(&set).unwrap().is_empty());
    connection.revert(&set, Revert::All).unwrap();
    let fails = migrator(&[("1_a.sql", "INSERT INTO public.missing VALUES (1)")]).namespace("fails");
    assert!(connection.run(&fails).unwrap_err().is_failed());
    let all = migrator(&[
        ("1_f.sql", "CREATE TABLE public.f ();"),
        ("2_g.sql", "SET lock_timeout = 7;\nDROP TABLE public.f;"),
    ])
    .namespace("all");
    connection.run(&all.transaction_mode(TransactionMode::All)).unwrap();
    connection.baseline(&files(false).namespace("baseline"), "3").unwrap();
}

/// Somebody who holds a lock on a table, and somebody who migrates.
fn wait(connection: &mut Connection, trapped: &Trapped) {
    let mut other = Driver::Postgres.connect(&trapped.database.url());
    other.sql("CREATE TABLE public.held ()");
    other.sql("BEGIN; LOCK TABLE public.held");
    let set = migrator(&[("1_held.sql", "DROP TABLE public.held;")]).namespace("held");
    let set = set.lock_timeout(Duration::from_millis(20)).retry_budget(Duration::from_millis(100));
    assert_eq!(connection.run(&set).unwrap_err().kind(), ErrorKind::LockTimeout);
    other.sql("ROLLBACK");
    other.sql("DROP TABLE public.held");
    let slow = migrator(&[("1_slow.sql", "SELECT pg_sleep(1.5)")]).namespace("slow");
    std::thread::scope(|scope| {
        let runs = scope.spawn(|| Driver::Postgres.connect(&trapped.database.url()).run(&slow).unwrap());
        wait_for("the other to have the lock", Duration::from_secs(20), || {
            let held = "SELECT count(*) FROM pg_stat_activity WHERE application_name = '' AND query ~ 'pg_sleep\\(1.5' AND datname = current_database() AND pid <> pg_backend_pid()";
            (trapped.database.value(held) != "0").then_some(())
        });
        let set = files(false).namespace("waits").wait_budget(Duration::from_millis(200));
        assert_eq!(connection.run(&set).unwrap_err().kind(), ErrorKind::Busy);
        runs.join().unwrap();
    });
}

fn seed(connection: &mut Connection, trapped: &Trapped) {
    trapped
        .database
        .query("CREATE TABLE public.users (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name varchar(9))");
    let seeds = [
        ("010_public.users.csv", "id,name\n1,Anna\n"),
        ("020_users.json", r#"[{"id": 2, "name": "Ben"}]"#),
        ("030_users.sql", "INSERT INTO public.users (id, name) VALUES (3, 'Carl');\nSET lock_timeout = 9;"),
        ("010_public.users.csv.toml", "existing = \"update\"\nkey = [\"id\"]"),
    ];
    let seeds = Seeds::from_files("seeds", seeds).unwrap_or_else(|error| panic!("{error}"));
    let seeder = Seeder::new(seeds, "dev");
    connection.dry_run(&seeder).unwrap();
    connection.seed(&seeder).unwrap();
    assert!(connection.seed(&seeder).unwrap().is_empty());
    connection.mark(&seeder).unwrap();
}

fn look(connection: &mut Connection) {
    let checks = [
        ("a.sql", "SELECT id FROM public.users WHERE false"),
        (
            "b.toml",
            "[[table]]\nname = \"public.users\"\ncolumns = { id = \"int4\" }\n[[index]]\ntable = \"public.users\"\nname = \"x\"\n\
             [[constraint]]\ntable = \"public.users\"\nname = \"x\"\n[[trigger]]\ntable = \"public.users\"\nname = \"x\"\n\
             [[rows]]\ntable = \"public.users\"\nmin = 1\n[[extension]]\nname = \"plpgsql\"\n",
        ),
    ];
    let checks = Checks::from_files("checks", checks).unwrap_or_else(|error| panic!("{error}"));
    connection.verify(&Verifier::new(checks)).map(drop).unwrap();
    connection.usage().map(drop).unwrap();
    let text = "-- atlas:uses-index users_pkey\n-- atlas:parameters VALUES (1)\nSELECT name FROM public.users LIMIT $1";
    let benchmarks = [("a.sql", text), ("b.sql", "INSERT INTO public.users (id, name) VALUES (9, 'x')")];
    let benchmarks = Benchmarks::from_files("benchmarks", benchmarks).unwrap_or_else(|error| panic!("{error}"));
    let report = connection.bench(&Bencher::new(benchmarks).iterations(2).warm_up(1)).unwrap();
    assert!(report.benchmarks().iter().all(|one| one.failure().is_none()), "{report}");
}

fn destroy(connection: &mut Connection) {
    let cleaner = Cleaner::new();
    connection.plan_clean(&cleaner.clone()).unwrap();
    connection.clean(&cleaner.restart_identity()).unwrap();
    let resetter = Resetter::new(files(false)).schemas(["public"]);
    connection.plan_reset(&resetter).unwrap();
    connection.reset(&resetter).unwrap();
}

fn give_roles(connection: &mut Connection, trapped: &Trapped) {
    let role = |name: &str| format!("{}_{name}", trapped.victim);
    let roles = Roles::owned_by(role("owner")).migrator(role("migrator")).application(role("app"));
    connection.plan_roles(&roles).unwrap();
    connection.apply_roles(&roles).unwrap();
    connection.prove_roles(&roles).unwrap();
    for name in ["owner", "migrator", "app"].map(role) {
        trapped.database.query(&format!("REASSIGN OWNED BY {name} TO postgres; DROP OWNED BY {name}"));
    }
    let names = ["app", "migrator", "owner"].map(role).join(", ");
    trapped.database.query(&format!("DROP ROLE {names}"));
}

/// In the middle of a transaction nothing is done, nothing is sprung, and the path stays what it was.
fn refuse(connection: &mut Connection, trapped: &Trapped) {
    connection.sql("BEGIN");
    connection.check(&files(false)).unwrap_err();
    connection.snapshot(&files(false)).map(drop).unwrap_err();
    connection.usage().map(drop).unwrap_err();
    connection.plan_roles(&Roles::owned_by("nobody")).map(drop).unwrap_err();
    connection.plan_clean(&Cleaner::new()).map(drop).unwrap_err();
    assert_eq!(connection.sql("SHOW search_path"), "traps, pg_catalog, public", "{}", trapped.victim);
    connection.sql("ROLLBACK");
}

#[test]
fn d8_every_verb() {
    let trapped = Trapped::new("verbs");
    tried(trapped.count(), "traps");
    for driver in CLIENTS {
        let mut connection = driver.connect(&trapped.url());
        migrate(&mut connection, &trapped);
        trapped.check("migrations", driver);
        wait(&mut connection, &trapped);
        trapped.check("waiting", driver);
        seed(&mut connection, &trapped);
        trapped.check("seeds", driver);
        look(&mut connection);
        trapped.check("checks and benchmarks", driver);
        give_roles(&mut connection, &trapped);
        trapped.check("roles", driver);
        refuse(&mut connection, &trapped);
        trapped.check("in the middle of a transaction", driver);
        destroy(&mut connection);
        trapped.check("clean and reset", driver);
        assert_eq!(connection.sql("SHOW search_path"), "traps, pg_catalog, public", "{driver:?}");
        trapped.database.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    }
}

/// What psql runs, statement by statement and as one.
#[test]
fn d8_scripts() {
    let trapped = Trapped::new("script");
    let set = migrator(&[
        ("1_a.sql", "-- atlas:require true\nCREATE TABLE public.a ();"),
        ("2_b.sql", "-- atlas:skip-unless true\nCREATE TABLE public.b ();"),
        ("3_c.sql", "-- atlas:skip-unless false\nCREATE TABLE public.c ();"),
    ]);
    Driver::Postgres.connect(&trapped.url()).sql(&set.script().unwrap());
    trapped.check("script", Driver::Postgres);
    assert!(Driver::Postgres.connect(&trapped.url()).run(&set).unwrap().is_empty());
    trapped.check("run", Driver::Postgres);
}

/// The command line, and the databases of tests, which have connections and statements of their own.
#[test]
fn d8_the_command_line() {
    let trapped = Trapped::new("cli");
    let first = "CREATE TABLE public.a (id int PRIMARY KEY);";
    let roles = format!("owner = '{}'\n", trapped.trapper);
    let files = [
        ("migrations/1_a.sql", first),
        ("migrations/2_b.up.sql", "CREATE TABLE public.b (id int PRIMARY KEY);"),
        ("migrations/2_b.down.sql", "DROP TABLE public.b;"),
        ("seeds/dev/1.sql", "TABLE public.a;"),
        ("checks/a.sql", "TABLE public.a"),
        ("benchmarks/a.sql", "TABLE public.a"),
        ("roles.toml", &roles),
    ];
    let folder = Folder::new(env!("CARGO_TARGET_TMPDIR"), &files);
    Driver::Postgres.connect(&trapped.url()).run(&migrator(&[("1_a.sql", first)])).unwrap();
    for (command, arguments, expected) in COMMANDS {
        let (code, said) = run(&folder, &trapped.url(), arguments);
        trapped.check(&format!("{command}: {said}"), Driver::SqlxConnection);
        assert_eq!(code, Some(expected), "{command}: {said}");
    }
    tried(COMMANDS.len(), "attacks");
}
