//! What identifies the content of a file: a checksum of its text and a fingerprint of its SQL.

#[cfg(feature = "seeds")]
pub(crate) mod stream;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::token::{Kind, Lexer, Token};

/// SHA-256 of a file's text with line ends made LF and the byte-order mark dropped, so that `sha256sum` agrees on an
/// ordinary file.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checksum([u8; 32]);

/// SHA-256 of a file's tokens, without comments and spacing.
///
/// Keywords and names without quotes are folded to small letters, as the server folds them: `SELECT` and `select` are the
/// same, `'A'` and `'a'` differ. A semicolon at the end of the file does not count.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// The text without byte-order marks at its start (files that were put together may have several) and with LF line ends.
/// Of a normalized text it is that text.
pub fn normalized(text: &str) -> Cow<'_, str> {
    let text = text.trim_start_matches('\u{feff}');
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}

impl Checksum {
    /// Of a file's text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(normalized(text).as_bytes()).into())
    }
}

impl Fingerprint {
    /// Of a file's text.
    pub fn of(text: &str) -> Self {
        Self::of_tokens(text, folded)
    }

    /// Of a file's text, with tokens as they are written: how the first versions of this library had it, and how rows of the
    /// history that they wrote still have it.
    pub fn as_written(text: &str) -> Self {
        Self::of_tokens(text, |token| Cow::Borrowed(token.text))
    }

    fn of_tokens(text: &str, content: fn(Token<'_>) -> Cow<'_, str>) -> Self {
        let text = normalized(text);
        // Hashed in one go, which is several times faster in a debug build, as procedural macros mostly are.
        let mut tokens = Vec::with_capacity(2 * text.len());
        let mut add = |token: &str| {
            // A NUL behind each token keeps `a b` and `ab` apart. No file has one in a token.
            tokens.extend_from_slice(token.as_bytes());
            tokens.push(0);
        };
        // Semicolons wait until another token follows them.
        let mut semicolons = 0;
        for token in Lexer::new(&text).filter(|token| !token.is_trivia()) {
            if token.kind == Kind::Semicolon {
                semicolons += 1;
            } else {
                (0..std::mem::take(&mut semicolons)).for_each(|_| add(";"));
                add(&content(token));
            }
        }
        Self(Sha256::digest(&tokens).into())
    }
}

/// A token in small letters, as far as their case means nothing: words, numbers, and what stands before a quote (`E'…'`).
/// PostgreSQL folds ASCII alone where the encoding has characters of several bytes.
fn folded(token: Token<'_>) -> Cow<'_, str> {
    let end = match (token.kind, token.text.as_bytes().first()) {
        (Kind::Word, _) => token.text.len(),
        (Kind::Other, Some(b'0'..=b'9' | b'.')) => token.text.len(),
        (Kind::Other, Some(byte)) if byte.is_ascii_alphabetic() => token.text.find(['\'', '"']).unwrap_or(0),
        _ => 0,
    };
    if token.text[..end].bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(token.text[..end].to_ascii_lowercase() + &token.text[end..])
    } else {
        Cow::Borrowed(token.text)
    }
}

/// A text that is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADigest;

impl fmt::Display for NotADigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected 64 hexadecimal digits")
    }
}

impl std::error::Error for NotADigest {}

macro_rules! digest {
    ($name:ident) => {
        impl $name {
            /// Of the 32 bytes themselves.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            pub const fn to_bytes(self) -> [u8; 32] {
                self.0
            }
        }

        /// 64 lower-case hexadecimal digits.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotADigest;

            fn from_str(text: &str) -> Result<Self, NotADigest> {
                parse(text).map(Self)
            }
        }
    };
}

digest!(Checksum);
digest!(Fingerprint);

fn parse(text: &str) -> Result<[u8; 32], NotADigest> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>().ok_or(NotADigest)?;
    let pairs: [[u8; 2]; 32] = digits.as_chunks().0.try_into().map_err(|_| NotADigest)?;
    if digits.len() == 64 { Ok(pairs.map(|[high, low]| high << 4 | low)) } else { Err(NotADigest) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn checksum_is_that_of_sha256sum() {
        let expected = "b4e0497804e46e0a0b0b8c31975b062152d551bac49c3c2e80932567b4085dcd";
        assert_eq!(Checksum::of("SELECT 1;\n").to_string(), expected);
        assert_eq!(Checksum::of("\u{feff}SELECT 1;\r\n"), Checksum::of("SELECT 1;\n"));
        assert_eq!(Checksum::of("\u{feff}\u{feff}SELECT 1;\n"), Checksum::of("SELECT 1;\n"));
        assert_eq!(Checksum::of("SELECT 1;\r"), Checksum::of("SELECT 1;\n"));
        assert_ne!(Checksum::of("SELECT 1;"), Checksum::of("SELECT 1;\n"));
    }

    #[track_caller]
    fn same(left: &str, right: &str) {
        assert_eq!(Fingerprint::of(left), Fingerprint::of(right), "{left:?} and {right:?}");
    }

    #[track_caller]
    fn different(left: &str, right: &str) {
        assert_ne!(Fingerprint::of(left), Fingerprint::of(right), "{left:?} and {right:?}");
    }

    #[test]
    fn fingerprint_is_that_of_the_sql() {
        same("SELECT 1", "SELECT  1 -- one\n");
        same("SELECT 1", "SELECT 1;");
        same("SELECT 1", "SELECT 1; /* done */ ;\n");
        same("SELECT a=-1", "SELECT a = - 1");
        same("SELECT 'a\nb'", "SELECT 'a\r\nb'");
        same("\u{feff}SELECT 1", "SELECT 1");
        same("", "-- nothing\n;");
        different("SELECT 1; SELECT 2", "SELECT 1 SELECT 2");
        different("SELECT a >= b", "SELECT a > = b");
        different("SELECT ab", "SELECT a b");
        different("SELECT 'a'", "SELECT 'a '");
        different("SELECT E'a'", "SELECT E 'a'");
        different("SELECT 1", "SELECT 1 -- one\n, 2");
    }

    #[test]
    fn e8_case_counts_where_it_means_something() {
        same("CREATE TABLE Users (Id INT)", "create table users (id int)");
        same("SELECT E'a', X'1f', U&\"b\", N'c', B'1'", "select e'a', x'1f', u&\"b\", n'c', b'1'");
        same("SELECT 1E5, 0xFF", "SELECT 1e5, 0xff");
        same("SELECT a AS Ä", "select A as Ä");
        different("SELECT a AS Ä", "SELECT a AS ä");
        different("SELECT 'A'", "SELECT 'a'");
        different("SELECT E'A'", "SELECT e'a'");
        different("SELECT \"A\"", "SELECT \"a\"");
        different("SELECT $$A$$", "SELECT $$a$$");
        different("SELECT $A$ $A$", "SELECT $a$ $a$");
        different("SELECT U&'A'", "SELECT u&'a'");
        assert_ne!(Fingerprint::as_written("SELECT 1"), Fingerprint::as_written("select 1"));
        assert_eq!(Fingerprint::as_written("select 1"), Fingerprint::of("SELECT 1;"));
    }

    proptest! {
        #[test]
        fn spacing_does_not_count(text in r#"([a-zU1 '"$/*;()\n+@<=:.-]|[^a-z\x00\u{feff}]){0,30}"#) {
            // What has no end would take in the spacing behind it.
            let text = normalized(&text);
            let end = Lexer::new(&text).find(|token| token.kind == Kind::Unterminated);
            let text = &text[..end.map_or(text.len(), |token| token.start)];
            let tokens: Vec<&str> =
                Lexer::new(text).filter(|token| !token.is_trivia()).map(|token| token.text).collect();
            prop_assert_eq!(Fingerprint::of(text), Fingerprint::of(&tokens.join("\n -- ;\n")));
        }
    }

    #[test]
    fn digests_are_read_as_they_are_written() {
        let checksum = Checksum::of("SELECT 1");
        assert_eq!(checksum.to_string().parse(), Ok(checksum));
        assert_eq!(checksum.to_string().to_uppercase().parse(), Ok(checksum));
        assert_eq!(Checksum::from_bytes(checksum.to_bytes()), checksum);
        for text in ["", "00", &"g".repeat(64), &"0".repeat(63), &"0".repeat(65), &"0".repeat(66), &"é".repeat(32)] {
            assert_eq!(text.parse::<Checksum>(), Err(NotADigest), "{text}");
        }
    }
}
