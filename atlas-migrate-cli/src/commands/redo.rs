//! `redo`: takes the newest migration back and applies it again.

use clap::Args;

use crate::answer::{Answer, Failure};
use crate::arguments::Patience;
use crate::ask::Consent;
use crate::context::Context;
use crate::json;
use atlas_migrate::__private::cli::{ErrorExt as _, plan_redo, report, revert_as_agreed};
use atlas_migrate::{Report, Revert, Target};

/// Revert the newest migration, and apply it again
///
/// Runs its down file, and then its file, in two transactions. What the tables hold that its down file drops is gone. For a
/// migration that is being written. One that has not run is only applied. Asks before it takes something back.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate redo --yes")]
pub(crate) struct Redo {
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    consent: Consent,
}

impl Redo {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let migrator = self.patience.of(context.migrator()?);
        let mut connection = context.connect().await?;
        let Some(meant) = plan_redo(&mut connection, &migrator).await? else {
            let (location, report) = (context.location(), Report::default());
            let json = json::of("redo", &report).with_all(&location);
            return Ok(Answer::new(location.behind("nothing to redo"), &json));
        };
        let mut reverted = Report::default();
        let mut location = context.location();
        if meant.reverts {
            let what = format!("takes back {}, and applies it again", meant.name);
            location = self.consent.obtain(context, &mut connection, self.patience, &what).await?.location;
            let versions = vec![meant.version.clone()];
            reverted = revert_as_agreed(&mut connection, &migrator, Revert::Last, versions).await?;
        }
        let applied = migrator.target(Target::Version(meant.version)).run(&mut connection).await;
        let applied = applied.map_err(|error| match meant.reverts {
            true if error.is_connection() => {
                error.note(format!("{} was taken back before; `status` says whether it is applied now", meant.name))
            }
            true => error.note(format!("{} was taken back before, and is not applied now", meant.name)),
            false => error,
        })?;
        let report = report(
            [reverted.migrations(), applied.migrations()].concat(),
            [reverted.warnings(), applied.warnings()].concat(),
        );
        let text = location.behind(context.report(&report));
        Ok(Answer::new(text, &json::of("redo", &report).with_all(&location)))
    }
}
