//! `run`: applies what is pending.

use clap::Args;

use crate::answer::{Answer, Failure};
use crate::arguments::Patience;
use crate::context::Context;
use crate::json;
use atlas_migrate::{Migrator, OutOfOrder, Target, TransactionMode};

/// Apply the migrations that are pending
///
/// Writes what the migrations say, each in a transaction with its row in the history table, which is made if there is none.
/// With nothing to do it writes nothing.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate run --target 20250123000001 --wait 5min")]
pub(crate) struct Run {
    /// Go to this version, and no further
    #[arg(long, value_name = "VERSION")]
    target: Option<String>,
    /// Show what would be applied, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// All of them in one transaction: all or nothing
    #[arg(long)]
    single_transaction: bool,
    /// Also those whose version is lower than one that was applied
    #[arg(long)]
    allow_out_of_order: bool,
    #[command(flatten)]
    patience: Patience,
}

impl Run {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let migrator = self.migrator(context.migrator()?);
        let mut connection = context.connect().await?;
        if self.dry_run {
            let plan = migrator.plan(&mut connection).await?;
            return Ok(Answer::new(&plan, &json::of("run", &plan)));
        }
        let report = migrator.run(&mut connection).await?;
        Ok(Answer::new(context.report(&report), &json::of("run", &report)))
    }

    fn migrator(&self, mut migrator: Migrator) -> Migrator {
        if let Some(version) = &self.target {
            migrator = migrator.target(Target::Version(version.clone().into()));
        }
        if self.single_transaction {
            migrator = migrator.transaction_mode(TransactionMode::All);
        }
        if self.allow_out_of_order {
            migrator = migrator.out_of_order(OutOfOrder::Allow);
        }
        self.patience.of(migrator)
    }
}
