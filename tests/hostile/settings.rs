//! Whatever a database, or a migration before, has set: runs, looks and reverts mean the same.

use std::time::{Duration, Instant};

use atlas_migrate::{Migrator, Revert};
use atlas_migrate_tests::{DRIVERS, Database, migrator};

/// Strings that mean something else where backslashes escape, in a migration, in its conditions and in names.
fn set(first: &str) -> Migrator {
    let one = format!("{first}\nCREATE TABLE public.a (t text, i interval, d timestamptz, n int[]);");
    migrator(&[
        ("1_it's \\ é.up.sql", one.as_str()),
        ("1_it's \\ é.down.sql", "DROP TABLE public.a;"),
        ("2_b.up.sql", "-- atlas:require 'it''s é' <> '' | never\n-- Description: it's \\ é\nINSERT INTO public.a VALUES ('é', '1 day 2 hours', '2026-02-01 00:00Z', '{1,NULL}');"),
        ("2_b.down.sql", "DELETE FROM public.a WHERE t = 'é';"),
        ("3_c.up.sql", "CREATE INDEX CONCURRENTLY \"it's \\ é\" ON public.a (t);"),
        ("3_c.down.sql", "DROP INDEX CONCURRENTLY public.\"it's \\ é\";"),
        ("4_d.up.sql", "-- atlas:skip-unless 1 = 2\nSELECT 1;"),
        ("R__v.sql", "CREATE OR REPLACE VIEW public.v AS SELECT 'é' AS text;"),
    ])
    .namespace("it's \\ é")
}

#[track_caller]
fn run(database: &Database, set: &Migrator) {
    for driver in DRIVERS {
        let mut connection = driver.connect(&database.url());
        let report = connection.run(set).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
        assert_eq!((report.applied().count(), report.skipped().count()), (4, 1), "{driver:?}");
        assert!(connection.run(set).unwrap().is_empty(), "{driver:?}");
        connection.check(set).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
        let status = connection.status(set).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
        let applied_at: Vec<&str> = status.migrations().iter().filter_map(|line| line.applied_at()).collect();
        assert_eq!(applied_at.len(), 5, "{driver:?}: {status}");
        assert!(applied_at.iter().all(|time| time.starts_with("20") && time.ends_with('Z')), "{driver:?}: {status}");
        assert!(status.to_string().contains("1 it's \\ é"), "{driver:?}: {status}");
        let look = "SELECT t, pg_catalog.date_part('hour', i), pg_catalog.date_part('epoch', d)::bigint, n[2] IS NULL FROM public.a";
        assert_eq!(database.query(look), ["é|2|1769904000|t"], "{driver:?}");
        let reverted = connection.revert(set, Revert::All).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
        assert_eq!(reverted.reverted().count(), 4, "{driver:?}");
        assert_eq!(
            database.query("SELECT namespace, version FROM public.schema_migrations"),
            ["it's \\ é|R__v"],
            "{driver:?}"
        );
        database.query("DROP TABLE public.schema_migrations; DROP VIEW public.v");
    }
}

/// As a default of the database, and as a migration leaves it to the next one.
#[track_caller]
fn check(setting: &str, value: &str) {
    let database = Database::new();
    // Not by SET, which is refused where it would change how the file is read.
    let assignment = format!("SELECT pg_catalog.set_config('{setting}', '{}', false);", value.trim_matches('\''));
    run(&database, &set(&assignment));
    let name = database.value("SELECT pg_catalog.current_database()");
    database.query(&format!("ALTER DATABASE {name} SET {setting} = {value}"));
    run(&database, &set(""));
    run(&database, &set(&assignment));
    assert_eq!(database.errors(), [] as [&str; 0]);
}

macro_rules! settings {
    ($($name:ident: $setting:literal = $value:literal,)*) => {
        $(
            #[test]
            fn $name() {
                check($setting, $value);
            }
        )*
    };
}

settings! {
    strings_with_backslashes: "standard_conforming_strings" = "off",
    no_backslash_before_quotes: "backslash_quote" = "off",
    backslash_before_quotes: "backslash_quote" = "on",
    other_encoding: "client_encoding" = "'LATIN1'",
    all_identifiers_quoted: "quote_all_identifiers" = "on",
    german_dates: "DateStyle" = "'German, DMY'",
    sql_dates: "DateStyle" = "'SQL, MDY'",
    sql_intervals: "IntervalStyle" = "'sql_standard'",
    iso_intervals: "IntervalStyle" = "'iso_8601'",
    time_zone: "TimeZone" = "'Asia/Kathmandu'",
    language: "lc_messages" = "'POSIX'",
    no_search_path: "search_path" = "''",
    null_equals: "transform_null_equals" = "on",
    few_digits: "extra_float_digits" = "-15",
    bytes_escaped: "bytea_output" = "'escape'",
    everything_told: "client_min_messages" = "'debug5'",
    plpgsql_is_strict: "plpgsql.extra_errors" = "'all'",
    plpgsql_prefers_columns: "plpgsql.variable_conflict" = "'use_column'",
    replica: "session_replication_role" = "'replica'",
    serializable: "default_transaction_isolation" = "'serializable'",
}

/// In arrays of such a session, NULL is a word. So it is in the migration, which asks for it.
#[test]
fn no_nulls_in_arrays() {
    let database = Database::new();
    let name = database.value("SELECT current_database()");
    database.query(&format!("ALTER DATABASE {name} SET array_nulls = off"));
    let set = migrator(&[
        (
            "1_a.sql",
            "-- atlas:require NULL::boolean IS NULL | never\nCREATE TABLE a AS SELECT '{NULL}'::text[] AS words;",
        ),
        ("2_b.sql", "-- atlas:skip-unless NULL\nCREATE TABLE b ();"),
    ]);
    for driver in DRIVERS {
        let report = driver.connect(&database.url()).run(&set).unwrap();
        assert_eq!((report.applied().count(), report.skipped().count()), (1, 1), "{driver:?}");
        assert_eq!(database.value("SELECT words[1] IS NULL FROM a"), "f", "{driver:?}");
        assert!(driver.connect(&database.url()).run(&set).unwrap().is_empty(), "{driver:?}");
        database.query("DROP TABLE a, schema_migrations");
    }
}

/// What the server says after a migration has changed the encoding comes in that encoding, and a client may stumble over it.
/// Then the migration took effect with its row or not at all, and the connection's next user, and the next run, are well.
#[test]
fn messages_in_another_encoding() {
    const TABLES: &str = "SELECT count(*) FROM pg_class WHERE relname IN ('a', 'schema_migrations')";
    let says = |what: &str| format!("CREATE TABLE a (); SELECT set_config('client_encoding', 'LATIN1', false); {what}");
    for what in ["DO $$ BEGIN RAISE NOTICE 'é'; END $$;", "SELECT 'é' AS \"é\";", "SELECT 'é'::int;"] {
        for driver in DRIVERS {
            let database = Database::new();
            let set = migrator(&[("1_a.sql", says(what).as_str())]);
            let result = driver.connect(&database.url()).run(&set);
            if let Err(error) = &result {
                assert!(error.is_connection() || error.is_failed(), "{driver:?}: {error}");
            }
            await_quiet(&database);
            let tables = database.value(TABLES);
            assert!(tables == "2" || (tables == "0" && result.is_err()), "{driver:?}: {tables} tables");
            let plain = migrator(&[("1_a.sql", "CREATE TABLE a ();")]).namespace("plain");
            let next = driver.connect(&database.url()).run(&plain);
            assert_eq!(next.is_ok(), tables == "0", "{driver:?}: {next:?}");
        }
    }
}

/// A client that gave up may have left the server at work.
#[track_caller]
fn await_quiet(database: &Database) {
    const BUSY: &str = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";
    let started = Instant::now();
    while database.value(BUSY) != "0" {
        assert!(started.elapsed().as_secs() < 20, "waited for the server to end what a lost client had begun");
        std::thread::sleep(Duration::from_millis(10));
    }
}
