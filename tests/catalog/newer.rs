//! What only newer versions of PostgreSQL have.

use atlas_migrate_tests::{Database, Driver};

use crate::{Base, check, version};

/// Does the check on servers from this version on. Older ones do not know what it is about.
#[track_caller]
fn since(major: u32, base: &str, change: &str, undo: &str, expected: &[&str]) {
    if version() >= major {
        check(base, change, undo, expected);
    }
}

const TABLE: &str = "CREATE TABLE a (id int, name text)";

#[test]
fn postgres_14() {
    since(
        14,
        TABLE,
        "ALTER TABLE a ALTER name SET COMPRESSION pglz",
        "ALTER TABLE a ALTER name SET COMPRESSION default",
        &["changed table public.a", "- column name text", "+ column name text COMPRESSION pglz"],
    );
    since(
        14,
        "",
        "CREATE TYPE r AS RANGE (SUBTYPE = int, MULTIRANGE_TYPE_NAME = rs)",
        "DROP TYPE r",
        &["added type public.r", "+ range of integer multirange public.rs", "+ owner postgres"],
    );
    since(
        14,
        TABLE,
        "CREATE FUNCTION f() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM a; END",
        "DROP FUNCTION f",
        &[
            "added function public.f()",
            "+ CREATE OR REPLACE FUNCTION public.f()",
            "+  RETURNS bigint",
            "+  LANGUAGE sql",
            "+ BEGIN ATOMIC",
            "+  SELECT count(*) AS count",
            "+     FROM public.a;",
            "+ END",
            "+ owner postgres",
        ],
    );
}

/// As a `DETACH PARTITION CONCURRENTLY` leaves it that was cut off.
#[test]
fn partitions_that_are_half_detached() {
    let half = |is: bool| format!("UPDATE pg_inherits SET inhdetachpending = {is} WHERE inhrelid = 'c'::regclass");
    since(
        14,
        "CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE c PARTITION OF p DEFAULT",
        &half(true),
        &half(false),
        &[
            "changed table public.c",
            "- partition of public.p DEFAULT",
            "+ partition of public.p DEFAULT DETACH PENDING",
        ],
    );
}

/// They are the whole server's. Without a folder that is made for them there are none before PostgreSQL 15.
#[test]
fn tablespaces() {
    if version() < 15 {
        return;
    }
    let space = format!("space_{}", std::process::id());
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    connection.sql("SET allow_in_place_tablespaces = on");
    connection.sql(&format!("CREATE TABLESPACE {space} LOCATION ''"));
    let base = Base::new("CREATE TABLE a (id int PRIMARY KEY); CREATE INDEX i ON a (id)");
    let moved = |what: &str| {
        (format!("ALTER {what} SET TABLESPACE {space}"), format!("ALTER {what} SET TABLESPACE pg_default"))
    };
    let (change, undo) = moved("TABLE a");
    base.changed(&change, &undo, &[&format!("+ tablespace {space}")]);
    let (change, undo) = moved("INDEX a_pkey");
    base.changed(&change, &undo, &[&format!("+ index a_pkey TABLESPACE {space}")]);
    let (change, undo) = moved("INDEX i");
    let index = "CREATE INDEX i ON public.a USING btree (id)";
    base.changed(&change, &undo, &[&format!("- {index}"), &format!("+ {index} TABLESPACE {space}")]);
    drop(base);
    connection.sql(&format!("DROP TABLESPACE {space}"));
}

#[test]
fn postgres_15() {
    let base = "CREATE TABLE a (id int PRIMARY KEY, name text, note text); CREATE SCHEMA s;
        CREATE PUBLICATION p FOR TABLE a; CREATE SEQUENCE q";
    since(
        15,
        base,
        "ALTER PUBLICATION p SET TABLE a (id, name) WHERE (id > 0)",
        "ALTER PUBLICATION p SET TABLE a",
        &["changed publication p", "- table public.a", "+ table public.a (id, name) where (id > 0)"],
    );
    since(
        15,
        base,
        "ALTER PUBLICATION p ADD TABLES IN SCHEMA s, public",
        "ALTER PUBLICATION p DROP TABLES IN SCHEMA s, public",
        &["changed publication p", "+ schema public", "+ schema s"],
    );
    since(
        15,
        base,
        "CREATE UNIQUE INDEX i ON a (name) NULLS NOT DISTINCT",
        "DROP INDEX i",
        &["changed table public.a", "+ CREATE UNIQUE INDEX i ON public.a USING btree (name) NULLS NOT DISTINCT"],
    );
    since(
        15,
        base,
        "CREATE VIEW v WITH (security_invoker) AS SELECT 1 AS x",
        "DROP VIEW v",
        &["added view public.v", "+ options security_invoker=true", "+  SELECT 1 AS x;", "+ owner postgres"],
    );
    since(
        15,
        base,
        "ALTER SEQUENCE q SET UNLOGGED",
        "ALTER SEQUENCE q SET LOGGED",
        &["changed sequence public.q", "+ unlogged"],
    );
}

#[test]
fn postgres_17() {
    since(
        17,
        TABLE,
        "GRANT MAINTAIN ON a TO pg_monitor",
        "REVOKE MAINTAIN ON a FROM pg_monitor",
        &["changed table public.a", "+ privileges of pg_monitor: MAINTAIN"],
    );
}

#[test]
fn postgres_18() {
    since(
        18,
        TABLE,
        "ALTER TABLE a ADD x int GENERATED ALWAYS AS (id * 2) VIRTUAL",
        "ALTER TABLE a DROP x",
        &["changed table public.a", "+ column x integer GENERATED ALWAYS AS ((id * 2)) VIRTUAL"],
    );
    since(
        18,
        TABLE,
        "ALTER TABLE a ADD CONSTRAINT named NOT NULL name",
        "ALTER TABLE a DROP CONSTRAINT named",
        &[
            "changed table public.a",
            "- column name text",
            "+ column name text NOT NULL",
            "+ constraint named NOT NULL name",
        ],
    );
    since(
        18,
        TABLE,
        "ALTER TABLE a ADD CONSTRAINT a_name_not_null NOT NULL name NOT VALID",
        "ALTER TABLE a DROP CONSTRAINT a_name_not_null",
        &[
            "changed table public.a",
            "- column name text",
            "+ column name text NOT NULL",
            "+ constraint a_name_not_null NOT NULL name NOT VALID",
        ],
    );
    since(
        18,
        TABLE,
        "ALTER TABLE a ADD CONSTRAINT c CHECK (id > 0) NOT ENFORCED",
        "ALTER TABLE a DROP CONSTRAINT c",
        &["changed table public.a", "+ constraint c CHECK ((id > 0)) NOT ENFORCED"],
    );
    since(
        18,
        TABLE,
        "CREATE PUBLICATION p FOR TABLE a WITH (publish_generated_columns = stored)",
        "DROP PUBLICATION p",
        &[
            "added publication p",
            "+ publishes insert update delete truncate with generated columns",
            "+ table public.a",
            "+ owner postgres",
        ],
    );
    since(
        18,
        "",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO pg_monitor",
        "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON LARGE OBJECTS FROM pg_monitor",
        &["added default privileges of postgres on large objects", "+ privileges of pg_monitor: SELECT"],
    );
}
