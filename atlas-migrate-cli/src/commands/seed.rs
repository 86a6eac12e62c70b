//! `seed`: loads data.

use std::path::PathBuf;

use clap::Args;
use sqlx::PgConnection;

use crate::answer::{Answer, Failure, usage};
use crate::arguments::Patience;
use crate::ask::Consent;
use crate::context::Context;
use crate::json::{self, Json};
use atlas_migrate::__private::cli::{ErrorExt as _, without_warnings};
use atlas_migrate::seed::{Environment, Seeder, Seeds};

/// Load the seeds of an environment
///
/// Writes the rows of those that are not loaded yet, or have changed, and notes them in the table schema_seeds. The first time it
/// marks the database as one of the environment; others are refused from then on.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate seed --environment dev --dry-run")]
pub(crate) struct Seed {
    /// Which data [default: what the database is marked as]
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Load them, show what was loaded, and roll it back
    #[arg(long)]
    dry_run: bool,
    /// The folder of seeds [default: seeds, or what the program embeds]
    #[arg(long, value_name = "DIR")]
    seeds: Option<PathBuf>,
    /// Load nothing: mark the database as one of the environment, whatever it was before. Asks before
    #[arg(long, requires = "environment", conflicts_with = "dry_run")]
    mark: bool,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    consent: Consent,
}

impl Seed {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        if self.consent.is_given() && !self.mark {
            return Err(usage("nothing is asked for that needs a consent")
                .hint("leave out --yes and --confirm")
                .into());
        }
        let mut connection = context.connect().await?;
        if self.mark {
            return self.mark(context, &mut connection).await;
        }
        let environment = context.environment_of(self.environment, &mut connection, self.patience).await?;
        let seeder = self.patience.of(context.seeder(self.seeds.as_deref(), environment.clone())?);
        let report = match self.dry_run {
            true => seeder.dry_run(&mut connection).await?,
            false => seeder.run(&mut connection).await?,
        };
        let rolled_back = if self.dry_run && !report.is_empty() { "\nrolled back: nothing of it stays" } else { "" };
        let json =
            Json::object().with("environment", environment.name()).with("dry_run", self.dry_run).with_all(&report);
        // What it warned of was said when it came up.
        let text = without_warnings(&report);
        Ok(Answer::new(format!("{text}{rolled_back}"), &json::of("seed", json)))
    }

    async fn mark(self, context: &Context, connection: &mut PgConnection) -> Result<Answer, Failure> {
        let environment = Environment::named(self.environment.unwrap_or_default());
        let what = format!("sets the environment to {environment}");
        let identity = self.consent.obtain(context, connection, self.patience, &what).await?;
        let seeder = context.with_options(Seeder::new(Seeds::empty(), environment.clone()));
        self.patience.of(seeder).mark(connection).await?;
        let (environment, location) = (environment.name(), identity.location);
        let marked = Json::object().with("environment", environment).with("marked", true);
        let text = location.behind(format!("marked as a database of the environment {environment}"));
        Ok(Answer::new(text, &json::of("seed", marked.with_all(&location))))
    }
}
