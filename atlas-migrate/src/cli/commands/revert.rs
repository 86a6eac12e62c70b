//! `revert`: runs down files.

use atlas_migrate_core::words::count;
use clap::Args;

use crate::Report;
use crate::cli::answer::{Answer, Failure};
use crate::cli::arguments::Patience;
use crate::cli::ask::Consent;
use crate::cli::context::Context;
use crate::cli::json::Ran;
use crate::migrations::engine::back::Meant;
use crate::migrations::migrator::{DoRevert, PlanRevert};
use crate::postgres::driver::Database;

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
    patience: Patience,
    #[command(flatten)]
    consent: Consent,
}

impl Revert {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let extent = match (self.to, self.steps, self.all) {
            (Some(version), ..) => crate::Revert::To(version.into()),
            (_, Some(steps), _) => crate::Revert::Steps(steps),
            (.., true) => crate::Revert::All,
            (None, None, false) => crate::Revert::Last,
        };
        let migrator = self.patience.of(context.migrator()?);
        let mut connection = context.connect().await?;
        let meant = (&mut connection).perform(PlanRevert(migrator.clone(), extent.clone())).await?;
        let mut location = context.location();
        let report = if meant.is_empty() {
            Report::default()
        } else {
            location = self.consent.obtain(context, &mut connection, &what(&meant)).await?.location;
            let versions = meant.into_iter().map(|meant| meant.version).collect();
            (&mut connection).perform(DoRevert(migrator, extent, Some(versions))).await?
        };
        let text = if report.is_empty() { "nothing to revert".to_owned() } else { context.report(&report) };
        Ok(Answer::new(location.behind(text), &Ran::new("revert", &report).at(location)))
    }
}

/// What is taken back, each migration by its name.
fn what(meant: &[Meant]) -> String {
    let names: Vec<_> = meant.iter().map(|meant| meant.name.as_str()).collect();
    match names.as_slice() {
        [one] => format!("takes back {one}"),
        names => format!("takes back {} ({})", count(names.len(), "migration"), names.join(", ")),
    }
}
