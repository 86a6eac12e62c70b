//! The values that directives take: durations and conditions.

use std::ops::Range;
use std::time::Duration;

use crate::token::{Kind, Lexer};

/// What is wrong with a value, and where in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) span: Range<usize>,
    pub(crate) label: &'static str,
}

/// PostgreSQL keeps timeouts as milliseconds in 32 bits.
const LONGEST_TIMEOUT: u64 = i32::MAX as u64;

/// A duration as PostgreSQL writes it: `250ms`, `2s`, `10min`, `1h`, `1d`, `0`.
pub(crate) fn duration(value: &str) -> Result<Duration, Problem> {
    let problem = |label| Problem { span: 0..value.len(), label };
    let (number, unit) = value.split_at(value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len()));
    let factor = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "min" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        "" if number == "0" => Some(0),
        _ => None,
    };
    match factor.filter(|_| !number.is_empty()) {
        None => Err(problem("expected a whole number and ms, s, min, h or d")),
        Some(factor) => number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(factor))
            .filter(|milliseconds| *milliseconds <= LONGEST_TIMEOUT)
            .map(Duration::from_millis)
            .ok_or(problem("longer than the 24 days that PostgreSQL allows")),
    }
}

/// Nothing, of a directive that takes no value.
pub(crate) fn none(value: &str) -> Result<(), Problem> {
    if value.is_empty() { Ok(()) } else { Err(Problem { span: 0..value.len(), label: "takes no value" }) }
}

/// A condition and, behind the first `|` that stands outside of parentheses, a message.
///
/// The condition can be put into parentheses as it is: it has no semicolon, comment or bracket that would reach out of
/// them.
pub(crate) fn condition(value: &str) -> Result<(&str, Option<&str>), Problem> {
    let (end, depth) = enclosed(value, Some("|"), "expected one expression")?;
    let (condition, message) = (value[..end].trim(), value.get(end + 1..).map(str::trim));
    match (condition, message) {
        ("", _) => Err(Problem { span: 0..0, label: "expected a condition" }),
        (_, Some("")) => Err(Problem { span: end..end + 1, label: "expected a message after it" }),
        _ if depth > 0 => Err(Problem { span: 0..end, label: UNCLOSED }),
        parts => Ok(parts),
    }
}

/// A query, which can be put into parentheses as it is.
#[cfg(feature = "bench")]
pub(crate) fn query(value: &str) -> Result<&str, Problem> {
    let query = value.strip_suffix(';').unwrap_or(value).trim_end();
    let problem = |label| Problem { span: 0..query.len(), label };
    let first = Lexer::new(query).find(|token| token.kind != Kind::Space && token.kind != Kind::Open);
    match enclosed(query, None, "expected one query")? {
        (_, depth) if depth > 0 => Err(problem(UNCLOSED)),
        _ if first.is_some_and(|first| crate::query::QUERIES.iter().any(|word| first.is(word))) => Ok(query),
        _ => Err(problem("expected a query")),
    }
}

const UNCLOSED: &str = "has more `(` than `)`";

/// How far a text can be put into parentheses as it is: to its end, or to the first separator that stands outside of any of
/// its own; and how many of these are open there.
fn enclosed(value: &str, separator: Option<&str>, semicolon: &'static str) -> Result<(usize, usize), Problem> {
    let mut depth = 0_usize;
    for token in Lexer::new(value) {
        let label = match token.kind {
            Kind::Open => {
                depth += 1;
                continue;
            }
            Kind::Close if depth > 0 => {
                depth -= 1;
                continue;
            }
            Kind::Operator if Some(token.text) == separator && depth == 0 => return Ok((token.start, depth)),
            Kind::Close => "no `(` before it",
            Kind::Semicolon => semicolon,
            Kind::LineComment => "expected no comment",
            Kind::Unterminated => "has no end in this line",
            Kind::Meta => "only psql understands a backslash",
            _ => continue,
        };
        return Err(Problem { span: token.range(), label });
    }
    Ok((value.len(), depth))
}
