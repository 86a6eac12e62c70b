//! What a new name has to go with: the names of the other files of the folder.

use super::{FileName, Layout, Versioned, parse};
use crate::version::Version;

/// The names of the files that have one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Company {
    /// Their layout, if all have the same.
    layout: Option<Layout>,
    /// The newest of their versions.
    newest: Option<Version>,
}

impl Company {
    /// That of the files with these paths.
    pub(crate) fn of<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut company = Self::default();
        let mut is_mixed = false;
        for path in paths {
            let Ok(Some(FileName::Versioned(Versioned { layout, version, .. }))) = parse(path, path) else { continue };
            is_mixed |= company.layout.is_some_and(|other| other != layout);
            company.layout = Some(layout);
            if company.newest.as_ref().is_none_or(|newest| *newest < version) {
                company.newest = Some(version);
            }
        }
        company.layout = company.layout.filter(|_| !is_mixed);
        company
    }

    /// A name for what has this one, so that it is a version of its own behind all others.
    pub(crate) fn next(&self, name: &str) -> String {
        let first = Version::from_static("000");
        let newest = self.newest.as_ref().filter(|_| self.layout.is_some()).unwrap_or(&first);
        let next = after(newest.as_str());
        match self.layout {
            Some(Layout::Flyway) => format!("V{next}__{name}"),
            _ => format!("{next}_{name}"),
        }
    }

    /// The name of another layout, as these files have it: itself in a folder of its own layout or of none.
    pub(super) fn adapted(&self, renamed: String) -> String {
        let stem = renamed.strip_suffix(".sql").unwrap_or(&renamed);
        let as_flyway = stem.strip_prefix('V').and_then(|rest| rest.split_once("__"));
        let as_numbered = stem.split_once('_').filter(|(version, _)| version.bytes().all(|byte| byte.is_ascii_digit()));
        match (self.layout, as_flyway, as_numbered) {
            (Some(Layout::Numbered), Some((version, name)), _) => match version.contains('.') {
                true => self.next(&format!("{name}.sql")),
                false => format!("{version}_{name}.sql"),
            },
            (Some(Layout::Flyway), None, Some((version, name)))
                if ![".up", ".down"].iter().any(|end| name.ends_with(end)) =>
            {
                format!("V{version}__{name}.sql")
            }
            _ => renamed,
        }
    }
}

/// The version after this one, of as many digits: the last of its numbers is one more.
fn after(version: &str) -> String {
    let start = version.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    let (before, number) = version.split_at(start);
    let head = number.trim_end_matches('9');
    let zeros = "0".repeat(number.len() - head.len());
    let last = head.chars().next_back().and_then(|digit| digit.to_digit(10));
    let (head, last) = last.map_or(("", 1), |digit| (&head[..head.len() - 1], digit + 1));
    format!("{before}{head}{last}{zeros}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b12_the_version_after() {
        for (version, expected) in
            [("000", "001"), ("009", "010"), ("99", "100"), ("1.9", "1.10"), ("2024-01-02-000000", "2024-01-02-000001")]
        {
            assert_eq!(after(version), expected, "{version}");
        }
    }
}
