//! What a migration leaves in its session reaches neither the next migration nor the connection's next user; what the user of
//! a borrowed connection had there before stays.

use atlas_migrate::{Migrator, Revert, TransactionMode};
use atlas_migrate_tests::{Connection, DRIVERS, Database, Driver, every_driver, migrator};

/// All that a session has of its own.
const BELONGINGS: &str = "SELECT concat_ws(chr(10), session_user, current_user,
    (SELECT string_agg(name || ' = ' || setting, chr(10) ORDER BY name) FROM pg_settings
        WHERE source = 'session' AND setting IS DISTINCT FROM reset_val),
    (SELECT string_agg(name || ' = ' || current_setting(name, true), chr(10) ORDER BY name)
        FROM unnest('{app.tenant,größe.x}'::text[]) name WHERE current_setting(name, true) <> ''),
    (SELECT string_agg(pg_describe_object(classid, objid, 0), chr(10) ORDER BY classid, objid) FROM pg_depend
        WHERE refclassid = 'pg_namespace'::regclass AND refobjid = pg_my_temp_schema()),
    (SELECT string_agg('statement ' || name, chr(10) ORDER BY name) FROM pg_prepared_statements WHERE from_sql),
    (SELECT string_agg('channel ' || channel, chr(10) ORDER BY channel) FROM pg_listening_channels() channel),
    (SELECT string_agg('cursor ' || name, chr(10) ORDER BY name) FROM pg_cursors WHERE is_holdable),
    (SELECT string_agg(concat_ws(' ', 'lock', classid, objid, objsubid, mode), chr(10) ORDER BY classid, objid, mode)
        FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())) AS belongings";

/// Each leaves something of another sort.
const LEAVE_SOMETHING: [&str; 39] = [
    "CREATE TEMP TABLE left_table (id serial PRIMARY KEY, t text)",
    "CREATE TEMP TABLE left_identity (id int GENERATED ALWAYS AS IDENTITY, t text)",
    "CREATE TEMPORARY TABLE left_parts (id int) PARTITION BY RANGE (id);
     CREATE TEMP TABLE left_part PARTITION OF left_parts FOR VALUES FROM (1) TO (9)",
    "CREATE TABLE pg_temp.\"left \"\"quoted\" AS SELECT 1 AS one",
    "CREATE TEMP TABLE left_base (a int, b int); CREATE STATISTICS pg_temp.left_statistics ON a, b FROM left_base;
     CREATE VIEW left_view AS SELECT * FROM left_base",
    "CREATE TEMP VIEW left_view AS SELECT 1 AS one",
    "CREATE TEMP SEQUENCE left_sequence",
    "CREATE FUNCTION pg_temp.left_function(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE PROCEDURE pg_temp.left_procedure() LANGUAGE sql AS 'SELECT 1'",
    "CREATE AGGREGATE pg_temp.left_aggregate(int) (SFUNC = int4pl, STYPE = int)",
    "CREATE OPERATOR pg_temp.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl)",
    "CREATE TYPE pg_temp.left_enum AS ENUM ('a', 'b');
     CREATE FUNCTION pg_temp.of_enum(pg_temp.left_enum) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE DOMAIN pg_temp.left_domain AS int CHECK (VALUE > 0)",
    "CREATE TYPE pg_temp.left_composite AS (a int, b text)",
    "CREATE TYPE pg_temp.left_range AS RANGE (subtype = float8)",
    "PREPARE left_statement AS SELECT 1; PREPARE \"Left \"\"statement\" AS SELECT 2",
    "LISTEN left_channel; LISTEN \"Left \"\"channel\"",
    "DECLARE left_cursor CURSOR WITH HOLD FOR SELECT 1",
    "CREATE TEMP TABLE left_rows AS SELECT 1; DECLARE left_cursor CURSOR WITH HOLD FOR TABLE left_rows",
    "SELECT pg_advisory_lock(42)",
    "SELECT pg_advisory_lock_shared(42)",
    "SELECT pg_advisory_lock(42), pg_advisory_lock(42), pg_advisory_lock_shared(42)",
    "SELECT pg_advisory_lock(-1), pg_advisory_lock(9223372036854775807), pg_advisory_lock(1::bigint << 63)",
    "SELECT pg_advisory_lock(1, 2), pg_advisory_lock(-1, -2), pg_advisory_lock(1 << 31, 0)",
    "SELECT pg_advisory_lock_shared(1, 2)",
    "SELECT set_config('standard_conforming_strings', 'off', false)",
    "SET DateStyle = 'SQL, DMY'",
    "SELECT set_config('client_encoding', 'LATIN1', false)",
    "SET TimeZone = 'Asia/Tokyo'",
    "SET search_path = pg_temp",
    "SET search_path = ''",
    "SET lock_timeout = '17min'; SET statement_timeout = '18min'",
    "SET idle_in_transaction_session_timeout = '19min'",
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "SET SESSION AUTHORIZATION pg_monitor",
    "SET ROLE pg_monitor",
    "SET app.tenant = '7'",
    "SET App.Tenant TO DEFAULT; DO 'BEGIN PERFORM set_config(''größe.x'', ''8'', false); END'",
    "DO 'BEGIN PERFORM set_config(''work_mem'', ''7MB'', false); EXECUTE ''PREPARE in_a_block AS SELECT 1''; END'",
];

fn belongings(connection: &mut Connection) -> String {
    connection.sql(BELONGINGS)
}

/// Runs a file statement by statement.
const ALONE: &str = "-- atlas:no-transaction\n";

/// A migration that keeps what it finds in its session.
fn looks() -> String {
    format!("CREATE TABLE found AS {BELONGINGS};")
}

/// A run that leaves something.
struct Case<'a> {
    database: &'a Database,
    connection: &'a mut Connection,
    namespace: String,
}

impl Case<'_> {
    fn migrator(&self, files: &[(&str, &str)]) -> Migrator {
        migrator(files).namespace(self.namespace.as_str())
    }

    /// What a migration finds that runs after this file.
    fn found_after(&mut self, text: &str, mode: TransactionMode) -> String {
        let set = self.migrator(&[("1_leaves.sql", text), ("2_looks.sql", &looks())]).transaction_mode(mode);
        self.connection.run(&set).unwrap_or_else(|error| panic!("{text}: {error}"));
        let found = self.database.value("SELECT belongings FROM found");
        self.database.query("DROP TABLE found");
        found
    }
}

/// The next migration finds what it finds behind a file that leaves nothing.
#[track_caller]
fn check_followed(driver: Driver, share: Share, head: &'static str, mode: TransactionMode) {
    let mut undisturbed = None;
    check(driver, share, |case, text| {
        let undisturbed = undisturbed.get_or_insert_with(|| {
            let mut nothing =
                Case { namespace: "nothing".to_owned(), database: case.database, connection: case.connection };
            nothing.found_after(&format!("{head}SELECT 1;"), mode)
        });
        assert_eq!(&case.found_after(&format!("{head}{text};"), mode), undisturbed, "{text}");
        // A lock that is not the session's to release would be one.
        assert_eq!(case.database.warnings(), [""; 0], "{text}");
    });
}

/// Which cases a driver has to do with in some way. What the drivers differ in has nothing to do with what was left.
#[derive(Clone, Copy)]
enum Share {
    All,
    /// So many that each case is one driver's, on each version that the suite runs on with that one.
    Part,
}

/// The cases in this way: afterwards the connection has what it had before.
#[track_caller]
fn check(driver: Driver, share: Share, mut way: impl FnMut(&mut Case<'_>, &str)) {
    let database = Database::new();
    let mut connection = driver.connect(&database.url());
    let is_shared = |index: usize| match share {
        Share::All => true,
        Share::Part => DRIVERS[index % DRIVERS.len()] == driver,
    };
    for (index, text) in LEAVE_SOMETHING.into_iter().enumerate().filter(|(index, _)| is_shared(*index)) {
        let before = belongings(&mut connection);
        let namespace = index.to_string();
        way(&mut Case { database: &database, connection: &mut connection, namespace }, text);
        assert_eq!(belongings(&mut connection), before, "{text}");
    }
}

/// The cases would be none if they left nothing.
#[test]
fn each_of_them_leaves_something_where_nobody_removes_it() {
    let database = Database::new();
    for text in LEAVE_SOMETHING {
        let mut connection = Driver::Postgres.connect(&database.url());
        let before = belongings(&mut connection);
        connection.sql(text);
        assert_ne!(belongings(&mut connection), before, "{text}");
    }
}

every_driver! {
    fn in_a_transaction_of_its_own(driver) {
        check_followed(driver, Share::All, "", TransactionMode::Each);
    }

    fn in_one_transaction_for_all(driver) {
        check_followed(driver, Share::Part, "", TransactionMode::All);
    }

    fn statement_by_statement(driver) {
        check_followed(driver, Share::Part, ALONE, TransactionMode::Each);
    }

    /// What somebody has made who does not inherit from the owner is not the owner's to drop.
    fn as_somebody_else(driver) {
        let database = Database::new();
        let [owner, login] = ["owner", "login"].map(|role| format!("{role}_{}_{driver:?}", std::process::id()).to_lowercase());
        database.query(&format!(
            "CREATE ROLE {owner}; CREATE ROLE {login} LOGIN NOINHERIT; GRANT {owner} TO {login}; GRANT CREATE ON SCHEMA public TO {owner}"
        ));
        for (index, head) in ["", ALONE].into_iter().enumerate() {
            for mode in [TransactionMode::Each, TransactionMode::All].into_iter().take(2 - index) {
                let mut connection = driver.connect(&database.url_as(&login));
                let before = belongings(&mut connection);
                let leave = format!(
                    "{head}SET ROLE NONE; CREATE TEMP TABLE left_by_login (id int); SET ROLE {owner}; CREATE TEMP TABLE left_by_owner (id int);"
                );
                let namespace = format!("{index} {mode:?}");
                let set = migrator(&[("1_leaves.sql", &leave), ("2_a.sql", "CREATE TABLE a (id int); DROP TABLE a;")])
                    .namespace(namespace).role(&owner).transaction_mode(mode);
                connection.run(&set).unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(belongings(&mut connection), before, "{head} {mode:?}");
            }
        }
        let owners = "SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ' ') FROM pg_class WHERE relname = 'schema_migrations'";
        assert_eq!(database.value(owners), owner);
        database.query(&format!("DROP OWNED BY {owner}, {login}; DROP ROLE {owner}, {login}"));
    }

    fn in_a_file_that_fails(driver) {
        check(driver, Share::Part, |case, text| {
            for head in ["", ALONE] {
                let set = case.migrator(&[("1_fails.sql", &format!("{head}{text};\nSELECT 1 / 0;"))]);
                let error = case.connection.run(&set.namespace(format!("{}{head}", case.namespace))).unwrap_err();
                assert_eq!(error.sqlstate(), Some("22012"), "{text}: {error}");
            }
            let set = case.migrator(&[("0_before.sql", "SELECT 1"), ("1_fails.sql", &format!("{text};\nSELECT 1 / 0;"))]);
            let set = set.namespace(format!("{} all", case.namespace)).transaction_mode(TransactionMode::All);
            let error = case.connection.run(&set).unwrap_err();
            assert_eq!(error.sqlstate(), Some("22012"), "{text}: {error}");
        });
    }

    fn in_a_file_that_is_tried_again(driver) {
        check(driver, Share::Part, |case, text| {
            case.database.query("CREATE SEQUENCE tries; GRANT USAGE ON tries TO PUBLIC");
            let again = "DO $$ BEGIN
                IF nextval('public.tries') = 1 THEN RAISE EXCEPTION 'try again' USING ERRCODE = '40001'; END IF;
            END $$";
            let set = case.migrator(&[("1_leaves.sql", &format!("{text};\n{again};"))]);
            case.connection.run(&set).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(case.database.value("SELECT last_value FROM tries"), "2");
            case.database.query("DROP SEQUENCE tries");
        });
    }

    fn in_a_down_file(driver) {
        check(driver, Share::Part, |case, text| {
            for head in ["", ALONE] {
                let down = format!("{head}{text};");
                let set = case.migrator(&[("1_a.up.sql", "SELECT 1;"), ("1_a.down.sql", &down)]);
                case.connection.run(&set).unwrap();
                let report = case.connection.revert(&set, Revert::Last).unwrap_or_else(|error| panic!("{down}: {error}"));
                assert_eq!(report.reverted().count(), 1);
            }
        });
    }
}

/// What the user of a connection has there, whatever is left beside it.
const OWN: [(&str, &str, &str); 8] = [
    ("CREATE TEMP TABLE own (id serial); INSERT INTO own VALUES (DEFAULT)", "SELECT max(id) FROM own", "1"),
    ("CREATE FUNCTION pg_temp.own() RETURNS int LANGUAGE sql AS 'SELECT 2'", "SELECT pg_temp.own()", "2"),
    ("PREPARE own AS SELECT 3", "EXECUTE own", "3"),
    ("DECLARE own CURSOR WITH HOLD FOR SELECT 4 FROM generate_series(1, 100)", "FETCH own", "4"),
    ("LISTEN \"own channel\"", "SELECT pg_listening_channels()", "own channel"),
    ("SELECT pg_advisory_lock_shared(6)", "SELECT pg_advisory_unlock_shared(6), pg_advisory_lock_shared(6)", "t"),
    ("SET work_mem = '7MB'; SET search_path = pg_catalog, public", "SHOW search_path", "pg_catalog, public"),
    ("SET app.tenant = 'mine'", "SHOW app.tenant", "mine"),
];

/// Of these a connection can be borrowed.
const LENDERS: [Driver; 3] = [Driver::SqlxConnection, Driver::TokioPostgres, Driver::Postgres];

#[test]
fn what_was_there_before_stays() {
    let ways: [(&str, &str); 4] = [("", ""), (ALONE, ""), ("", "SELECT 1 / 0;"), (ALONE, "SELECT 1 / 0;")];
    for driver in LENDERS {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        OWN.iter().for_each(|(sql, ..)| drop(connection.sql(sql)));
        let before = belongings(&mut connection);
        let texts =
            LEAVE_SOMETHING.into_iter().flat_map(|text| ways.map(|(head, end)| format!("{head}{text};\n{end}")));
        // Each case in each way with one of them.
        let is_shared = |index: usize| LENDERS[(index / ways.len() + index) % LENDERS.len()] == driver;
        for (index, text) in texts.enumerate().filter(|(index, _)| is_shared(*index)) {
            let set = migrator(&[("1_leaves.sql", &text)]).namespace(index.to_string());
            assert_eq!(connection.run(&set).is_ok(), !text.contains("1 / 0"), "{driver:?}: {text}");
            assert_eq!(belongings(&mut connection), before, "{driver:?}: {text}");
        }
        for (own, probe, expected) in OWN {
            assert_eq!(connection.sql(probe), expected, "{driver:?}: {own}");
        }
    }
}

/// The statements that clients prepare by their protocol, and keep.
#[test]
fn what_a_client_has_prepared_stays() {
    let database = Database::new();
    let set = || migrator(&[("1_leaves.sql", "PREPARE a AS SELECT 1; CREATE TEMP TABLE t (id int);")]);
    let count =
        "SELECT count(*)::text FROM pg_prepared_statements WHERE NOT from_sql AND statement LIKE '%left_alone%'";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&database.url()).await.unwrap();
        for namespace in ["", "sqlx"] {
            if !namespace.is_empty() {
                assert_eq!(set().namespace(namespace).run(&mut connection).await.unwrap().applied().count(), 1);
            }
            let query = sqlx::query_scalar::<_, i32>("SELECT $1 AS left_alone").bind(7);
            assert_eq!(query.fetch_one(&mut connection).await.unwrap(), 7);
            let found: String = sqlx::query_scalar(count).persistent(false).fetch_one(&mut connection).await.unwrap();
            assert_eq!(found, "1");
        }

        let (mut client, connection) = tokio_postgres::connect(&database.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let statement = client.prepare("SELECT $1::int AS left_alone").await.unwrap();
        assert_eq!(set().namespace("tokio").run(&mut client).await.unwrap().applied().count(), 1);
        assert_eq!(client.query_one(&statement, &[&7]).await.unwrap().get::<_, i32>(0), 7);
    });
}
