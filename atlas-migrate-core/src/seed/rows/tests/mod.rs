use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::seed::Format::{Csv, Json, Ndjson};

mod csv_faults;
mod faults;
mod json_faults;

/// Columns, and the cells of each row.
type Read = (Vec<String>, Vec<Vec<Cell<'static>>>);

fn read(format: Format, bytes: &[u8]) -> Result<Read, Fault> {
    let columns = super::check(format, "seeds/a", bytes)?.names().to_vec();
    let mut rows = Rows::open(format, "seeds/a", &columns, bytes)?;
    assert_eq!(rows.columns(), columns);
    let mut cells = Vec::new();
    while let Some(row) = rows.next()? {
        assert_eq!(row.number(), cells.len() as u64 + 1);
        cells.push((0..columns.len()).map(|column| owned(&row.cell(column))).collect());
    }
    Ok((columns, cells))
}

fn owned(cell: &Cell<'_>) -> Cell<'static> {
    match cell {
        Cell::Missing => Cell::Missing,
        Cell::Null => Cell::Null,
        Cell::Text(text) => Cell::Text(text.clone().into_owned().into()),
        Cell::Json(json) => Cell::Json(Box::leak(Box::from(*json))),
    }
}

/// A line for the columns, and a line for each row.
#[track_caller]
fn check(format: Format, text: &str, expected: &[&str]) {
    let (columns, rows) = read(format, text.as_bytes()).unwrap_or_else(|fault| panic!("{text}\n{fault}"));
    let cell = |cell: &Cell<'_>| match cell {
        Cell::Missing => "-".to_owned(),
        Cell::Null => "null".to_owned(),
        Cell::Text(text) => format!("{text:?}"),
        Cell::Json(json) => (*json).to_owned(),
    };
    let rows = rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" "));
    let lines: Vec<String> = [columns.join(" ")].into_iter().chain(rows).collect();
    assert_eq!(lines, expected, "{text}");
}

#[test]
fn csv() {
    check(Csv, "id,name\n1,Ann\n2,Bob\n", &["id name", r#""1" "Ann""#, r#""2" "Bob""#]);
    check(Csv, "id,name\r\n1,Ann\r\n2,Bob", &["id name", r#""1" "Ann""#, r#""2" "Bob""#]);
    check(Csv, "\u{feff}id\n1", &["id", r#""1""#]);
    check(Csv, "\"id\",\"a \"\"b\"\", c\"\n", &["id a \"b\", c"]);
    check(Csv, "a,b,c\n,\"\",\"\"\"\"\n", &["a b c", r#"null "" "\"""#]);
    check(Csv, "a,b\n,\n\"x\ny\",\"1,2\"\n", &["a b", "null null", r#""x\ny" "1,2""#]);
    check(Csv, "a\n\"x\r\ny\"\r\n\r\n z \r\n", &["a", r#""x\r\ny""#, "null", r#"" z ""#]);
    check(Csv, "a,b\nGrüße,漢字\n\\.,\\N\n", &["a b", r#""Grüße" "漢字""#, r#""\\." "\\N""#]);
    check(Csv, "id,name\n", &["id name"]);
    check(Csv, "\"id\"\n\"a\"", &["id", r#""a""#]);
}

#[test]
fn json() {
    check(Json, "[]", &[""]);
    check(Json, "\u{feff} [ {} , {\"a\": 1} ] \r\n", &["a", "-", "1"]);
    check(Json, r#"[{"b": null, "a": "null"}, {"c": "", "a": 1}]"#, &["b a c", "null \"null\" -", "- 1 \"\""]);
    check(
        Json,
        r#"[{"n": 1.50, "m": -0, "big": 12345678901234567890.1e400}]"#,
        &["n m big", "1.50 -0 12345678901234567890.1e400"],
    );
    check(
        Json,
        r#"[{"t": true, "o": {"x": ["}", "\"", 1]}, "l": [ ]}]"#,
        &["t o l", r#"true {"x": ["}", "\"", 1]} [ ]"#],
    );
    check(Json, r#"[{"\u00e9\"": "a\n\ud83d\ude42\\u0000"}, {"é\"": "🙂"}]"#, &["é\"", r#""a\n🙂\\u0000""#, r#""🙂""#]);
    check(Json, "[{\n  \"a\":\n  1\n}\n,\n{\"a\"\n:2}]", &["a", "1", "2"]);
}

#[test]
fn ndjson() {
    check(Ndjson, "{\"a\": 1}\n\n  {\"b\": [1, {}]} \r\n\t\n{}", &["a b", "1 -", "- [1, {}]", "- -"]);
    check(Ndjson, "{\"a\": \"\\n\"}\n", &["a", r#""\n""#]);
}

#[test]
fn rows_longer_than_the_buffer() {
    let long = "x,\"\"y\n".repeat(10_000);
    let (_, rows) = read(Csv, format!("a,b\n1,\"{long}\"\n2,z\n").as_bytes()).unwrap();
    assert_eq!(rows[0][1], Cell::Text(long.replace("\"\"", "\"").into()));
    assert_eq!(rows[1], [Cell::Text("2".into()), Cell::Text("z".into())]);
    let nested = "[".repeat(1_000) + &"]".repeat(1_000);
    let (_, rows) = read(Json, format!("[{{\"a\": {nested}}}, {{\"a\": 2}}]").as_bytes()).unwrap();
    assert_eq!(rows, [[Cell::Json(nested.leak())], [Cell::Json("2")]]);
}

/// What a cell is in a file: its text, or nothing.
fn written_csv(rows: &[Vec<Option<String>>], end: &str) -> String {
    let cell = |cell: &Option<String>| match cell {
        None => String::new(),
        Some(text) if text.is_empty() || text.contains(['"', ',', '\n', '\r']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Some(text) => text.clone(),
    };
    rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(",") + end).collect()
}

proptest! {
    #[test]
    fn csv_is_read_as_it_was_written(
        rows in prop::collection::vec(prop::collection::vec(prop::option::of("([^\\x00]|[\",\n\r é漢]){0,12}"), 3), 0..6),
        end in "\r?\n",
    ) {
        let text = format!("a,b,c{end}{}", written_csv(&rows, &end));
        let read = read(Csv, text.as_bytes()).map_err(|fault| TestCaseError::fail(fault.to_string()))?.1;
        let expected: Vec<Vec<Cell<'_>>> = rows
            .into_iter()
            .map(|row| row.into_iter().map(|cell| cell.map_or(Cell::Null, |text| Cell::Text(text.into()))).collect())
            .collect();
        prop_assert_eq!(read, expected, "{}", text);
    }

    #[test]
    fn json_is_read_as_serde_json_reads_it(
        values in prop::collection::vec(prop::collection::btree_map("[a-cé\"\\\\]{1,2}", value(), 0..4), 0..6),
        pretty: bool,
    ) {
        let written = if pretty { serde_json::to_string_pretty(&values) } else { serde_json::to_string(&values) };
        let lines: Vec<String> = values.iter().map(|object| serde_json::to_string(object).unwrap()).collect();
        for (format, text) in [(Json, written.unwrap()), (Ndjson, lines.join("\n"))] {
            if text.is_empty() {
                continue;
            }
            let read = read(format, text.as_bytes());
            if !values.is_empty() && values.iter().all(BTreeMap::is_empty) {
                prop_assert!(read.is_err(), "{} names no column", text);
                continue;
            }
            let (columns, rows) = read.map_err(|fault| TestCaseError::fail(fault.to_string()))?;
            prop_assert_eq!(rows.len(), values.len());
            for (row, object) in rows.iter().zip(&values) {
                prop_assert!(object.keys().all(|key| columns.contains(key)));
                for (cell, column) in row.iter().zip(&columns) {
                    let expected = object.get(column);
                    let same = match cell {
                        Cell::Missing => expected.is_none(),
                        Cell::Null => expected == Some(&serde_json::Value::Null),
                        Cell::Text(text) => expected.and_then(|value| value.as_str()) == Some(text),
                        Cell::Json(json) => expected == Some(&serde_json::from_str(json).unwrap()),
                    };
                    prop_assert!(same, "{:?} of {:?} in {}", cell, column, text);
                }
            }
        }
    }
}

/// A value of JSON.
fn value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "([^\\x00]|[\"\\\\{}\\[\\],:\n]){0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-c{}\"]{0,2}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
