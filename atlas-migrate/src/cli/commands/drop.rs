//! `drop`: removes the database.

use clap::Args;
use sqlx::Connection;

use crate::cli::answer::{Answer, Failure};
use crate::cli::ask::Consent;
use crate::cli::context::Context;
use crate::cli::databases::{Asked, MAINTENANCE, tell};
use crate::{Error, ErrorKind, sql};

/// Drop the database that the URL names, with all that is in it
///
/// Removes it once and for all; fails while somebody is connected to it. Asks before.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate drop --yes && atlas-migrate create && atlas-migrate run")]
pub(in crate::cli) struct Drop {
    #[command(flatten)]
    consent: Consent,
}

impl Drop {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let place = context.place()?;
        let database = place.database();
        let mut maintenance = context.connect_to(&place.with_database(MAINTENANCE)).await?;
        if !tell(&mut maintenance, sql::cli::find_database(database), "looking for the database").await? {
            return Ok(Asked::answer("drop", database, "is not there", false));
        }
        let mut connection = context.connect().await?;
        self.consent.obtain(context, &mut connection, "removes everything, and the database itself").await?;
        connection.close().await.map_err(|error| Error::new(ErrorKind::Connection, error.to_string()))?;
        tell(&mut maintenance, sql::cli::drop_database(database), "dropping the database").await.map_err(|error| {
            match error.sqlstate() {
                Some("55006") => error.hint("wait until everybody has left it, or end their sessions"),
                _ => error,
            }
        })?;
        Ok(Asked::answer("drop", database, "was dropped", true))
    }
}
