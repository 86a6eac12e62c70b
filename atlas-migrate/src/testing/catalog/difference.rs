//! What differs between two snapshots.

use std::collections::BTreeSet;
use std::fmt;

use atlas_migrate_core::fault::shown_lines;

use super::{Name, Snapshot};
use crate::render::json::Json;

/// The objects that are in one snapshot and not in another, or are not the same in both.
///
/// `Display` shows each of them, with the lines of its definition that are not in both:
///
/// ```text
/// changed table public.users
///   - column name text
///   + column name text NOT NULL
///   + CREATE INDEX users_name_idx ON public.users USING btree (name)
/// added type public.colour
///   + enum
///   + value 'red'
///   + owner postgres
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Difference {
    objects: Vec<Object>,
}

#[derive(Clone, PartialEq, Eq)]
struct Object {
    name: Name,
    change: Change,
    lines: Vec<Line>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Added,
    Changed,
    Removed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    Added(String),
    Removed(String),
}

/// How many lines of an object are shown: who adds a function of a thousand lines knows it.
const SHOWN: usize = 30;

/// How many pairs of lines are compared at most. What differs is looked for in earnest only below that.
const COMPARED: usize = 4_000_000;

impl Difference {
    pub(super) fn new(before: &Snapshot, after: &Snapshot) -> Self {
        let names: BTreeSet<&Name> = before.objects.keys().chain(after.objects.keys()).collect();
        let object = |name: &Name| {
            let lines = |snapshot: &Snapshot| snapshot.objects.get(name).cloned().unwrap_or_default();
            let change = match (before.objects.contains_key(name), after.objects.contains_key(name)) {
                (false, _) => Change::Added,
                (_, false) => Change::Removed,
                (true, true) => Change::Changed,
            };
            Object { name: name.clone(), change, lines: compare(&lines(before), &lines(after)) }
        };
        let differs = |name: &&Name| before.objects.get(name) != after.objects.get(name);
        Self { objects: names.into_iter().filter(differs).map(object).collect() }
    }

    /// Whether both snapshots are the same.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The difference as JSON: `objects`, each with `object`, `change` (`added`, `changed`, `removed`), and the lines of its
    /// definition that are not in both, `removed` and `added`.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl From<&Difference> for Json {
    fn from(difference: &Difference) -> Self {
        Self::object().with("objects", Self::list(&difference.objects))
    }
}

impl From<&Object> for Json {
    fn from(Object { name, change, lines }: &Object) -> Self {
        let removed = lines.iter().filter_map(|line| match line {
            Line::Removed(text) => Some(text),
            Line::Added(_) => None,
        });
        let added = lines.iter().filter_map(|line| match line {
            Line::Added(text) => Some(text),
            Line::Removed(_) => None,
        });
        Self::object()
            .with("object", name.to_string())
            .with("change", change.as_str())
            .with("removed", Self::list(removed))
            .with("added", Self::list(added))
    }
}

impl Change {
    fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// What is removed from the one and added for the other, by a longest common subsequence.
fn compare(mut before: &[String], mut after: &[String]) -> Vec<Line> {
    while let (Some((first, before_rest)), Some((other, after_rest))) = (before.split_first(), after.split_first())
        && first == other
    {
        (before, after) = (before_rest, after_rest);
    }
    while let (Some((last, before_rest)), Some((other, after_rest))) = (before.split_last(), after.split_last())
        && last == other
    {
        (before, after) = (before_rest, after_rest);
    }
    if before.len() * after.len() > COMPARED {
        return before.iter().cloned().map(Line::Removed).chain(after.iter().cloned().map(Line::Added)).collect();
    }
    let width = after.len() + 1;
    // At `row * width + column`: how much the rests from there have in common.
    let mut common = vec![0_u32; (before.len() + 1) * width];
    for row in (0..before.len()).rev() {
        for column in (0..after.len()).rev() {
            let here = row * width + column;
            common[here] = match before[row] == after[column] {
                true => common[here + width + 1] + 1,
                false => common[here + 1].max(common[here + width]),
            };
        }
    }
    let mut lines = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < before.len() || column < after.len() {
        let here = row * width + column;
        if row < before.len() && column < after.len() && before[row] == after[column] {
            (row, column) = (row + 1, column + 1);
        } else if column == after.len() || row < before.len() && common[here + width] >= common[here + 1] {
            lines.push(Line::Removed(before[row].clone()));
            row += 1;
        } else {
            lines.push(Line::Added(after[column].clone()));
            column += 1;
        }
    }
    lines
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no difference");
        }
        for (index, object) in self.objects.iter().enumerate() {
            write!(f, "{}{object}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.change.as_str(), self.name)?;
        for line in self.lines.iter().take(SHOWN) {
            match line {
                Line::Added(text) => write!(f, "\n  + {}", shown_lines(text))?,
                Line::Removed(text) => write!(f, "\n  - {}", shown_lines(text))?,
            }
        }
        match self.lines.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            1 => f.write_str("\n  and 1 more line"),
            more => write!(f, "\n  and {more} more lines"),
        }
    }
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(objects: &[(&str, &str)]) -> Snapshot {
        let name = |identity: &str| Name { kind: "table".to_owned(), identity: identity.to_owned() };
        let lines = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Snapshot { objects: objects.iter().map(|(identity, text)| (name(identity), lines(text))).collect() }
    }

    /// Compares two snapshots of a table `t`, whose lines are words.
    #[track_caller]
    fn check(before: &str, after: &str, expected: &[&str]) {
        let difference = snapshot(&[("t", before)]).diff(&snapshot(&[("t", after)]));
        let text = difference.to_string();
        let lines: Vec<_> = text.lines().skip(1).map(str::trim_start).collect();
        assert_eq!(lines, expected, "{text}");
        assert_eq!(difference.is_empty(), expected.is_empty());
    }

    #[test]
    fn lines() {
        check("a b c", "a b c", &[]);
        check("a b c", "a c", &["- b"]);
        check("a c", "a b c", &["+ b"]);
        check("a b c", "a x c", &["- b", "+ x"]);
        check("a b c d e", "x a c y e", &["+ x", "- b", "- d", "+ y"]);
        check("a b", "b a", &["- a", "+ a"]);
        check("a a a", "a a", &["- a"]);
        check("", "a", &["+ a"]);
    }

    #[test]
    fn objects() {
        let difference =
            snapshot(&[("a", "x"), ("b", "x"), ("c", "x")]).diff(&snapshot(&[("b", "x"), ("c", "y"), ("d", "")]));
        assert_eq!(difference.to_string(), "removed table a\n  - x\nchanged table c\n  - x\n  + y\nadded table d");
        assert_eq!(Difference::default().to_string(), "no difference");
    }

    #[test]
    fn long_texts() {
        let words = |prefix: &str, count: usize| (0..count).map(|n| format!("{prefix}{n} ")).collect::<String>();
        let mut added: Vec<_> = (0..SHOWN).map(|n| format!("+ a{n}")).collect();
        added.push("and 2 more lines".to_owned());
        check("", &words("a", SHOWN + 2), &added.iter().map(String::as_str).collect::<Vec<_>>());
        added[SHOWN] = "and 1 more line".to_owned();
        check("", &words("a", SHOWN + 1), &added.iter().map(String::as_str).collect::<Vec<_>>());

        let (before, after) = (words("a", 3_000), words("b", 3_000));
        let difference = snapshot(&[("t", &before)]).diff(&snapshot(&[("t", &after)]));
        assert!(difference.to_string().ends_with("and 5970 more lines"), "{difference}");
    }
}
