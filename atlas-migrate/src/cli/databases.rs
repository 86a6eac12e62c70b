//! Databases as a whole.

use serde::Serialize;
use sqlx::PgConnection;

use super::answer::Answer;
use crate::Error;
use crate::driver::{Database, Job};
use crate::session::Session;

/// The database that one is connected to while another one is made or dropped.
pub(super) const MAINTENANCE: &str = "postgres";

/// What became of a database.
#[derive(Serialize)]
pub(super) struct Asked<'a> {
    command: &'static str,
    database: &'a str,
    changed: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn answer(command: &'static str, database: &'a str, what: &str, changed: bool) -> Answer {
        Answer::new(format!("the database {database} {what}"), &Self { command, database, changed })
    }
}

/// Sends a statement, and says whether a row came back.
pub(super) async fn tell(connection: &mut PgConnection, sql: String, doing: &'static str) -> Result<bool, Error> {
    connection.perform(Tell { sql, doing }).await
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
