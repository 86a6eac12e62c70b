//! `clean`: empties tables.

use clap::Args;

use crate::answer::{Answer, Failure};
use crate::arguments::Patience;
use crate::ask::Consent;
use crate::context::Context;
use crate::json::{self, Json};
use atlas_migrate::clean::Cleaner;

/// Empty the tables and keep the schema
///
/// Removes all rows, except the history of the migrations and the mark of the environment. Seeds load again. Asks before.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate clean --keep countries --restart-identity")]
pub(crate) struct Clean {
    /// Those of these schemas only
    #[arg(long, value_name = "SCHEMA,…", value_delimiter = ',')]
    schemas: Option<Vec<String>>,
    /// These tables only
    #[arg(long, value_name = "TABLE,…", value_delimiter = ',')]
    tables: Option<Vec<String>>,
    /// Not these tables
    #[arg(long, value_name = "TABLE,…", value_delimiter = ',')]
    keep: Vec<String>,
    /// Let sequences begin again
    #[arg(long)]
    restart_identity: bool,
    /// Show what would be emptied, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    consent: Consent,
}

impl Clean {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let mut cleaner = Cleaner::new().keep(self.keep);
        if let Some(schemas) = self.schemas {
            cleaner = cleaner.schemas(schemas);
        }
        if let Some(tables) = self.tables {
            cleaner = cleaner.tables(tables);
        }
        if self.restart_identity {
            cleaner = cleaner.restart_identity();
        }
        if let Some(role) = &context.common.role {
            cleaner = cleaner.role(role);
        }
        let progress = context.progress.clone();
        cleaner = self.patience.of(cleaner).on_progress(move |event| progress.hear(event));
        let mut connection = context.connect().await?;
        if self.dry_run {
            let plan = cleaner.plan(&mut connection).await?;
            return Ok(Answer::new(&plan, &of(true, &plan).with_all(&context.location())));
        }
        let identity =
            self.consent.obtain(context, &mut connection, self.patience, "deletes the rows of tables").await?;
        if let Some(name) = identity.confirmation() {
            cleaner = cleaner.confirm(name);
        }
        let report = cleaner.run(&mut connection).await?;
        let json = of(false, &report).with_all(&identity.location);
        Ok(Answer::new(identity.location.behind(&report), &json))
    }
}

fn of(dry_run: bool, report: impl Into<Json>) -> Json {
    json::of("clean", Json::object().with("dry_run", dry_run)).with_all(report)
}
