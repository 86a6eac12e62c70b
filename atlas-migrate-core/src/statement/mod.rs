//! The statements of a file: where each stands, and what sort it is.

mod creates;
mod enums;
mod kind;
mod locks;
mod resume;
mod told;
mod tried;

use std::ops::Range;

pub use self::creates::{Created, Sort, created, creates_table, creates_without_schema, may_drop};
pub use self::enums::uses_own_value;
pub use self::kind::Kind;
pub use self::locks::{Named, locks};
pub use self::resume::{CreateIndex, Reindex, Resume, is_block, resume};
pub use self::told::{command, without_values};
pub use self::tried::{Refused, Trial, trial};
use crate::token::{self, Lexer, Token};

/// One statement of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its bytes, from its first token to its last, without the semicolon.
    pub range: Range<usize>,
    /// What sort of statement it is.
    pub kind: Kind,
}

/// Splits a text into its statements; empty ones are left out.
///
/// Semicolons within strings, comments, parentheses (`CREATE RULE … DO (a; b)`) and `BEGIN ATOMIC … END` bodies don't end a
/// statement. A psql meta-command is a statement that ends with its line, and rows behind `COPY … FROM STDIN;` up to their
/// `\.` are no statements.
pub fn split(text: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut current = Current::default();
    // Where rows are not closed once, none that come later are.
    let mut rows_may_end = true;
    let mut lexer = Lexer::new(text);
    while let Some(token) = lexer.next() {
        match token.kind {
            token::Kind::Meta => {
                statements.extend(current.end());
                statements.push(Statement { range: token.range(), kind: Kind::Meta });
            }
            token::Kind::Semicolon if current.is_at_top() => {
                let statement = current.end();
                if let Some(Statement { kind: Kind::CopyFromStdin, .. }) = statement
                    && rows_may_end
                {
                    match end_of_rows(text, token.range().end) {
                        Some(line) => lexer.skip_to(line.end),
                        None => rows_may_end = false,
                    }
                }
                statements.extend(statement);
            }
            _ if token.is_trivia() => {}
            _ => current.push(token),
        }
    }
    statements.extend(current.end());
    statements
}

/// The line `\.` that closes rows which begin in the line behind `position`, with its line end.
pub(crate) fn end_of_rows(text: &str, position: usize) -> Option<Range<usize>> {
    let mut start = position;
    for line in text[position..].split_inclusive('\n') {
        let end = start + line.len();
        if line.trim_end() == "\\." {
            return Some(start..end);
        }
        start = end;
    }
    None
}

/// The statement that is being read.
#[derive(Default)]
struct Current<'t> {
    tokens: Vec<Token<'t>>,
    parentheses: usize,
    /// How many `END`s are missing: one for a `BEGIN ATOMIC`, one for each `CASE` in it.
    body: usize,
}

impl<'t> Current<'t> {
    fn push(&mut self, token: Token<'t>) {
        let previous = self.tokens.last().copied();
        let after = |keyword| previous.is_some_and(|previous| previous.is(keyword));
        // Behind a dot or AS these words are names.
        let is_name = after("AS") || previous.is_some_and(|previous| previous.text == ".");
        match token.kind {
            token::Kind::Open => self.parentheses += 1,
            token::Kind::Close => self.parentheses = self.parentheses.saturating_sub(1),
            _ if is_name => {}
            _ if self.body > 0 && token.is("CASE") => self.body += 1,
            _ if self.body > 0 && token.is("END") => self.body -= 1,
            _ if token.is("ATOMIC") && after("BEGIN") && kind::creates_routine(&self.tokens) => self.body += 1,
            _ => {}
        }
        self.tokens.push(token);
    }

    fn is_at_top(&self) -> bool {
        self.parentheses == 0 && self.body == 0
    }

    fn end(&mut self) -> Option<Statement> {
        let tokens = std::mem::take(self).tokens;
        let range = tokens.first()?.start..tokens.last()?.range().end;
        Some(Statement { range, kind: kind::of(&tokens) })
    }
}

/// The pair of statements that wraps a whole file, which has no other transaction control: a plain `BEGIN` and a plain
/// `COMMIT`, in any of their spellings. With a transaction mode (`ISOLATION LEVEL …`) it is not plain, since leaving it out
/// would change what the file means.
pub(crate) fn wrapping_pair<'s>(text: &str, statements: &'s [Statement]) -> Option<[&'s Statement; 2]> {
    let [first, between @ .., last] = statements else { return None };
    let is_control = |statement: &Statement| matches!(statement.kind, Kind::TransactionControl(_));
    let is_pair = is_plain(&text[first.range.clone()], &["BEGIN", "START"])
        && is_plain(&text[last.range.clone()], &["COMMIT", "END"]);
    (is_pair && !between.iter().any(is_control)).then_some([first, last])
}

/// The pairs of a plain `BEGIN` and a plain `COMMIT` of a file whose transaction control is nothing else.
pub(crate) fn blocks<'s>(text: &str, statements: &'s [Statement]) -> Vec<[&'s Statement; 2]> {
    let controls = statements.iter().filter(|statement| matches!(statement.kind, Kind::TransactionControl(_)));
    let controls: Vec<&Statement> = controls.collect();
    let (pairs, rest) = controls.as_chunks();
    let is_pair = |[begin, commit]: &[&Statement; 2]| {
        is_plain(&text[begin.range.clone()], &["BEGIN", "START"])
            && is_plain(&text[commit.range.clone()], &["COMMIT", "END"])
    };
    if rest.is_empty() && pairs.iter().all(is_pair) { pairs.to_vec() } else { Vec::new() }
}

fn is_plain(statement: &str, verbs: &[&str]) -> bool {
    let mut words = Lexer::new(statement).filter(|token| !token.is_trivia());
    words.next().is_some_and(|word| verbs.iter().any(|verb| word.is(verb)))
        && words.all(|word| word.is("TRANSACTION") || word.is("WORK"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let statements: Vec<&str> = split(text).into_iter().map(|statement| &text[statement.range]).collect();
        assert_eq!(statements, expected, "{text}");
    }

    #[test]
    fn semicolons_end_statements() {
        check("SELECT 1; SELECT 2;", &["SELECT 1", "SELECT 2"]);
        check("SELECT 1; SELECT 2", &["SELECT 1", "SELECT 2"]);
        check("SELECT 1 ; -- done;\n", &["SELECT 1"]);
        check("; ;; SELECT 1;;", &["SELECT 1"]);
        check("", &[]);
        check("-- nothing; at all\n/* ; */", &[]);
        check("/* a */ SELECT /* b */ 1 /* c */;", &["SELECT /* b */ 1"]);
    }

    #[test]
    fn semicolons_within_do_not() {
        check("SELECT ';', \";\", E'\\';', U&';' ; SELECT 2", &["SELECT ';', \";\", E'\\';', U&';'", "SELECT 2"]);
        check("SELECT 'it''s;'; SELECT 2", &["SELECT 'it''s;'", "SELECT 2"]);
        check("SELECT $$;$$, $a$ $$; $a$; SELECT 2", &["SELECT $$;$$, $a$ $$; $a$", "SELECT 2"]);
        check("SELECT 1 /* /* ; */ ; */; SELECT 2", &["SELECT 1", "SELECT 2"]);
        check("SELECT $1; SELECT a$b; SELECT 2", &["SELECT $1", "SELECT a$b", "SELECT 2"]);
        let rule = "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b)";
        check(&format!("{rule}; SELECT 2"), &[rule, "SELECT 2"]);
    }

    #[test]
    fn bodies_of_routines() {
        for body in [
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
            "create or replace procedure p() begin atomic insert into t values (1); end",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN CASE WHEN a THEN b END THEN 1 END; SELECT 2; END",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT t.end, 1 AS end, 2 AS case; SELECT t.case; END",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN /* a */ ATOMIC; END",
        ] {
            check(&format!("{body}; SELECT 2"), &[body, "SELECT 2"]);
        }
        check("BEGIN; SELECT 1; END; SELECT 2", &["BEGIN", "SELECT 1", "END", "SELECT 2"]);
        check("SELECT begin atomic; SELECT 2", &["SELECT begin atomic", "SELECT 2"]);
    }

    #[test]
    fn what_only_psql_understands() {
        check("\\set x 'y\nSELECT 1;", &["\\set x 'y", "SELECT 1"]);
        check("SELECT 1 \\gexec\nSELECT 2;", &["SELECT 1", "\\gexec", "SELECT 2"]);
        check("COPY t FROM stdin;\n1\tit's\n2\t(\n\\.\nSELECT 1;", &["COPY t FROM stdin", "SELECT 1"]);
        check("COPY t FROM stdin;\nSELECT 1;", &["COPY t FROM stdin", "SELECT 1"]);
        // This would take minutes if each looked for its end.
        assert_eq!(split(&"COPY t FROM stdin;\n".repeat(50_000)).len(), 50_000);
    }

    proptest! {
        #[test]
        fn pieces_and_what_is_between_them_are_the_text(
            text in "(SELECT |BEGIN |ATOMIC |CASE |END |CREATE FUNCTION |COPY t FROM STDIN|'|\\$\\$|/\\*|\\*/|--|\n|;|\\(|\\)|\\\\|\\PC){0,30}",
        ) {
            let mut position = 0;
            let mut pieces = String::new();
            for Statement { range, .. } in split(&text) {
                prop_assert!(range.start >= position && !range.is_empty());
                pieces += &text[position..range.start];
                pieces += &text[range.clone()];
                position = range.end;
            }
            pieces += &text[position..];
            prop_assert_eq!(pieces, text);
        }
    }
}
