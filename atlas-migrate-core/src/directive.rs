//! What the comment lines before the first statement say: directives (`-- atlas:…`) and metadata.

mod value;

use std::borrow::Cow;
use std::ops::Range;

use self::value::Problem;
use crate::fault::{Fault, nearest};
use crate::migration::{Header, Require};
use crate::token::{Kind, Lexer, Token};

const PREFIX: &str = "atlas:";

/// Every directive, with an example of it for hints.
const KNOWN: [(&str, &str); 7] = [
    ("no-transaction", "-- atlas:no-transaction"),
    ("lock-timeout", "-- atlas:lock-timeout 2s"),
    ("statement-timeout", "-- atlas:statement-timeout 10min"),
    ("compatible", "-- atlas:compatible"),
    ("require", "-- atlas:require NOT EXISTS (SELECT FROM orders) | orders must be empty"),
    ("skip-unless", "-- atlas:skip-unless to_regclass('orders') IS NOT NULL"),
    ("no-syntax-check", "-- atlas:no-syntax-check"),
];

/// How sqlx has it. A file that is to run under both may say both.
const SQLX_NO_TRANSACTION: &str = "-- no-transaction";

/// What a file's directives say. The header's `transaction` is decided later, since statements have a say in it.
#[derive(Default)]
pub(crate) struct Directives {
    pub(crate) header: Header,
    /// Where the conditions stand that were given.
    pub(crate) conditions: Vec<Range<usize>>,
    given: Vec<(&'static str, Range<usize>)>,
}

impl Directives {
    /// Whether the file says that it runs without a transaction, in our words or in sqlx's.
    pub(crate) fn no_transaction(&self) -> bool {
        self.span("no-transaction").or(self.span(SQLX_NO_TRANSACTION)).is_some()
    }

    /// Where a directive stands, if it does.
    pub(crate) fn span(&self, name: &str) -> Option<Range<usize>> {
        self.given.iter().find(|(given, _)| *given == name).map(|(_, span)| span.clone())
    }
}

/// Reads the directives of a file, whose text is normalized.
pub(crate) fn read(path: &str, text: &str, faults: &mut Vec<Fault>) -> Directives {
    let mut reader = Reader { path, text, faults, read: Directives::default() };
    let mut leading = true;
    for token in Lexer::new(text) {
        match token.kind {
            Kind::LineComment if leading => reader.line(token),
            Kind::LineComment | Kind::BlockComment => reader.misplaced(token, leading),
            _ => leading &= token.is_trivia(),
        }
    }
    reader.read
}

struct Reader<'t> {
    path: &'t str,
    text: &'t str,
    faults: &'t mut Vec<Fault>,
    read: Directives,
}

impl<'t> Reader<'t> {
    fn line(&mut self, comment: Token<'t>) {
        let content = Piece::of_comment(comment);
        if content.starts_with(PREFIX) {
            self.directive(content);
        } else if content.word().text.trim_end_matches([':', ',', '.']) == "no-transaction" {
            self.read.given.push((SQLX_NO_TRANSACTION, content.range()));
        } else {
            self.metadata(content);
        }
    }

    fn metadata(&mut self, content: Piece<'t>) {
        let header = &mut self.read.header;
        let fields =
            [("migration:", &mut header.title), ("description:", &mut header.description), ("date:", &mut header.date)];
        for (name, field) in fields {
            if content.starts_with(name) && field.is_none() {
                *field = Some(content.skip(name.len()).trim().text.to_owned().into());
            }
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
        let Some(&(name, example)) = KNOWN.iter().find(|(known, _)| *known == name.text) else {
            return self.unknown(whole, name);
        };
        if name != "require" && self.read.given.iter().any(|(given, _)| *given == name) {
            return self.fault(&format!("`{PREFIX}{name}` given twice"), whole, "given before", "remove one of them");
        }
        self.read.given.push((name, whole.range()));
        if let Err(Problem { span, label }) = self.take(name, value) {
            // Of a value that is missing there is nothing to point at.
            let start = if value.text.is_empty() { whole.range().end } else { value.start };
            let place = Piece { start: start + span.start, text: value.text.get(span).unwrap_or_default() };
            self.fault(&format!("malformed `{PREFIX}{name}`"), place, label, &format!("for example `{example}`"));
        }
    }

    fn take(&mut self, name: &str, value: Piece<'t>) -> Result<(), Problem> {
        let Piece { start, text: value } = value;
        let owned = |text: &str| Cow::Owned(text.to_owned());
        let header = &mut self.read.header;
        match name {
            "lock-timeout" => header.lock_timeout = Some(value::duration(value)?),
            "statement-timeout" => header.statement_timeout = Some(value::duration(value)?),
            "require" => {
                let (condition, message) = value::condition(value)?;
                self.read.conditions.push(start..start + condition.len());
                header.require.to_mut().push(Require { condition: owned(condition), message: message.map(owned) });
            }
            "skip-unless" => {
                let (condition, message) = value::condition(value)?;
                if let Some(message) = message {
                    let span = value.len() - message.len()..value.len();
                    return Err(Problem { span, label: "takes no message; an SQL `|` has to stand in parentheses" });
                }
                self.read.conditions.push(start..start + condition.len());
                header.skip_unless = Some(owned(condition));
            }
            _ if !value.is_empty() => return Err(Problem { span: 0..value.len(), label: "takes no value" }),
            "compatible" => header.compatible = true,
            _ => {}
        }
        Ok(())
    }

    fn unknown(&mut self, whole: Piece<'t>, name: Piece<'t>) {
        let known = KNOWN.map(|(known, _)| known);
        let meant = if name.text.is_empty() { whole.skip(PREFIX.len()).trim().word() } else { name };
        let hint = match nearest(meant.text, known) {
            Some(near) => format!("did you mean `{PREFIX}{near}`?"),
            None => format!("the directives are {}", known.join(", ")),
        };
        let message = format!("unknown directive `{PREFIX}{}`", name.text);
        self.fault(&message, Piece { text: &whole.text[..PREFIX.len() + name.text.len()], ..whole }, "", &hint);
    }

    fn fault(&mut self, message: &str, place: Piece<'t>, label: &str, hint: &str) {
        self.faults.push(Fault::new(self.path, message).at(self.text, place.range(), label).hint(hint));
    }
}

/// A part of the file's text that knows where it stands.
#[derive(Clone, Copy)]
struct Piece<'t> {
    start: usize,
    text: &'t str,
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

    fn starts_with(self, prefix: &str) -> bool {
        self.text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    }

    fn skip(self, bytes: usize) -> Self {
        Self { start: self.start + bytes, text: &self.text[bytes..] }
    }

    fn trim(self) -> Self {
        let trimmed = self.skip(self.text.len() - self.text.trim_start().len());
        Self { text: trimmed.text.trim_end(), ..trimmed }
    }

    fn word(self) -> Self {
        let end = self.text.find(char::is_whitespace).unwrap_or(self.text.len());
        Self { text: &self.text[..end], ..self }
    }
}

#[cfg(test)]
mod tests;
