//! A file with a benchmark.

use std::ops::Range;

use super::{Benchmark, Gate, Parameters, gate};
use crate::directive::value::{self, Problem};
use crate::directive::{Directives, Piece, Vocabulary};
use crate::fault::Fault;
use crate::query::{self, One, Rules};
use crate::syntax::Syntax;
use crate::token::Token;

/// Words that a statement begins with that can be prepared.
const STATEMENTS: [&str; 8] = ["SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPDATE", "DELETE", "MERGE"];

/// Words of a statement that changes rows, or locks them.
const WRITING: [&str; 5] = ["INSERT", "UPDATE", "DELETE", "MERGE", "SHARE"];

/// More would keep a database busy for hours.
const MOST_ITERATIONS: u64 = 1_000_000;

/// What the directives of a benchmark say.
#[derive(Default)]
struct OfBenchmark {
    gates: Vec<Gate>,
    iterations: Option<usize>,
    /// The query, and where it stands.
    parameters: Option<(String, Range<usize>)>,
    title: Option<String>,
}

impl Vocabulary for OfBenchmark {
    const KNOWN: &'static [(&'static str, &'static str)] = &[
        ("bench", "-- atlas:bench p50 < 10ms, p99 < 50ms"),
        ("max-buffers", "-- atlas:max-buffers 60"),
        ("uses-index", "-- atlas:uses-index messages_by_chat"),
        ("no-seq-scan", "-- atlas:no-seq-scan messages"),
        ("iterations", "-- atlas:iterations 200"),
        ("parameters", "-- atlas:parameters SELECT id FROM users ORDER BY id LIMIT 10"),
        ("no-syntax-check", "-- atlas:no-syntax-check"),
    ];

    const SEVERAL: &'static [&'static str] = &["uses-index", "no-seq-scan"];

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
            "check",
            "timeout",
        ],
        "is for migrations, seeds or checks",
    );

    fn take(&mut self, name: &str, value: Piece<'_>) -> Result<(), Problem> {
        let Piece { start, text: value } = value;
        match name {
            "bench" => self.gates.extend(gate::latencies(value)?),
            "max-buffers" => {
                let blocks = gate::number(value, 0, i64::MAX as u64, "expected a number of blocks")?;
                self.gates.push(Gate::MaxBuffers(blocks));
            }
            "uses-index" => self.gates.push(Gate::UsesIndex(gate::name(value)?)),
            "no-seq-scan" => self.gates.push(Gate::NoSeqScan(gate::name(value)?)),
            "iterations" => {
                let number = gate::number(value, 1, MOST_ITERATIONS, "expected a number from 1 to 1000000")?;
                self.iterations = usize::try_from(number).ok();
            }
            "parameters" => {
                let query = value::query(value)?;
                self.parameters = Some((query.to_owned(), start..start + query.len()));
            }
            _ => value::none(value)?,
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
pub(super) fn read(path: &str, text: &str, syntax: Syntax) -> Result<Benchmark, Vec<Fault>> {
    const RULES: Rules = Rules {
        one: "benchmark",
        holds: "statement",
        begins: &STATEMENTS,
        other: ("cannot be measured", "begin it with SELECT, WITH, VALUES, TABLE, INSERT, UPDATE, DELETE or MERGE"),
    };
    let mut count = 0;
    let mut writes = false;
    let One { directives, sql, line } =
        query::read::<OfBenchmark>(path, text, &RULES, syntax, |directives, tokens, faults| {
            faults.extend(check_parameters(path, text, directives, tokens, syntax));
            count = tokens.iter().filter_map(parameter).max().unwrap_or(0);
            writes = tokens.iter().any(|token| WRITING.iter().any(|word| token.is(word)));
        })?;
    let OfBenchmark { gates, iterations, parameters, title } = directives.said;
    Ok(Benchmark {
        name: name(path).to_owned(),
        title,
        sql,
        line,
        writes,
        gates,
        iterations,
        parameters: parameters.map(|(sql, span)| Parameters { sql, start: span.start, count }),
    })
}

/// Whether parameters and the query for them are both there, or neither.
fn check_parameters(
    path: &str,
    text: &str,
    directives: &Directives<OfBenchmark>,
    tokens: &[Token<'_>],
    syntax: Syntax,
) -> Option<Fault> {
    let fault =
        |message: &str, span, label: &str, hint: &str| Fault::new(path, message).at(text, span, label).hint(hint);
    let first = tokens.iter().find(|token| parameter(token).is_some());
    match (first, &directives.said.parameters) {
        (Some(token), None) if directives.span("parameters").is_none() => Some(fault(
            &format!("no values for the parameter `{}`", token.text),
            token.range(),
            "",
            "say where they come from, as in `-- atlas:parameters SELECT id FROM users ORDER BY id LIMIT 10`",
        )),
        (None, Some((_, span))) => Some(fault(
            "values without a parameter",
            span.clone(),
            "the statement has no `$1`",
            "write `$1` for the first column of the query, `$2` for the second; or remove the directive",
        )),
        (_, Some((_, span))) => syntax.with(directives).of_query(path, text, span.clone()),
        _ => None,
    }
}

/// The number of a parameter: `$1`.
fn parameter(token: &Token<'_>) -> Option<usize> {
    token.text.strip_prefix('$')?.parse().ok()
}

/// The name of a benchmark: that of its file, without number and ending.
fn name(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.strip_suffix(".sql").unwrap_or(file);
    let behind = stem.trim_start_matches(|c: char| c.is_ascii_digit());
    match behind.strip_prefix(['_', '-']) {
        Some(name) if behind.len() < stem.len() && !name.is_empty() => name,
        _ => stem,
    }
}

#[cfg(test)]
mod tests;
