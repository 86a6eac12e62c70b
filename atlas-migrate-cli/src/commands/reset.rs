//! `reset`: begins again.

use clap::Args;

use crate::answer::{Answer, Failure};
use crate::arguments::Patience;
use crate::ask::Consent;
use crate::context::Context;
use crate::json::{self, Json};
use atlas_migrate::Report;
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

impl Reset {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let mut resetter = Resetter::new(self.patience.of(context.migrator()?));
        if let Some(schemas) = self.schemas {
            resetter = resetter.schemas(schemas);
        }
        let mut connection = context.connect().await?;
        if self.dry_run {
            let plan = resetter.plan(&mut connection).await?;
            let json = of(true, &plan).with_all(&context.location()).with_all(&Report::default());
            return Ok(Answer::new(&plan, &json));
        }
        let identity =
            self.consent.obtain(context, &mut connection, self.patience, "drops everything and migrates again").await?;
        if let Some(name) = identity.confirmation() {
            resetter = resetter.confirm(name);
        }
        let report = resetter.run(&mut connection).await?;
        let text = format!("dropped: {}\n{}", report.dropped().len(), context.report(report.migrations()));
        let json = of(false, &report).with_all(&identity.location);
        Ok(Answer::new(identity.location.behind(text), &json))
    }
}

fn of(dry_run: bool, report: impl Into<Json>) -> Json {
    json::of("reset", Json::object().with("dry_run", dry_run)).with_all(report)
}
