//! `create`: makes the database.

use atlas_migrate::__private::cli::ErrorExt as _;
use clap::Args;

use crate::answer::{Answer, Failure};
use crate::context::{Context, Location};
use crate::databases::{MAINTENANCE, answer, in_use, tell};
use crate::sql;

/// Create the database that the URL names, unless it exists
///
/// Writes nothing into a database that exists.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate create && atlas-migrate run")]
pub(crate) struct Create {}

impl Create {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let place = context.place()?;
        let database = place.database();
        let mut connection = context.connect_to(&place.with_database(MAINTENANCE)).await?;
        let location = Location { database: database.to_owned(), ..context.location() };
        if tell(&mut connection, sql::find_database(database), "looking for the database").await? {
            return Ok(answer("create", &location, "exists already", false));
        }
        if let Err(error) = tell(&mut connection, sql::create_database(database), "making the database").await {
            if error.sqlstate() == Some("42501") {
                return Err(error.hint("connect as a role with CREATEDB").into());
            }
            let is_in_use = error.sqlstate() == Some("55006");
            let error = in_use(&mut connection, "template1", error).await;
            let error = error.unless_answered(
                "it may have been made",
                "check that the server is running; then create it again: a database that is there is left as it is",
            );
            return Err(if is_in_use {
                error.hint("a new database is a copy of template1, to which nobody may be connected: end these sessions, and try again")
            } else {
                error
            }
            .into());
        }
        Ok(answer("create", &location, "was created", true))
    }
}
