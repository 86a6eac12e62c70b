//! What is wrong with a migration file, and how it is shown.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer};

/// One thing that is wrong with a file: found when files are read, never while they run.
///
/// `Display` shows it as rustc would, with the line, a caret and a hint, in plain text. Faults are ordered by their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    path: String,
    message: String,
    excerpt: Option<Box<Excerpt>>,
    hint: Option<String>,
}

impl Fault {
    /// A fault of a file or folder as a whole.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), excerpt: None, hint: None }
    }

    /// Points at a span (in bytes) of the file's text.
    pub fn at(mut self, text: &str, span: Range<usize>, label: impl Into<String>) -> Self {
        self.excerpt = Some(Box::new(Excerpt::new(text, span, label.into())));
        self
    }

    /// Points at a span (in bytes) of one line, or of what is at hand of it, of a text that is not at hand as a whole. Line
    /// and column are those of the span's beginning.
    #[cfg(feature = "seeds")]
    pub(crate) fn at_line(
        mut self,
        (line, column): (usize, usize),
        text: &str,
        span: Range<usize>,
        label: impl Into<String>,
    ) -> Self {
        let (text, label) = (text.to_owned(), label.into());
        self.excerpt = Some(Box::new(Excerpt { line, column, text, span, label }));
        self
    }

    /// The same place, of which something else is said.
    #[cfg(feature = "seeds")]
    pub(crate) fn saying(mut self, message: impl Into<String>, label: impl Into<String>) -> Self {
        self.message = message.into();
        if let Some(excerpt) = &mut self.excerpt {
            excerpt.label = label.into();
        }
        self
    }

    /// Says what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The file or folder, as messages name it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, if that was said.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Shows its place with another message, notes and another hint.
    pub fn render(&self, message: &str, notes: &[impl AsRef<str>], hint: Option<&str>) -> String {
        let notes: Vec<&str> = notes.iter().map(AsRef::as_ref).collect();
        report(message, Some(&self.path), self.excerpt.as_deref(), &notes, hint)
    }

    /// Line and column, both counted from 1, the column in characters.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.excerpt.as_ref().map(|excerpt| (excerpt.line, excerpt.column))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = shown(&self.message);
        f.write_str(&report(&message, Some(&self.path), self.excerpt.as_deref(), &[], self.hint.as_deref()))
    }
}

impl std::error::Error for Fault {}

impl Ord for Fault {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = (&self.path, self.position(), &self.message);
        place.cmp(&(&other.path, other.position(), &other.message))
    }
}

impl PartialOrd for Fault {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A place in a file, for [`render`].
#[derive(Clone, Debug)]
pub struct Snippet<'a> {
    /// The file, as messages name it.
    pub path: &'a str,
    /// The whole text of the file.
    pub text: &'a str,
    /// The bytes of the text that are pointed at. May be empty, and may lie beyond the end.
    pub span: Range<usize>,
    /// What is said beside the caret; may be empty.
    pub label: &'a str,
}

/// Shows a message as rustc would: the message, the place with its line and a caret, notes, and one hint.
///
/// The result is plain text without a line end at its end. Of a span over several lines the first one is shown.
pub fn render(message: &str, snippet: Option<Snippet<'_>>, notes: &[impl AsRef<str>], hint: Option<&str>) -> String {
    let notes: Vec<&str> = notes.iter().map(AsRef::as_ref).collect();
    match snippet {
        Some(Snippet { path, text, span, label }) => {
            let excerpt = Excerpt::new(text, span, label.to_owned());
            report(message, Some(path), Some(&excerpt), &notes, hint)
        }
        None => report(message, None, None, &notes, hint),
    }
}

/// A text in one line that steers no terminal: what names, values and other people's messages have in them is shown as Rust
/// would write it (`\u{1b}`, `\n`), if it is no character that shows.
pub fn shown(text: &str) -> Cow<'_, str> {
    escaped(text, is_control)
}

/// The same of a text that may have several lines.
pub fn shown_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c != '\n' && is_control(c))
}

fn escaped(text: &str, is_escaped: fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if is_escaped(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

/// Whether a character steers what shows it: control characters, line ends of Unicode, and what changes the direction of text.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn report(message: &str, path: Option<&str>, excerpt: Option<&Excerpt>, notes: &[&str], hint: Option<&str>) -> String {
    let message = shown_lines(message);
    let path = path.map(shown);
    let mut report = match (path, excerpt) {
        // What is shown of the file has signs of the same width for most of these characters.
        (Some(path), Some(excerpt)) => shown_lines(&excerpt.render(&message, &path)).into_owned(),
        (Some(path), None) => format!("{message}\n --> {path}"),
        (None, _) => message.into_owned(),
    };
    let remarks: Vec<_> = notes.iter().map(|note| ("note", *note)).chain(hint.map(|hint| ("hint", hint))).collect();
    let gutter = " ".repeat(excerpt.map_or(1, |excerpt| excerpt.line.to_string().len()) + 1);
    if excerpt.is_some() && !remarks.is_empty() {
        report += &format!("\n{gutter}|");
    }
    for (name, text) in remarks {
        let text = shown_lines(text).replace('\n', &format!("\n{gutter}{:8}", ""));
        report += &format!("\n{gutter}= {name}: {text}");
    }
    report
}

/// The one line of a text that is shown, so that a fault need not keep the text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Excerpt {
    line: usize,
    column: usize,
    text: String,
    span: Range<usize>,
    label: String,
}

impl Excerpt {
    fn new(text: &str, span: Range<usize>, label: String) -> Self {
        // What is missing at the end of a file is shown after the last word, not on the empty line below it.
        let last = text.trim_end().len();
        let start = text.floor_char_boundary(span.start.min(last));
        let first = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let end_of_line = text[start..].find('\n').map_or(text.len(), |length| start + length);
        let end = text.ceil_char_boundary(span.end.clamp(start, end_of_line));
        let (line, column) = line_column(text, start);
        let text = text[first..end_of_line].to_owned();
        Self { line, column, text, span: start - first..end - first, label }
    }

    fn render(&self, message: &str, path: &str) -> String {
        let mut annotation = AnnotationKind::Primary.span(self.span.clone());
        if !self.label.is_empty() {
            annotation = annotation.label(self.label.as_str());
        }
        let snippet = annotate_snippets::Snippet::source(self.text.as_str()).path(path).line_start(self.line);
        let title = Level::ERROR.no_name().primary_title(message);
        let report = [title.element(snippet.annotation(annotation))];
        let report = Renderer::plain().decor_style(DecorStyle::Ascii).render(&report);
        // Of a long line the text may be a part.
        let (_, in_text) = line_column(&self.text, self.span.start);
        if in_text == self.column {
            return report;
        }
        let place = |column| format!("{path}:{}:{column}", self.line);
        report.replacen(&place(in_text), &place(self.column), 1)
    }
}

/// Line and column of a byte in a text, both counted from 1, the column in characters. A byte beyond the end is the end.
pub fn line_column(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(byte)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The candidate that a misspelt word is most likely meant to be, if any is near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        // Other capitals are the nearest, however short the word is.
        .map(
            |(distance, candidate)| {
                if word.eq_ignore_ascii_case(candidate) { (0, candidate) } else { (distance, candidate) }
            },
        )
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The hint of an unknown word: what it is most likely meant to be, or all that there is of this sort.
#[cfg(any(feature = "roles", feature = "seeds", feature = "verify"))]
pub(crate) fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str> + Clone, what: &str) -> String {
    match nearest(word, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the {what} are {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

/// How many characters have to be inserted, left out or replaced to make one word of the other.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, span: Range<usize>) -> String {
        let snippet = Snippet { path: "migrations/001_init.sql", text, span, label: "here" };
        render("syntax error", Some(snippet), &[] as &[&str], None)
    }

    #[test]
    fn whole_report() {
        let text = "CREATE TABLE a ();\nCREATE TABLE a ();\n";
        let snippet = Snippet { path: "migrations/001_init.sql", text, span: 32..33, label: "" };
        let notes = ["SQLSTATE 42P07", "detail of\ntwo lines"];
        assert_snapshot!(render("relation \"a\" already exists", Some(snippet), &notes, Some("adopt it")), @r#"
        relation "a" already exists
         --> migrations/001_init.sql:2:14
          |
        2 | CREATE TABLE a ();
          |              ^
          |
          = note: SQLSTATE 42P07
          = note: detail of
                  two lines
          = hint: adopt it
        "#);
    }

    #[test]
    fn without_a_place() {
        assert_snapshot!(render("server refused", None, &["at localhost:5432"], Some("is it running?")), @"
        server refused
          = note: at localhost:5432
          = hint: is it running?
        ");
        assert_snapshot!(Fault::new("migrations", "no migrations in this folder").hint("add one"), @"
        no migrations in this folder
         --> migrations
          = hint: add one
        ");
        assert_snapshot!(Fault::new("migrations/a.sql", "empty migration"), @"
        empty migration
         --> migrations/a.sql
        ");
    }

    #[test]
    fn end_of_the_text() {
        assert_snapshot!(shown("SELECT (1\n\n", 11..12), @"
        syntax error
         --> migrations/001_init.sql:1:10
          |
        1 | SELECT (1
          |          ^ here
        ");
        assert_snapshot!(shown("", 0..0), @"
        syntax error
         --> migrations/001_init.sql:1:1
          |
        1 |
          | ^ here
        ");
        assert_snapshot!(shown("\n\n", 1..9), @"
        syntax error
         --> migrations/001_init.sql:1:1
          |
        1 |
          | ^ here
        ");
    }

    #[test]
    fn odd_characters() {
        assert_snapshot!(shown("SELECT\t'漢字',\tx y;", 18..19), @"
        syntax error
         --> migrations/001_init.sql:1:15
          |
        1 | SELECT    '漢字',    x y;
          |                       ^ here
        ");
        assert_snapshot!(shown("SELECT 'é', x\u{7}y;", 13..14), @"
        syntax error
         --> migrations/001_init.sql:1:13
          |
        1 | SELECT 'é', x␇y;
          |             ^ here
        ");
        // Spans within a character are widened to it.
        assert_snapshot!(shown("SELECT é", 8..8), @"
        syntax error
         --> migrations/001_init.sql:1:8
          |
        1 | SELECT é
          |        ^ here
        ");
    }

    #[test]
    fn d15_what_steers_a_terminal_is_escaped() {
        assert_eq!(
            super::shown("a\u{1b}[2J\nb\r\t\u{9b}\u{202e}\u{2028}é漢"),
            "a\\u{1b}[2J\\nb\\r\\t\\u{9b}\\u{202e}\\u{2028}é漢"
        );
        assert_eq!(shown_lines("a\n\u{7f}b"), "a\n\\u{7f}b");
        let evil = "a\u{1b}[2J\u{9b}2J\u{202e}\r";
        let path = format!("{evil}\nhint: b");
        let snippet = Snippet { path: &path, text: evil, span: 1..2, label: evil };
        for text in [
            render(evil, Some(snippet), &[evil, "two\nlines"], Some(evil)),
            render(evil, None, &[evil], Some(evil)),
            Fault::new(path.as_str(), evil).hint(evil).to_string(),
            Fault::new(path.as_str(), evil).at(evil, 0..3, evil).to_string(),
        ] {
            assert!(!text.contains(|c| c != '\n' && is_control(c)), "{text:?}");
            assert!(!text.contains("\nhint"), "{text:?}");
        }
    }

    #[test]
    fn several_lines() {
        assert_snapshot!(shown("SELECT 1\nFROM a,\n     b;", 14..24), @"
        syntax error
         --> migrations/001_init.sql:2:6
          |
        2 | FROM a,
          |      ^^ here
        ");
    }

    #[test]
    fn long_lines() {
        let text = format!("SELECT {}x{};", "1, ".repeat(500), ", 2".repeat(500));
        assert_snapshot!(shown(&text, 1507..1508), @"
        syntax error
         --> migrations/001_init.sql:1:1508
          |
        1 | ..., 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, x, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,...
          |                                                                  ^ here
        ");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(\\PC|[\n\t\r\u{0}é漢]){0,20}", start in 0..60_usize, length in 0..60_usize) {
            shown(&text, start..start + length);
            line_column(&text, start);
        }
    }

    #[test]
    fn lines_and_columns_count_from_one() {
        assert_eq!(line_column("", 0), (1, 1));
        assert_eq!(line_column("é\nab", 0), (1, 1));
        assert_eq!(line_column("é\nab", 2), (1, 2));
        assert_eq!(line_column("é\nab", 3), (2, 1));
        assert_eq!(line_column("é\nab", 99), (2, 3));
    }

    #[test]
    fn nearest_is_near() {
        let known = ["no-transaction", "lock-timeout", "statement-timeout"];
        assert_eq!(nearest("notransaction", known), Some("no-transaction"));
        assert_eq!(nearest("lock_timeout", known), Some("lock-timeout"));
        assert_eq!(nearest("timeout", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("ID", ["is", "id"]), Some("id"));
    }
}
