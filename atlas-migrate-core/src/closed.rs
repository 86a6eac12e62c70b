//! Whether a text ends what it begins: else what the library sends behind it would be a part of it.

use crate::fault::Fault;
use crate::statement::Statement;
use crate::syntax::Syntax;
use crate::token::{Kind, Lexer, Token};

/// The string, quoted name or comment that a text, which is normalized, does not end. It reaches to the end of the text, so
/// that it is looked for from the last statement on, which begins at `last`.
pub(crate) fn open_end(path: &str, text: &str, last: usize) -> Option<Fault> {
    let mut lexer = Lexer::new(text);
    lexer.skip_to(last);
    let token = lexer.find(|token| token.kind == Kind::Unterminated)?;
    let (what, end) = what_and_end(token.text);
    let fault = Fault::new(path, format!("{what} without an end"));
    let fault = fault.at(text, token.range(), "begins here and reaches to the end of the file");
    Some(fault.hint(format!("end it with `{end}`")))
}

/// What it is that begins so, and how it ends.
fn what_and_end(token: &str) -> (&'static str, &str) {
    match token.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '&').as_bytes() {
        [b'/', ..] => ("comment", "*/"),
        [b'"', ..] => ("quoted name", "\""),
        [b'$', rest @ ..] => {
            let length = rest.iter().position(|byte| *byte == b'$').map_or(1, |end| end + 2);
            ("dollar-quoted string", token.get(..length).unwrap_or(token))
        }
        _ => ("string", "'"),
    }
}

/// What is wrong with each statement by itself: its syntax, if that is looked at; else its parentheses.
pub(crate) fn each_statement(path: &str, text: &str, statements: &[Statement], syntax: Syntax) -> Vec<Fault> {
    let fault = |statement| syntax.of_statement(path, text, statement).or_else(|| unbalanced(path, text, statement));
    statements.iter().filter_map(fault).collect()
}

/// The parenthesis of a statement that has no other: the statement would go on without an end, or end what it stands in.
pub(crate) fn unbalanced(path: &str, text: &str, statement: &Statement) -> Option<Fault> {
    let mut open: Vec<Token<'_>> = Vec::new();
    let fault = |token: Token<'_>, message: &str, hint: &str| {
        let start = statement.range.start + token.start;
        Fault::new(path, message).at(text, start..start + token.text.len(), "").hint(hint)
    };
    for token in Lexer::new(&text[statement.range.clone()]) {
        match token.kind {
            Kind::Open => open.push(token),
            Kind::Close if open.pop().is_none() => {
                return Some(fault(token, "`)` without `(`", "remove it, or write `(` before it"));
            }
            _ => {}
        }
    }
    open.pop().map(|token| fault(token, "`(` without `)`", "write `)` behind what it encloses"))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::migration::Script;
    use crate::statement::split;

    fn shown(text: &str) -> String {
        let last = split(text).last().map_or(0, |statement| statement.range.start);
        open_end("a.sql", text, last).map_or_else(|| "closed".to_owned(), |fault| fault.to_string())
    }

    #[test]
    fn a9_messages() {
        assert_snapshot!(shown("CREATE TABLE a ();\nSELECT 'open;\n"), @"
        string without an end
         --> a.sql:2:8
          |
        2 | SELECT 'open;
          |        ^^^^^^ begins here and reaches to the end of the file
          |
          = hint: end it with `'`
        ");
        assert_snapshot!(shown("SELECT 1; /* /* nested */"), @"
        comment without an end
         --> a.sql:1:11
          |
        1 | SELECT 1; /* /* nested */
          |           ^^^^^^^^^^^^^^^ begins here and reaches to the end of the file
          |
          = hint: end it with `*/`
        ");
    }

    #[track_caller]
    fn check(text: &'static str, place: (usize, usize), expected: &str) {
        let faults = Script::parse("a.sql", text, Syntax::Server).expect_err(text);
        let fault = faults.iter().find(|fault| fault.message() == expected);
        assert_eq!(fault.and_then(Fault::position), Some(place), "{text}: {faults:?}");
        // Its end stands between backticks, and is all that is missing.
        let hint = fault.and_then(Fault::hint_text).unwrap_or_default();
        let end = hint.split('`').nth(1).unwrap_or_default();
        assert_eq!(shown(&format!("{text}{end}")), "closed", "{hint}");
    }

    #[test]
    fn a9_what_has_no_end() {
        check("SELECT 1;\nSELECT 'open;", (2, 8), "string without an end");
        check("SELECT E'a\\';", (1, 8), "string without an end");
        check("SELECT E'a'\n'b\\';", (2, 1), "string without an end");
        check("SELECT U&'a", (1, 8), "string without an end");
        check("SELECT x'1f', n'a', b'1", (1, 21), "string without an end");
        check("SELECT 'it''s", (1, 8), "string without an end");
        check("SELECT \"open;", (1, 8), "quoted name without an end");
        check("SELECT u&\"open;", (1, 8), "quoted name without an end");
        check("DO $$ BEGIN; END;", (1, 4), "dollar-quoted string without an end");
        check("DO $body$ BEGIN; END; $$;", (1, 4), "dollar-quoted string without an end");
        check("DO $é_1$ $é$ $1$", (1, 4), "dollar-quoted string without an end");
        check("SELECT 1;\n  /* open", (2, 3), "comment without an end");
        check("-- '\n/* '\n", (2, 1), "comment without an end");
        check("-- atlas:no-transaction\nVACUUM; SELECT 'open;", (2, 16), "string without an end");
        check("-- atlas:no-syntax-check\nSELECT 'open;", (2, 8), "string without an end");
    }

    #[track_caller]
    fn check_parentheses(text: &str, expected: Option<(usize, usize)>) {
        let fault = split(text).iter().find_map(|statement| unbalanced("a.sql", text, statement));
        assert_eq!(fault.as_ref().and_then(Fault::position), expected, "{text}");
    }

    #[test]
    fn a9_parentheses() {
        check_parentheses("SELECT (1);\nSELECT ((1);", Some((2, 8)));
        check_parentheses("SELECT (1;\nSELECT 1;", Some((1, 8)));
        check_parentheses("SELECT 1;\nSELECT 1) UNION (SELECT 2;", Some((2, 9)));
        check_parentheses("SELECT ')', \"(\", $$($$ /* ( */ -- (\n, (1);", None);
        check_parentheses("CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b);", None);
    }
}
