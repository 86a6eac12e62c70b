//! A large file of rows.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Makes the table that the file is for.
pub const PEOPLE: &str = "CREATE TABLE people (id bigint NOT NULL, key uuid NOT NULL, email text NOT NULL, name text NOT NULL, \
    amount numeric NOT NULL, created timestamptz NOT NULL, note text)";

/// Writes so many rows as CSV, some 90 bytes each: every eighth name has quotes, and every other row no note.
///
/// # Errors
///
/// That the file cannot be written.
pub fn write_people(path: &Path, rows: u64) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "id,key,email,name,amount,created,note")?;
    let mut line = String::new();
    for id in 1..=rows {
        let random = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        line.clear();
        let name = if id.is_multiple_of(8) { "\"Ann \"\"Nan\"\" Bell, Jr.\"" } else { "Björn Borg" };
        let note = if id.is_multiple_of(2) { "" } else { "calls back" };
        let [days, seconds] = [random >> 8 & 0xff, random >> 16 & 0xffff].map(|part| part as u32);
        let written = write!(
            line,
            "{id},{:08x}-{:04x}-4000-8000-{:012x},u{id}@example.org,{name},{}.{:02},2024-{:02}-{:02} {:02}:{:02}:{:02}+00,{note}",
            random >> 32,
            random >> 16 & 0xffff,
            id,
            random >> 48,
            random % 100,
            1 + days % 12,
            1 + days % 28,
            seconds / 3600 % 24,
            seconds / 60 % 60,
            seconds % 60,
        );
        written.map_err(io::Error::other)?;
        writeln!(file, "{line}")?;
    }
    file.flush()
}
