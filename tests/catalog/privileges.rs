//! Owners, privileges and comments.

use crate::{Base, check};

const BASE: &str = "CREATE TABLE a (id int, name text); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE SCHEMA s; CREATE SEQUENCE q; CREATE TYPE e AS ENUM (); CREATE VIEW v AS SELECT 1 AS x; CREATE DOMAIN d AS int;
    CREATE FOREIGN DATA WRAPPER w; CREATE SERVER r FOREIGN DATA WRAPPER w";

/// Grants something, of all that there is, and revokes it again.
#[track_caller]
fn granted(base: &Base, grant: &str, revoke: &str, expected: &[&str]) {
    base.check(&format!("GRANT {grant}"), &format!("REVOKE {revoke}"), expected);
}

#[test]
fn owners() {
    let start = Base::new(BASE);
    for (kind, name, shown) in [
        ("TABLE", "a", "table public.a"),
        ("FUNCTION", "f()", "function public.f()"),
        ("SCHEMA", "s", "schema s"),
        ("SEQUENCE", "q", "sequence public.q"),
        ("TYPE", "e", "type public.e"),
        ("VIEW", "v", "view public.v"),
        ("DOMAIN", "d", "domain public.d"),
        ("SERVER", "r", "server r"),
    ] {
        start.check(
            &format!("ALTER {kind} {name} OWNER TO pg_monitor"),
            &format!("ALTER {kind} {name} OWNER TO postgres"),
            &[&format!("changed {shown}"), "- owner postgres", "+ owner pg_monitor"],
        );
    }
}

#[test]
fn privileges() {
    let start = Base::new(BASE);
    granted(
        &start,
        "SELECT, INSERT ON a TO pg_monitor",
        "ALL ON a FROM pg_monitor",
        &["changed table public.a", "+ privileges of pg_monitor: INSERT, SELECT"],
    );
    granted(
        &start,
        "SELECT ON a TO pg_monitor WITH GRANT OPTION",
        "ALL ON a FROM pg_monitor",
        &["changed table public.a", "+ privileges of pg_monitor: SELECT WITH GRANT OPTION"],
    );
    granted(
        &start,
        "SELECT ON a TO PUBLIC",
        "ALL ON a FROM PUBLIC",
        &["changed table public.a", "+ privileges of PUBLIC: SELECT"],
    );
    granted(
        &start,
        "SELECT (name), UPDATE (id) ON a TO pg_monitor",
        "ALL ON a FROM pg_monitor",
        &[
            "changed table public.a",
            "+ column id privileges of pg_monitor: UPDATE",
            "+ column name privileges of pg_monitor: SELECT",
        ],
    );
    granted(
        &start,
        "USAGE ON SCHEMA s TO pg_monitor",
        "ALL ON SCHEMA s FROM pg_monitor",
        &["changed schema s", "+ privileges of pg_monitor: USAGE"],
    );
    granted(
        &start,
        "USAGE ON SEQUENCE q TO pg_monitor",
        "ALL ON SEQUENCE q FROM pg_monitor",
        &["changed sequence public.q", "+ privileges of pg_monitor: USAGE"],
    );
    granted(
        &start,
        "EXECUTE ON FUNCTION f TO pg_monitor",
        "ALL ON FUNCTION f FROM pg_monitor",
        &["changed function public.f()", "+ privileges of pg_monitor: EXECUTE"],
    );
    granted(
        &start,
        "USAGE ON TYPE e TO pg_monitor",
        "ALL ON TYPE e FROM pg_monitor",
        &["changed type public.e", "+ privileges of pg_monitor: USAGE"],
    );
    granted(
        &start,
        "USAGE ON DOMAIN d TO pg_monitor",
        "ALL ON DOMAIN d FROM pg_monitor",
        &["changed domain public.d", "+ privileges of pg_monitor: USAGE"],
    );
    granted(
        &start,
        "SELECT ON v TO pg_monitor",
        "ALL ON v FROM pg_monitor",
        &["changed view public.v", "+ privileges of pg_monitor: SELECT"],
    );
    granted(
        &start,
        "USAGE ON FOREIGN DATA WRAPPER w TO pg_monitor",
        "ALL ON FOREIGN DATA WRAPPER w FROM pg_monitor",
        &["changed foreign data wrapper w", "+ privileges of pg_monitor: USAGE"],
    );
    granted(
        &start,
        "USAGE ON FOREIGN SERVER r TO pg_monitor",
        "ALL ON FOREIGN SERVER r FROM pg_monitor",
        &["changed server r", "+ privileges of pg_monitor: USAGE"],
    );
    granted(
        &start,
        "USAGE ON LANGUAGE plpgsql TO pg_monitor",
        "ALL ON LANGUAGE plpgsql FROM pg_monitor",
        &["no difference"],
    );
}

#[test]
fn privileges_that_are_taken_away() {
    let start = Base::new(BASE);
    start.check(
        "REVOKE ALL ON FUNCTION f FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION f TO PUBLIC",
        &["changed function public.f()", "+ privileges of PUBLIC: none"],
    );
    start.check(
        "REVOKE CREATE ON SCHEMA s FROM postgres",
        "GRANT CREATE ON SCHEMA s TO postgres",
        &["changed schema s", "+ privileges of postgres: USAGE"],
    );
    start.check(
        "REVOKE ALL ON TYPE e FROM PUBLIC, postgres",
        "GRANT USAGE ON TYPE e TO PUBLIC, postgres",
        &["changed type public.e", "+ privileges of PUBLIC: none", "+ privileges of postgres: none"],
    );
}

#[test]
fn privileges_that_somebody_else_granted() {
    check(
        "CREATE TABLE a (id int); GRANT SELECT ON a TO pg_monitor WITH GRANT OPTION",
        "SET ROLE pg_monitor; GRANT SELECT ON a TO pg_signal_backend",
        "SET ROLE pg_monitor; REVOKE SELECT ON a FROM pg_signal_backend",
        &["changed table public.a", "+ privileges of pg_signal_backend by pg_monitor: SELECT"],
    );
}

#[test]
fn default_privileges() {
    let empty = Base::new("");
    let alter = |what: &str| format!("ALTER DEFAULT PRIVILEGES {what}");
    empty.check(
        &alter("GRANT SELECT ON TABLES TO pg_monitor"),
        &alter("REVOKE SELECT ON TABLES FROM pg_monitor"),
        &["added default privileges of postgres on tables", "+ privileges of pg_monitor: SELECT"],
    );
    empty.check(
        &alter("REVOKE ALL ON FUNCTIONS FROM PUBLIC"),
        &alter("GRANT ALL ON FUNCTIONS TO PUBLIC"),
        &["added default privileges of postgres on functions", "+ privileges of PUBLIC: none"],
    );
    empty.check(
        &alter("FOR ROLE pg_monitor IN SCHEMA public GRANT USAGE ON SEQUENCES TO PUBLIC"),
        &alter("FOR ROLE pg_monitor IN SCHEMA public REVOKE USAGE ON SEQUENCES FROM PUBLIC"),
        &["added default privileges of pg_monitor in schema public on sequences", "+ privileges of PUBLIC: USAGE"],
    );
    empty.check(
        &alter("GRANT USAGE ON SCHEMAS TO PUBLIC"),
        &alter("REVOKE USAGE ON SCHEMAS FROM PUBLIC"),
        &["added default privileges of postgres on schemas", "+ privileges of PUBLIC: USAGE"],
    );
    empty.check(
        &alter("REVOKE USAGE ON TYPES FROM PUBLIC"),
        &alter("GRANT USAGE ON TYPES TO PUBLIC"),
        &["added default privileges of postgres on types", "+ privileges of PUBLIC: none"],
    );
}

#[test]
fn comments() {
    let base = Base::new(
        "CREATE TABLE a (id int PRIMARY KEY CHECK (id > 0), name text); CREATE INDEX i ON a (name);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
        CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f(); CREATE RULE r AS ON DELETE TO a DO NOTHING;
        CREATE POLICY p ON a; CREATE TYPE c AS (x int); CREATE DOMAIN d AS int CONSTRAINT n CHECK (value > 0);
        CREATE EXTENSION pg_trgm; CREATE SEQUENCE q; CREATE VIEW v AS SELECT 1 AS x; CREATE TYPE e AS ENUM ()",
    );
    for (what, object, label) in [
        ("TABLE a", "table public.a", ""),
        ("COLUMN a.name", "table public.a", "column name "),
        ("CONSTRAINT a_id_check ON a", "table public.a", "constraint a_id_check "),
        ("CONSTRAINT a_pkey ON a", "table public.a", "constraint a_pkey "),
        ("INDEX a_pkey", "table public.a", "index a_pkey "),
        ("INDEX i", "table public.a", "index i "),
        ("TRIGGER t ON a", "table public.a", "trigger t "),
        ("RULE r ON a", "table public.a", "rule r "),
        ("POLICY p ON a", "table public.a", "policy p "),
        ("FUNCTION f()", "function public.f()", ""),
        ("TYPE c", "type public.c", ""),
        ("COLUMN c.x", "type public.c", "column x "),
        ("TYPE e", "type public.e", ""),
        ("DOMAIN d", "domain public.d", ""),
        ("CONSTRAINT n ON DOMAIN d", "domain public.d", "constraint n "),
        ("SEQUENCE q", "sequence public.q", ""),
        ("VIEW v", "view public.v", ""),
        ("COLUMN v.x", "view public.v", "column x "),
    ] {
        base.check(
            &format!("COMMENT ON {what} IS E'it''s\\nnew'"),
            &format!("COMMENT ON {what} IS NULL"),
            &[&format!("changed {object}"), &format!("+ {label}comment 'it''s"), "+ new'"],
        );
    }
}
