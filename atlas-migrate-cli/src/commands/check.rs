//! `check`: whether the database is what the migrations say.

use std::time::Duration;

use clap::Args;

use crate::answer::{Answer, DIFFERS, Failure};
use crate::arguments::duration;
use crate::context::Context;
use crate::json::{self, Json};

/// Ask whether the database is what the migrations say
///
/// Writes nothing. Exits with 3 if migrations are pending, or were changed, are missing, newer or out of order.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate check --wait 2min && exec myapp")]
pub(crate) struct Check {
    /// How long to wait for another process to migrate it
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    wait: Option<Duration>,
}

impl Check {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let migrator = context.migrator()?;
        let mut connection = context.connect().await?;
        let result = match self.wait {
            None => migrator.check(&mut connection).await,
            Some(budget) => migrator.wait_budget(budget).wait(&mut connection).await,
        };
        match result {
            Ok(()) => Ok(Answer::new("up to date", &json::of("check", Json::object().with("up_to_date", true)))),
            Err(error) if error.is_pending() || error.is_drift() => Err(Failure { error, code: DIFFERS }),
            Err(error) => Err(error.into()),
        }
    }
}
