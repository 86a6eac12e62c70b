//! `baseline`: records migrations as being there already.

use clap::Args;

use crate::answer::{Answer, Failure};
use crate::arguments::Patience;
use crate::context::Context;
use crate::json;

/// Record migrations up to a version as applied, without running them
///
/// Writes a row in the history for each, and runs none of them: once, for a database that was made by other means.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate baseline 20250123000001")]
pub(crate) struct Baseline {
    /// The last one that the database has
    version: String,
    #[command(flatten)]
    patience: Patience,
}

impl Baseline {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let migrator = self.patience.of(context.migrator()?);
        let report = migrator.baseline(&mut context.connect().await?, self.version).await?;
        let text = if report.is_empty() { "nothing to record".to_owned() } else { context.report(&report) };
        let location = context.location();
        Ok(Answer::new(location.behind(text), &json::of("baseline", &report).with_all(&location)))
    }
}
