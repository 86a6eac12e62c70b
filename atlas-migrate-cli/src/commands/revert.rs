//! `revert`: runs down files.

use atlas_migrate_core::words::count;
use clap::Args;

use crate::answer::{Answer, Failure};
use crate::arguments::Patience;
use crate::ask::Consent;
use crate::context::Context;
use crate::json;
use atlas_migrate::__private::cli::{Meant, plan_revert, revert_as_agreed};
use atlas_migrate::Report;

/// Revert migrations, the highest version first
///
/// Runs down files, and removes the rows of these migrations from the history. Without an option, of the last one. What the
/// tables hold that they drop is gone. Asks before.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate revert --to 20250123000001")]
pub(crate) struct Revert {
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
            (Some(version), ..) => atlas_migrate::Revert::To(version.into()),
            (_, Some(steps), _) => atlas_migrate::Revert::Steps(steps),
            (.., true) => atlas_migrate::Revert::All,
            (None, None, false) => atlas_migrate::Revert::Last,
        };
        let migrator = self.patience.of(context.migrator()?);
        let mut connection = context.connect().await?;
        let meant = plan_revert(&mut connection, &migrator, &extent).await?;
        let mut location = context.location();
        let report = if meant.is_empty() {
            Report::default()
        } else {
            location = self.consent.obtain(context, &mut connection, self.patience, &what(&meant)).await?.location;
            let versions = meant.into_iter().map(|meant| meant.version).collect();
            revert_as_agreed(&mut connection, &migrator, extent, versions).await?
        };
        let text = if report.is_empty() { "nothing to revert".to_owned() } else { context.report(&report) };
        Ok(Answer::new(location.behind(text), &json::of("revert", &report).with_all(&location)))
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
