//! A file with a query.

use super::{Answer, Check, Expectation, Query};
use crate::directive::value::{self, Problem};
use crate::directive::{Piece, Vocabulary};
use crate::fault::Fault;
use crate::query::{self, One, QUERIES, Rules};
use crate::syntax::Syntax;

const ANSWERS: [(&str, Answer); 2] = [("no-rows", Answer::NoRows), ("true", Answer::True)];

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
        if self.title.is_none() {
            self.title = query::title(content);
        }
        None
    }
}

/// Reads a file, whose text is normalized.
pub(super) fn read(path: &str, text: &str, syntax: Syntax) -> Result<Check, Vec<Fault>> {
    const RULES: Rules = Rules {
        one: "check",
        holds: "query",
        begins: &QUERIES,
        other: ("a check only reads", "begin it with SELECT, WITH, VALUES or TABLE"),
    };
    let One { directives, sql, line } = query::read::<OfCheck>(path, text, &RULES, syntax, |_, _, _| {})?;
    let OfCheck { answer, timeout, title } = directives.said;
    Ok(Check { line, expectation: Expectation::Query(Query { sql, answer, timeout, title }) })
}

#[cfg(test)]
mod tests;
