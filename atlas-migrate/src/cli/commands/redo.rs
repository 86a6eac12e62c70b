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
        let what = "takes back the last migration, and applies it again";
        let location = self.consent.obtain(context, &mut connection, what).await?.location;
        let reverted = migrator.revert(&mut connection, Revert::Last).await?;
        let Some(last) = reverted.migrations().first() else {
            let json = Ran::new("redo", &reverted).at(location.clone());
            return Ok(Answer::new(location.behind("nothing to redo"), &json));
        };
        let again = migrator.target(Target::Version(last.version().clone())).run(&mut connection).await;
        let applied = again.map_err(|error| error.note("it was taken back before, and is not applied now"))?;
        let done = [reverted.done, applied.done].concat();
        let report = Report { done, warnings: [reverted.warnings, applied.warnings].concat() };
        let text = location.behind(context.report(&report));
        Ok(Answer::new(text, &Ran::new("redo", &report).at(location)))
    }
}
