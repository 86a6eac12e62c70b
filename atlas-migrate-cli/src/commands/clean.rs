//! `clean`: empties tables.

use clap::Args;
use serde::Serialize;

use crate::answer::{Answer, Failure};
use crate::arguments::Patience;
use crate::ask::Consent;
use crate::context::{Context, Location};
use atlas_migrate::clean::{CleanPlan, CleanReport, Cleaner, Emptied, Means};

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

#[derive(Serialize)]
struct Emptying<'a> {
    command: &'static str,
    dry_run: bool,
    tables: Vec<Table<'a>>,
    seeds: usize,
    sequences: usize,
    #[serde(flatten)]
    location: Option<Location>,
}

#[derive(Serialize)]
struct Table<'a> {
    table: &'a str,
    rows: u64,
    estimated: bool,
    means: &'static str,
    statement: usize,
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
        cleaner = self.patience.of(cleaner);
        let mut connection = context.connect().await?;
        if self.dry_run {
            let plan = cleaner.plan(&mut connection).await?;
            return Ok(Answer::new(&plan, &Emptying::planned(&plan)));
        }
        let identity = self.consent.obtain(context, &mut connection, "deletes the rows of tables").await?;
        if let Some(name) = identity.confirmation() {
            cleaner = cleaner.confirm(name);
        }
        let report = cleaner.run(&mut connection).await?;
        let json = Emptying { location: Some(identity.location.clone()), ..Emptying::done(&report) };
        Ok(Answer::new(identity.location.behind(&report), &json))
    }
}

impl<'a> Emptying<'a> {
    fn planned(plan: &'a CleanPlan) -> Self {
        Self::new(true, plan.tables(), plan.seeds(), plan.sequences())
    }

    fn done(report: &'a CleanReport) -> Self {
        Self::new(false, report.tables(), report.seeds(), report.sequences())
    }

    fn new(dry_run: bool, emptied: &'a [Emptied], seeds: usize, sequences: usize) -> Self {
        let table = |one: &'a Emptied| Table {
            table: one.table(),
            rows: one.rows(),
            estimated: one.is_estimated(),
            means: match one.means() {
                Means::Delete => "delete",
                Means::Truncate => "truncate",
            },
            statement: one.statement(),
        };
        Self {
            command: "clean",
            dry_run,
            tables: emptied.iter().map(table).collect(),
            seeds,
            sequences,
            location: None,
        }
    }
}
