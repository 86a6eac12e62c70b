//! What files of TOML expect.

use insta::assert_snapshot;

use super::*;

#[track_caller]
fn told_of_file(sql: &str, toml: &str) -> String {
    told_of(sql, &[("a.toml", toml)])
}

#[test]
fn extensions() {
    let found = told_of_file(
        "CREATE EXTENSION pg_trgm VERSION '1.4'",
        r#"
        extension = [{ name = "pg_trgm" }, { name = "pg_trgm", version = "1.3" }, { name = "pg_trgm", version = "1.10" }, { name = "hstore" }]
    "#,
    );
    assert_snapshot!(found, @"
    pass extension pg_trgm: 1.4
    pass extension pg_trgm: 1.4
    fail extension pg_trgm
      version: expected 1.10 or later, found 1.4
      at checks/a.toml:2
    fail extension hstore
      extension: expected installed, found not installed
      at checks/a.toml:2
    ");
}

const TYPES: &str = "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('a'); CREATE TYPE \"Mood\" AS ENUM ('a'); CREATE DOMAIN app.d AS text;
    CREATE TABLE app.users (id bigint PRIMARY KEY, email varchar(20), price numeric(10,2), born timestamp(3) with time zone,
        code char(2), one char, tags text[], mood app.mood, other \"Mood\"[], d app.d, span interval, bits bit(3), \"E-mail\" text)";

#[test]
fn types_in_all_their_spellings() {
    let spellings = [
        ("id", &["bigint", "int8", "BIGINT", "pg_catalog.int8"] as &[_]),
        ("email", &["varchar(20)", "character varying ( 20 )"]),
        ("price", &["numeric(10,2)", "decimal(10, 2)"]),
        ("born", &["timestamp(3) with time zone", "timestamptz(3)"]),
        ("code", &["char(2)", "character(2)", "bpchar(2)"]),
        ("one", &["char", "character(1)"]),
        ("tags", &["text[]", "text[3]", "_text"]),
        ("mood", &["app.mood", "App.Mood"]),
        ("other", &["\\\"Mood\\\"[]"]),
        ("d", &["app.d"]),
        ("span", &["interval"]),
        ("bits", &["bit(3)"]),
        ("\"E-mail\"", &["text"]),
    ];
    let (_database, mut connection) = with(Driver::Postgres, TYPES);
    for (column, types) in spellings {
        for ty in types {
            let file = format!("[[table]]\nname = \"app.users\"\ncolumns = {{ {column} = \"{ty}\" }}\n");
            let report = verify(&mut connection, &verifier(&[("a.toml", &file)]));
            assert!(report.passed(), "{file}\n{report}");
        }
    }
}

#[test]
fn columns() {
    assert_snapshot!(told_of_file(TYPES, r#"
        [[table]]
        name = "app.users"
        columns = { id = "int", email = "varchar", price = "numeric", born = "timestamptz", code = "char", one = "char(2)", tags = "text", mood = "text", d = "text", span = "interval(3)", bits = "varbit(3)", emial = "text", "e-mail" = "text" }
        [[table]]
        name = "app.users"
        columns = { id = "app.moood", email = "varchar(30)", price = "numeric(10)", born = "timestamp(3)", tags = "varchar(3)[]" }
        [[table]]
        name = "app.users"
        columns = { id = "bigserial" }
        primary-key = false
    "#), @"
    fail table app.users
      column id: expected integer, found bigint
      column email: expected character varying, found character varying(20)
      column price: expected numeric, found numeric(10,2)
      column born: expected timestamp with time zone, found timestamp(3) with time zone
      column code: expected character(1), found character(2)
      column one: expected character(2), found character(1)
      column tags: expected text, found text[]
      column mood: expected text, found app.mood
      column d: expected text, found app.d
      column span: expected interval(3), found interval
      column bits: expected bit varying(3), found bit(3)
      column emial: expected text, found none
      column e-mail: expected text, found none; did you mean `E-mail`?
      at checks/a.toml:2
    fail table app.users
      column id: expected app.moood, which is no type, found bigint
      column email: expected character varying(30), found character varying(20)
      column price: expected numeric(10,0), found numeric(10,2)
      column born: expected timestamp(3) without time zone, found timestamp(3) with time zone
      column tags: expected character varying(3)[], found text[]
      at checks/a.toml:5
    fail table app.users
      primary key: expected none, found a primary key
      column id: expected bigserial, which is no type, found bigint
      at checks/a.toml:8
    ");
}

#[test]
fn tables() {
    const SQL: &str = "CREATE SCHEMA app; CREATE TABLE a (id int); CREATE TABLE \"B\" (id int PRIMARY KEY) PARTITION BY LIST (id);
        CREATE VIEW v AS SELECT 1; CREATE SEQUENCE s; CREATE INDEX i ON a (id); CREATE TABLE app.c (id int PRIMARY KEY)";
    assert_snapshot!(told_of_file(SQL, r#"
        table = [{ name = "a" }, { name = "public.A" }, { name = '"B"', primary-key = true }, { name = "app.c" }]
    "#), @r#"
    pass table a
    pass table public.a
    pass table "B"
    pass table app.c
    "#);
    assert_snapshot!(told_of_file(SQL, r#"
        table = [{ name = '"A"' }, { name = "c" }, { name = "nowhere.a" }, { name = "v" }, { name = "s" }, { name = "i" }, { name = "a", primary-key = true }]
    "#), @r#"
    fail table "A"
      table: expected a table, found none
      at checks/a.toml:2
    fail table c
      table: expected a table, found none
      at checks/a.toml:2
    fail table nowhere.a
      table: expected a table, found none
      at checks/a.toml:2
    fail table v
      table: expected a table, found a view
      at checks/a.toml:2
    fail table s
      table: expected a table, found a sequence
      at checks/a.toml:2
    fail table i
      table: expected a table, found an index
      at checks/a.toml:2
    fail table a
      primary key: expected a primary key, found none
      at checks/a.toml:2
    "#);
}

#[test]
fn indexes() {
    const SQL: &str = "CREATE SCHEMA app; CREATE TABLE app.a (id int PRIMARY KEY, email text, tags int[]); CREATE TABLE b (id int);
        CREATE UNIQUE INDEX u ON app.a (lower(email), id DESC) INCLUDE (tags); CREATE INDEX g ON app.a USING gin (tags);
        CREATE INDEX s ON app.a ((id + 1)) WHERE id > 0; UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app.s'::regclass";
    assert_snapshot!(told_of_file(SQL, r#"
        index = [
            { name = "a_pkey", table = "app.a" },
            { name = "u", table = "app.a", columns = ["lower( email )", "id"], unique = true, method = "btree" },
            { name = "g", table = "app.a", columns = ["tags"], unique = false, method = "gin" },
        ]
    "#), @"
    pass index a_pkey on app.a
    pass index u on app.a
    pass index g on app.a
    ");
    assert_snapshot!(told_of_file(SQL, r#"
        index = [
            { name = "u", table = "app.a", columns = ["email", "id"], unique = false, method = "hash" },
            { name = "g", table = "b" },
            { name = "g", table = "nowhere" },
            { name = "s", table = "app.a", columns = ["(id + 1)"] },
        ]
    "#), @"
    fail index u on app.a
      columns: expected email, id, found lower(email), id
      index: expected not unique, found unique
      method: expected hash, found btree
      at checks/a.toml:3
    fail index g on b
      index: expected an index, found none
      at checks/a.toml:4
    fail index g on nowhere
      index: expected an index, found no such table
      at checks/a.toml:5
    fail index s on app.a
      index: expected valid, found not valid
      at checks/a.toml:6
    ");
}

#[test]
fn functions() {
    const SQL: &str = "CREATE SCHEMA app; CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION app.f(text, numeric(10,2)[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'";
    assert_snapshot!(told_of_file(SQL, r#"
        function = [{ name = "app.f(integer)" }, { name = "app.F(varchar(3), decimal[])" }, { name = "p()" }, { name = "lower(text)" }]
    "#), @"
    pass function app.f(integer)
    fail function app.f(varchar(3), decimal[])
      function: expected app.f(character varying, numeric[]), found app.f(integer), app.f(text, numeric[])
      at checks/a.toml:2
    pass function p()
    pass function lower(text)
    ");
    assert_snapshot!(told_of_file(SQL, r#"
        function = [{ name = "app.f(bigint)" }, { name = "f(int)" }, { name = "p(int)" }, { name = "app.f(mood, int)" }]
    "#), @"
    fail function app.f(bigint)
      function: expected app.f(bigint), found app.f(integer), app.f(text, numeric[])
      at checks/a.toml:2
    fail function f(int)
      function: expected f(integer), found none
      at checks/a.toml:2
    fail function p(int)
      function: expected p(integer), found p()
      at checks/a.toml:2
    fail function app.f(mood, int)
      type mood: expected a type, found none
      at checks/a.toml:2
    ");
}

#[test]
fn constraints_and_triggers() {
    const SQL: &str = "CREATE TABLE a (id int CONSTRAINT positive CHECK (id > 0));
        ALTER TABLE a ADD CONSTRAINT small CHECK (id < 9) NOT VALID;
        CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER fires BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION t();
        CREATE TRIGGER off BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION t(); ALTER TABLE a DISABLE TRIGGER off;
        CREATE TRIGGER far BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION t(); ALTER TABLE a ENABLE REPLICA TRIGGER far";
    assert_snapshot!(told_of_file(SQL, r#"
        constraint = [{ name = "positive", table = "a" }, { name = "small", table = "a" }, { name = "tall", table = "a" }, { name = "small", table = "b" }]
        trigger = [{ name = "fires", table = "a" }, { name = "off", table = "a" }, { name = "far", table = "a" }, { name = "on", table = "a" }, { name = "off", table = "b" }]
    "#), @"
    pass constraint positive on a
    fail constraint small on a
      constraint: expected validated, found not validated
      at checks/a.toml:2
    fail constraint tall on a
      constraint: expected validated, found none
      at checks/a.toml:2
    fail constraint small on b
      constraint: expected validated, found no such table
      at checks/a.toml:2
    pass trigger fires on a
    fail trigger off on a
      trigger: expected enabled, found disabled
      at checks/a.toml:3
    fail trigger far on a
      trigger: expected enabled, found enabled on replicas only
      at checks/a.toml:3
    fail trigger on on a
      trigger: expected enabled, found none
      at checks/a.toml:3
    fail trigger off on b
      trigger: expected enabled, found no such table
      at checks/a.toml:3
    ");
}

#[test]
fn rows() {
    const SQL: &str =
        "CREATE TABLE a (id int); INSERT INTO a SELECT generate_series(1, 5); CREATE TABLE \"E\" (id int);
        CREATE VIEW v AS SELECT * FROM a; CREATE SEQUENCE s";
    assert_snapshot!(told_of_file(SQL, r#"
        rows = [
            { table = "a", min = 5 }, { table = "a", max = 5 }, { table = "v", min = 1, max = 9 }, { table = '"E"', max = 0 },
            { table = "a", min = 6 }, { table = "a", max = 4 }, { table = "a", min = 1, max = 3 }, { table = '"E"', min = 1, max = 1 },
            { table = "b", min = 1 }, { table = "s", min = 1 }
        ]
    "#), @r#"
    pass rows of a
    pass rows of a: 5
    pass rows of v: 5
    pass rows of "E": 0
    fail rows of a
      rows: expected 6 or more, found 5
      at checks/a.toml:4
    fail rows of a
      rows: expected 0 to 4, found more than 4
      at checks/a.toml:4
    fail rows of a
      rows: expected 1 to 3, found more than 3
      at checks/a.toml:4
    fail rows of "E"
      rows: expected 1, found 0
      at checks/a.toml:4
    fail rows of b
      table: expected a table, found none
      at checks/a.toml:5
    fail rows of s
      table: expected a table, found a sequence
      at checks/a.toml:5
    "#);
}

#[test]
fn of_rows_that_take_too_long_to_count() {
    const SQL: &str = "CREATE TABLE a (id int PRIMARY KEY); CREATE VIEW slow AS SELECT FROM a, pg_sleep(30); INSERT INTO a VALUES (1)";
    let (_database, mut connection) = with(Driver::Postgres, SQL);
    let files = [("a.toml", "rows = [{ table = \"slow\", max = 9 }, { table = \"a\", max = 9 }]")];
    let report = verify(&mut connection, &verifier(&files).timeout(std::time::Duration::from_millis(500)));
    assert_snapshot!(told_of_files(&report), @"
    fail rows of slow
      query: expected an answer within 500ms, found canceling statement due to statement timeout (57014)
      at checks/a.toml:1
    pass rows of a: 1
    ");
}
