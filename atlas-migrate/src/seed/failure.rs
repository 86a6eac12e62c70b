//! What is said when the server does not take a seed.

use std::collections::HashSet;
use std::ops::Range;

use atlas_migrate_core::fault::Fault;
use atlas_migrate_core::seed::{self, Cell};
use atlas_migrate_core::statement;

use super::item::{Item, Source};
use super::rows::FileReader;
use super::table::Table;
use super::{generate, label};
use crate::error::advice;
use crate::error::hint::{Hint, Opt, clause, hint};
use crate::error::place::{Place, line_of_block, span_at};
use crate::postgres::session::{Cause, ServerError};
use crate::postgres::sql::written::NOT_TAKEN;
use crate::{Error, ErrorKind};

/// How the row that failed is found.
pub(super) enum Found {
    /// By its number in the statement that failed, to which those are added that were copied before; generated rows begin with
    /// this one.
    Row { from: u64, copied: u64 },
    /// By its key, as the server tells it.
    Key,
}

/// Where in a `COPY` it failed.
struct InCopy<'a> {
    /// Counted from 1.
    line: u64,
    /// What is said of the line: the column, perhaps.
    rest: &'a str,
}

/// Something that was deferred until the end of a transaction failed, when all the rows of these seeds were there; of a
/// generator, those of a range.
pub(super) fn of_commit(seeds: &[(&Item<'_>, Option<&Table>)], range: Range<u64>, cause: Cause) -> Error {
    let server = match cause {
        Cause::Server(server) if !server.ends_connection() && server.code != NOT_TAKEN => server,
        cause => {
            return Error::own("recording a seed", cause).unless_answered(
                "its rows may be there, with its row in the table of seeds",
                "check that the server is running; then seed again: what was loaded once is not loaded a second time",
            );
        }
    };
    // Its table is named in the message, as a rule.
    let (named, others): (Vec<_>, Vec<_>) =
        seeds.iter().partition(|(_, table)| table.is_some_and(|table| names(&server, table)));
    let found = named.iter().chain(&others).find_map(|(item, _)| Some((*item, find(item, &range, &server)?)));
    let item = match (found.as_ref(), named.first(), seeds) {
        (Some((item, _)), ..) | (None, Some((item, _)), _) | (None, None, [(item, _)]) => Some(*item),
        _ => None,
    };
    let (mut fault, mut row) = (None, None);
    match found {
        Some((_, Row::OfFile(at))) => fault = Some(at),
        Some((_, Row::Generated(number))) => row = Some(number),
        None => {}
    }
    let path = item.map_or("", |item| item.path().unwrap_or(&item.name));
    let name = item.map_or_else(
        || format!("seeds {}", seeds.iter().map(|(item, _)| item.name.as_str()).collect::<Vec<_>>().join(", ")),
        |item| format!("seed {}", item.name),
    );
    let mut error = match fault.or_else(|| (!path.is_empty()).then(|| Fault::new(path, ""))) {
        Some(fault) => Error::at(kind(&server), fault).saying(format!("{name} failed: {}", server.message)),
        None => Error::new(kind(&server), format!("{name} failed: {}", server.message)),
    };
    if let Some(row) = row {
        error = error.note(format!("it is row {row} of those that are generated"));
    }
    if server.code.starts_with("23") || server.code == "P0001" {
        error = error.note("it is deferred, and was checked when all rows were there");
    }
    rolled_back_to(error.server(&server), range.start).hint(advice(&server))
}

/// A row that was found.
enum Row {
    OfFile(Fault),
    Generated(u64),
}

/// The first row with the key that the server names.
fn find(item: &Item<'_>, range: &Range<u64>, server: &ServerError) -> Option<Row> {
    match item.source {
        Source::Sql(_) => None,
        Source::Rows(seed) => Some(Row::OfFile(at_key(FileReader::open(seed).ok()?, server)?)),
        Source::Generated(generate) => {
            let key = Key::of(server, generate.columns())?;
            let is_it = |number: &u64| {
                let cells = generate::cells(generate, *number);
                let text = |column: &usize| cells.get(*column).cloned().flatten().unwrap_or_default();
                key.is_of(&key.columns.iter().map(text).collect::<Vec<_>>())
            };
            range.clone().find(is_it).map(Row::Generated)
        }
    }
}

/// The rows of a file, or of a generator, were not taken.
pub(super) fn of_rows(item: &Item<'_>, table: Option<&Table>, found: &Found, cause: Cause) -> Error {
    let server = match cause {
        Cause::Server(server) if !server.ends_connection() => server,
        cause => return Error::own(&format!("loading seed {}", item.name), cause),
    };
    let copied = if let Found::Row { copied, .. } = found { *copied } else { 0 };
    let place = in_copy(&server).map(|place| InCopy { line: place.line + copied, ..place });
    let fault = match (item.source, &place, found) {
        (Source::Rows(seed), Some(place), Found::Row { .. }) => {
            FileReader::open(seed).ok().and_then(|reader| at_line(reader, place, table))
        }
        (Source::Rows(seed), ..) if server.code == "21000" => {
            FileReader::open(seed).ok().and_then(|reader| at_second(reader, &item.key))
        }
        (Source::Rows(seed), ..) => FileReader::open(seed).ok().and_then(|reader| at_key(reader, &server)),
        _ => None,
    };
    let path = item.path().unwrap_or(&item.name);
    let mut error = Error::at(kind(&server), fault.unwrap_or_else(|| Fault::new(path, "")))
        .saying(format!("seed {} failed: {}", item.name, server.message));
    let mut loaded_before = 0;
    if let (Source::Generated(_), Some(place), Found::Row { from, .. }) = (item.source, &place, found) {
        error = error.note(format!("it is row {} of those that are generated", from + place.line - 1));
        loaded_before = *from;
    }
    // The line of what was sent is that of the file, which is shown.
    let error = error.server(&ServerError { context: None, ..*server.clone() });
    rolled_back_to(error, loaded_before).hint(match server.code.as_str() {
        "23505" => {
            "the row is there already: let the policy be `existing = \"skip\"` or `\"update\"`, or change its key"
                .into()
        }
        "21000" => "two rows of the file have the same key: remove one".into(),
        _ => advice(&server),
    })
}

/// Whether the server speaks of this table.
pub(super) fn names(server: &ServerError, table: &Table) -> bool {
    let name = table.name.rsplit('.').next().unwrap_or_default().trim_matches('"');
    server.message.contains(&format!("\"{name}\""))
}

/// A statement failed: the one behind so many that completed, among those of a range.
pub(super) fn of_statements(
    item: &Item<'_>,
    text: &str,
    range: Range<usize>,
    completed: Option<usize>,
    cause: Cause,
) -> Error {
    let server = match cause {
        Cause::Server(server) if !server.ends_connection() => server,
        cause => return Error::own(&format!("loading seed {}", item.name), cause),
    };
    let piece = &text[range.clone()];
    let word = server.position.and_then(|position| span_at(piece, "", position));
    let statement = || {
        let statement = statement::split(piece).get(completed?)?.range.clone();
        let line = line_of_block(&piece[statement.clone()], server.context.as_deref());
        Some(line.map_or(statement.clone(), |line| statement.start + line.start..statement.start + line.end))
    };
    let span = word.or_else(statement).map_or(range.clone(), |span| range.start + span.start..range.start + span.end);
    in_text(item, text, span, &server)
}

/// A `COPY` block failed.
pub(super) fn of_block(
    item: &Item<'_>,
    text: &str,
    statement: Range<usize>,
    data: Range<usize>,
    cause: Cause,
) -> Error {
    let server = match cause {
        Cause::Server(server) if !server.ends_connection() => server,
        cause => return Error::own(&format!("loading seed {}", item.name), cause),
    };
    let line = in_copy(&server).and_then(|place| {
        let skipped = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let lines = &text[data.clone()];
        let start = match skipped.checked_sub(1) {
            None => 0,
            Some(before) => lines.match_indices('\n').nth(before)?.0 + 1,
        };
        let length = lines[start..].find('\n').unwrap_or(lines.len() - start);
        Some(data.start + start..data.start + start + length)
    });
    let word = || {
        let span = span_at(&text[statement.clone()], "", server.position?)?;
        Some(statement.start + span.start..statement.start + span.end)
    };
    let span = line.or_else(word).unwrap_or(statement.clone());
    in_text(item, text, span, &ServerError { context: None, ..*server.clone() })
}

fn in_text(item: &Item<'_>, text: &str, span: Range<usize>, server: &ServerError) -> Error {
    let path = item.path().unwrap_or(&item.name).to_owned();
    let place = Place { path, text: text.to_owned(), span, label: String::new() };
    let error = Error::new(kind(server), format!("seed {} failed: {}", item.name, server.message));
    rolled_back(error.place(place).server(server)).hint(match server.code.as_str() {
        "23505" => "the row is there already: write `ON CONFLICT DO NOTHING`, or change its key".into(),
        _ => advice(server),
    })
}

pub(super) fn rolled_back(error: Error) -> Error {
    error.fate("rolled back: nothing of it was loaded")
}

/// Of generated rows, those before this one have been committed.
pub(super) fn rolled_back_to(error: Error, from: u64) -> Error {
    match from {
        0 => rolled_back(error),
        1 => error.fate("rolled back: its first row was loaded before, and stays; the next run goes on behind it"),
        _ => error.fate(format!(
            "rolled back: its first {from} rows were loaded before, and stay; the next run goes on behind them"
        )),
    }
}

fn kind(server: &ServerError) -> ErrorKind {
    if server.code == "55P03" { ErrorKind::LockTimeout } else { ErrorKind::Failed }
}

/// What the server says of the place: `COPY users, line 3, column age: "x"`.
fn in_copy(server: &ServerError) -> Option<InCopy<'_>> {
    let context = server.context.as_deref()?.lines().find(|line| line.starts_with("COPY "))?;
    // Words are in the server's language, and the name of the table may have commas.
    let (at, _) = context.match_indices(", ").find(|(at, _)| number(&context[*at..]).is_some())?;
    let line = number(&context[at..])?;
    Some(InCopy { line, rest: &context[at + 2..] })
}

/// The number behind the first word.
fn number(text: &str) -> Option<u64> {
    let word = text.trim_start_matches(", ").split_whitespace().nth(1)?;
    word.trim_end_matches([',', ':']).parse().ok()
}

fn at_line(reader: FileReader<'_>, place: &InCopy<'_>, table: Option<&Table>) -> Option<Fault> {
    let columns = reader.columns().to_vec();
    // Behind the number: `, column age: …`.
    let named = |name: &String| {
        place.rest.split_once(", ").is_some_and(|(_, rest)| {
            let rest = rest.split_once(' ').map_or("", |(_, rest)| rest);
            rest == name || rest.starts_with(&format!("{name}: "))
        })
    };
    let column = columns.iter().position(named);
    let label = column.and_then(|column| {
        let column = table?.column(&columns[column])?;
        Some(format!("{} is {}", column.name, column.ty))
    });
    let label = label.unwrap_or_else(|| "in this row".to_owned());
    reader.find(|row| (row.number() == place.line).then(|| row.fault(column.unwrap_or(0), "", label.clone())))
}

/// A key that the server names: `Key (email)=(a@b.c) already exists.`
struct Key<'a> {
    /// By their numbers in the file.
    columns: Vec<usize>,
    values: &'a str,
}

impl<'a> Key<'a> {
    fn of<C: AsRef<str>>(server: &'a ServerError, columns: &[C]) -> Option<Self> {
        let detail = server.detail.as_deref()?;
        let (names, rest) = detail.split_once('(')?.1.split_once(")=(")?;
        // An exclusion constraint names the key that is in the way behind it.
        let rest = rest.find(&format!("({names})=(")).map_or(rest, |other| &rest[..other]);
        let values = &rest[..rest.rfind(')')?];
        let number = |name: &str| columns.iter().position(|column| column.as_ref() == name.trim_matches('"'));
        Some(Self { columns: names.split(", ").map(number).collect::<Option<_>>()?, values })
    }

    fn is_of(&self, cells: &[String]) -> bool {
        let matches = |cell: &String| self.values.split(", ").any(|value| label::may_be(cell, value));
        cells.join(", ") == self.values || cells.iter().all(matches)
    }
}

/// The first row with the key that the server names.
fn at_key(reader: FileReader<'_>, server: &ServerError) -> Option<Fault> {
    let key = Key::of(server, reader.columns())?;
    let columns = &key.columns;
    let text = |row: &seed::Row<'_>| {
        let cell = |column: &usize| match row.cell(*column) {
            Cell::Text(text) => text.into_owned(),
            Cell::Json(json) => json.to_owned(),
            Cell::Null | Cell::Missing => String::new(),
        };
        columns.iter().map(cell).collect::<Vec<_>>()
    };
    reader.find(|row| {
        key.is_of(&text(row)).then(|| {
            let label = match row.cell(columns[0]) {
                Cell::Text(text) if label::is_label(&text) && server.code == "23503" => "no row is called so",
                _ => "in this row",
            };
            row.fault(columns[0], "", label)
        })
    })
}

/// The first row whose key another one had before.
fn at_second(reader: FileReader<'_>, key: &[String]) -> Option<Fault> {
    let columns: Vec<_> = key.iter().filter_map(|name| reader.columns().iter().position(|c| c == name)).collect();
    let mut seen = HashSet::new();
    reader.find(|row| {
        let cells: Vec<_> = columns.iter().map(|column| format!("{:?}", row.cell(*column))).collect();
        (!seen.insert(cells)).then(|| row.fault(*columns.first().unwrap_or(&0), "", "the same key as a row before"))
    })
}

fn advice(server: &ServerError) -> Hint {
    match server.code.as_str() {
        "42501" => hint![
            "run as a role that may write to the table and to its sequences",
            clause![", or name one with ", Opt::Role(None)]
        ],
        "55P03" => hint!["end the session that is in the way", clause![", or be patient with ", Opt::LockTimeout]],
        _ => of_seed(server).map(Hint::from).or_else(|| advice::server(server)).unwrap_or_else(|| {
            if server.code.starts_with("22") { "fix the value".into() } else { "fix the file and run again".into() }
        }),
    }
}

fn of_seed(server: &ServerError) -> Option<&'static str> {
    Some(match server.code.as_str() {
        "23503" => "no row has what it refers to: load that before, or fix the key",
        "23502" | "23505" | "23514" | "23P01" => "fix the row",
        "2D000" => "remove the COMMIT or ROLLBACK: a seed is committed together with its row in the table of seeds",
        "25001" => "move it to a migration that has `-- atlas:no-transaction` at its top: a seed runs in a transaction",
        _ => return None,
    })
}
