//! One object of each kind, made by a migrator, and every verb on it as every role, over connections of their own.

use super::*;

const OBJECTS: &str = "CREATE TABLE t (id serial PRIMARY KEY, n int); CREATE TABLE ident (id int GENERATED ALWAYS AS IDENTITY, n int);
    CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM t; CREATE SEQUENCE s;
    CREATE TABLE parted (id int) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF parted DEFAULT;
    CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION definer() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
    CREATE FUNCTION next(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1'; CREATE AGGREGATE a(*) (sfunc = next, stype = int);
    CREATE TYPE mood AS ENUM ('ok'); CREATE DOMAIN positive AS int; INSERT INTO t (n) VALUES (1)";

/// Statements, and who may run them: `a` is the application, `r` the reader, `o` the migrator (as the owner).
const VERBS: [(&str, &str); 38] = [
    ("SELECT * FROM t", "aro"),
    ("SELECT * FROM v", "aro"),
    ("SELECT * FROM m", "aro"),
    ("SELECT * FROM parted", "aro"),
    ("SELECT last_value FROM s", "aro"),
    ("INSERT INTO t (n) VALUES (1)", "ao"),
    ("INSERT INTO ident (n) VALUES (1)", "ao"),
    ("INSERT INTO v (n) VALUES (1)", "ao"),
    ("INSERT INTO parted VALUES (1)", "ao"),
    ("UPDATE t SET n = 2", "ao"),
    ("DELETE FROM t", "ao"),
    ("SELECT * FROM t FOR UPDATE", "ao"),
    ("SELECT nextval('s')", "ao"),
    ("SELECT setval('s', 5)", "o"),
    ("SELECT f()", "ao"),
    ("SELECT definer()", "ao"),
    ("CALL p()", "ao"),
    ("SELECT a(*) FROM t", "ao"),
    ("SELECT 'ok'::mood, 1::positive", "aro"),
    ("TRUNCATE t", "o"),
    ("LOCK TABLE t IN ACCESS EXCLUSIVE MODE", "ao"),
    ("ALTER TABLE t ADD COLUMN m int", "o"),
    ("CREATE INDEX ON t (n)", "o"),
    ("CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION suppress_redundant_updates_trigger()", "o"),
    ("REFRESH MATERIALIZED VIEW m", "o"),
    ("CREATE TABLE x (id int)", "o"),
    ("CREATE TABLE x (id int REFERENCES t)", "o"),
    ("CREATE TEMPORARY TABLE x (id int)", "o"),
    ("CREATE FUNCTION x() RETURNS int LANGUAGE sql AS 'SELECT 1'", "o"),
    ("CREATE TYPE x AS ENUM ()", "o"),
    ("CREATE SCHEMA x", "o"),
    ("ALTER TYPE mood ADD VALUE 'so so'", "o"),
    ("COMMENT ON TABLE t IS 'x'", "o"),
    ("DROP TABLE t CASCADE", "o"),
    ("DROP FUNCTION f()", "o"),
    ("DROP SCHEMA public CASCADE", ""),
    ("CREATE ROLE nobody", ""),
    ("ALTER DATABASE {database} SET work_mem = '1MB'", ""),
];

#[test]
fn as_every_role() {
    let site = Site::new();
    let mut superuser = site.superuser(Driver::Postgres);
    superuser.apply_roles(&site.roles()).unwrap();
    site.connect(Driver::Postgres, "migrator").run(&migrator(&[("1_objects.sql", OBJECTS)])).unwrap();
    let database = site.database.value("SELECT quote_ident(current_database())");
    for (letter, role) in [("a", "app"), ("r", "reader"), ("o", "migrator")] {
        let mut connection = site.connect(Driver::Postgres, role);
        for (verb, allowed) in VERBS {
            let verb = verb.replace("{database}", &database);
            // Caught, so that the log of the server has no error.
            let outcome = connection.sql(&format!(
                "BEGIN; DO $do$BEGIN EXECUTE $verb${verb}$verb$; PERFORM set_config('test.outcome', 'done', true);
                 EXCEPTION WHEN OTHERS THEN PERFORM set_config('test.outcome', SQLSTATE, true); END$do$;
                 SELECT current_setting('test.outcome')"
            ));
            connection.sql("ROLLBACK");
            let expected = if allowed.contains(letter) { "done" } else { "42501" };
            assert_eq!(outcome, expected, "{role}: {verb}");
        }
    }
    // Once it has taken off what it acts as, a migrator can do nothing.
    let mut connection = site.connect(Driver::Postgres, "migrator");
    for verb in ["CREATE TABLE x (id int)", "SELECT FROM t", "DROP TABLE t CASCADE"] {
        let outcome = connection.sql(&format!(
            "BEGIN; SET LOCAL ROLE none; DO $do$BEGIN EXECUTE $verb${verb}$verb$; PERFORM set_config('test.outcome', 'done', true);
             EXCEPTION WHEN OTHERS THEN PERFORM set_config('test.outcome', SQLSTATE, true); END$do$;
             SELECT current_setting('test.outcome')"
        ));
        connection.sql("ROLLBACK");
        assert_eq!(outcome, "42501", "{verb}");
    }
    assert_eq!(site.database.errors(), [""; 0]);
}
