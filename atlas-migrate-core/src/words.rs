//! Numbers and lists in sentences.

use std::borrow::Cow;
use std::fmt::Display;

use crate::fault::shown;

/// So many names are listed one by one.
const LISTED: usize = 6;

/// A number of things: `1 migration`, `2 migrations`.
pub fn count<N: Copy + Display + From<u8> + PartialEq>(number: N, thing: &str) -> String {
    let plural = if number == N::from(1) { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// Names in one line, separated by commas; of many, the first three, the last one, and how many there are.
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let texts: Vec<Cow<'_, str>> = names.iter().map(|name| shown(name.as_ref())).collect();
    match texts.as_slice() {
        [first, second, third, .., last] if texts.len() > LISTED => {
            format!("{first}, {second}, {third} … {last} ({} in all)", texts.len())
        }
        _ => texts.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b12_right_numbers() {
        assert_eq!(count(0_u64, "migration"), "0 migrations");
        assert_eq!(count(1_usize, "migration"), "1 migration");
        assert_eq!(count(2_u64, "row"), "2 rows");
    }

    #[test]
    fn b12_many_names_are_cut() {
        let names: Vec<_> = (1..=74).map(|number| format!("{number:03}")).collect();
        assert_eq!(listed(&names[..0]), "");
        assert_eq!(listed(&names[..2]), "001, 002");
        assert_eq!(listed(&names[..6]), "001, 002, 003, 004, 005, 006");
        assert_eq!(listed(&names[..7]), "001, 002, 003 … 007 (7 in all)");
        assert_eq!(listed(&names), "001, 002, 003 … 074 (74 in all)");
        assert_eq!(listed(&["a\nb", "c"]), "a\\nb, c");
    }
}
