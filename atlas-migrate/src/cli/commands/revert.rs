//! `revert`: runs down files.

use atlas_migrate_core::words::count;
use clap::Args;

use crate::cli::answer::{Answer, Failure};
use crate::cli::ask::Consent;
use crate::cli::context::Context;
use crate::cli::json::Ran;

/// Take back what was applied, the highest version first
///
/// Runs down files, and removes the rows of these migrations from the history. Without an option, of the last one. What the
/// tables hold that they drop is gone. Asks before.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate revert --to 20250123000001")]
pub(in crate::cli) struct Revert {
    /// All with a higher version than this one, which stays
    #[arg(long, value_name = "VERSION", group = "extent")]
    to: Option<String>,
    /// So many
    #[arg(long, value_name = "N", group = "extent")]
    steps: Option<usize>,
    /// All of them
    #[arg(long, group = "extent")]
    all: bool,
    #[command(flatten)]
    consent: Consent,
}

impl Revert {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let (extent, what) = match (self.to, self.steps, self.all) {
            (Some(version), ..) => {
                let what = format!("takes back all migrations after {version}");
                (crate::Revert::To(version.into()), what)
            }
            (_, Some(1), _) | (None, None, false) => (crate::Revert::Last, "takes back the last migration".to_owned()),
            (_, Some(steps), _) => {
                (crate::Revert::Steps(steps), format!("takes back the last {}", count(steps, "migration")))
            }
            (.., true) => (crate::Revert::All, "takes back all migrations".to_owned()),
        };
        let migrator = context.migrator()?;
        let mut connection = context.connect().await?;
        let location = self.consent.obtain(context, &mut connection, &what).await?.location;
        let report = migrator.revert(&mut connection, extent).await?;
        let text = if report.is_empty() { "nothing to revert".to_owned() } else { context.report(&report) };
        Ok(Answer::new(location.behind(text), &Ran::new("revert", &report).at(location)))
    }
}
