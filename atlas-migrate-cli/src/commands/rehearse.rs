//! `rehearse`: tries what is pending.

use clap::Args;

use crate::answer::{Answer, DONE, FAILED, Failure};
use crate::arguments::Patience;
use crate::context::Context;
use crate::json;

/// Try what is pending in a transaction, and roll it back
///
/// Shows each statement's time, the locks that it takes and the tables that it rewrites. Writes nothing that stays, except
/// numbers taken from sequences; while it lasts it holds the locks of a run. Exits with 1 if a migration fails.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate rehearse --database-url postgres://…/copy_of_production")]
pub(crate) struct Rehearse {
    #[command(flatten)]
    patience: Patience,
}

impl Rehearse {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let migrator = self.patience.of(context.migrator()?);
        let rehearsal = migrator.rehearse(&mut context.connect().await?).await?;
        let answer = Answer::new(&rehearsal, &json::of("rehearse", &rehearsal));
        Ok(answer.code(if rehearsal.passed() { DONE } else { FAILED }))
    }
}
