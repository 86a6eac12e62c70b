//! What goes over the wire as binary is what the server would have read from text.

use super::*;

/// Values of a type, each beside itself as text.
#[track_caller]
fn check(ty: &str, values: &[&str]) {
    for driver in [Driver::SqlxConnection, Driver::TokioPostgres, Driver::Postgres] {
        let (database, mut connection) = with(driver, &format!("CREATE TABLE t (v {ty}, s text)"));
        let rows: String =
            values.iter().map(|value| format!("\"{0}\",\"{0}\"\n", value.replace('"', "\"\""))).collect();
        loaded(&mut connection, &seeder(&[("t.csv", &format!("v,s\n{rows},\n"))]));
        let differs = format!("SELECT s || ' is not ' || v::text FROM t WHERE v::text IS DISTINCT FROM s::{ty}::text");
        assert_eq!(database.query(&differs), [""; 0], "{ty}");
        assert_eq!(database.value("SELECT count(*) FROM t"), (values.len() + 1).to_string(), "{ty}");
        assert_eq!(database.errors(), [""; 0]);
    }
}

#[test]
fn numbers() {
    check("smallint", &["0", "-32768", "32767", "+7", "007", "-0"]);
    check("integer", &["2147483647", "-2147483648", "1"]);
    check("bigint", &["9223372036854775807", "-9223372036854775808", "0"]);
    check("real", &["0", "-0", "1.5", "3.4e38", "1e-37", "0.1", "16777217", "1e10", ".5", "5."]);
    check(
        "double precision",
        &["0", "0.1", "-1.7976931348623157e308", "2.3e-308", "1E5", "123456789.123456789", "000.5"],
    );
    check(
        "numeric",
        &[
            "0",
            "-0",
            "0.0",
            "0.00001",
            "-12345.6789",
            "10000",
            "100000000",
            "99999999.99999999",
            "1.50",
            "0.1000",
            "00012.5",
            "123456789012345678901234567890.123456789012345678901234567890",
            "1",
            "-1",
            "0.00000000000000000001",
            "20000.0002",
        ],
    );
    check("numeric(6,2)", &["1.005", "9999.99", "-0.004", "0"]);
    check("numeric", &["1", "1e5", "NaN", ".5", "2"]);
}

#[test]
fn texts() {
    check("text", &["", "a", "größe 🙂", "a\tb\\c\nd\r\ne", "\\N", "\\.", "\"quoted\""]);
    check("varchar(5)", &["", "abcde", "größe", "ab   "]);
    check("char(4)", &["a", "abcd", ""]);
    check("json", &["{\"a\":  1}", "[1,2]", "\"x\"", "null"]);
    check("jsonb", &["{\"b\": 1, \"a\":  [1, null]}", "1.50"]);
    check("bytea", &["\\x", "\\x00ff10", "\\xABcd"]);
    check("bytea", &["\\x00", "abc\\000"]);
    check("uuid", &["07dee0bb-a038-514b-844d-781280709501", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"]);
    check("uuid", &["07dee0bb-a038-514b-844d-781280709501", "{07dee0bba038514b844d781280709501}"]);
    check("boolean", &["t", "f", "true", "false"]);
    check("boolean", &["t", "yes", "off", "1"]);
}

#[test]
fn days_and_times() {
    check(
        "date",
        &[
            "2000-01-01",
            "1999-12-31",
            "2024-02-29",
            "1900-03-01",
            "0001-01-01",
            "9999-12-31",
            "2100-02-28",
            "1582-10-10",
        ],
    );
    check("date", &["2000-01-01", "January 8, 1999", "infinity", "2000-060", "0044-03-15 BC"]);
    check(
        "timestamp",
        &["2000-01-01 00:00:00", "1969-07-20T20:17:40.5", "2024-02-29 23:59:59.999999", "0001-01-01 00:00:00"],
    );
    check("timestamp(3)", &["2024-01-01 00:00:00.0005", "2024-01-01 00:00:00.123456"]);
    check(
        "timestamptz",
        &[
            "2000-01-01 00:00:00Z",
            "2000-01-01 00:00:00+00",
            "2024-06-30 12:34:56.789+02",
            "2024-06-30T12:34:56-07:30",
            "1999-12-31 23:59:59.000001-14",
            "1850-01-01 00:00:00+05:53",
        ],
    );
    check(
        "timestamptz",
        &["2000-01-01 00:00:00Z", "2024-06-30 12:00:00", "2024-06-30 12:00:00 Europe/Berlin", "epoch"],
    );
}

/// The first row that is not plain is not the first of the file.
#[test]
fn from_some_row_on() {
    let (database, mut connection) =
        with(Driver::TokioPostgres, "CREATE TABLE t (id int PRIMARY KEY, b bool NOT NULL, CHECK (id <> 5))");
    let rows = |last: &str| {
        (0..30_000)
            .map(|id| format!("{id},{}\n", if id == 20_000 { "yes" } else { "t" }))
            .collect::<String>()
            .replace("\n5,t\n", "\n")
            + last
    };
    let at = |last: &str| {
        let (_database, mut connection) =
            with(Driver::Postgres, "CREATE TABLE t (id int PRIMARY KEY, b bool NOT NULL, CHECK (id <> 5))");
        let error = connection.seed(&seeder(&[("t.csv", &format!("id,b\n{}", rows(last)))])).unwrap_err();
        assert_eq!(connection.sql("SELECT count(*) FROM t"), "0");
        error.position().map(|(_, line, column)| (line, column))
    };
    assert_eq!(at("x,t\n"), Some((30_001, 1)));
    assert_eq!(at("30001,maybe\n"), Some((30_001, 7)));
    assert_eq!(at("7,t\n"), Some((30_001, 1)));
    assert_eq!(at("5,t\n"), Some((30_001, 1)));
    assert_eq!(loaded(&mut connection, &seeder(&[("t.csv", &format!("id,b\n{}", rows("")))])), ["t.csv 29999"]);
    assert_eq!(database.value("SELECT concat_ws(' ', count(*), sum(id), bool_and(b)) FROM t"), "29999 449984995 t");
}

/// Rows that refer to each other come in one statement, as binary if all of them are plain: in whatever order they come, and of
/// whatever format.
#[test]
fn references_within_the_table() {
    #[track_caller]
    fn check(name: &str, text: &str, is_binary: bool) {
        let table = "CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t, b bool)";
        let (database, mut connection) = with(Driver::Postgres, table);
        connection.sql("SET log_statement = 'all'");
        assert_eq!(loaded(&mut connection, &seeder(&[(name, text)])), [format!("{name} 999")]);
        assert_eq!(database.value("SELECT count(up) FROM t"), "999");
        let copies = database.logs("COPY public.t");
        let binary: Vec<_> = copies.iter().map(|copy| copy.contains("binary")).collect();
        assert_eq!(binary, [is_binary], "{name}: {copies:?}");
        assert_eq!(database.errors(), [""; 0], "{name}");
    }
    for (odd, is_binary) in [("t", true), ("yes", false)] {
        let value = |id: u32| if id == 500 { odd } else { "t" };
        let csv: String = (1..1_000).map(|id| format!("{id},{},{}\n", 1_000 - id, value(id))).collect();
        let object = |id| format!("{{\"id\": {id}, \"up\": {}, \"b\": \"{}\"}}\n", 1_000 - id, value(id));
        let ndjson: String = (1..1_000).map(object).collect();
        check("t.csv", &format!("id,up,b\n{csv}"), is_binary);
        check("t.ndjson", &ndjson, is_binary);
        check("t.json", &format!("[{}]", ndjson.trim_end().replace('\n', ",\n")), is_binary);
    }
}
