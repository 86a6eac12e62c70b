//! `seed`: loads data.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cli::answer::{Answer, Failure};
use crate::cli::context::Context;
use crate::cli::json::milliseconds;
use crate::seed::SeedReport;

/// Load the seeds of an environment
///
/// Writes the rows of those that are not loaded yet, or have changed, and notes them in the table schema_seeds. The first time it
/// marks the database as one of the environment; others are refused from then on.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate seed --environment dev --dry-run")]
pub(in crate::cli) struct Seed {
    /// Which data [default: what the database is marked as]
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Load them, show what was loaded, and roll it back
    #[arg(long)]
    dry_run: bool,
    /// The folder of seeds [default: seeds, or what the program embeds]
    #[arg(long, value_name = "DIR")]
    seeds: Option<PathBuf>,
}

#[derive(Serialize)]
struct Ran<'a> {
    command: &'static str,
    environment: &'a str,
    dry_run: bool,
    seeds: Vec<Loaded<'a>>,
}

/// A seed that was loaded.
#[derive(Serialize)]
pub(super) struct Loaded<'a> {
    name: &'a str,
    rows: u64,
    milliseconds: f64,
}

pub(super) fn loaded(report: &SeedReport) -> Vec<Loaded<'_>> {
    let loaded = report.seeds().iter().map(|seed| Loaded {
        name: seed.name(),
        rows: seed.rows(),
        milliseconds: milliseconds(seed.duration()),
    });
    loaded.collect()
}

impl Seed {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let mut connection = context.connect().await?;
        let environment = context.environment_of(self.environment, &mut connection).await?;
        let seeder = context.seeder(self.seeds.as_deref(), environment.clone())?;
        let report = match self.dry_run {
            true => seeder.dry_run(&mut connection).await?,
            false => seeder.run(&mut connection).await?,
        };
        let rolled_back = if self.dry_run && !report.is_empty() { "\nrolled back: nothing of it stays" } else { "" };
        let (environment, seeds) = (environment.name(), loaded(&report));
        let json = Ran { command: "seed", environment, dry_run: self.dry_run, seeds };
        Ok(Answer::new(format!("{report}{rolled_back}"), &json))
    }
}
