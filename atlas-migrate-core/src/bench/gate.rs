//! The values of directives that say what a statement may cost.

use std::time::Duration;

use super::{Gate, Name, Statistic};
use crate::directive::value::Problem;

/// Times that are to be short: `p50 < 10ms, p99 < 1s`.
pub(super) fn latencies(value: &str) -> Result<Vec<Gate>, Problem> {
    let mut gates = Vec::<Gate>::new();
    let mut start = 0;
    for part in value.split(',') {
        let gate = latency(part, start)?;
        let is_same = |other: &Gate| match (other, &gate) {
            (Gate::Latency { statistic: one, .. }, Gate::Latency { statistic: other, .. }) => one == other,
            _ => false,
        };
        if gates.iter().any(is_same) {
            return Err(problem(part, start, "said before"));
        }
        gates.push(gate);
        start += part.len() + 1;
    }
    Ok(gates)
}

fn latency(part: &str, start: usize) -> Result<Gate, Problem> {
    let Some((word, limit)) = part.split_once('<') else {
        return Err(problem(part, start, "expected a statistic, `<` and a time"));
    };
    let statistic = Statistic::ALL.into_iter().find(|statistic| statistic.as_str() == word.trim());
    let statistic = statistic.ok_or_else(|| problem(word, start, "expected min, avg, p50, p95, p99 or max"))?;
    let below = duration(limit.trim());
    let expected = "expected a whole number above zero and us, ms or s";
    let below = below.ok_or_else(|| problem(limit, start + word.len() + 1, expected))?;
    Ok(Gate::Latency { statistic, below })
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    match unit {
        "us" => Some(Duration::from_micros(number)),
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

/// A part of the value, without the spaces around it.
fn problem(part: &str, start: usize, label: &'static str) -> Problem {
    let start = start + part.len() - part.trim_start().len();
    Problem { span: start..start + part.trim().len(), label }
}

pub(super) fn name(value: &str) -> Result<Name, Problem> {
    Name::parse(value).map_err(|label| problem(value, 0, label))
}

/// A whole number in a range.
pub(super) fn number(value: &str, least: u64, most: u64, label: &'static str) -> Result<u64, Problem> {
    let is_plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse().ok().filter(|number| is_plain && (least..=most).contains(number));
    number.ok_or_else(|| problem(value, 0, label))
}
