//! Versions: text that is ordered by its numeric segments.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The version of a migration, as its file name has it: `1`, `001`, `1.2`, `20250123000001`, `2024-01-02-000000-0001`.
///
/// Versions are compared by their numeric segments, not as text: `2` comes before `10`, `1.9` before `1.10`, and `1`,
/// `001` and `1.0` are the same version. With dashes they are times, as diesel has them, and the dashes do not count:
/// `2018-01-02-000000` comes behind `20151219180527`, and before `2018-01-02-000000-0000`. What does not begin with a digit
/// (`R__views`, a repeatable migration's) comes after all numbers and is compared as text.
///
/// ```
/// # use atlas_migrate_core::version::Version;
///
/// assert!(Version::new("2") < Version::new("010"));
/// assert_eq!(Version::new("1"), Version::new("001"));
/// ```
#[derive(Clone, Debug)]
pub struct Version(Cow<'static, str>);

impl Version {
    /// A version with this text, which is kept as it is.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self(text.into())
    }

    /// A version known at compile time.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// The text, as in the file name and in the history table.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Numbers come first, by their segments; then what is no number, as text.
    fn key(&self) -> (bool, &str) {
        let is_number = self.0.starts_with(|c: char| c.is_ascii_digit());
        if is_number { (false, "") } else { (true, &self.0) }
    }

    /// The segments of a number: how many digits each has without leading zeros, and those digits. Segments of zero at
    /// the end do not count.
    fn segments(&self) -> Segments<'_> {
        if let Some(time) = self.time() {
            return Segments { parts: vec![time.seconds], rest: time.rest };
        }
        let significant = self.0.trim_end_matches(|c: char| !matches!(c, '1'..='9'));
        let zeros = self.0[significant.len()..].bytes().take_while(u8::is_ascii_digit).count();
        let parts = self.0[..significant.len() + zeros]
            .split(|c: char| !c.is_ascii_digit())
            .filter(|segment| !segment.is_empty())
            .map(number)
            .collect();
        Segments { parts, rest: (0, Cow::Borrowed("")) }
    }

    /// A version with dashes, which diesel leaves out and compares the rest as text: the first 14 digits, to the second, are
    /// a number, and what follows is text.
    fn time(&self) -> Option<Time> {
        const TO_THE_SECOND: usize = 14;
        if !self.0.contains('-') || self.key().0 {
            return None;
        }
        let mut seconds = self.0.replace('-', "");
        let rest = seconds.split_off(seconds.floor_char_boundary(TO_THE_SECOND));
        // A text that is shorter comes before the longer ones that begin with it.
        let missing = seconds.len() as isize - TO_THE_SECOND as isize;
        seconds.extend(std::iter::repeat_n('0', TO_THE_SECOND - seconds.len()));
        let (length, digits) = number(&seconds);
        let digits = digits.into_owned();
        Some(Time { seconds: (length, digits.into()), rest: (missing, rest.into()) })
    }
}

/// How many digits a number has without leading zeros, and those digits.
type Number<'a> = (usize, Cow<'a, str>);

fn number(digits: &str) -> Number<'_> {
    let digits = digits.trim_start_matches('0');
    (digits.len(), Cow::Borrowed(digits))
}

struct Time {
    seconds: Number<'static>,
    rest: (isize, Cow<'static, str>),
}

/// What numbers are compared by.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Segments<'a> {
    parts: Vec<Number<'a>>,
    /// Of a time with dashes: how many digits it lacks, and what stands behind them.
    rest: (isize, Cow<'a, str>),
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key()).then_with(|| self.segments().cmp(&other.segments()))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
        self.segments().hash(state);
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&'static str> for Version {
    fn from(text: &'static str) -> Self {
        Self::from_static(text)
    }
}

impl From<String> for Version {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<u64> for Version {
    fn from(number: u64) -> Self {
        Self::new(number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(left: &'static str, expected: Ordering, right: &'static str) {
        let (a, b) = (Version::from_static(left), Version::from_static(right));
        assert_eq!(a.cmp(&b), expected, "{left} against {right}");
        assert_eq!(b.cmp(&a), expected.reverse(), "{right} against {left}");
        assert_eq!(a == b, expected == Ordering::Equal, "{left} == {right}");
    }

    #[test]
    fn order_is_numeric_by_segment() {
        check("1", Ordering::Equal, "001");
        check("2", Ordering::Less, "10");
        check("1.2", Ordering::Less, "1.10");
        check("1", Ordering::Equal, "1.0");
        check("1", Ordering::Equal, "1_0_00");
        check("10", Ordering::Greater, "1");
        check("100", Ordering::Greater, "10.0");
        check("1.2", Ordering::Equal, "1_2");
        check("1", Ordering::Less, "1.0.1");
        check("0", Ordering::Equal, "000");
        check("0", Ordering::Less, "0.1");
        check("20250123000001", Ordering::Less, "20250123000002");
        check("2024-01-02-000000-0001", Ordering::Greater, "2024-01-02-000000");
        check("99999999999999999999999999", Ordering::Less, "100000000000000000000000000");
    }

    #[test]
    fn a11_dashes_are_as_diesel_has_them() {
        check("20151219180527", Ordering::Less, "2018-01-02-000000");
        check("2018-01-02-000000", Ordering::Less, "20190102000000");
        check("2018-01-02-000000", Ordering::Equal, "20180102000000");
        check("2018-01-02-000000", Ordering::Equal, "2018-01-02000000");
        check("00000000000000", Ordering::Less, "2018-01-02-000000");
        check("2018-01-02-120000", Ordering::Less, "2018-01-02-120000-0000");
        check("2018-01-02-120000-0000", Ordering::Less, "2018-01-02-120000-0001");
        check("2018-01-02-120000-0009", Ordering::Less, "2018-01-02-120001");
        check("2018-01-02-120000-0009", Ordering::Less, "2018-01-03-000000");
        check("2018-01-02-120000-9", Ordering::Greater, "2018-01-02-120000-10");
        check("2018-01-02", Ordering::Less, "2018-01-02-000000");
        check("2018-01-02", Ordering::Less, "2018-01-03-000000");
        check("2018-01", Ordering::Less, "2018-01-0");
        check("1-2", Ordering::Less, "2018-01-02-000000");
        check("9-1", Ordering::Greater, "2018-01-02-000000");
    }

    /// Whatever the spellings, there is one order; and what is equal has one hash.
    #[test]
    fn a11_it_is_an_order() {
        use std::hash::{BuildHasher, RandomState};
        let versions: Vec<Version> = [
            "0",
            "1",
            "2",
            "10",
            "1.0",
            "1.2",
            "1.10",
            "2018",
            "20180102",
            "20180102000000",
            "2018-01-02-000000",
            "2018-01-02",
            "2018-01-02-000000-0000",
            "2018-01-02-000000-0001",
            "20151219180527",
            "201801020000000001",
            "1-2",
            "9-1",
            "0-0",
            "R__a",
            "00000000000000",
            "00000000-000000",
            "99999999999999",
            "20180102000000.1",
        ]
        .into_iter()
        .map(Version::from_static)
        .collect();
        let hasher = RandomState::new();
        for a in &versions {
            for b in &versions {
                assert_eq!(a.cmp(b), b.cmp(a).reverse(), "{a}, {b}");
                assert!(a != b || hasher.hash_one(a) == hasher.hash_one(b), "{a}, {b}");
                for c in &versions {
                    assert!(!(a <= b && b <= c) || a <= c, "{a}, {b}, {c}");
                }
            }
        }
    }

    #[test]
    fn names_come_last() {
        check("9", Ordering::Less, "R__a");
        check("R__a", Ordering::Less, "R__b");
        check("R__1", Ordering::Less, "R__2");
        check("R__01", Ordering::Less, "R__1");
    }
}
