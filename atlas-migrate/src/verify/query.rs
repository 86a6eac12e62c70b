//! A query of the program's own.

use atlas_migrate_core::checks::{Answer, File, Query};
use atlas_migrate_core::fault::line_column;

use super::engine::Engine;
use super::refused::refused;
use super::report::Conclusion;
use super::{Checked, Sample};
use crate::Error;
use crate::error::place::span_at;
use crate::postgres::question::ask_text;
use crate::postgres::row::{Unreadable, json, parse};
use crate::postgres::session::{Reply, ServerError, Session};
use crate::verify::sql::around_query;

/// How many rows are shown of those that should not be there.
const SAMPLES: usize = 5;

/// The columns of a row, with value and JSON type.
type Cells = Vec<(String, Option<String>, String)>;

pub(super) async fn check<S: Session>(
    engine: &mut Engine<'_, S>,
    file: &File,
    line: usize,
    query: &Query,
) -> Result<Checked, Error> {
    let timeout = query.timeout.unwrap_or(engine.timeout);
    let (head, behind) = around_query(SAMPLES);
    let question = format!("{head}{}{behind}", query.sql);
    let (answer, begin) = ask_text(&mut engine.conversation, &question, timeout, engine.apart).await?;
    let mut place = format!("{}:{line}", file.path());
    let outcome = match answer.reply {
        Ok(reply) => read(&reply, query.answer)?,
        Err(server) => {
            if let Some((line, column)) = position(file, &(begin + head), &server) {
                place = format!("{}:{line}:{column}", file.path());
            }
            refused(&server, timeout)
        }
    };
    let mut checked = outcome.of(file.path(), answer.duration);
    checked.title.clone_from(&query.title);
    checked.place = Some(place);
    Ok(checked)
}

/// Where in the file an error is.
fn position(file: &File, head: &str, server: &ServerError) -> Option<(usize, usize)> {
    let text = file.text();
    let span = span_at(&text, head, server.position?)?;
    Some(line_column(&text, span.start))
}

fn read(reply: &Reply, answer: Answer) -> Result<Conclusion, Unreadable> {
    let (mut count, mut rows) = (0_u64, Vec::<Cells>::new());
    for row in reply.rows("atlas_rows") {
        count = parse(row, 0)?;
        rows.push(json(row, 1)?);
    }
    Ok(match answer {
        Answer::NoRows if count == 0 => Conclusion::default(),
        Answer::NoRows => {
            let sample =
                |cells: Cells| Sample { cells: cells.into_iter().map(|(name, value, _)| (name, value)).collect() };
            // Rows without columns show nothing.
            let samples = rows.into_iter().filter(|cells| !cells.is_empty()).map(sample).collect();
            Conclusion { samples, ..Conclusion::finding("rows", "none", count.to_string()) }
        }
        Answer::True => match probe(count, rows.first()) {
            None => Conclusion::default(),
            Some(found) => Conclusion::finding("answer", "true", found),
        },
    })
}

/// What was found instead of `true`.
fn probe(count: u64, first: Option<&Cells>) -> Option<String> {
    match (count, first.map(Vec::as_slice)) {
        (1, Some([(_, Some(value), ty)])) if ty == "boolean" => (value != "true").then(|| value.clone()),
        (1, Some([(_, None, _)])) => Some("null".to_owned()),
        (1, Some([(_, Some(value), ty)])) => Some(format!("{value}, which is a {ty}")),
        (1, Some(cells)) => Some(format!("{} columns", cells.len())),
        (0, _) => Some("no row".to_owned()),
        _ => Some(format!("{count} rows")),
    }
}
