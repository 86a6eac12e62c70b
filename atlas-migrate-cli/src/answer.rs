//! What a command gives back, and how it is shown.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use atlas_migrate::__private::cli::ErrorExt as _;
use atlas_migrate_core::fault::shown_lines;

use super::arguments::Format;
use super::json::{self, Json};
use super::shell::Shell;
use atlas_migrate::{Error, ErrorKind};

/// Done, or nothing to do.
pub(super) const DONE: u8 = 0;
/// What was to be done failed.
pub(super) const FAILED: u8 = 1;
/// What is asked for makes no sense.
pub(super) const USAGE: u8 = 2;
/// The database is not what the migrations say.
pub(super) const DIFFERS: u8 = 3;
/// Somebody pressed Ctrl-C.
pub(super) const INTERRUPTED: u8 = 130;

/// What a command gives back: for people, for programs, and for the shell.
#[derive(Debug)]
pub(super) struct Answer {
    text: String,
    json: String,
    code: u8,
    /// It is what was asked for, whatever the format, and however quiet.
    plain: bool,
}

impl Answer {
    pub(super) fn new(text: impl fmt::Display, json: &Json) -> Self {
        Self { text: text.to_string(), json: json.to_string(), code: DONE, plain: false }
    }

    /// A text that is meant for a file.
    pub(super) fn file(text: String) -> Self {
        Self { text, json: String::new(), code: DONE, plain: true }
    }

    /// The exit code, if it is not 0.
    pub(super) fn code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// Whether something failed that is a part of the answer.
    pub(super) fn has_failed(&self) -> bool {
        self.code == FAILED
    }

    /// Writes it to standard output, and gives the exit code.
    pub(super) fn show(&self, format: Format, quiet: bool) -> u8 {
        let text = match format {
            _ if self.plain => Cow::Borrowed(self.text.as_str()),
            Format::Json => Cow::Borrowed(self.json.as_str()),
            Format::Text if quiet => Cow::Borrowed(""),
            Format::Text => with_colours(&self.text),
        };
        match print(&text) {
            Ok(()) => self.code,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.code,
            Err(error) => {
                complain(&format!("could not write to standard output: {error}"));
                FAILED
            }
        }
    }
}

/// A text whose colours are kept, and nothing else that would steer a terminal.
fn with_colours(text: &str) -> Cow<'_, str> {
    const BEGIN: &str = "\u{1b}[";
    if !text.contains(BEGIN) {
        return shown_lines(text);
    }
    let mut shown = String::new();
    for (index, part) in text.split(BEGIN).enumerate() {
        let colour = part.split_once('m').filter(|(code, _)| code.chars().all(|c| c.is_ascii_digit() || c == ';'));
        match colour {
            Some((code, rest)) if index > 0 => shown += &format!("{BEGIN}{code}m{}", shown_lines(rest)),
            _ if index > 0 => shown += &shown_lines(&format!("{BEGIN}{part}")),
            _ => shown += &shown_lines(part),
        }
    }
    Cow::Owned(shown)
}

fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    if !text.is_empty() {
        output.write_all(text.trim_end_matches('\n').as_bytes())?;
        output.write_all(b"\n")?;
    }
    output.flush()
}

/// Writes a line to standard error; where that is closed, nobody can be told.
pub(super) fn complain(text: &str) {
    let _closed = writeln!(io::stderr().lock(), "{text}");
}

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) code: u8,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Usage | ErrorKind::UnknownVersion => USAGE,
            _ => FAILED,
        };
        Self { error, code }
    }
}

impl Failure {
    /// Writes it: JSON to standard output, text to standard error. Gives the exit code.
    pub(super) fn show(self, format: Format, error_word: &str, shell: &Shell) -> u8 {
        let error = self.error.in_words(|hint| shell.say(hint));
        match format {
            Format::Json => drop(print(&json::failed(&error, self.code).to_string())),
            Format::Text => complain(&format!("{error_word} {error}")),
        }
        self.code
    }
}

/// A fault of the command line itself.
pub(super) fn usage(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(with_colours(text), expected);
    }

    #[test]
    fn d15_nothing_but_colours_reaches_the_terminal() {
        check("a\nb", "a\nb");
        check("a\u{1b}]0;b\u{7}\r", "a\\u{1b}]0;b\\u{7}\\r");
        check(
            "\u{1b}[31mred\u{1b}[0m\n\u{1b}[1;32mgreen\u{1b}[0m",
            "\u{1b}[31mred\u{1b}[0m\n\u{1b}[1;32mgreen\u{1b}[0m",
        );
        check("\u{1b}[31mred\u{1b}[0m\u{1b}[2J\u{9b}2J", "\u{1b}[31mred\u{1b}[0m\\u{1b}[2J\\u{9b}2J");
    }
}
