//! Versions: text that is ordered by its numeric segments.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The version of a migration, as its file name has it: `1`, `001`, `1.2`, `20250123000001`, `2024-01-02-000000-0001`.
///
/// Versions are compared by their numeric segments, not as text: `2` comes before `10`, `1.9` before `1.10`, and `1`,
/// `001` and `1.0` are the same version. What does not begin with a digit (`R__views`, a repeatable migration's) comes after
/// all numbers and is compared as text.
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
    fn segments(&self) -> impl Iterator<Item = (usize, &str)> {
        let significant = self.0.trim_end_matches(|c: char| !matches!(c, '1'..='9'));
        let zeros = self.0[significant.len()..].bytes().take_while(u8::is_ascii_digit).count();
        self.0[..significant.len() + zeros]
            .split(|c: char| !c.is_ascii_digit())
            .filter(|segment| !segment.is_empty())
            .map(|segment| segment.trim_start_matches('0'))
            .map(|digits| (digits.len(), digits))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key()).then_with(|| self.segments().cmp(other.segments()))
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
        self.segments().for_each(|segment| segment.hash(state));
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
    fn names_come_last() {
        check("9", Ordering::Less, "R__a");
        check("R__a", Ordering::Less, "R__b");
        check("R__1", Ordering::Less, "R__2");
        check("R__01", Ordering::Less, "R__1");
    }
}
