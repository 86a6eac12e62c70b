//! Reading what the server says, typed.

use std::fmt::Display;
use std::str::FromStr;

use crate::postgres::session::{Reply, Row};
use crate::{Error, ErrorKind};

/// Why an answer of the server makes no sense.
#[derive(Debug)]
pub(crate) struct Unreadable(pub(crate) String);

type Read<T> = Result<T, Unreadable>;

impl From<Unreadable> for Error {
    fn from(Unreadable(why): Unreadable) -> Self {
        Self::new(ErrorKind::Database, format!("the server's answer could not be read: {why}"))
    }
}

/// The text of a column, which is not null.
pub(crate) fn text(row: &Row, column: usize) -> Read<&str> {
    match row.get(column) {
        Some(Some(value)) => Ok(value),
        Some(None) => Err(Unreadable(format!("column {column} is null"))),
        None => Err(Unreadable(format!("there is no column {column}"))),
    }
}

/// The same, owned.
pub(crate) fn string(row: &Row, column: usize) -> Read<String> {
    text(row, column).map(str::to_owned)
}

/// The text of a column that may be null.
pub(crate) fn optional(row: &Row, column: usize) -> Option<&str> {
    row.get(column)?.as_deref()
}

pub(crate) fn flag(row: &Row, column: usize) -> Read<bool> {
    match text(row, column)? {
        "t" => Ok(true),
        "f" => Ok(false),
        other => Err(Unreadable(format!("{other:?} is neither true nor false"))),
    }
}

pub(crate) fn parse<T: FromStr>(row: &Row, column: usize) -> Read<T> {
    let value = text(row, column)?;
    value.parse().map_err(|_| Unreadable(format!("{value:?} in column {column}")))
}

#[cfg(any(feature = "clean", feature = "roles", feature = "seeds", feature = "verify"))]
pub(crate) fn json<T: serde::de::DeserializeOwned>(row: &Row, column: usize) -> Read<T> {
    serde_json::from_str(text(row, column)?).map_err(|error| Unreadable(error.to_string()))
}

/// The row whose first column has this name: the last, if there are several.
pub(crate) fn one<'r>(reply: &'r Reply, name: &'r str) -> Read<&'r Row> {
    reply.rows(name).next_back().ok_or_else(|| missing(name))
}

/// The rows whose first column has this name.
pub(crate) fn all<T>(reply: &Reply, name: &str, read: impl FnMut(&Row) -> Read<T>) -> Read<Vec<T>> {
    reply.rows(name).map(read).collect()
}

pub(crate) fn missing(what: impl Display) -> Unreadable {
    Unreadable(format!("there is no {what}"))
}
