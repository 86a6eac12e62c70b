//! What is left out.

use atlas_migrate::{Migrations, Migrator};
use atlas_migrate_tests::{Database, Driver, migrator};

use crate::{check, snapshot};

/// What makes no difference.
#[track_caller]
fn unseen(base: &str, change: &str) {
    check(base, change, "SELECT", &["no difference"]);
}

#[test]
fn rows_and_what_follows_from_them() {
    unseen(
        "CREATE TABLE a (id serial, name text)",
        "INSERT INTO a (name) SELECT repeat('x', 9999) FROM generate_series(1, 9)",
    );
    unseen("CREATE TABLE a (id int)", "INSERT INTO a VALUES (1); ANALYZE a");
    unseen("CREATE TABLE a (id int, name text)", "VACUUM FULL a");
    unseen("CREATE SEQUENCE s", "SELECT nextval('s')");
    unseen("CREATE MATERIALIZED VIEW m AS SELECT 1 AS x WITH NO DATA", "REFRESH MATERIALIZED VIEW m");
}

#[test]
fn what_is_the_server_s_own() {
    unseen("", "SELECT lo_create(0)");
    unseen(
        "CREATE TABLE a (id int); GRANT SELECT ON a TO pg_monitor",
        "REVOKE SELECT ON a FROM pg_monitor; GRANT SELECT ON a TO pg_monitor",
    );
    unseen(
        "CREATE TABLE a (id int, name text)",
        "GRANT SELECT (id) ON a TO pg_monitor; REVOKE SELECT (id) ON a FROM pg_monitor",
    );
    unseen("CREATE TABLE a (id int, x text)", "ALTER TABLE a ADD y int; ALTER TABLE a DROP y");
    unseen("CREATE TABLE a (id int)", "GRANT SELECT ON a TO pg_monitor; REVOKE ALL ON a FROM pg_monitor");
}

/// The minor releases of November 2026 keep a number with each column, which is another one each time that the column is made.
#[test]
fn c1_what_the_server_itself_keeps_with_a_column() {
    let base = "
        CREATE TABLE a (id int, x text); ALTER TABLE a ALTER x SET (n_distinct = 5); CREATE VIEW v AS SELECT id FROM a;
        CREATE MATERIALIZED VIEW m AS SELECT id FROM a; CREATE TYPE pair AS (a int, b int);
        CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1)";
    let keep = |number: u32| {
        format!(
            "UPDATE pg_attribute SET attoptions = ARRAY['pg_attver={number}'] || ARRAY(SELECT o FROM unnest(attoptions) o \
             WHERE o !~ '^pg_attver=') WHERE attrelid >= 16384 AND attnum > 0"
        )
    };
    unseen(base, &keep(1));
    unseen(&format!("{base}; {}", keep(1)), &keep(23));
    let of_x = |options: &str| {
        format!("UPDATE pg_attribute SET attoptions = '{{{options}}}' WHERE attrelid = 'a'::regclass AND attname = 'x'")
    };
    check(
        &format!("{base}; {}", keep(1)),
        &of_x("pg_attver=1"),
        &of_x("pg_attver=2,n_distinct=5"),
        &["changed table public.a", "- column x text WITH (n_distinct=5)", "+ column x text"],
    );
    unseen("CREATE TABLE a (id int)", "DROP TABLE a; CREATE TABLE b (); CREATE TABLE a (id int); DROP TABLE b");
}

#[test]
fn temporary_objects() {
    let database = Database::new();
    let before = snapshot(&database);
    let mut other = Driver::Postgres.connect(&database.url());
    other.sql(
        "CREATE TEMP TABLE t (id serial PRIMARY KEY, name text CHECK (name <> '')); CREATE TEMP VIEW v AS SELECT 1 AS x;
         CREATE TYPE pg_temp.e AS ENUM ('a'); CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    );
    let meanwhile = Driver::Postgres.connect(&database.url()).snapshot(&Migrator::new(Migrations::empty())).unwrap();
    assert_eq!(before, meanwhile);
}

/// With types, tables, operators, casts, text search, foreign data and access methods among their members.
#[test]
fn members_of_extensions() {
    for name in [
        "bloom",
        "btree_gist",
        "citext",
        "cube",
        "dict_int",
        "earthdistance",
        "hstore",
        "intarray",
        "isn",
        "ltree",
        "pg_trgm",
        "pgcrypto",
        "postgres_fdw",
        "seg",
        "tablefunc",
        "unaccent",
    ] {
        let database = Database::new();
        let before = snapshot(&database);
        database.query(&format!("CREATE EXTENSION {name} CASCADE"));
        let difference = before.diff(&snapshot(&database)).to_string();
        let objects: Vec<_> = difference.lines().filter(|line| !line.starts_with(' ')).collect();
        let expected = [format!("added extension {name}")];
        let with_cube = ["added extension cube".to_owned(), "added extension earthdistance".to_owned()];
        let expected = if name == "earthdistance" { &with_cube[..] } else { &expected };
        assert_eq!(objects, expected, "{difference}");
        assert_eq!(database.errors(), [] as [&str; 0], "{name}");
    }
}

/// What an extension makes in a schema of its own, and the numbers that it gives to it, are no difference.
#[test]
fn c3_what_extensions_make_later() {
    const MADE: &str = "CREATE TABLE _timescaledb_internal._materialized_hypertable_7 (at int);
        CREATE FUNCTION _timescaledb_internal.cagg_watermark(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE VIEW hourly AS SELECT at FROM _timescaledb_internal._materialized_hypertable_7
        WHERE at < _timescaledb_internal.cagg_watermark(7)";
    let [one, other] =
        [MADE.to_owned(), MADE.replace("hypertable_7", "hypertable_12").replace("(7)", "(12)")].map(|made| {
            let database = Database::new();
            database.query(
                "CREATE EXTENSION pg_trgm; CREATE SCHEMA _timescaledb_internal;
             ALTER EXTENSION pg_trgm ADD SCHEMA _timescaledb_internal",
            );
            database.query(&made);
            snapshot(&database)
        });
    assert_eq!(one, other, "{}", one.diff(&other));
    assert!(one.to_string().contains("view public.hourly"), "{one}");
    assert!(!one.to_string().contains("table _timescaledb_internal"), "{one}");
}

/// The migrator's own table, and its schema if it made that: but not what others do there.
#[test]
fn the_history() {
    let database = Database::new();
    let set = migrator(&[("1_a.sql", "CREATE TABLE a (id int)"), ("1_a.down.sql", "DROP TABLE a")]);
    for set in [set.clone(), set.clone().table("it's"), set.schema("of its own")] {
        let mut connection = Driver::Postgres.connect(&database.url());
        let before = connection.snapshot(&set).unwrap();
        connection.run(&set).unwrap();
        let difference = before.diff(&connection.snapshot(&set).unwrap());
        assert_eq!(difference.to_string(), "added table public.a\n  + column id integer\n  + owner postgres");
        connection.revert(&set, atlas_migrate::Revert::All).unwrap();
        assert_eq!(before, connection.snapshot(&set).unwrap());
    }
    let set = Migrator::new(Migrations::empty()).schema("of its own");
    let mut connection = Driver::Postgres.connect(&database.url());
    let before = connection.snapshot(&set).unwrap();
    database.query(r#"CREATE TABLE "of its own".a (); GRANT USAGE ON SCHEMA "of its own" TO pg_monitor"#);
    let difference = before.diff(&connection.snapshot(&set).unwrap());
    assert_eq!(
        difference.to_string(),
        "added schema \"of its own\"\n  + privileges of pg_monitor: USAGE\n\
         added table \"of its own\".a\n  + owner postgres"
    );
}
