//! A file with a query.

use super::{Answer, Check, Expectation, Query};
use crate::directive::value::{self, Problem};
use crate::directive::{self, Directives, Piece, Vocabulary};
use crate::fault::Fault;
use crate::statement::{self, Kind};
#[cfg(feature = "strict")]
use crate::syntax;
use crate::token::Lexer;

const ANSWERS: [(&str, Answer); 2] = [("no-rows", Answer::NoRows), ("true", Answer::True)];

/// Words that a query begins with.
const QUERIES: [&str; 4] = ["SELECT", "WITH", "VALUES", "TABLE"];

/// What the directives of a check say.
#[derive(Default)]
struct OfCheck {
    answer: Answer,
    timeout: Option<std::time::Duration>,
    title: Option<String>,
}

impl Vocabulary for OfCheck {
    const KNOWN: &'static [(&'static str, &'static str)] = &[
        ("check", "-- atlas:check no-rows"),
        ("timeout", "-- atlas:timeout 5s"),
        ("no-syntax-check", "-- atlas:no-syntax-check"),
    ];

    const ELSEWHERE: (&'static [&'static str], &'static str) = (
        &[
            "no-transaction",
            "lock-timeout",
            "statement-timeout",
            "compatible",
            "require",
            "skip-unless",
            "seed",
            "production",
        ],
        "is for migrations or seeds",
    );

    fn take(&mut self, name: &str, value: Piece<'_>) -> Result<(), Problem> {
        let problem = |label| Problem { span: 0..value.text.len(), label };
        match name {
            "check" => {
                let known = ANSWERS.iter().find(|(word, _)| *word == value.text);
                self.answer = known.map(|(_, answer)| *answer).ok_or_else(|| problem("expected no-rows or true"))?;
            }
            "timeout" => {
                let timeout = value::duration(value.text)?;
                if timeout.is_zero() {
                    return Err(problem("expected a time after which the check is given up"));
                }
                self.timeout = Some(timeout);
            }
            _ => value::none(value.text)?,
        }
        Ok(())
    }

    fn comment(&mut self, content: Piece<'_>) -> Option<&'static str> {
        const TITLE: &str = "description:";
        if content.starts_with(TITLE) && self.title.is_none() {
            self.title = Some(content.skip(TITLE.len()).trim().text.to_owned()).filter(|title| !title.is_empty());
        }
        None
    }
}

/// Reads a file, whose text is normalized.
pub(super) fn read(path: &str, text: &str) -> Result<Check, Vec<Fault>> {
    let mut faults = Vec::new();
    let directives: Directives<OfCheck> = directive::read(path, text, &[], &mut faults);
    let statements = statement::split(text);
    let fault =
        |span, message: &str, label: &str, hint: &str| Fault::new(path, message).at(text, span, label).hint(hint);
    let Some(statement) = statements.first() else {
        faults.push(Fault::new(path, "check without a query").hint("write a query, or remove the file"));
        return Err(faults);
    };
    if let Some(second) = statements.get(1) {
        let hint = "put it into a file of its own: a check is one query";
        faults.push(fault(second.range.clone(), "second statement in a check", "", hint));
    }
    let word = Lexer::new(&text[statement.range.clone()]).find(|token| !token.is_trivia() && token.text != "(");
    let is_query = statement.kind == Kind::Other && word.is_some_and(|word| QUERIES.iter().any(|query| word.is(query)));
    if !is_query {
        let span = statement.range.start..statement.range.start + word.map_or(1, |word| word.range().end);
        faults.push(fault(span, "no query", "a check only reads", "begin it with SELECT, WITH, VALUES or TABLE"));
    }
    #[cfg(feature = "strict")]
    if directives.span("no-syntax-check").is_none() {
        faults.extend(syntax::check_statements(path, text, &statements));
    }
    if !faults.is_empty() {
        faults.sort();
        return Err(faults);
    }
    let OfCheck { answer, timeout, title } = directives.said;
    let before: String = text[..statement.range.start].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
    let sql = before + &text[statement.range.clone()];
    let (line, _) = crate::fault::line_column(text, statement.range.start);
    Ok(Check { line, expectation: Expectation::Query(Query { sql, answer, timeout, title }) })
}

#[cfg(test)]
mod tests;
