//! `reset`: begins again.

use clap::Args;
use serde::Serialize;

use crate::answer::{Answer, Failure};
use crate::arguments::Patience;
use crate::ask::Consent;
use crate::context::{Context, Location};
use crate::json::{Touched, touched};
use atlas_migrate::clean::Resetter;

/// Drop what is in the schemas, and migrate again
///
/// Drops all objects with their data, in one transaction; schemas, extensions and the mark of the environment stay. Then it
/// applies the migrations. Asks before.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate reset --schemas public --yes")]
pub(crate) struct Reset {
    /// What is in these schemas only
    #[arg(long, value_name = "SCHEMA,…", value_delimiter = ',')]
    schemas: Option<Vec<String>>,
    /// Show what would be dropped, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Serialize)]
struct Dropped<'a> {
    command: &'static str,
    dry_run: bool,
    dropped: &'a [String],
    migrations: Vec<Touched<'a>>,
    warnings: &'a [String],
    #[serde(flatten)]
    location: Option<Location>,
}

impl Reset {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let mut resetter = Resetter::new(self.patience.of(context.migrator()?));
        if let Some(schemas) = self.schemas {
            resetter = resetter.schemas(schemas);
        }
        let mut connection = context.connect().await?;
        if self.dry_run {
            let plan = resetter.plan(&mut connection).await?;
            let json = Dropped {
                command: "reset",
                dry_run: true,
                dropped: plan.objects(),
                migrations: Vec::new(),
                warnings: &[],
                location: None,
            };
            return Ok(Answer::new(&plan, &json));
        }
        let identity = self.consent.obtain(context, &mut connection, "drops everything and migrates again").await?;
        if let Some(name) = identity.confirmation() {
            resetter = resetter.confirm(name);
        }
        let report = resetter.run(&mut connection).await?;
        let migrations = touched(report.migrations());
        let text = format!("dropped: {}\n{}", report.dropped().len(), context.report(report.migrations()));
        let json = Dropped {
            command: "reset",
            dry_run: false,
            dropped: report.dropped(),
            migrations,
            warnings: report.migrations().warnings(),
            location: Some(identity.location.clone()),
        };
        Ok(Answer::new(identity.location.behind(text), &json))
    }
}
