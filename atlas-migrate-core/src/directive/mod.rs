//! What the comment lines before the first statement say: directives (`-- atlas:…`) and metadata.

mod migration;
pub(crate) mod value;

use std::ops::Range;

pub(crate) use self::migration::OfMigration;
use self::value::Problem;
use crate::fault::{Fault, nearest};
use crate::token::{Kind, Lexer, Token};

const PREFIX: &str = "atlas:";

/// What a sort of file may say in its directives.
pub(crate) trait Vocabulary: Default {
    /// Every directive, with an example of it for hints.
    const KNOWN: &'static [(&'static str, &'static str)];

    /// Directives that may be given several times.
    const SEVERAL: &'static [&'static str] = &[];

    /// Directives of another sort of file, and what that sort is.
    const ELSEWHERE: (&'static [&'static str], &'static str) = (&[], "");

    /// Takes in a directive that it knows.
    fn take(&mut self, name: &str, value: Piece<'_>) -> Result<(), Problem>;

    /// Takes in a comment line that is no directive; a name that the line counts as, if it does.
    fn comment(&mut self, _content: Piece<'_>) -> Option<&'static str> {
        None
    }
}

/// What a file's directives say.
#[derive(Default)]
pub(crate) struct Directives<V> {
    pub(crate) said: V,
    given: Vec<(&'static str, Range<usize>)>,
}

impl<V> Directives<V> {
    /// Where a directive stands, if it does.
    pub(crate) fn span(&self, name: &str) -> Option<Range<usize>> {
        self.given.iter().find(|(given, _)| *given == name).map(|(_, span)| span.clone())
    }
}

/// Reads the directives of a file, whose text is normalized. `rows` are parts of it that are no SQL, each right behind a
/// semicolon.
pub(crate) fn read<V: Vocabulary>(
    path: &str,
    text: &str,
    rows: &[Range<usize>],
    faults: &mut Vec<Fault>,
) -> Directives<V> {
    let read = Directives { said: V::default(), given: Vec::new() };
    let mut reader = Reader { path, text, faults, read };
    let mut rows = rows.iter().peekable();
    let mut leading = true;
    let mut lexer = Lexer::new(text);
    while let Some(token) = lexer.next() {
        if let Some(rows) = rows.next_if(|rows| rows.start == token.range().end) {
            lexer.skip_to(rows.end);
        }
        match token.kind {
            Kind::LineComment if leading => reader.line(token),
            Kind::LineComment | Kind::BlockComment => reader.misplaced(token, leading),
            _ => leading &= token.is_trivia(),
        }
    }
    reader.read
}

struct Reader<'t, V> {
    path: &'t str,
    text: &'t str,
    faults: &'t mut Vec<Fault>,
    read: Directives<V>,
}

impl<'t, V: Vocabulary> Reader<'t, V> {
    fn line(&mut self, comment: Token<'t>) {
        let content = Piece::of_comment(comment);
        if content.starts_with(PREFIX) {
            self.directive(content);
        } else if let Some(name) = self.read.said.comment(content) {
            self.read.given.push((name, content.range()));
        }
    }

    fn misplaced(&mut self, comment: Token<'t>, leading: bool) {
        let content = Piece::of_comment(comment);
        if content.starts_with(PREFIX) {
            let label = if leading { "expected a line comment" } else { "comes after the first statement" };
            self.fault("directive without effect", content, label, "write it as `-- atlas:…` at the top of the file");
        }
    }

    fn directive(&mut self, whole: Piece<'t>) {
        let name = whole.skip(PREFIX.len()).word();
        let value = whole.skip(PREFIX.len() + name.text.len()).trim();
        let Some(&(name, example)) = V::KNOWN.iter().find(|(known, _)| *known == name.text) else {
            return self.unknown(whole, name);
        };
        if !V::SEVERAL.contains(&name) && self.read.given.iter().any(|(given, _)| *given == name) {
            return self.fault(&format!("`{PREFIX}{name}` given twice"), whole, "given before", "remove one of them");
        }
        self.read.given.push((name, whole.range()));
        if let Err(Problem { span, label }) = self.read.said.take(name, value) {
            // Of a value that is missing there is nothing to point at.
            let start = if value.text.is_empty() { whole.range().end } else { value.start };
            let place = Piece { start: start + span.start, text: value.text.get(span).unwrap_or_default() };
            self.fault(&format!("malformed `{PREFIX}{name}`"), place, label, &format!("for example `{example}`"));
        }
    }

    fn unknown(&mut self, whole: Piece<'t>, name: Piece<'t>) {
        let known = V::KNOWN.iter().map(|(known, _)| *known);
        let meant = if name.text.is_empty() { whole.skip(PREFIX.len()).trim().word() } else { name };
        let place = Piece { text: &whole.text[..PREFIX.len() + name.text.len()], ..whole };
        let (elsewhere, there) = V::ELSEWHERE;
        if elsewhere.contains(&name.text) {
            let hint = format!("remove it; the directives here are {}", known.collect::<Vec<_>>().join(", "));
            return self.fault(&format!("`{PREFIX}{}` has no meaning here", name.text), place, there, &hint);
        }
        let hint = match nearest(meant.text, known.clone()) {
            Some(near) => format!("did you mean `{PREFIX}{near}`?"),
            None => format!("the directives are {}", known.collect::<Vec<_>>().join(", ")),
        };
        self.fault(&format!("unknown directive `{PREFIX}{}`", name.text), place, "", &hint);
    }

    fn fault(&mut self, message: &str, place: Piece<'t>, label: &str, hint: &str) {
        self.faults.push(Fault::new(self.path, message).at(self.text, place.range(), label).hint(hint));
    }
}

/// A part of the file's text that knows where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'t> {
    pub(crate) start: usize,
    pub(crate) text: &'t str,
}

impl<'t> Piece<'t> {
    /// What a comment says, without its signs.
    fn of_comment(comment: Token<'t>) -> Self {
        let text = if comment.kind == Kind::BlockComment { comment.text.trim_end_matches("*/") } else { comment.text };
        let signs = text.len() - text.trim_start_matches(['-', '/', '*']).len();
        Self { start: comment.start, text }.skip(signs).trim()
    }

    fn range(self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    pub(crate) fn starts_with(self, prefix: &str) -> bool {
        self.text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    }

    pub(crate) fn skip(self, bytes: usize) -> Self {
        Self { start: self.start + bytes, text: &self.text[bytes..] }
    }

    pub(crate) fn trim(self) -> Self {
        let trimmed = self.skip(self.text.len() - self.text.trim_start().len());
        Self { text: trimmed.text.trim_end(), ..trimmed }
    }

    pub(crate) fn word(self) -> Self {
        let end = self.text.find(char::is_whitespace).unwrap_or(self.text.len());
        Self { text: &self.text[..end], ..self }
    }
}

#[cfg(test)]
mod tests;
