//! The tokens of PostgreSQL, as far as files and directives have to tell them apart.

use std::ops::Range;

use squawk_lexer::{LiteralKind, TokenKind};

/// One token of a text; spacing and comments are tokens too, so that the tokens together are the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) text: &'t str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Space,
    LineComment,
    BlockComment,
    /// A keyword or a name without quotes.
    Word,
    Operator,
    Semicolon,
    Open,
    Close,
    /// A backslash outside of a string and what follows it in its line: psql's alone.
    Meta,
    /// A string, quoted name or block comment that has no end.
    Unterminated,
    /// Strings, numbers, quoted names, the rest of the punctuation.
    Other,
}

impl Token<'_> {
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    pub(crate) fn is_trivia(&self) -> bool {
        matches!(self.kind, Kind::Space | Kind::LineComment | Kind::BlockComment)
    }

    /// Whether it is this keyword, in whatever case.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }
}

/// Reads a text token by token, on top of `squawk-lexer`, which gives each character of an operator by itself.
pub(crate) struct Lexer<'t> {
    text: &'t str,
    position: usize,
    raw: Box<dyn Iterator<Item = squawk_lexer::Token> + 't>,
    escapes: Escapes,
}

/// Whether a string may be the rest of one with escapes (`E'…'`): then it has escapes too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    No,
    /// Such a string has just ended.
    InThisLine,
    /// It ended in a line before, and there was nothing since.
    Continue,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, position: 0, raw: Box::new(squawk_lexer::tokenize(text)), escapes: Escapes::No }
    }

    /// Goes on at a byte that lies behind what was read so far.
    pub(crate) fn skip_to(&mut self, position: usize) {
        self.position = position;
        self.raw = Box::new(squawk_lexer::tokenize(&self.text[position..]));
    }
}

impl<'t> Iterator for Lexer<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        let raw = self.raw.next()?;
        let start = self.position;
        let rest = &self.text[start..];
        let mut length = raw.len as usize;
        let kind = match raw.kind {
            TokenKind::Unknown if rest.starts_with('\\') => {
                // Its end is that of the line, whatever quotes stand in it, so lexing begins anew there.
                length = rest.find('\n').unwrap_or(rest.len());
                self.skip_to(start + length);
                Kind::Meta
            }
            TokenKind::Literal { kind: LiteralKind::Str { .. } } if self.escapes == Escapes::Continue => {
                let end = end_with_escapes(rest);
                length = end.unwrap_or(rest.len());
                self.skip_to(start + length);
                end.map_or(Kind::Unterminated, |_| Kind::Other)
            }
            _ => kind_of(raw.kind),
        };
        self.escapes = match (raw.kind, self.escapes) {
            (TokenKind::Literal { kind: LiteralKind::EscStr { .. } }, _) => Escapes::InThisLine,
            (TokenKind::Literal { kind: LiteralKind::Str { .. } }, Escapes::Continue) => Escapes::InThisLine,
            (TokenKind::Whitespace, Escapes::InThisLine) if rest[..length].contains('\n') => Escapes::Continue,
            (TokenKind::Whitespace | TokenKind::LineComment, escapes) => escapes,
            _ => Escapes::No,
        };
        if kind == Kind::Operator {
            length = operator_length(rest);
            // Each character of an operator was a token of the raw lexer.
            self.raw.by_ref().take(length - 1).for_each(|_| {});
        }
        self.position = start + length;
        Some(Token { kind, start, text: &rest[..length] })
    }
}

fn kind_of(raw: TokenKind) -> Kind {
    use LiteralKind::{BitStr, ByteStr, DollarQuotedString, EscStr, NationalStr, Str, UnicodeEscStr};
    match raw {
        TokenKind::Whitespace => Kind::Space,
        TokenKind::LineComment => Kind::LineComment,
        TokenKind::BlockComment { terminated: true } => Kind::BlockComment,
        TokenKind::Ident => Kind::Word,
        TokenKind::Semi => Kind::Semicolon,
        TokenKind::OpenParen => Kind::Open,
        TokenKind::CloseParen => Kind::Close,
        TokenKind::BlockComment { terminated: false }
        | TokenKind::QuotedIdent { terminated: false, .. }
        | TokenKind::Literal {
            kind:
                Str { terminated: false }
                | NationalStr { terminated: false }
                | ByteStr { terminated: false }
                | BitStr { terminated: false }
                | DollarQuotedString { terminated: false }
                | UnicodeEscStr { terminated: false }
                | EscStr { terminated: false },
        } => Kind::Unterminated,
        TokenKind::Slash
        | TokenKind::Minus
        | TokenKind::Colon
        | TokenKind::Eq
        | TokenKind::Gt
        | TokenKind::And
        | TokenKind::Lt
        | TokenKind::Bang
        | TokenKind::Plus
        | TokenKind::Tilde
        | TokenKind::Pound
        | TokenKind::Question
        | TokenKind::Or
        | TokenKind::Percent
        | TokenKind::Caret
        | TokenKind::Star
        | TokenKind::Backtick
        | TokenKind::At => Kind::Operator,
        _ => Kind::Other,
    }
}

/// Where the string at the start of the text ends, if a backslash in it takes away what the next character means.
fn end_with_escapes(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate().skip(1).peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'\'' if bytes.next_if(|(_, next)| *next == b'\'').is_none() => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// How many bytes the operator at the start of the text has, by PostgreSQL's own rule: it is as long as it can be, ends
/// where a comment begins, and ends in a sign only if it has one of the characters that standard SQL has no operators of.
/// So `>=` is one operator, and in `a=-1` there are two.
fn operator_length(text: &str) -> usize {
    if text.starts_with("::") || text.starts_with(":=") {
        return 2;
    }
    if text.starts_with(':') {
        return 1;
    }
    let bytes = text.as_bytes();
    let mut length = 1;
    while let Some(byte) = bytes.get(length)
        && b"~!@#^&|`?+-*/%<>=".contains(byte)
        && !matches!(&bytes[length..], [b'-', b'-', ..] | [b'/', b'*', ..])
    {
        length += 1;
    }
    if !bytes[..length].iter().any(|byte| b"~!@#%^&|`?".contains(byte)) {
        while length > 1 && matches!(bytes[length - 1], b'+' | b'-') {
            length -= 1;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let tokens: Vec<&str> = Lexer::new(text).filter(|token| !token.is_trivia()).map(|token| token.text).collect();
        assert_eq!(tokens, expected, "{text}");
    }

    #[test]
    fn operators_are_as_long_as_in_postgresql() {
        check("a>=b", &["a", ">=", "b"]);
        check("a> =b", &["a", ">", "=", "b"]);
        check("a=-1", &["a", "=", "-", "1"]);
        check("a = - 1", &["a", "=", "-", "1"]);
        check("a=+-1", &["a", "=", "+", "-", "1"]);
        check("a@-1", &["a", "@-", "1"]);
        check("a=-@b", &["a", "=-@", "b"]);
        check("a<@b", &["a", "<@", "b"]);
        check("a-1", &["a", "-", "1"]);
        check("2*-3", &["2", "*", "-", "3"]);
        check("a::int", &["a", "::", "int"]);
        check("a:=-1", &["a", ":=", "-", "1"]);
        check("a[1:2]", &["a", "[", "1", ":", "2", "]"]);
        check("j->>'a'", &["j", "->>", "'a'"]);
        check("a=>1", &["a", "=>", "1"]);
    }

    #[test]
    fn comments_end_operators() {
        check("a+--b\nc", &["a", "+", "c"]);
        check("a*/* b */c", &["a", "*", "c"]);
        check("a%/*/* nested */*/c", &["a", "%", "c"]);
    }

    #[test]
    fn the_rest_of_a_string_with_escapes_has_escapes_too() {
        check("E'a'\n'\\'b' c", &["E'a'", "'\\'b'", "c"]);
        check("E'a' -- b\n -- c\n'\\'b''d' c", &["E'a'", "'\\'b''d'", "c"]);
        check("E'a'\n'b'\n'\\'c' d", &["E'a'", "'b'", "'\\'c'", "d"]);
        check("E'a' '\\' b", &["E'a'", "'\\'", "b"]);
        check("E'a'\n/* b */'\\' c", &["E'a'", "'\\'", "c"]);
        check("'a'\n'\\' b", &["'a'", "'\\'", "b"]);
    }

    #[test]
    fn meta_commands_end_with_their_line() {
        check("\\echo it's\nSELECT 1", &["\\echo it's", "SELECT", "1"]);
        check("SELECT 1 \\gexec", &["SELECT", "1", "\\gexec"]);
        check("SELECT '\\d'", &["SELECT", "'\\d'"]);
    }

    proptest! {
        #[test]
        fn tokens_are_the_text(text in r#"([a-z '"$/*\\;()\n+@:-]|[^a-z]){0,40}"#) {
            let mut position = 0;
            for token in Lexer::new(&text) {
                prop_assert_eq!(token.start, position);
                prop_assert_eq!(token.text, &text[token.range()]);
                prop_assert!(!token.text.is_empty());
                position = token.range().end;
            }
            prop_assert_eq!(position, text.len());
        }
    }
}
