//! `usage`: how a database is used.

use clap::Args;

use crate::answer::{Answer, Failure};
use crate::context::Context;
use crate::json;

/// Show sizes, unused indexes and connections
///
/// Writes nothing.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate usage --format json")]
pub(crate) struct Usage {}

impl Usage {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let usage = atlas_migrate::usage::read(&mut context.connect().await?).await?;
        Ok(Answer::new(&usage, &json::of("usage", &usage)))
    }
}
