//! `redo`: takes the newest migration back and applies it again.

use clap::Args;

use crate::cli::answer::{Answer, Failure};
use crate::cli::arguments::Patience;
use crate::cli::ask::Consent;
use crate::cli::context::Context;
use crate::cli::json::Ran;
use crate::migrations::migrator::{DoRevert, PlanRedo};
use crate::postgres::driver::Database;
use crate::{Report, Revert, Target};

/// Take the newest migration back, and apply it again
///
/// Runs its down file, and then its file, in two transactions. What the tables hold that its down file drops is gone. For a
/// migration that is being written. One that has not run is only applied. Asks before it takes something back.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate redo --yes")]
pub(in crate::cli) struct Redo {
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    consent: Consent,
}

impl Redo {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let migrator = self.patience.of(context.migrator()?);
        let mut connection = context.connect().await?;
        let Some(meant) = (&mut connection).perform(PlanRedo(migrator.clone())).await? else {
            let (location, report) = (context.location(), Report::default());
            let json = Ran::new("redo", &report).at(location.clone());
            return Ok(Answer::new(location.behind("nothing to redo"), &json));
        };
        let mut reverted = Report::default();
        let mut location = context.location();
        if meant.reverts {
            let what = format!("takes back {}, and applies it again", meant.name);
            location = self.consent.obtain(context, &mut connection, &what).await?.location;
            let revert = DoRevert(migrator.clone(), Revert::Last, Some(vec![meant.version.clone()]));
            reverted = (&mut connection).perform(revert).await?;
        }
        let applied = migrator.target(Target::Version(meant.version)).run(&mut connection).await;
        let applied = applied.map_err(|error| match meant.reverts {
            true if error.is_connection() => {
                error.note(format!("{} was taken back before; whether it is applied now `status` tells", meant.name))
            }
            true => error.note(format!("{} was taken back before, and is not applied now", meant.name)),
            false => error,
        })?;
        let done = [reverted.done, applied.done].concat();
        let report = Report { done, warnings: [reverted.warnings, applied.warnings].concat() };
        let text = location.behind(context.report(&report));
        Ok(Answer::new(text, &Ran::new("redo", &report).at(location)))
    }
}
