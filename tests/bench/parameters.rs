//! Parameters that come from a query.

use super::*;

/// Each parameter is the first one that `seen` has.
const SEEN: &str = "CREATE TABLE seen (number bigint GENERATED ALWAYS AS IDENTITY, value text);
    CREATE FUNCTION note(value text) RETURNS text LANGUAGE sql AS 'SELECT $1'";

/// Whether each of these parameters, for a statement of this type, is what the query says it is.
#[track_caller]
fn check(ty: &str, values: &str) {
    let files = [(
        "a.sql",
        format!(
            "-- atlas:iterations 3\n-- atlas:parameters SELECT v, v::text, v IS NULL FROM (VALUES {values}) x (v)\n\
         SELECT 1 / (CASE WHEN $3::bool THEN ($1::{ty}) IS NULL ELSE ($1::{ty})::text = $2::text END)::int"
        ),
    )];
    let told = told_of(SEEN, &files.each_ref().map(|(path, text)| (*path, text.as_str())));
    assert_eq!(told, "a 3 times\n", "{ty}: {values}");
}

#[test]
fn of_every_type() {
    check("int", "(1), (-7), (NULL)");
    check("numeric", "(1.50), ('NaN')");
    check("float8", "(0.1::float8), ('-Infinity'), (1e300)");
    check("bool", "(true), (false)");
    check("text", "('a'), (''), (NULL), ('NULL'), (' ')");
    check("timestamptz", "(now()), ('infinity'), ('2026-02-28 23:59:59.123456+05:30'::timestamptz)");
    check("interval", "('1 year -2 days 03:04:05.6'::interval)");
    check("uuid", "('6b9f0c2a-5a3e-4b0a-9d42-0d8f4a2f7f10'::uuid)");
    check("bytea", "('\\x00ff5c27'::bytea)");
    check("jsonb", "('{\"a\": [1, \"it''s\", null]}'::jsonb)");
    check("text[]", "(ARRAY['a,b', '\"', NULL, 'NULL', '\\'])");
    check("int4range", "('[1,5)'::int4range)");
}

#[test]
fn hostile_text() {
    check("text", r"('it''s'), ('a\'), ('\''); DROP TABLE seen; --'), (E'\n\r\t'), ('$1'), ('é \u0000'), ('$$')");
}

#[test]
fn hostile_text_whatever_strings_mean() {
    let (_database, mut connection) = with(Driver::TokioPostgres, SEEN);
    connection.sql("SET standard_conforming_strings = off");
    let file = "-- atlas:parameters SELECT chr(92) || chr(39), 2\nSELECT 1 / (length($1::text) = $2::int)::int";
    let report = bench(&mut connection, &bencher(&[("a.sql", file)]));
    assert!(report.passed(), "{report}");
}

#[test]
fn gone_through_in_turn() {
    let (database, mut connection) = with(Driver::Postgres, "CREATE SEQUENCE a; CREATE SEQUENCE b; CREATE SEQUENCE c");
    let file = "-- atlas:parameters VALUES ('a', 1), ('b', 2), ('c', 3)\nSELECT nextval($1) + $2";
    let report = bench(&mut connection, &bencher(&[("x.sql", file)]).iterations(4).warm_up(2));
    assert!(report.passed(), "{report}");
    // Two to warm up, a plan of each, and four that were measured.
    assert_eq!(database.query("SELECT a.last_value, b.last_value, c.last_value FROM a, b, c"), ["4|3|2"]);
}

#[test]
fn a_thousand_at_the_most() {
    let (database, mut connection) = with(Driver::Postgres, "CREATE SEQUENCE most");
    let file = "-- atlas:parameters SELECT generate_series(1, 1100)\nSELECT setval('most', greatest($1, (SELECT last_value FROM most)))";
    let report = bench(&mut connection, &bencher(&[("x.sql", file)]).iterations(1050).warm_up(0));
    assert!(report.passed(), "{report}");
    assert_eq!(database.value("SELECT last_value FROM most"), "1000");
}
