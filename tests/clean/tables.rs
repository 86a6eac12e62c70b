//! Which tables are meant, and tables of every sort.

use super::*;

const TWO_SCHEMAS: &str = r#"CREATE SCHEMA app; CREATE SCHEMA "a.b"; CREATE TABLE users AS SELECT 1; CREATE TABLE app.users AS SELECT 1;
    CREATE TABLE app.posts AS SELECT 1; CREATE TABLE app."it's ""a"".b" AS SELECT 1; CREATE TABLE "a.b"."c.d" AS SELECT 1"#;

#[track_caller]
fn check(cleaner: &Cleaner, tables: &str, left: &[&str]) {
    let (database, mut connection) = with(Driver::TokioPostgres, tables);
    connection.clean(cleaner).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(filled(&database), left, "{cleaner:?}");
    assert_eq!(database.errors(), [""; 0]);
}

#[test]
fn names() {
    let hostile = r#"app."it's ""a"".b" 1"#;
    check(&Cleaner::new(), TWO_SCHEMAS, &[]);
    check(&Cleaner::new().schemas(["app"]), TWO_SCHEMAS, &[r#""a.b"."c.d" 1"#, "public.users 1"]);
    check(&Cleaner::new().schemas(["a.b", "public"]), TWO_SCHEMAS, &[hostile, "app.posts 1", "app.users 1"]);
    check(
        &Cleaner::new().keep(["posts", "app.users", "a.b.c.d"]),
        TWO_SCHEMAS,
        &[r#""a.b"."c.d" 1"#, "app.posts 1", "app.users 1"],
    );
    check(&Cleaner::new().tables(["posts", r#"it's "a".b"#, "c.d"]), TWO_SCHEMAS, &["app.users 1", "public.users 1"]);
    check(
        &Cleaner::new().schemas(["app"]).tables(["users", "posts"]).keep(["posts"]),
        TWO_SCHEMAS,
        &[r#""a.b"."c.d" 1"#, hostile, "app.posts 1", "public.users 1"],
    );
}

#[test]
fn of_the_library() {
    check(
        &Cleaner::new(),
        "CREATE SCHEMA own; CREATE TABLE own.migrated (namespace text, version text, fingerprint text, checksum text, runner text);
         INSERT INTO own.migrated VALUES ('default', '1', '', '', ''); CREATE TABLE history AS SELECT 'default' AS namespace, '1' AS version",
        &["own.migrated 1"],
    );
}

#[test]
fn of_extensions() {
    check(
        &Cleaner::new(),
        "CREATE EXTENSION pg_trgm; CREATE TABLE config AS SELECT 1; ALTER EXTENSION pg_trgm ADD TABLE config; CREATE SCHEMA ext;
         ALTER EXTENSION pg_trgm ADD SCHEMA ext; CREATE TABLE ext.chunk AS SELECT 1; CREATE TABLE t AS SELECT 1",
        &["ext.chunk 1", "public.config 1"],
    );
}

#[test]
fn partitioned() {
    const TABLES: &str = "CREATE SCHEMA parts; CREATE TABLE a (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE parts.a1 PARTITION OF a FOR VALUES FROM (0) TO (100); CREATE TABLE parts.a2 PARTITION OF a DEFAULT;
        CREATE TABLE b (id int, a int REFERENCES a) PARTITION BY LIST (id); CREATE TABLE b1 PARTITION OF b FOR VALUES IN (1);
        INSERT INTO a SELECT generate_series(1, 300); INSERT INTO b VALUES (1, 1), (1, 299);";
    check(&Cleaner::new(), TABLES, &[]);
    check(&Cleaner::new().schemas(["parts"]), TABLES, &["parts.a1 99", "parts.a2 201", "public.b1 2"]);
    check(&Cleaner::new().tables(["b"]), TABLES, &["parts.a1 99", "parts.a2 201"]);
    let (_database, mut connection) = with(Driver::Postgres, TABLES);
    assert_eq!(
        emptied(&mut connection, &Cleaner::new()),
        ["1. public.a: 300 rows, TRUNCATE", "1. public.b: 2 rows, TRUNCATE"]
    );
}

/// Tables that inherit are tables of their own.
#[test]
fn inherited() {
    const TABLES: &str = "CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent); CREATE SCHEMA other;
        CREATE TABLE other.child () INHERITS (parent); INSERT INTO parent SELECT generate_series(1, 200);
        INSERT INTO child VALUES (1); INSERT INTO other.child VALUES (1)";
    check(&Cleaner::new().tables(["parent"]), TABLES, &["other.child 1", "public.child 1"]);
    check(&Cleaner::new().schemas(["public"]), TABLES, &["other.child 1"]);
}

#[test]
fn of_another_server() {
    check(
        &Cleaner::new(),
        "CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
         CREATE FOREIGN TABLE far (id int) SERVER elsewhere; CREATE TABLE near AS SELECT 1;
         CREATE UNLOGGED TABLE unlogged AS SELECT 1; CREATE MATERIALIZED VIEW v AS SELECT 1",
        &[],
    );
}

/// A table as an extension makes one whose rows it keeps elsewhere: its own file is empty, and those of its rows are in a schema
/// of the extension.
const SHELL: &str = "CREATE EXTENSION pg_trgm; CREATE SCHEMA chunks; ALTER EXTENSION pg_trgm ADD SCHEMA chunks;
    CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1), (2);
    CREATE TABLE shell (at int, author int REFERENCES users); CREATE TABLE chunks.one () INHERITS (shell);
    CREATE TABLE chunks.two () INHERITS (shell); ALTER TABLE chunks.one ADD FOREIGN KEY (author) REFERENCES users;
    INSERT INTO chunks.one VALUES (1, 1); INSERT INTO chunks.two SELECT n, NULL FROM generate_series(1, 2000) n";

#[test]
fn a10_rows_in_other_files() {
    check(&Cleaner::new(), SHELL, &[]);
    check(&Cleaner::new().tables(["shell"]), SHELL, &["public.users 2"]);
    let (_database, mut connection) = with(Driver::SqlxPool, SHELL);
    let planned = connection.plan_clean(&Cleaner::new()).unwrap().to_string();
    assert!(planned.contains("1. public.shell: 2001 rows, TRUNCATE"), "{planned}");
    assert_eq!(
        emptied(&mut connection, &Cleaner::new()),
        ["1. public.shell: 2001 rows, TRUNCATE", "2. public.users: 2 rows, DELETE"]
    );
    assert_eq!(emptied(&mut connection, &Cleaner::new()), [""; 0]);
}

#[test]
fn a10_partitions_of_partitions() {
    const TABLES: &str = "CREATE TABLE t (a int, b int) PARTITION BY LIST (a); CREATE TABLE one PARTITION OF t FOR VALUES IN (1) PARTITION BY LIST (b);
        CREATE TABLE two PARTITION OF one FOR VALUES IN (1); CREATE TABLE three PARTITION OF one DEFAULT; CREATE TABLE rest PARTITION OF t DEFAULT;
        CREATE TABLE empty (id int) PARTITION BY LIST (id); CREATE TABLE nothing (id int);
        INSERT INTO t SELECT 1, n FROM generate_series(1, 5) n";
    check(&Cleaner::new(), TABLES, &[]);
    let (_database, mut connection) = with(Driver::Deadpool, TABLES);
    assert_eq!(emptied(&mut connection, &Cleaner::new()), ["1. public.t: 5 rows, DELETE"]);
}
