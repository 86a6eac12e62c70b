//! `drop`: removes the database.

use atlas_migrate::__private::cli::{ErrorExt as _, Hint, Verb};
use clap::Args;
use sqlx::Connection;

use crate::answer::{Answer, Failure};
use crate::arguments::Patience;
use crate::ask::Consent;
use crate::context::{Context, Location};
use crate::databases::{MAINTENANCE, answer, in_use, kept, tell};
use crate::sql;
use atlas_migrate::{Error, ErrorKind};

/// Drop the database that the URL names, with all that is in it
///
/// Removes it once and for all; fails while another session is connected to it. Asks before.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate drop --yes && atlas-migrate create && atlas-migrate run")]
pub(crate) struct Drop {
    /// End the sessions that are connected to it
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    consent: Consent,
}

impl Drop {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let place = context.place()?;
        let database = place.database();
        let mut maintenance = context.connect_to(&place.with_database(MAINTENANCE)).await?;
        if !tell(&mut maintenance, sql::find_database(database), "looking for the database").await? {
            let location = Location { database: database.to_owned(), ..context.location() };
            return Ok(answer("drop", &location, "does not exist", false));
        }
        let mut connection = context.connect().await?;
        let what = "removes everything, and the database itself";
        let location = self.consent.obtain(context, &mut connection, Patience::default(), what).await?.location;
        connection.close().await.map_err(|error| Error::new(ErrorKind::Connection, error.to_string()))?;
        let drop = sql::drop_database(database, self.force);
        if let Err(error) = tell(&mut maintenance, drop, "dropping the database").await {
            if error.sqlstate() == Some("42501") {
                return Err(error.hint("connect as the owner of the database").into());
            }
            let is_in_use = error.sqlstate() == Some("55006");
            let error = in_use(&mut maintenance, database, error).await;
            let (error, remedy) = kept(&mut maintenance, database, error).await;
            let error = error.unless_answered(
                "it may have been dropped",
                Hint::from("look at ")
                    .then(Verb::Status)
                    .then(" before you drop it again: it cannot connect to a database that is gone"),
            );
            return Err(match remedy {
                Some(remedy) => error.hint(format!("in the database {database}: {remedy}")),
                None if is_in_use && !self.force => {
                    error.hint(format!("end these sessions: {}", context.shell.command("drop --force")))
                }
                None => error,
            }
            .into());
        }
        Ok(answer("drop", &location, "was dropped", true))
    }
}
