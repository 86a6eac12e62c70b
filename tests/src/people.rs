//! A large file of rows.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Makes the table that the file is for.
pub const PEOPLE: &str = "CREATE TABLE people (id bigint NOT NULL, key uuid NOT NULL, email text NOT NULL, name text NOT NULL, \
    amount numeric NOT NULL, created timestamptz NOT NULL, note text)";

/// Writes so many rows as CSV, some 90 bytes each, or, in a file of that name, as JSON or NDJSON: every eighth name has quotes,
/// and every other row no note.
///
/// # Errors
///
/// That the file cannot be written.
pub fn write_people(path: &Path, rows: u64) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let (begin, between, end) = match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => ("[\n", ",\n", "\n]\n"),
        Some("ndjson") => ("", "\n", "\n"),
        _ => ("id,key,email,name,amount,created,note\n", "\n", "\n"),
    };
    let is_csv = begin.starts_with("id");
    let mut row = String::new();
    file.write_all(begin.as_bytes())?;
    for id in 1..=rows {
        row.clear();
        row += if id > 1 { between } else { "" };
        write_row(&mut row, id, is_csv).map_err(io::Error::other)?;
        file.write_all(row.as_bytes())?;
    }
    file.write_all(end.as_bytes())?;
    file.flush()
}

fn write_row(row: &mut String, id: u64, is_csv: bool) -> std::fmt::Result {
    let random = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let key = format_args!("{:08x}-{:04x}-4000-8000-{id:012x}", random >> 32, random >> 16 & 0xffff);
    let (whole, cents) = (random >> 48, random % 100);
    let [days, seconds] = [random >> 8 & 0xff, random >> 16 & 0xffff].map(|part| part as u32);
    let (month, day) = (1 + days % 12, 1 + days % 28);
    let [hour, minute, second] = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60];
    let created = format_args!("2024-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}+00");
    let (is_quoted, has_note) = (id.is_multiple_of(8), !id.is_multiple_of(2));
    if is_csv {
        let name = if is_quoted { "\"Ann \"\"Nan\"\" Bell, Jr.\"" } else { "Björn Borg" };
        let note = if has_note { "calls back" } else { "" };
        return write!(row, "{id},{key},u{id}@example.org,{name},{whole}.{cents:02},{created},{note}");
    }
    let name = if is_quoted { "Ann \\\"Nan\\\" Bell, Jr." } else { "Björn Borg" };
    let note = if has_note { "\"calls back\"" } else { "null" };
    write!(
        row,
        "{{\"id\": {id}, \"key\": \"{key}\", \"email\": \"u{id}@example.org\", \"name\": \"{name}\", \
         \"amount\": {whole}.{cents:02}, \"created\": \"{created}\", \"note\": {note}}}"
    )
}
