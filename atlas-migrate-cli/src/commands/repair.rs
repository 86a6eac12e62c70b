//! `repair`: corrects what the history says of migrations.

use atlas_migrate_core::words::listed;
use clap::{Args, ValueEnum};

use crate::answer::{Answer, Failure};
use crate::arguments::Patience;
use crate::ask::Consent;
use crate::context::Context;
use crate::json;
use atlas_migrate::__private::cli::{ErrorExt as _, report};
use atlas_migrate::{Repair as Meant, Version};

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
    #[arg(long, value_name = "TEXT", value_parser = reason)]
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
        let has_file = |version: &&String| {
            let version = Version::from((*version).clone());
            migrator.migrations().iter().any(|migration| *migration.version() == version)
        };
        // Without a file, no run brings a row back that goes.
        let gone: Vec<_> = match repair {
            Meant::Removed => self.versions.iter().collect(),
            Meant::Pending => self.versions.iter().filter(|version| !has_file(version)).collect(),
            _ => Vec::new(),
        };
        if !gone.is_empty() {
            let what = format!("removes what the history says of {}", listed(&gone));
            self.consent.obtain(context, &mut connection, self.patience, &what).await?;
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
        let json = json::of("repair", &report).with("reason", self.reason).with_all(&location);
        Ok(Answer::new(text, &json))
    }
}

/// Something that can be read.
fn reason(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("say why, for whoever reads it later") } else { Ok(text.to_owned()) }
}
