//! The digest of a file that need not be in memory as a whole.

use std::io::{self, BufRead};

use memchr::memchr;
use sha2::digest::Output;
use sha2::{Digest, Sha256};

const MARK: &[u8] = "\u{feff}".as_bytes();

/// The SHA-256 of what [`normalized`](super::normalized) makes of a text.
pub(super) fn digest(mut input: impl BufRead) -> io::Result<Output<Sha256>> {
    let mut normalizer = Normalizer { hash: Sha256::new(), mark: Some(0), after_return: false };
    loop {
        let bytes = input.fill_buf()?;
        if bytes.is_empty() {
            normalizer.begin();
            return Ok(normalizer.hash.finalize());
        }
        normalizer.add(bytes);
        let length = bytes.len();
        input.consume(length);
    }
}

struct Normalizer {
    hash: Sha256,
    /// How much of a byte-order mark was read, as long as there was nothing else.
    mark: Option<usize>,
    /// Whether the last byte was a carriage return, which counts as a line end already.
    after_return: bool,
}

impl Normalizer {
    fn add(&mut self, mut bytes: &[u8]) {
        while let (Some(read), [first, rest @ ..]) = (self.mark, bytes) {
            if *first == MARK[read] {
                self.mark = Some((read + 1) % MARK.len());
                bytes = rest;
            } else {
                self.begin();
            }
        }
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_return) {
                bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
            match memchr(b'\r', bytes) {
                Some(end) => {
                    self.hash.update(&bytes[..end]);
                    self.hash.update(b"\n");
                    self.after_return = true;
                    bytes = &bytes[end + 1..];
                }
                None => {
                    self.hash.update(bytes);
                    return;
                }
            }
        }
    }

    /// What was read of a mark that is none belongs to the text.
    fn begin(&mut self) {
        let read = self.mark.take().unwrap_or_default();
        self.hash.update(&MARK[..read]);
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use crate::checksum::Checksum;

    proptest! {
        #[test]
        fn agrees_with_that_of_the_whole_text(text in "(\u{feff}|\u{fee0}|\r|\n|\r\n|a|é){0,12}", size in 1..8_usize) {
            let input = BufReader::with_capacity(size, text.as_bytes());
            prop_assert_eq!(Checksum::of_reader(input).unwrap(), Checksum::of(&text), "{:?}", text);
        }
    }
}
