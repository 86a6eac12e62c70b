//! The digest of a file that need not be in memory as a whole.

use memchr::memchr;
use sha2::{Digest, Sha256};

use super::Checksum;

const MARK: &[u8] = "\u{feff}".as_bytes();

/// The checksum of a text that comes piece by piece.
#[derive(Clone)]
pub(crate) struct Stream {
    hash: Sha256,
    /// How much of a byte-order mark was read, as long as there was nothing else.
    mark: Option<usize>,
    /// Whether the last byte was a carriage return, which counts as a line end already.
    after_return: bool,
}

impl Stream {
    pub(crate) fn new() -> Self {
        Self { hash: Sha256::new(), mark: Some(0), after_return: false }
    }

    pub(crate) fn finish(mut self) -> Checksum {
        self.begin();
        Checksum(self.hash.finalize().into())
    }

    pub(crate) fn add(&mut self, mut bytes: &[u8]) {
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_that_of_the_whole_text(text in "(\u{feff}|\u{fee0}|\r|\n|\r\n|a|é){0,12}", size in 1..8_usize) {
            let mut stream = Stream::new();
            text.as_bytes().chunks(size).for_each(|piece| stream.add(piece));
            prop_assert_eq!(stream.finish(), Checksum::of(&text), "{:?}", text);
        }
    }
}
