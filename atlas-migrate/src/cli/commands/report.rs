//! `report`: how a database is used.

use clap::Args;

use crate::cli::answer::{Answer, Failure};
use crate::cli::context::Context;
use crate::cli::json::Of;
use crate::usage;

/// Show how the database is used: sizes, indexes that nobody needs, connections
///
/// Writes nothing.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate report --format json")]
pub(in crate::cli) struct Report {}

impl Report {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let usage = usage::read(&mut context.connect().await?).await?;
        Ok(Answer::new(&usage, &Of::new("report", usage.as_json())))
    }
}
