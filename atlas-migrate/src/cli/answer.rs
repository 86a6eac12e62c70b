//! What a command gives back, and how it is shown.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

use super::arguments::Format;
use super::{json, words};
use crate::{Error, ErrorKind};

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
    pub(super) fn new(text: impl fmt::Display, json: &impl Serialize) -> Self {
        Self { text: text.to_string(), json: json::pretty(json), code: DONE, plain: false }
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

    /// Writes it to standard output, and gives the exit code.
    pub(super) fn show(&self, format: Format, quiet: bool) -> u8 {
        let text = match format {
            _ if self.plain => self.text.as_str(),
            Format::Json => self.json.as_str(),
            Format::Text if quiet => "",
            Format::Text => self.text.as_str(),
        };
        match print(text) {
            Ok(()) => self.code,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.code,
            Err(error) => {
                complain(&format!("could not write to standard output: {error}"));
                FAILED
            }
        }
    }
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
    pub(super) fn show(self, format: Format, error_word: &str) -> u8 {
        let error = self.error.hint_in(words::of_the_command_line);
        match format {
            Format::Json => drop(print(&json::pretty(&json::Failed::new(&error, self.code)))),
            Format::Text => complain(&format!("{error_word} {error}")),
        }
        self.code
    }
}

/// A fault of the command line itself.
pub(super) fn usage(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, message)
}
