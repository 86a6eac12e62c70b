//! Random inputs that look like what people write: made of what begins, ends or upsets something.

use bolero::generator::bolero_generator::ValueGenerator;
use bolero::generator::{one_of, one_value_of, produce};

const SQL: [&str; 64] = [
    "'",
    "''",
    "\"",
    "$$",
    "$a$",
    "$1",
    "E'",
    "e'\\'",
    "U&'",
    "B'",
    "N'",
    "/*",
    "*/",
    "--",
    "-",
    "+",
    ">=",
    "::",
    ":=",
    "|",
    "\\",
    "\\.\n",
    "\\echo it's\n",
    "(",
    ")",
    "[",
    "]",
    ";",
    ";",
    ";\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    " ",
    "\0",
    "\u{feff}",
    "\u{a0}",
    "é",
    "🙂",
    "a",
    "1",
    "1.5e",
    ".",
    "AS ",
    "SELECT ",
    "SELECT 1",
    "BEGIN",
    "BEGIN;\n",
    "COMMIT",
    "START TRANSACTION",
    "CASE ",
    " END ",
    "CREATE FUNCTION f() ",
    "BEGIN ATOMIC ",
    "CREATE TABLE t (id int)",
    "CREATE INDEX CONCURRENTLY i ON t (id)",
    "VACUUM",
    "COPY t FROM STDIN;\n",
    "-- migrate:down\n",
    "-- no-transaction\n",
    "-- Description: it's\n",
];

const DIRECTIVES: [&str; 8] = [
    "-- atlas:require ",
    "-- atlas:skip-unless ",
    "-- atlas:lock-timeout ",
    "-- atlas:statement-timeout ",
    "-- atlas:no-transaction",
    "-- atlas:compatible",
    "-- atlas:",
    "/* atlas:require true */",
];

const VALUES: [&str; 12] = ["a", "a = 1", " | ", "message", ";", "(", ")", "--", "'", "\\", "10", "min"];

const FOLDERS: [&str; 6] = ["", "", "a/", "2024-01-02-000000_a/", "1_/", ".git/"];

const VERSIONS: [&str; 10] = ["1", "02", "V1", "V1.2", "V1_2", "V", "R", "1-2", "", "metadata"];

const SEPARATORS: [&str; 5] = ["_", "_", "__", "-", ""];

const ENDS: [&str; 8] = [".sql", ".sql", ".up.sql", ".down.sql", "up.sql", ".SQL", ".toml", ""];

const PATHS: [&str; 8] = [
    "1_a.sql",
    "1_a.down.sql",
    "02_b.up.sql",
    "R__c.sql",
    "V3__d.sql",
    "2024-01-02-000000_e/up.sql",
    "2024-01-02-000000_e/metadata.toml",
    "x.sql",
];

/// The text of a file: directives, and statements with more of them.
pub(super) fn sql() -> impl ValueGenerator<Output = String> {
    let token = || one_value_of(SQL).map_gen(str::to_owned);
    let character = produce::<char>().map_gen(String::from);
    let piece = one_of((token(), token(), token(), token(), character, directive()));
    (several(directive(), 2), several(piece, 40)).map_gen(|(directives, pieces)| directives + &pieces)
}

fn directive() -> impl ValueGenerator<Output = String> {
    let value = several(one_value_of(VALUES).map_gen(str::to_owned), 4);
    (one_value_of(DIRECTIVES), value).map_gen(|(directive, value)| format!("{directive}{value}\n"))
}

/// So many of them or fewer, put together.
pub(super) fn several(
    piece: impl ValueGenerator<Output = String>,
    most: usize,
) -> impl ValueGenerator<Output = String> {
    produce::<Vec<String>>().with().values(piece).len(0..=most).map_gen(|pieces| pieces.concat())
}

/// A line of a message.
pub(super) fn line() -> impl ValueGenerator<Output = String> {
    produce::<String>().with().len(0..20_usize)
}

/// The path of a file below its folder.
pub(super) fn path() -> impl ValueGenerator<Output = String> {
    let name = one_of((
        one_value_of(["a", "", "é", "a__b", "_", ".", "$"]).map_gen(str::to_owned),
        produce::<String>().with().len(0..4_usize),
    ));
    let parts = (one_value_of(FOLDERS), one_value_of(VERSIONS), one_value_of(SEPARATORS), name, one_value_of(ENDS));
    parts.map_gen(|(folder, version, separator, name, end)| [folder, version, separator, &name, end].concat())
}

/// The files of a folder: paths and texts.
pub(super) fn files() -> impl ValueGenerator<Output = Vec<(String, String)>> {
    let known = || one_value_of(PATHS).map_gen(str::to_owned);
    let file = (one_of((known(), known(), path())), sql());
    produce::<Vec<(String, String)>>().with().values(file).len(0..5_usize)
}
