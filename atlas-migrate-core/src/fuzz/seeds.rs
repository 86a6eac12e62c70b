//! What holds of any file of a folder of seeds.

use bolero::check;
use bolero::generator::bolero_generator::ValueGenerator;
use bolero::generator::{one_of, one_value_of, produce};

use super::{INPUTS, input, is_about, is_between_statements};
use crate::checksum::normalized;
use crate::seed::{Cell, Content, File, Format, Piece, Rows, assemble, check, is_ours, pieces};
use crate::syntax::Syntax;

const TOKENS: [&str; 32] = [
    "a",
    "id",
    "\"a\"",
    "\"\"",
    "\"",
    "\\",
    "\\u0000",
    "\\ud83d",
    "\\n",
    ",",
    ",",
    ", ",
    ":",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "null",
    "true",
    "1.5e3",
    "-",
    "é",
    "🙂",
    "\u{feff}",
    "\0",
    "{\"a\": 1}",
];

const SETTINGS: [&str; 12] =
    ["run", "existing", "key", "production", " = ", "\n", "\"once\"", "'update'", "[\"a\"]", "true", "[", "\""];

const PATHS: [&str; 14] = [
    "1_a.csv",
    "1_a.csv.toml",
    "b.json",
    "b.json.toml",
    "dev/c.ndjson",
    "dev/c.ndjson.toml",
    "production/d.sql",
    "e.sql",
    "E.CSV",
    "my dev/f.csv",
    "_.csv",
    "1_.csv",
    ".csv.toml",
    "g.toml",
];

#[test]
fn rows_of_bytes() {
    check!().with_iterations(INPUTS).for_each(|bytes: &[u8]| rows_can_be_read(bytes));
}

#[test]
fn rows_of_text() {
    check!().with_generator(text()).with_iterations(INPUTS).for_each(|text: &String| rows_can_be_read(text.as_bytes()));
}

#[test]
fn pieces_of_sql() {
    check!().with_generator(input::sql()).with_iterations(INPUTS).for_each(|text: &String| {
        let text = normalized(text);
        match pieces("a.sql", &text) {
            Ok(pieces) => {
                let mut end = 0;
                for piece in pieces {
                    let (range, sent_to) = match piece {
                        Piece::Statements(range) => (range.clone(), range.end),
                        Piece::Copy { statement, data } => {
                            assert_eq!(&text[data.end..data.end + 2], "\\.");
                            (statement, data.end + 2)
                        }
                    };
                    assert!(end <= range.start && range.start < range.end && range.end <= sent_to);
                    end = sent_to;
                }
                assert!(is_between_statements(&text[end..]) || text[end..].contains("restrict"), "{:?}", &text[end..]);
            }
            Err(faults) => {
                assert!(!faults.is_empty());
                faults.iter().for_each(|fault| is_about(fault, "a.sql", &text));
            }
        }
    });
}

#[test]
fn folders() {
    let path =
        one_of((one_value_of(PATHS).map_gen(str::to_owned), one_value_of(PATHS).map_gen(str::to_owned), input::path()));
    let settings = input::several(one_value_of(SETTINGS).map_gen(str::to_owned), 12);
    let content = one_of((text(), input::sql(), settings));
    let files = produce::<Vec<(String, String)>>().with().values((path, content)).len(0..6_usize);
    check!().with_generator(files).with_iterations(INPUTS).for_each(|files: &Vec<(String, String)>| {
        let given = files.iter().map(|(path, text)| File {
            path: path.clone(),
            content: Content::Embedded(text.clone().into_bytes().into()),
        });
        let seeds = assemble("folder", given, Syntax::Parser, |content| match content {
            Content::Embedded(bytes) => Ok(Box::new(bytes.as_ref())),
            Content::File(_) => unreachable!("no file was given"),
        });
        match seeds {
            Ok(seeds) => {
                assert!(!seeds.is_empty());
                for seed in seeds {
                    assert!(is_ours(seed.name()) && seed.path().ends_with(seed.name()));
                    assert_eq!(seed.table().is_none(), seed.format() == Format::Sql);
                    assert!(seed.table().is_none_or(|(schema, table)| schema != Some("") && !table.is_empty()));
                    assert!(!seed.is_for("production") || seed.policy().production);
                }
            }
            Err(faults) => {
                assert!(!faults.is_empty() && faults.is_sorted());
                assert!(faults.iter().all(|fault| fault.path().starts_with("folder") && !fault.to_string().is_empty()));
            }
        }
    });
}

fn text() -> impl ValueGenerator<Output = String> {
    let piece = one_of((one_value_of(TOKENS).map_gen(str::to_owned), produce::<char>().map_gen(String::from)));
    input::several(piece, 30)
}

fn rows_can_be_read(bytes: &[u8]) {
    for format in [Format::Csv, Format::Json, Format::Ndjson] {
        let Some(fault) = read(format, bytes) else { continue };
        // Bytes that are no text count as characters of their own.
        let text = String::from_utf8_lossy(bytes);
        if text == normalized(&text) && bytes == text.as_bytes() {
            is_about(&fault, "a", &text);
        }
        assert!(!fault.to_string().is_empty());
    }
}

/// Reads all of a file; the fault that ends it, if one does.
fn read(format: Format, bytes: &[u8]) -> Option<crate::fault::Fault> {
    let columns = match check(format, "a", bytes) {
        Ok(columns) => columns,
        Err(fault) => return Some(fault),
    };
    let columns = columns.names();
    let mut rows = match Rows::open(format, "a", columns, bytes) {
        Ok(rows) => rows,
        Err(fault) => panic!("all of it was read before: {fault}"),
    };
    let mut number = 0;
    loop {
        match rows.next() {
            Ok(None) => return None,
            Ok(Some(row)) => {
                number += 1;
                assert_eq!(row.number(), number);
                for column in 0..columns.len() {
                    assert!(format != Format::Csv || matches!(row.cell(column), Cell::Null | Cell::Text(_)));
                    assert!(row.fault(column, "a", "b").position().is_some());
                }
            }
            Err(fault) => panic!("all of it was read before: {fault}"),
        }
    }
}
