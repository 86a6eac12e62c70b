//! `repair`: writes what is so of a migration into the history.

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::answer::{Answer, Failure};
use crate::cli::context::Context;
use crate::cli::json::{Touched, touched};

/// Write into the history what is so of a migration
///
/// Writes its row, and runs nothing: for what only people can find out, when an error says so, and for a file that was changed
/// on purpose. The reason is shown with the result, for the log of whoever runs it; the history has no place for it.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate repair 003 --mark applied --reason 'index was built by hand'")]
pub(in crate::cli) struct Repair {
    /// Its version; of a repeatable one R__name
    version: String,
    /// applied: it took effect, as the file is now. pending: nothing of it did. failed: a part did
    #[arg(long, value_enum, hide_possible_values = true, value_name = "applied|pending|failed")]
    mark: Mark,
    /// How many of its statements took effect, if it failed
    #[arg(long, value_name = "N", required_if_eq("mark", "failed"))]
    completed: Option<usize>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mark {
    Applied,
    Pending,
    Failed,
}

#[derive(Serialize)]
struct Repaired<'a> {
    command: &'static str,
    migrations: Vec<Touched<'a>>,
    warnings: &'a [String],
    reason: &'a str,
}

impl Repair {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let repair = match self.mark {
            Mark::Applied => crate::Repair::Applied,
            Mark::Pending => crate::Repair::Pending,
            Mark::Failed => crate::Repair::Failed { completed: self.completed.unwrap_or_default() },
        };
        let migrator = context.migrator()?;
        let report = migrator.repair(&mut context.connect().await?, self.version, repair).await?;
        let text = format!("{}\nreason    {}", context.report(&report), self.reason);
        let (migrations, warnings) = (touched(&report), report.warnings());
        Ok(Answer::new(text, &Repaired { command: "repair", migrations, warnings, reason: &self.reason }))
    }
}
