//! `new`: makes the files of a migration.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use atlas_migrate_core::file_name::{self, FileName, Layout, Reach, Versioned};
use clap::Args;

use crate::answer::{Answer, Failure, usage};
use crate::context::Context;
use crate::json::{self, Json};
use atlas_migrate::__private::cli::{ErrorExt as _, files_of};
use atlas_migrate::{Error, ErrorKind, Version};

/// Create the files of a new migration
///
/// Connects to no database. The names of the files follow those that are there, and so does the numbering: the next number, or
/// the time in UTC. In an empty folder it begins with 001.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate new 'add users' --reversible")]
pub(crate) struct New {
    /// What it does, in a few words
    name: String,
    /// With a file that takes it back
    #[arg(long)]
    reversible: bool,
    /// The next number
    #[arg(long, group = "numbering")]
    sequential: bool,
    /// The time in UTC
    #[arg(long, group = "numbering")]
    timestamp: bool,
}

impl New {
    pub(super) fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let name = file_stem(&self.name);
        if name.is_empty() {
            return Err(
                usage(format!("{:?} has no letter or digit that a file could be named after", self.name)).into()
            );
        }
        let folder = context.folder()?;
        let newest = newest(&folder)?;
        let now = Time::now();
        let by_time =
            self.timestamp || (!self.sequential && newest.as_ref().is_some_and(|newest| is_time(&newest.version)));
        let layout = newest.as_ref().map_or(Layout::Numbered, |newest| newest.layout);
        let version = next(newest.as_ref().map(|newest| newest.version.as_str()), layout, by_time.then_some(now));
        let title = self.name.split_whitespace().collect::<Vec<_>>().join(" ");
        let header = format!("-- Migration: {title}\n-- Date: {}\n\n", now.date());
        let paths = paths(layout, &version, &name, self.reversible)?;
        let mut files = Vec::new();
        for path in paths {
            let path = folder.join(path);
            write(&path, &header)?;
            files.push(path.display().to_string());
        }
        let made = Json::object().with("version", version).with("files", Json::list(&files));
        Ok(Answer::new(files.join("\n"), &json::of("new", made)))
    }
}

/// The migration with the highest version.
fn newest(folder: &Path) -> Result<Option<Versioned>, Error> {
    if !folder.exists() {
        return Ok(None);
    }
    let files = files_of(folder)?;
    let reach = Reach::of(files.iter().map(String::as_str));
    let read = files.iter().filter(|path| reach.has(path));
    let versioned = read.filter_map(|path| match file_name::parse(path, path) {
        Ok(Some(FileName::Versioned(versioned))) => Some(versioned),
        _ => None,
    });
    Ok(versioned.max_by(|left, right| left.version.cmp(&right.version)))
}

/// The name as a part of that of a file.
fn file_stem(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

/// Whether a version is a time, to the day at least: `20250123…`, `2025-01-23-…`.
fn is_time(version: &Version) -> bool {
    let digits: String = version.as_str().chars().filter(char::is_ascii_digit).collect();
    digits.len() >= 8 && matches!(&digits[..2], "19" | "20") && version.as_str().len() >= 8
}

/// The version after the newest one.
fn next(newest: Option<&str>, layout: Layout, time: Option<Time>) -> String {
    if let Some(time) = time {
        let dashed = layout == Layout::Folders && newest.is_none_or(|newest| newest.contains('-'));
        let version = if dashed { time.dashed() } else { time.digits() };
        let is_newer = newest.is_none_or(|newest| Version::new(version.clone()) > Version::new(newest.to_owned()));
        if is_newer {
            return version;
        }
    }
    let Some(newest) = newest else { return "001".to_owned() };
    let start = newest.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |last| last + 1);
    let (before, number) = newest.split_at(start);
    before.to_owned() + &incremented(number)
}

/// The next number, as wide as the one before if it fits.
fn incremented(number: &str) -> String {
    let mut digits: Vec<u8> = number.bytes().collect();
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return String::from_utf8_lossy(&digits).into_owned();
        }
        *digit = b'0';
    }
    format!("1{}", String::from_utf8_lossy(&digits))
}

/// The files below the folder.
fn paths(layout: Layout, version: &str, name: &str, reversible: bool) -> Result<Vec<String>, Error> {
    let pair = |up: String, down: String| if reversible { vec![up, down] } else { vec![up] };
    Ok(match layout {
        Layout::Numbered if !reversible => vec![format!("{version}_{name}.sql")],
        Layout::Numbered => pair(format!("{version}_{name}.up.sql"), format!("{version}_{name}.down.sql")),
        Layout::Folders => pair(format!("{version}_{name}/up.sql"), format!("{version}_{name}/down.sql")),
        Layout::Flyway if !reversible => vec![format!("V{version}__{name}.sql")],
        Layout::Flyway => {
            return Err(usage("names like V1__init.sql have no file that takes back").hint("leave out --reversible"));
        }
    })
}

/// Writes a file that is not there yet.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    let written = fs::create_dir_all(folder)
        .and_then(|()| OpenOptions::new().write(true).create_new(true).open(path))
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Error::new(ErrorKind::Source, format!("{} cannot be written: {error}", path.display())))
}

/// A second, in UTC.
#[derive(Clone, Copy)]
struct Time {
    days: u64,
    seconds: u64,
}

impl Time {
    fn now() -> Self {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { days: seconds / 86_400, seconds: seconds % 86_400 }
    }

    /// Year, month and day of the Gregorian calendar.
    fn civil(self) -> (u64, u64, u64) {
        // Of years that begin in March, so that the leap day is the last.
        let days = self.days + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        (era * 400 + year + next, month, day)
    }

    fn clock(self) -> String {
        format!("{:02}{:02}{:02}", self.seconds / 3_600, self.seconds / 60 % 60, self.seconds % 60)
    }

    fn date(self) -> String {
        let (year, month, day) = self.civil();
        format!("{year:04}-{month:02}-{day:02}")
    }

    fn digits(self) -> String {
        self.date().replace('-', "") + &self.clock()
    }

    fn dashed(self) -> String {
        format!("{}-{}", self.date(), self.clock())
    }
}

#[cfg(test)]
mod tests {
    use super::Layout::{Flyway, Folders, Numbered};
    use super::*;

    /// 2026-11-21 12:34:56.
    const TIME: Time = Time { days: 20_778, seconds: 45_296 };

    #[track_caller]
    fn check(newest: &str, layout: Layout, by_time: bool, expected: &str) {
        let newest = Some(newest).filter(|newest| !newest.is_empty());
        assert_eq!(next(newest, layout, by_time.then_some(TIME)), expected, "{newest:?}");
    }

    #[test]
    fn versions_follow() {
        check("", Numbered, false, "001");
        check("001", Numbered, false, "002");
        check("0099", Numbered, false, "0100");
        check("9", Numbered, false, "10");
        check("1.9", Flyway, false, "1.10");
        check("1_2", Flyway, false, "1_3");
        check("", Numbered, true, "20261121123456");
        check("003", Numbered, true, "20261121123456");
        check("20250123000001", Numbered, true, "20261121123456");
        check("20261121123456", Numbered, true, "20261121123457");
        check("20991231235959", Numbered, true, "20991231235960");
        check("20250123000001", Numbered, false, "20250123000002");
        check("2024-01-02-000000", Folders, true, "2026-11-21-123456");
        check("20240102000000", Folders, true, "20261121123456");
    }

    #[track_caller]
    fn check_time(version: &'static str, expected: bool) {
        assert_eq!(is_time(&Version::from_static(version)), expected, "{version}");
    }

    #[test]
    fn times() {
        check_time("20250123000001", true);
        check_time("20250123", true);
        check_time("2024-01-02-000000", true);
        check_time("00000000000000", false);
        check_time("001", false);
        check_time("2025", false);
        check_time("1.2", false);
    }

    #[track_caller]
    fn check_date(days: u64, expected: &str) {
        assert_eq!(Time { days, seconds: 0 }.date(), expected);
    }

    #[test]
    fn dates() {
        check_date(0, "1970-01-01");
        check_date(11_016, "2000-02-29");
        check_date(11_017, "2000-03-01");
        check_date(20_778, "2026-11-21");
        check_date(47_541, "2100-03-01");
    }

    #[track_caller]
    fn check_stem(name: &str, expected: &str) {
        assert_eq!(file_stem(name), expected);
    }

    #[test]
    fn names() {
        check_stem("Add users", "add_users");
        check_stem("../a/b.sql", "a_b_sql");
        check_stem("é__x", "é_x");
        check_stem(" - ", "");
    }
}
