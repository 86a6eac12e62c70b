//! The statements that execute a benchmark, one for each set of parameters.

use atlas_migrate_core::bench::{Benchmark, File};

use super::engine::{Engine, Failed, Stop};
use crate::bench::sql::{PARAMETERS, execute};
use crate::error::place::span_at;
use crate::postgres::question::ask_text;
use crate::postgres::session::{ServerError, Session};

/// One for each set of parameters, or the one of a statement without.
pub(super) async fn executions<S: Session>(
    engine: &mut Engine<'_, S>,
    file: &File,
    benchmark: &Benchmark,
) -> Result<Vec<String>, Stop> {
    let Some(parameters) = &benchmark.parameters else { return Ok(vec![execute(&[])]) };
    let timeout = engine.bencher.timeout;
    let (head, behind) = PARAMETERS;
    let question = format!("{head}{}{behind}", parameters.sql);
    let (answer, begin) = ask_text(&mut engine.conversation, &question, timeout, engine.apart).await?;
    let place = |server: Option<&ServerError>| {
        let text = file.text();
        let own = &text[parameters.start..];
        let span = server.and_then(|server| span_at(own, &(begin.clone() + head), server.position?));
        Failed::at(file.path(), &text, parameters.start + span.map_or(0, |span| span.start))
    };
    let reply = answer.reply.map_err(|server| {
        let words = format!("its parameters: {} ({})", server.message, server.code);
        Stop::Failed(Failed { words, place: Some(place(Some(&server))) })
    })?;
    // The first column is there to tell these rows from those of others.
    let sets: Vec<_> = reply.rows("atlas_parameters").map(|row| &row[1..]).collect();
    let wrong = match sets.first() {
        None => Some("a row at least, found none".to_owned()),
        Some(set) if set.len() != parameters.count => {
            Some(format!("{}, found {}", columns(parameters.count), set.len()))
        }
        Some(_) => None,
    };
    match wrong {
        None => Ok(sets.into_iter().map(execute).collect()),
        Some(wrong) => {
            Err(Stop::Failed(Failed { words: format!("its parameters: expected {wrong}"), place: Some(place(None)) }))
        }
    }
}

fn columns(count: usize) -> String {
    if count == 1 { "1 column".to_owned() } else { format!("{count} columns") }
}
