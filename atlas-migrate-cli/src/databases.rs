//! Databases as a whole.

use sqlx::PgConnection;

use super::answer::Answer;
use super::context::Location;
use super::json;
use crate::sql;
use atlas_migrate::__private::cli::{ErrorExt as _, connected_to, rows};
use atlas_migrate::Error;

/// The database that one is connected to while another one is made or dropped.
pub(super) const MAINTENANCE: &str = "postgres";

/// What became of a database.
pub(super) fn answer(command: &'static str, location: &Location, what: &str, changed: bool) -> Answer {
    Answer::new(format!("the database {location} {what}"), &json::of(command, location).with("changed", changed))
}

/// Sends a statement, and says whether a row came back.
pub(super) async fn tell(connection: &mut PgConnection, sql: String, doing: &'static str) -> Result<bool, Error> {
    Ok(!rows(connection, doing, sql, "atlas_database").await?.is_empty())
}

/// The database is in use: by whom, as far as the server tells.
pub(super) async fn in_use(connection: &mut PgConnection, database: &str, error: Error) -> Error {
    if error.sqlstate() != Some("55006") {
        return error;
    }
    let holders = connected_to(connection, database).await.unwrap_or_default();
    holders.iter().fold(error, |error, holder| error.note(format!("connected is {holder}")))
}

/// The same of what is no session; and what ends the first of it, in the words of SQL.
pub(super) async fn kept(connection: &mut PgConnection, database: &str, error: Error) -> (Error, Option<String>) {
    if error.sqlstate() != Some("55006") {
        return (error, None);
    }
    let doing = "asking what keeps the database";
    let keeping = rows(connection, doing, sql::keeping(database), "atlas_keeping").await.unwrap_or_default();
    let text = |row: &Vec<Option<String>>, column: usize| row.get(column).cloned().flatten();
    let keepers = keeping.iter().filter_map(|row| text(row, 0));
    let error = keepers.fold(error, |error, what| error.note(format!("in the way is {what}")));
    (error, keeping.first().and_then(|row| text(row, 1)))
}
