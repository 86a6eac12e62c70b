//! `redo`: takes the last migration back and applies it again.

use clap::Args;

use crate::cli::answer::{Answer, Failure};
use crate::cli::ask::Consent;
use crate::cli::context::Context;
use crate::cli::json::Ran;
use crate::{Report, Revert, Target};

/// Take the last migration back, and apply it again
///
/// Runs its down file, and then its file, in two transactions. What the tables hold that its down file drops is gone. For a
/// migration that is being written. Asks before.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate redo --yes")]
pub(in crate::cli) struct Redo {
    #[command(flatten)]
    consent: Consent,
}

impl Redo {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let migrator = context.migrator()?;
        let mut connection = context.connect().await?;
        self.consent.obtain(context, &mut connection, "takes back the last migration, and applies it again").await?;
        let reverted = migrator.revert(&mut connection, Revert::Last).await?;
        let Some(last) = reverted.migrations().first() else {
            return Ok(Answer::new("nothing to redo", &Ran::new("redo", &reverted)));
        };
        let again = migrator.target(Target::Version(last.version().clone())).run(&mut connection).await;
        let applied = again.map_err(|error| error.note("it was taken back before, and is not applied now"))?;
        let done = [reverted.done, applied.done].concat();
        let report = Report { done, warnings: applied.warnings };
        Ok(Answer::new(context.report(&report), &Ran::new("redo", &report)))
    }
}
