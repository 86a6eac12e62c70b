//! `repair`: corrects what the history says of migrations.

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::answer::{Answer, Failure};
use crate::arguments::Patience;
use crate::ask::Consent;
use crate::context::{Context, Location};
use crate::json::{Touched, touched};
use atlas_migrate::__private::cli::{ErrorExt as _, report};
use atlas_migrate::Repair as Meant;

/// Correct what the history says of migrations
///
/// Writes their rows, and runs nothing: for what only people can find out, when an error says so, for a file that was changed
/// on purpose, and for rows whose files are gone. The reason is shown with the result; the history has no place for it.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate repair 003 --mark applied --reason 'index was built by hand'")]
pub(crate) struct Repair {
    /// Their versions; of a repeatable one R__name
    #[arg(required = true, value_name = "VERSION")]
    versions: Vec<String>,
    /// applied: all of it took effect. pending: nothing did. failed: so many statements did. partly: and part of the next one.
    /// removed: its file is gone, and its row is to go
    #[arg(long, value_enum, hide_possible_values = true, value_name = "STATE")]
    mark: Mark,
    /// How many of its statements took effect as a whole, with failed and partly
    #[arg(long, value_name = "N", required_if_eq_any([("mark", "failed"), ("mark", "partly")]))]
    completed: Option<usize>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mark {
    Applied,
    Pending,
    Failed,
    Partly,
    Removed,
}

#[derive(Serialize)]
struct Repaired<'a> {
    command: &'static str,
    migrations: Vec<Touched<'a>>,
    warnings: &'a [String],
    reason: &'a str,
    #[serde(flatten)]
    location: Location,
}

impl Repair {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let completed = self.completed.unwrap_or_default();
        let repair = match self.mark {
            Mark::Applied => Meant::Applied,
            Mark::Pending => Meant::Pending,
            Mark::Failed => Meant::Failed { completed },
            Mark::Partly => Meant::Partly { completed },
            Mark::Removed => Meant::Removed,
        };
        let migrator = self.patience.of(context.migrator()?);
        let mut connection = context.connect().await?;
        if repair == Meant::Removed {
            let what = format!("removes what the history says of {}", self.versions.join(", "));
            self.consent.obtain(context, &mut connection, &what).await?;
        }
        let (mut done, mut warnings) = (Vec::new(), Vec::new());
        for version in self.versions {
            match migrator.repair(&mut connection, version, repair).await {
                Ok(one) => {
                    done.extend_from_slice(one.migrations());
                    warnings = one.warnings().to_vec();
                }
                Err(error) => return Err(error.after(report(done, warnings)).into()),
            }
        }
        let report = report(done, warnings);
        let location = context.location();
        let text = location.behind(format!("{}\nreason    {}", context.report(&report), self.reason));
        let (migrations, warnings, reason) = (touched(&report), report.warnings(), self.reason.as_str());
        Ok(Answer::new(text, &Repaired { command: "repair", migrations, warnings, reason, location }))
    }
}
