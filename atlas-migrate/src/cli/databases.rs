//! Databases as a whole.

use serde::Serialize;
use sqlx::PgConnection;

use super::answer::Answer;
use super::context::Location;
use crate::Error;
use crate::cli::sql;
use crate::postgres::driver::{Database, Job};
use crate::postgres::session::Session;
use crate::postgres::wait::holders;
use crate::progress::Holder;

/// The database that one is connected to while another one is made or dropped.
pub(super) const MAINTENANCE: &str = "postgres";

/// What became of a database.
#[derive(Serialize)]
pub(super) struct Asked<'a> {
    command: &'static str,
    #[serde(flatten)]
    location: &'a Location,
    changed: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn answer(command: &'static str, location: &'a Location, what: &str, changed: bool) -> Answer {
        Answer::new(format!("the database {location} {what}"), &Self { command, location, changed })
    }
}

/// Sends a statement, and says whether a row came back.
pub(super) async fn tell(connection: &mut PgConnection, sql: String, doing: &'static str) -> Result<bool, Error> {
    connection.perform(Tell { sql, doing }).await
}

/// The database is in use: by whom, as far as the server tells.
pub(super) async fn in_use(connection: &mut PgConnection, database: &str, error: Error) -> Error {
    if error.sqlstate() != Some("55006") {
        return error;
    }
    let holders = connection.perform(Connected(database.to_owned())).await.unwrap_or_default();
    holders.iter().fold(error, |error, holder| error.note(format!("connected is {holder}")))
}

/// The same of what is no session; and what ends the first of it, in the words of SQL.
pub(super) async fn kept(connection: &mut PgConnection, database: &str, error: Error) -> (Error, Option<String>) {
    if error.sqlstate() != Some("55006") {
        return (error, None);
    }
    let keeping = connection.perform(Keeping(database.to_owned())).await.unwrap_or_default();
    let error = keeping.iter().fold(error, |error, (what, _)| error.note(format!("in the way is {what}")));
    (error, keeping.into_iter().next().map(|(_, remedy)| remedy))
}

struct Keeping(String);

impl Job for Keeping {
    type Output = Vec<(String, String)>;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Vec<(String, String)>, Error> {
        let reply = session.send(&sql::keeping(&self.0)).await;
        let reply = reply.map_err(|failure| Error::own("asking what keeps the database", failure.cause))?;
        let pair = |row: &Vec<Option<String>>| match row.as_slice() {
            [Some(what), Some(remedy)] => Some((what.clone(), remedy.clone())),
            _ => None,
        };
        Ok(reply.rows("atlas_keeping").filter_map(pair).collect())
    }
}

struct Connected(String);

impl Job for Connected {
    type Output = Vec<Holder>;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Vec<Holder>, Error> {
        let reply = session.send(&sql::connected_to(&self.0)).await;
        Ok(holders(&reply.map_err(|failure| Error::own("asking who is connected", failure.cause))?))
    }
}

struct Tell {
    sql: String,
    doing: &'static str,
}

impl Job for Tell {
    type Output = bool;

    async fn perform<S: Session>(self, session: &mut S) -> Result<bool, Error> {
        let reply = session.send(&self.sql).await.map_err(|failure| Error::own(self.doing, failure.cause))?;
        Ok(reply.rows("atlas_database").next().is_some())
    }
}
