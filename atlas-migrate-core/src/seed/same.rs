//! Whether a file is still what it was when it was checked.

use std::error::Error;
use std::fmt;
use std::io::{self, Read};

use super::rows::CHANGED;
use crate::checksum::Checksum;
use crate::checksum::stream::Stream;
use crate::fault::Fault;

/// Reads a file once more, and fails at its end if its text is not the one that was checked.
pub struct Same<R> {
    input: R,
    stream: Stream,
    checked: Checksum,
}

impl<R: Read> Same<R> {
    /// Of a file whose text had this checksum.
    pub fn new(input: R, checked: Checksum) -> Self {
        Self { input, stream: Stream::new(), checked }
    }
}

impl<R: Read> Read for Same<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        if length > 0 {
            self.stream.add(&buffer[..length]);
        } else if !buffer.is_empty() && self.stream.clone().finish() != self.checked {
            return Err(io::Error::other(Changed));
        }
        Ok(length)
    }
}

#[derive(Debug)]
pub(super) struct Changed;

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it has changed")
    }
}

impl Error for Changed {}

/// The file is no longer what it was when it was checked.
pub fn changed(path: &str) -> Fault {
    Fault::new(path, "other text than a moment ago").hint(CHANGED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Format, Rows};

    /// All that is said of a file that was checked with one text and has another.
    #[track_caller]
    fn check(format: Format, checked: &str, text: &str, expected: Option<&str>) {
        let input = Same::new(text.as_bytes(), Checksum::of(checked));
        let read = Rows::open(format, "seeds/a", &["a"], input).and_then(|mut rows| {
            while rows.next()?.is_some() {}
            Ok(())
        });
        assert_eq!(read.err().as_ref().map(Fault::message), expected, "{format:?} {checked:?} {text:?}");
    }

    #[test]
    fn b8_only_what_was_checked() {
        let changed = Some("other text than a moment ago");
        check(Format::Csv, "a\n1\n2\n", "a\n1\n2\n", None);
        check(Format::Csv, "a\n1\n2\n", "\u{feff}a\r\n1\r\n2\r\n", None);
        check(Format::Csv, "a\n1\n2\n", "a\n1\n3\n", changed);
        check(Format::Csv, "a\n1\n2\n", "a\n1\n", changed);
        check(Format::Csv, "a\n1\n2\n", "a\n1\n2\n3\n", changed);
        check(Format::Csv, "a\n1\n2\n", "a\n1\n2", changed);
        check(Format::Json, "[{\"a\":1}]", "[{\"a\":1}]", None);
        check(Format::Json, "[{\"a\":1}]", "[{\"a\":2}]", changed);
        check(Format::Json, "[{\"a\":1}]", "[{\"a\":1}]\n", changed);
        check(Format::Ndjson, "{\"a\":1}\n", "{\"a\":1}\n", None);
        check(Format::Ndjson, "{\"a\":1}\n", "{\"a\":1}\n{\"a\":1}\n", changed);
    }
}
