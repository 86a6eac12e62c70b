//! How a snapshot is taken: over whichever connection, in whatever state it is, by whomever.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use atlas_migrate::{ErrorKind, Migrations, Migrator};
use atlas_migrate_tests::{Database, drivers};

use crate::snapshot;

/// Something of most sorts, with names and texts that are made to be misread.
const EVERYTHING: &str = r#"
    CREATE SCHEMA "it's ""quoted"" \ . %I $$";
    SET search_path = "it's ""quoted"" \ . %I $$";
    CREATE TYPE "Mood ENUM" AS ENUM ('it''s', '"', '\', 'a
b');
    CREATE DOMAIN "D" AS numeric(5, 2) DEFAULT 1.50 CHECK (value > 0.1);
    CREATE TABLE "T able" (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "select" "Mood ENUM" DEFAULT 'it''s', "D" "D" NOT NULL,
        at timestamptz DEFAULT '2024-01-02 03:04:05+06', day date DEFAULT '2024-02-03', span interval DEFAULT '1 day 2 hours',
        bytes bytea DEFAULT '\x00ff', real float8 DEFAULT 0.1, price money DEFAULT 1234.5, "漢 字" text COLLATE "C"
    );
    CREATE INDEX "I -- n" ON "T able" (at, lower("漢 字")) WHERE at > '2024-01-02 03:04:05+06';
    CREATE VIEW "V" AS SELECT t.id, t.at, o.id AS other FROM "T able" t, "T able" o WHERE t.span > '1 day 02:00:00';
    CREATE FUNCTION "F"("a b" "D", VARIADIC "c" int[] DEFAULT '{1}') RETURNS TABLE ("x y" text) LANGUAGE plpgsql AS
        $f$BEGIN RETURN QUERY SELECT '$$ \ ''' || 1; END$f$;
    CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
    CREATE TRIGGER "t r" BEFORE INSERT ON "T able" FOR EACH ROW EXECUTE FUNCTION g('it''s');
    CREATE POLICY "p p" ON "T able" USING (at > '2024-01-02 03:04:05+06');
    COMMENT ON COLUMN "T able"."select" IS '\ it''s
        -- new';
    CREATE AGGREGATE "Sum"(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
    CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
    CREATE FOREIGN DATA WRAPPER "w w";
    CREATE SERVER "s s" FOREIGN DATA WRAPPER "w w" OPTIONS (a 'it''s \');
    CREATE USER MAPPING FOR postgres SERVER "s s" OPTIONS (password 'secret');
    CREATE PUBLICATION "p u" FOR TABLE "T able";
    CREATE STATISTICS "s t" ON id, at FROM "T able";
    CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);
    CREATE TABLE "part 1" PARTITION OF parts FOR VALUES FROM ('2024-01-02') TO ('2024-02-03');
    GRANT SELECT (id) ON "T able" TO pg_monitor;
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor;
    RESET search_path
"#;

fn migrator() -> Migrator {
    Migrator::new(Migrations::empty())
}

#[track_caller]
fn everything() -> Database {
    let database = Database::new();
    database.query(EVERYTHING);
    database
}

#[test]
fn the_same_in_two_databases() {
    let (one, other) = (everything(), everything());
    assert_eq!(snapshot(&one), snapshot(&other));
    let text = snapshot(&one).to_string();
    assert!(!text.contains("secret"), "{text}");
    for name in
        ["it's \"\"quoted\"\" \\ . %I $$", "T able", "Mood ENUM", "漢 字", "t r", "p p", "s s", "p u", "s t", "part 1"]
    {
        assert!(text.contains(&format!("\"{name}\"")), "{name}: {text}");
    }
}

/// Which way one comes, and what one has set before, does not matter; and it is as before afterwards.
#[test]
fn settings_of_the_session() {
    let database = everything();
    let expected = snapshot(&database);
    for driver in drivers() {
        let mut connection = driver.connect(&database.url());
        connection.sql(
            r#"SET search_path = public, "it's ""quoted"" \ . %I $$"; SET quote_all_identifiers = on; SET datestyle = 'SQL, DMY';
               SET intervalstyle = 'iso_8601'; SET timezone = 'Asia/Tokyo'; SET bytea_output = 'escape';
               SET extra_float_digits = -10; SET standard_conforming_strings = off; SET escape_string_warning = off;
               SET default_transaction_read_only = on; SET statement_timeout = '1h'"#,
        );
        let settings = "SELECT string_agg(name || setting, ' ') FROM pg_settings WHERE source = 'session'";
        let before = connection.sql(settings);
        let found = connection.snapshot(&migrator()).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
        assert_eq!(expected, found, "{driver:?}: {}", expected.diff(&found));
        assert_eq!(connection.sql(settings), before, "{driver:?}");
    }
    assert_eq!(database.errors(), [] as [&str; 0]);
}

#[test]
fn no_role_sees_less() {
    let database = everything();
    let role = format!("nobody_{}", std::process::id());
    database.query(&format!("CREATE ROLE {role} LOGIN"));
    for driver in drivers() {
        let found = driver.connect(&database.url_as(&role)).snapshot(&migrator());
        let found = found.unwrap_or_else(|error| panic!("{driver:?}: {error}"));
        let difference = snapshot(&database).diff(&found);
        assert!(difference.is_empty(), "{driver:?}: {difference}");
    }
    assert_eq!(database.errors(), [] as [&str; 0]);
    database.query(&format!("DROP ROLE {role}"));
}

/// The settings would stay until the end of the transaction.
#[test]
fn in_the_middle_of_a_transaction() {
    for driver in drivers() {
        let database = everything();
        let mut connection = driver.connect(&database.url());
        connection.sql("BEGIN");
        let error = connection.snapshot(&migrator()).expect_err("a snapshot in a transaction");
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (
                ErrorKind::Usage,
                "the connection is in the middle of a transaction\n  \
                 = hint: commit or roll back first: reading the catalog needs settings of its own"
            ),
            "{driver:?}"
        );
        assert_eq!(connection.sql("SHOW search_path"), "\"$user\", public", "{driver:?}");
    }
}

/// A view cannot be read while somebody changes the table; who would wait forever waits for twenty seconds.
#[test]
fn a_table_that_is_locked() {
    for driver in drivers() {
        let database = everything();
        let mut other = driver.connect(&database.url());
        other.sql(r#"SET idle_in_transaction_session_timeout = '20s'; BEGIN; LOCK TABLE "it's ""quoted"" \ . %I $$"."T able""#);
        let set = migrator().lock_timeout(Duration::from_millis(50));
        let error = driver.connect(&database.url()).snapshot(&set).expect_err("a snapshot with a table locked");
        assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Database, Some("55P03")), "{driver:?}: {error}");
    }
}

/// How long it takes is printed, and only what is far beyond all reason fails.
#[test]
fn six_hundred_objects() {
    let database = Database::new();
    let mut sql = String::new();
    for n in 0..100 {
        write!(
            sql,
            "CREATE TABLE t_{n} (id bigserial PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now(), x int CHECK (x > 0));
             CREATE INDEX ON t_{n} (name); CREATE VIEW v_{n} AS SELECT name FROM t_{n};
             CREATE FUNCTION f_{n}() RETURNS int LANGUAGE sql AS 'SELECT {n}';
             COMMENT ON TABLE t_{n} IS 'the {n}th'; GRANT SELECT ON t_{n} TO pg_monitor;"
        )
        .unwrap();
    }
    database.query(&sql);
    let mut connection = atlas_migrate_tests::Driver::Postgres.connect(&database.url());
    let mut times: Vec<_> = (0..5)
        .map(|_| {
            let start = Instant::now();
            let objects = connection.snapshot(&migrator()).unwrap().to_string();
            assert!(objects.contains("view public.v_99"), "{objects}");
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("a snapshot of 100 tables with 600 objects: {times:?}");
    assert!(times[0] < Duration::from_secs(2), "{times:?}");
}
