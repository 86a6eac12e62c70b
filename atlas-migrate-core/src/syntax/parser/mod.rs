//! Whether the SQL of a file is PostgreSQL's, found without a server, by `squawk-parser`.
//!
//! psql meta-commands and `COPY` of rows that a client would send are passed over, since they are faults by themselves.
//! So is what the parser cannot take in (it is nested too deeply or too long), which is left to the server: that reads the
//! whole of a message before it runs any of it.

use std::ops::Range;
use std::panic;

use squawk_parser::{EntryPoint, LexedStr, StrStep, SyntaxKind};

use crate::fault::Fault;
use crate::statement::{Kind, Statement};
use crate::token::{self, Lexer};

/// How deep parentheses, `CASE`s and their like may be nested: the parser calls itself for each, and would run out of stack
/// in a debug build somewhere beyond three times as many.
const DEEPEST: usize = 200;

const HINT: &str = "if the server takes it, put `-- atlas:no-syntax-check` at the top of the file";

/// The first syntax error of a statement.
pub(super) fn statement(path: &str, text: &str, statement: &Statement) -> Option<Fault> {
    if matches!(statement.kind, Kind::Meta | Kind::CopyFromStdin | Kind::CopyToStdout | Kind::Reading(_)) {
        return None;
    }
    let (span, label, hint) = first_error(&text[statement.range.clone()])?;
    let span = statement.range.start + span.start..statement.range.start + span.end;
    Some(Fault::new(path, "syntax error").at(text, span, label).hint(hint))
}

/// The syntax error of a condition that a directive gives, which runs as `SELECT (condition)`.
pub(super) fn condition(path: &str, text: &str, span: Range<usize>) -> Option<Fault> {
    const BEFORE: &str = "SELECT (";
    let (error, label, hint) = first_error(&format!("{BEFORE}{})", &text[span.clone()]))?;
    let start = span.start + error.start.saturating_sub(BEFORE.len());
    // Our own parenthesis is not what its author has to know of.
    let label = if start < span.end { label.as_str() } else { label.split(", found").next().unwrap_or_default() };
    let end = (span.start + error.end.saturating_sub(BEFORE.len())).min(span.end);
    Some(Fault::new(path, "syntax error in a condition").at(text, start.min(end)..end, label).hint(hint))
}

/// The syntax error of a query that a directive gives.
#[cfg(feature = "bench")]
pub(super) fn query(path: &str, text: &str, span: Range<usize>) -> Option<Fault> {
    let (error, label, hint) = first_error(&text[span.clone()])?;
    let error = span.start + error.start..span.start + error.end;
    Some(Fault::new(path, "syntax error in a query").at(text, error, label).hint(hint))
}

/// The first error in a statement: its place, a label and a hint.
fn first_error(sql: &str) -> Option<(Range<usize>, String, &'static str)> {
    if is_deep(sql) {
        return None;
    }
    // The parser panics where it would take too long.
    panic::catch_unwind(|| {
        let lexed = LexedStr::new(sql);
        if let Some((range, message)) = lexed.errors().next() {
            let span = range.start as usize..range.end as usize;
            let hint = of_other_languages(sql, span.start).unwrap_or(HINT);
            return Some((span, in_our_words(message), hint));
        }
        let found = Found::of(&lexed);
        let (message, position) = match (found.error, found.second) {
            (None, None) => return None,
            (Some((message, position)), second) if second.is_none_or(|second| position <= second) => {
                match missing_semicolon(sql, position) {
                    Some(second) => return Some(second_statement(sql, second)),
                    None => (message, position),
                }
            }
            (_, second) => {
                // What the second begins with may be taken for the last word of the first.
                let is_command =
                    |at: usize| COMMANDS.iter().any(|command| token_behind(sql, at).1 == format!("`{command}`"));
                let begins = |at| if is_command(at) { at } else { missing_semicolon(sql, at).unwrap_or(at) };
                return second.map(|second| second_statement(sql, begins(second)));
            }
        };
        // The parser's position is before the spacing in front of the token that it did not expect.
        let (span, found) = token_behind(sql, position);
        let hint = of_other_languages(sql, span.start).unwrap_or(HINT);
        let label = if message.starts_with("expected ") { format!("{message}, found {found}") } else { message };
        Some((span, label, hint))
    })
    .ok()
    .flatten()
}

/// What to do about SQL that is meant for another program than the server, or for another server.
fn of_other_languages(sql: &str, start: usize) -> Option<&'static str> {
    let (before, rest) = sql.split_at(start);
    let is_variable = before.strip_suffix(':').is_some_and(|before| !before.ends_with(':'));
    if is_variable && rest.starts_with(is_of_a_variable) {
        return Some("write the value of the variable: only psql puts it in");
    }
    if ["${", "{{", "{%"].iter().any(|opens| rest.starts_with(opens)) {
        return Some("write what is to stand here: nobody replaces placeholders");
    }
    if rest.starts_with('`') {
        return Some("put names into double quotes, or into none");
    }
    let word = rest.split(|c: char| !c.is_ascii_alphabetic() && c != '_').next().unwrap_or_default();
    let is = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    if is(&["AUTO_INCREMENT", "AUTOINCREMENT", "IDENTITY"]) {
        return Some("write GENERATED ALWAYS AS IDENTITY");
    }
    // Reserved words that people give to tables and columns.
    let is_name = is(&[
        "user",
        "order",
        "group",
        "table",
        "column",
        "default",
        "check",
        "end",
        "limit",
        "offset",
        "references",
        "desc",
    ]);
    let is_expected = before.trim_end().ends_with(['(', ',']) || is_of_a_name(before);
    (is_name && is_expected).then_some("a name that is a reserved word needs double quotes; or give it another name")
}

/// Whether a text ends where the name of a table or column is to come.
fn is_of_a_name(before: &str) -> bool {
    let mut words = before.split_ascii_whitespace().rev();
    words.next().is_some_and(|last| {
        ["TABLE", "EXISTS", "INTO", "UPDATE", "FROM", "JOIN", "COLUMN", "ON", "ADD", "SELECT"]
            .iter()
            .any(|word| last.eq_ignore_ascii_case(word))
    })
}

fn is_of_a_variable(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '\'' | '"' | '{')
}

/// What the parser found in a text that is meant to be one statement.
#[derive(Default)]
struct Found {
    depth: usize,
    position: usize,
    statements: usize,
    error: Option<(String, usize)>,
    /// Where a second statement begins.
    second: Option<usize>,
}

impl Found {
    fn of(lexed: &LexedStr<'_>) -> Self {
        let mut found = Self::default();
        lexed.intersperse_trivia(&EntryPoint::SourceFile.parse(&lexed.to_input()), &mut |step| found.step(&step));
        found
    }

    fn step(&mut self, step: &StrStep<'_>) {
        match step {
            StrStep::Token { text, .. } => self.position += text.len(),
            StrStep::Enter { kind } => {
                self.depth += 1;
                // The file is around them.
                if self.depth == 2 && *kind != SyntaxKind::ERROR {
                    self.statements += 1;
                    if self.statements == 2 {
                        self.second = Some(self.position);
                    }
                }
            }
            StrStep::Exit => self.depth -= 1,
            StrStep::Error { msg, pos } => {
                self.error.get_or_insert_with(|| (in_our_words(msg), *pos));
            }
        }
    }
}

/// The error of a second statement, which begins there.
fn second_statement(sql: &str, start: usize) -> (Range<usize>, String, &'static str) {
    let (span, _) = token_behind(sql, start);
    (span, "`;` missing before this".to_owned(), "end the statement before it with `;`")
}

/// Words that statements begin with.
const COMMANDS: [&str; 20] = [
    "ALTER", "ANALYZE", "CALL", "COMMENT", "COPY", "CREATE", "DELETE", "DO", "DROP", "EXECUTE", "GRANT", "INSERT",
    "LOCK", "REFRESH", "REVOKE", "SELECT", "SET", "TRUNCATE", "UPDATE", "WITH",
];

/// Where a text that has an error here falls into two statements without one: at a line before it that begins as statements
/// do.
fn missing_semicolon(sql: &str, error: usize) -> Option<usize> {
    const MOST: usize = 8;
    let is_valid = |part: &str| {
        let lexed = LexedStr::new(part);
        let is_lexed = lexed.errors().next().is_none();
        is_lexed && Found::of(&lexed).error.is_none()
    };
    let end = token_behind(sql, error).0.end;
    let begins = |token: &token::Token<'_>| {
        sql[..token.start].trim_end_matches([' ', '\t']).ends_with('\n')
            && COMMANDS.iter().any(|command| token.is(command))
    };
    let starts = Lexer::new(sql).take_while(|token| token.start < end).filter(begins).map(|token| token.start);
    starts.take(MOST).find(|start| is_valid(&sql[..*start]) && is_valid(&sql[*start..]))
}

/// The token at a place, or behind the spacing that is there: where it is, and how it is shown.
fn token_behind(sql: &str, position: usize) -> (Range<usize>, String) {
    let token = Lexer::new(&sql[position..]).find(|token| !token.is_trivia());
    token.map_or((sql.len()..sql.len(), "the end of the statement".to_owned()), |token| {
        (position + token.start..position + token.range().end, quote(token.text))
    })
}

/// The beginning of a token, which may be as long as the file.
fn quote(token: &str) -> String {
    let line = token.lines().next().unwrap_or_default();
    match line.char_indices().nth(30) {
        Some((end, _)) => format!("`{}…`", &line[..end]),
        None => format!("`{line}`"),
    }
}

fn is_deep(sql: &str) -> bool {
    if sql.len() <= DEEPEST {
        return false;
    }
    let (mut open, mut prefixes, mut after_operator) = (0_usize, 0_usize, false);
    Lexer::new(sql).filter(|token| !token.is_trivia()).any(|token| {
        let is_operator = token.kind == token::Kind::Operator;
        match token.text {
            "(" | "[" => open += 1,
            ")" | "]" => open = open.saturating_sub(1),
            "," => prefixes = 0,
            _ if token.is("CASE") => open += 1,
            _ if token.is("END") => open = open.saturating_sub(1),
            _ if ["NOT", "JOIN", "EXPLAIN"].iter().any(|word| token.is(word)) => prefixes += 1,
            _ if is_operator && after_operator => prefixes += 1,
            _ => {}
        }
        after_operator = is_operator;
        open + prefixes > DEEPEST
    })
}

/// A message of the parser, which names tokens as its source does (`expected R_PAREN, found INT_KW`), up to what was found.
fn in_our_words(message: &str) -> String {
    if message == "missing comma" {
        return "expected `,`".to_owned();
    }
    let expected =
        [", found ", ", got "].iter().find_map(|found| message.split_once(found)).map(|(expected, _)| expected);
    let words: Vec<String> = expected.unwrap_or(message).split(' ').map(word_in_our_words).collect();
    let words = words.join(" ");
    // Some messages are sentences, others are not.
    let is_sentence = ["Missing ", "Unterminated ", "Expected "].iter().any(|start| words.starts_with(start));
    if is_sentence { words[..1].to_lowercase() + &words[1..] } else { words }
}

fn word_in_our_words(word: &str) -> String {
    let sign = match word {
        "SEMICOLON" => ";",
        "COMMA" => ",",
        "L_PAREN" => "(",
        "R_PAREN" => ")",
        "L_BRACK" => "[",
        "R_BRACK" => "]",
        "DOT" => ".",
        "COLON" => ":",
        "COLON_EQ" => ":=",
        "EQ" => "=",
        "FAT_ARROW" => "=>",
        "IDENT" => return "a name".to_owned(),
        "STRING" => return "a string".to_owned(),
        "INT_NUMBER" => return "a whole number".to_owned(),
        _ => match word.strip_suffix("_KW") {
            Some(keyword) => keyword,
            None => return word.to_owned(),
        },
    };
    format!("`{sign}`")
}

#[cfg(test)]
mod tests;
