//! How many rows tables have.

use std::time::Duration;

use atlas_migrate_core::checks::Expectation;
use serde::Deserialize;

use super::declared::{self, kind};
use super::engine::Engine;
use super::refused::refused;
use super::report::Conclusion;
use crate::Error;
use crate::postgres::question::ask;
use crate::postgres::row::{one, parse};
use crate::postgres::session::Session;
use crate::verify::sql as verify;

/// What the catalog says of a table whose rows are to be counted.
#[derive(Deserialize)]
struct Countable {
    schema: String,
    name: String,
    kind: String,
    readable: bool,
    /// Whether there may be rows that the role does not see.
    secured: bool,
}

/// One question for all of them, and one for each table.
pub(super) async fn check<S: Session>(
    engine: &mut Engine<'_, S>,
    expectations: &[&Expectation],
) -> Result<Vec<(Conclusion, Duration)>, Error> {
    let question = verify::countable(&declared::describe(expectations));
    let answer = ask(&mut engine.conversation, &question, engine.timeout).await?;
    let tables = match answer.reply {
        Ok(reply) => declared::answers::<Countable>(&reply, expectations.len())?,
        Err(server) => {
            let outcome = |_: &&Expectation| (refused(&server, engine.timeout), answer.duration);
            return Ok(expectations.iter().map(outcome).collect());
        }
    };
    let mut outcomes = Vec::new();
    for (expectation, countable) in expectations.iter().zip(tables) {
        let Expectation::Rows { min, max, .. } = expectation else { continue };
        let outcome = match countable {
            None => (Conclusion::finding("table", "a table", "none"), answer.duration),
            Some(table) => match table.unseen() {
                Some(outcome) => (outcome, answer.duration),
                None => count(engine, &table, *min, *max).await?,
            },
        };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

impl Countable {
    /// Why its rows cannot be counted.
    fn unseen(&self) -> Option<Conclusion> {
        if !matches!(self.kind.as_str(), "r" | "p" | "v" | "m" | "f") {
            return Some(Conclusion::finding("table", "a table", kind(&self.kind)));
        }
        if !self.readable {
            return Some(Conclusion::unseen("the role may not read the table"));
        }
        self.secured.then(|| Conclusion::unseen("row security hides rows of the table from the role"))
    }
}

async fn count<S: Session>(
    engine: &mut Engine<'_, S>,
    table: &Countable,
    min: u64,
    max: Option<u64>,
) -> Result<(Conclusion, Duration), Error> {
    // No more is counted than has to be known.
    let limit = max.map_or(min, |max| max + 1);
    let question = verify::count(&table.schema, &table.name, limit);
    let answer = ask(&mut engine.conversation, &question, engine.timeout).await?;
    let outcome = match answer.reply {
        Err(server) => refused(&server, engine.timeout),
        Ok(reply) => {
            let rows: u64 = parse(one(&reply, "atlas_rows")?, 0)?;
            match max {
                _ if rows < min => Conclusion::finding("rows", expected(min, max), rows.to_string()),
                Some(max) if rows > max => {
                    Conclusion::finding("rows", expected(min, Some(max)), format!("more than {max}"))
                }
                Some(_) => Conclusion::note(rows.to_string()),
                None => Conclusion::default(),
            }
        }
    };
    Ok((outcome, answer.duration))
}

fn expected(min: u64, max: Option<u64>) -> String {
    match max {
        None => format!("{min} or more"),
        Some(max) if max == min => min.to_string(),
        Some(max) => format!("{min} to {max}"),
    }
}
