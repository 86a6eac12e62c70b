//! A file with one statement, which is not run but asked.

use crate::closed;
use crate::directive::{self, Directives, Piece, Vocabulary};
use crate::fault::{Fault, line_column};
use crate::statement::{self, Kind};
use crate::syntax::Syntax;
use crate::token::{Lexer, Token};

/// Words that a query begins with.
pub(crate) const QUERIES: [&str; 4] = ["SELECT", "WITH", "VALUES", "TABLE"];

/// What a sort of files is to hold.
pub(crate) struct Rules {
    /// What a file is: `check`.
    pub(crate) one: &'static str,
    /// What it holds: `query`.
    pub(crate) holds: &'static str,
    /// Words that the statement may begin with.
    pub(crate) begins: &'static [&'static str],
    /// What is said of another word, and what to do about it.
    pub(crate) other: (&'static str, &'static str),
}

/// What such a file says.
pub(crate) struct One<V> {
    pub(crate) directives: Directives<V>,
    /// The statement, without a semicolon. What stands before it is there too, as spaces, so that positions are those of the
    /// file.
    pub(crate) sql: String,
    /// The line that it begins in.
    pub(crate) line: usize,
}

/// Reads a file, whose text is normalized. `check` may find more that is wrong, given the directives and the tokens of the
/// statement.
pub(crate) fn read<V: Vocabulary>(
    path: &str,
    text: &str,
    rules: &Rules,
    syntax: Syntax,
    check: impl FnOnce(&Directives<V>, &[Token<'_>], &mut Vec<Fault>),
) -> Result<One<V>, Vec<Fault>> {
    let mut faults = Vec::new();
    let directives: Directives<V> = directive::read(path, text, &[], &mut faults);
    let mut statements = statement::split(text);
    let last = statements.last().map_or(0, |last| last.range.start);
    if let Some(fault) = closed::open_end(path, text, last) {
        faults.push(fault);
        statements.pop();
        if statements.is_empty() {
            return Err(faults);
        }
    }
    let fault =
        |span, message: String, label: &str, hint: &str| Fault::new(path, message).at(text, span, label).hint(hint);
    let Rules { one, holds, begins, other: (label, hint) } = rules;
    let Some(statement) = statements.first() else {
        let fault = Fault::new(path, format!("{one} without a {holds}"));
        faults.push(fault.hint(format!("write a {holds}, or remove the file")));
        return Err(faults);
    };
    if let Some(second) = statements.get(1) {
        let hint = format!("put it into a file of its own: a {one} is one {holds}");
        faults.push(fault(second.range.clone(), format!("second statement in a {one}"), "", &hint));
    }
    let offset = statement.range.start;
    let tokens = Lexer::new(&text[statement.range.clone()]).filter(|token| !token.is_trivia());
    let tokens: Vec<_> = tokens.map(|token| Token { start: offset + token.start, ..token }).collect();
    let word = tokens.iter().find(|token| token.text != "(");
    if statement.kind != Kind::Other || !word.is_some_and(|word| begins.iter().any(|begin| word.is(begin))) {
        let end = word.map_or(offset + 1, |word| word.range().end);
        faults.push(fault(offset..end, format!("no {holds}"), label, hint));
    }
    faults.extend(closed::each_statement(path, text, &statements, syntax.with(&directives)));
    let before: String = text[..offset].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
    let sql = before + &text[statement.range.clone()];
    let (line, _) = line_column(text, offset);
    check(&directives, &tokens, &mut faults);
    faults.sort();
    if faults.is_empty() { Ok(One { directives, sql, line }) } else { Err(faults) }
}

/// What a comment line says the file is about.
pub(crate) fn title(content: Piece<'_>) -> Option<String> {
    const TITLE: &str = "description:";
    let title = content.starts_with(TITLE).then(|| content.skip(TITLE.len()).trim().text.to_owned());
    title.filter(|title| !title.is_empty())
}
