//! Schemas, and what is in no schema.

use crate::{Base, check};

const WRAPPER: &str = "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w";

#[test]
fn schemas() {
    let empty = Base::new("");
    empty.check("CREATE SCHEMA s", "DROP SCHEMA s", &["added schema s", "+ owner postgres"]);
    check(
        "CREATE SCHEMA s",
        "ALTER SCHEMA s RENAME TO t",
        "ALTER SCHEMA t RENAME TO s",
        &["removed schema s", "- owner postgres", "added schema t", "+ owner postgres"],
    );
}

#[test]
fn extensions() {
    check(
        "CREATE SCHEMA s",
        "CREATE EXTENSION pg_trgm SCHEMA s VERSION '1.3'",
        "DROP EXTENSION pg_trgm",
        &[
            "added extension pg_trgm",
            "+ version 1.3 in schema s",
            "+ comment 'text similarity measurement and index searching based on trigrams'",
            "+ owner postgres",
        ],
    );
    check(
        "CREATE EXTENSION pg_trgm VERSION '1.3'",
        "ALTER EXTENSION pg_trgm UPDATE TO '1.4'",
        "DROP EXTENSION pg_trgm; CREATE EXTENSION pg_trgm VERSION '1.3'",
        &["changed extension pg_trgm", "- version 1.3 in schema public", "+ version 1.4 in schema public"],
    );
    check(
        "CREATE EXTENSION pg_trgm; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER FUNCTION f DEPENDS ON EXTENSION pg_trgm",
        "ALTER FUNCTION f NO DEPENDS ON EXTENSION pg_trgm",
        &["changed function public.f()", "+ depends on extension pg_trgm"],
    );
}

#[test]
fn event_triggers() {
    let base = "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'";
    let trigger =
        "CREATE EVENT TRIGGER e ON ddl_command_end WHEN tag IN ('CREATE VIEW', 'CREATE TABLE') EXECUTE FUNCTION f()";
    check(
        base,
        trigger,
        "DROP EVENT TRIGGER e",
        &[
            "added event trigger e",
            "+ on ddl_command_end for CREATE TABLE, CREATE VIEW execute public.f()",
            "+ owner postgres",
        ],
    );
    check(
        &format!("{base}; {trigger}"),
        "ALTER EVENT TRIGGER e DISABLE",
        "ALTER EVENT TRIGGER e ENABLE",
        &[
            "changed event trigger e",
            "- on ddl_command_end for CREATE TABLE, CREATE VIEW execute public.f()",
            "+ on ddl_command_end for CREATE TABLE, CREATE VIEW execute public.f() DISABLED",
        ],
    );
}

#[test]
fn publications() {
    let base = "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int)";
    check(
        base,
        "CREATE PUBLICATION p FOR TABLE a, b",
        "DROP PUBLICATION p",
        &[
            "added publication p",
            "+ publishes insert update delete truncate",
            "+ table public.a",
            "+ table public.b",
            "+ owner postgres",
        ],
    );
    check(
        base,
        "CREATE PUBLICATION p FOR ALL TABLES",
        "DROP PUBLICATION p",
        &["added publication p", "+ all tables", "+ publishes insert update delete truncate", "+ owner postgres"],
    );
    let base = format!("{base}; CREATE PUBLICATION p FOR TABLE b");
    check(
        &base,
        "ALTER PUBLICATION p SET TABLE a",
        "ALTER PUBLICATION p SET TABLE b",
        &["changed publication p", "- table public.b", "+ table public.a"],
    );
    check(
        &base,
        "ALTER PUBLICATION p SET (publish = 'insert, delete', publish_via_partition_root)",
        "ALTER PUBLICATION p SET (publish = 'insert, update, delete, truncate', publish_via_partition_root = false)",
        &[
            "changed publication p",
            "- publishes insert update delete truncate",
            "+ publishes insert delete by way of the root",
        ],
    );
}

#[test]
fn foreign_data() {
    let empty = Base::new("");
    empty.check(
        "CREATE FOREIGN DATA WRAPPER w VALIDATOR postgresql_fdw_validator",
        "DROP FOREIGN DATA WRAPPER w",
        &["added foreign data wrapper w", "+ validator postgresql_fdw_validator(text[],oid)", "+ owner postgres"],
    );
    empty.check(
        "CREATE FOREIGN DATA WRAPPER w OPTIONS (b 'x', a 'y')",
        "DROP FOREIGN DATA WRAPPER w",
        &["added foreign data wrapper w", "+ options a=y, b=x", "+ owner postgres"],
    );
    check(
        "CREATE FOREIGN DATA WRAPPER w",
        "CREATE SERVER s TYPE 'it''s' VERSION '2' FOREIGN DATA WRAPPER w OPTIONS (host 'h')",
        "DROP SERVER s",
        &["added server s", "+ wrapper w", "+ type 'it''s'", "+ version '2'", "+ options host=h", "+ owner postgres"],
    );
    check(
        WRAPPER,
        "CREATE FOREIGN TABLE f (x int OPTIONS (name 'y')) SERVER s OPTIONS (path 'p')",
        "DROP FOREIGN TABLE f",
        &[
            "added foreign table public.f",
            "+ server s",
            "+ options of the server's path=p",
            "+ column x integer OPTIONS (name=y)",
            "+ owner postgres",
        ],
    );
}

/// Their options are often passwords.
#[test]
fn user_mappings() {
    check(
        WRAPPER,
        "CREATE USER MAPPING FOR pg_monitor SERVER s OPTIONS (password 'x')",
        "DROP USER MAPPING FOR pg_monitor SERVER s",
        &["added user mapping for pg_monitor on s"],
    );
    check(
        WRAPPER,
        "CREATE USER MAPPING FOR PUBLIC SERVER s",
        "DROP USER MAPPING FOR PUBLIC SERVER s",
        &["added user mapping for PUBLIC on s"],
    );
    let base = format!("{WRAPPER}; CREATE USER MAPPING FOR postgres SERVER s OPTIONS (password 'x')");
    let alter = |value| format!("ALTER USER MAPPING FOR postgres SERVER s OPTIONS (SET password '{value}')");
    check(&base, &alter("y"), &alter("x"), &["no difference"]);
}

#[test]
fn statistics() {
    let base = "CREATE TABLE a (x int, y int)";
    check(
        base,
        "CREATE STATISTICS s (ndistinct, mcv) ON x, y FROM a",
        "DROP STATISTICS s",
        &[
            "added statistics public.s",
            "+ CREATE STATISTICS public.s (ndistinct, mcv) ON x, y FROM public.a",
            "+ owner postgres",
        ],
    );
    let base = "CREATE TABLE a (x int, y int); CREATE STATISTICS s ON x, y FROM a";
    check(
        base,
        "ALTER STATISTICS s SET STATISTICS 50",
        "ALTER STATISTICS s SET STATISTICS -1",
        &[
            "changed statistics public.s",
            "- CREATE STATISTICS public.s ON x, y FROM public.a",
            "+ CREATE STATISTICS public.s ON x, y FROM public.a STATISTICS 50",
        ],
    );
}

#[test]
fn access_methods() {
    let empty = Base::new("");
    empty.check(
        "CREATE ACCESS METHOD m TYPE INDEX HANDLER bthandler",
        "DROP ACCESS METHOD m",
        &["added access method m", "+ index handler bthandler"],
    );
}
