//! The keys and values of an object, found in one go over its bytes.
//!
//! Only of one that is right. What is not, what is nested deeply, and what is not all at hand is left to `serde_json`, which says
//! what is wrong with it.

use std::ops::Range;

/// Values that are nested as deep are left to `serde_json`, which has its own limit.
const DEEP: usize = 64;

/// Where a key of an object and its value are, with their quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
}

/// An object that is right, except that its bytes may not be UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scanned {
    pub(super) length: usize,
    /// Somewhere in it is a backslash.
    pub(super) escapes: bool,
}

/// Collects the keys and values of the object at the start of these bytes.
pub(super) fn scan(bytes: &[u8], entries: &mut Vec<Entry>) -> Option<Scanned> {
    let mut scan = Scan { bytes, position: 0, escapes: false };
    entries.clear();
    scan.members(|key, value| entries.push(Entry { key, value }), DEEP)?;
    Some(Scanned { length: scan.position, escapes: scan.escapes })
}

struct Scan<'b> {
    bytes: &'b [u8],
    position: usize,
    escapes: bool,
}

impl Scan<'_> {
    /// The byte behind spacing.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.bytes.get(self.position)? {
                b' ' | b'\t' | b'\r' | b'\n' => self.position += 1,
                byte => return Some(byte),
            }
        }
    }

    /// The byte behind spacing, which is passed over.
    fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.position += 1;
        Some(byte)
    }

    fn members(&mut self, mut found: impl FnMut(Range<usize>, Range<usize>), depth: usize) -> Option<()> {
        self.take().filter(|byte| *byte == b'{')?;
        if self.peek()? == b'}' {
            self.position += 1;
            return Some(());
        }
        loop {
            self.peek()?;
            let key = self.string()?;
            self.take().filter(|byte| *byte == b':')?;
            let value = self.value(depth)?;
            found(key, value);
            match self.take()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Range<usize>> {
        let first = self.peek()?;
        let start = self.position;
        match first {
            b'"' => return self.string(),
            b'{' => self.members(|_, _| {}, depth.checked_sub(1)?)?,
            b'[' => self.array(depth.checked_sub(1)?)?,
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            b'n' => self.word(b"null")?,
            _ => self.number()?,
        }
        Some(start..self.position)
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.position += 1;
        if self.peek()? == b']' {
            self.position += 1;
            return Some(());
        }
        loop {
            self.value(depth)?;
            match self.take()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes[self.position..].starts_with(word).then(|| self.position += word.len())
    }

    fn number(&mut self) -> Option<()> {
        self.pass(b"-");
        if !self.pass(b"0") {
            self.digits()?;
        }
        if self.pass(b".") {
            self.digits()?;
        }
        if self.pass(b"eE") {
            self.pass(b"+-");
            self.digits()?;
        }
        Some(())
    }

    /// Passes over a byte if it is one of these.
    fn pass(&mut self, any: &[u8]) -> bool {
        let passed = self.bytes.get(self.position).is_some_and(|byte| any.contains(byte));
        self.position += usize::from(passed);
        passed
    }

    /// One at least.
    fn digits(&mut self) -> Option<()> {
        let count = self.bytes[self.position..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.position += count;
        (count > 0).then_some(())
    }

    fn string(&mut self) -> Option<Range<usize>> {
        let start = self.position;
        self.bytes.get(start).filter(|byte| **byte == b'"')?;
        self.position += 1;
        loop {
            self.position += special(self.bytes.get(self.position..)?)? + 1;
            match self.bytes[self.position - 1] {
                b'"' => return Some(start..self.position),
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        self.escapes = true;
        self.position += 1;
        match self.bytes.get(self.position - 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                self.position += 4;
                let digits = self.bytes.get(self.position - 4..self.position)?;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }
}

/// Where the first byte is that a string cannot have as it is: a quote, a backslash, a control character. Eight are looked at at
/// once.
fn special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    // The high bit of each byte that is less than the number, which is 0x80 at most, and of no byte before the first of these.
    let below = |word: u64, number: u8| word.wrapping_sub(ONES * u64::from(number)) & !word & ONES << 7;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let (words, rest) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = below(word, 0x20) | equal(word, b'"') | equal(word, b'\\');
        if found > 0 {
            return Some(number * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20))?;
    Some(bytes.len() - rest.len() + found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(bytes: &str, expected: Option<(usize, &[(&str, &str)])>) {
        let mut entries = Vec::new();
        let found = scan(bytes.as_bytes(), &mut entries).map(|scanned| scanned.length);
        let entries: Vec<_> =
            entries.iter().map(|entry| (&bytes[entry.key.clone()], &bytes[entry.value.clone()])).collect();
        assert_eq!(found, expected.map(|(length, _)| length), "{bytes}");
        if let Some((_, expected)) = expected {
            assert_eq!(entries, expected, "{bytes}");
        }
    }

    #[test]
    fn objects() {
        check("{}", Some((2, &[])));
        check("{ } x", Some((3, &[])));
        check(r#"{"a":1}, {"b":2}"#, Some((7, &[("\"a\"", "1")])));
        check(
            r#"{ "a" : "x\"}" , "ü" : [1, {"b": [null]}, []] }"#,
            Some((47 + 1, &[("\"a\"", r#""x\"}""#), ("\"ü\"", r#"[1, {"b": [null]}, []]"#)])),
        );
    }

    #[test]
    fn what_is_left() {
        for text in [
            "",
            "{",
            "[]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{a:1}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":-}",
            "{\"a\":+1}",
            "{\"a\":1e}",
            "{\"a\":.5}",
            "{\"a\":nul}",
            "{\"a\":True}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12g4\"}",
            "{\"a\":[1,]}",
            "{\"a\":[1 2]}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":NaN}",
            "{\"a\":1",
            "{\"a\":\"",
            "{\"a\":\"\\",
            "{\"a\":\"\\u1",
        ] {
            check(text, None);
        }
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let entries = |text: &str| scan(text.as_bytes(), &mut Vec::new()).is_some();
        assert!(entries(&nested(DEEP)) && !entries(&nested(DEEP + 1)));
    }

    proptest! {
        #[test]
        fn first_special_byte(
            bytes in prop::collection::vec(prop_oneof![8 => any::<u8>(), 8 => 0x20u8..0x80, 1 => Just(b'"'), 1 => Just(b'\\')], 0..40),
        ) {
            let expected = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20));
            prop_assert_eq!(special(&bytes), expected);
        }

        /// Nothing is taken that `serde_json` refuses.
        #[test]
        fn whatever_is_taken_is_right(
            parts in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "[", "]", ":", ",", "\"", "\\", "\"a\"", "\"b\":", "1", "0", "-", ".", "e", "true", "null", " ", "\n", "\\u00e4", "ü", "\t",
            ]), 0..12),
        ) {
            let text = format!("{{\"a\":{}}}", parts.concat());
            let mut entries = Vec::new();
            if let Some(Scanned { length, escapes }) = scan(text.as_bytes(), &mut entries) {
                let whole = &text[..length];
                prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(whole).is_ok(), "{}", whole);
                prop_assert_eq!(escapes, whole.contains('\\'));
                for Entry { key, value } in entries {
                    prop_assert!(serde_json::from_str::<String>(&text[key.clone()]).is_ok(), "{}", &text[key]);
                    prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&text[value.clone()]).is_ok(), "{}", &text[value]);
                }
            }
        }
    }
}
