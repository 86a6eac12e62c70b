//! The commands, one file each: arguments in, a call of the library, an answer out.

use clap::Subcommand;

use super::answer::{Answer, Failure};
use super::context::Context;
use super::words::{self, Patience};
use atlas_migrate::__private::cli::ErrorExt as _;
use atlas_migrate::Error;

mod baseline;
mod bench;
mod check;
mod clean;
mod completions;
mod create;
mod drop;
mod new;
mod redo;
mod rehearse;
mod repair;
mod reset;
mod revert;
mod roles;
mod run;
mod script;
mod seed;
mod setup;
mod status;
mod usage;
mod validate;
mod verify;

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Run(run::Run),
    Status(status::Status),
    Check(check::Check),
    Rehearse(rehearse::Rehearse),
    Revert(revert::Revert),
    Redo(redo::Redo),
    Baseline(baseline::Baseline),
    Repair(repair::Repair),
    Script(script::Script),
    New(new::New),
    Validate(validate::Validate),
    Seed(seed::Seed),
    Verify(verify::Verify),
    Bench(bench::Bench),
    Usage(usage::Usage),
    Setup(setup::Setup),
    Roles(roles::Roles),
    Clean(clean::Clean),
    Reset(reset::Reset),
    Create(create::Create),
    Drop(drop::Drop),
    Completions(completions::Completions),
    #[command(hide = true)]
    Man(completions::Man),
}

impl Command {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let patience = self.patience();
        let result = self.perform_as_it_is(context).await;
        let in_words = |error: Error| error.hint_in(|hint| words::with(patience, hint));
        result.map_err(|Failure { error, code }| Failure { error: in_words(error), code })
    }

    /// What it has options for.
    fn patience(&self) -> Patience {
        let wait = matches!(
            self,
            Self::Run(_)
                | Self::Check(_)
                | Self::Revert(_)
                | Self::Redo(_)
                | Self::Baseline(_)
                | Self::Repair(_)
                | Self::Seed(_)
                | Self::Setup(_)
                | Self::Roles(_)
                | Self::Reset(_)
        );
        Patience { wait, lock_timeout: matches!(self, Self::Run(_)) }
    }

    async fn perform_as_it_is(self, context: &Context) -> Result<Answer, Failure> {
        match self {
            Self::Run(command) => command.perform(context).await,
            Self::Status(command) => command.perform(context).await,
            Self::Check(command) => command.perform(context).await,
            Self::Revert(command) => command.perform(context).await,
            Self::Redo(command) => command.perform(context).await,
            Self::Baseline(command) => command.perform(context).await,
            Self::Repair(command) => command.perform(context).await,
            Self::Script(command) => command.perform(context),
            Self::New(command) => command.perform(context),
            Self::Validate(command) => command.perform(context),
            Self::Completions(command) => Ok(command.perform()),
            Self::Man(command) => command.perform(),
            Self::Rehearse(command) => command.perform(context).await,
            Self::Seed(command) => command.perform(context).await,
            Self::Verify(command) => command.perform(context).await,
            Self::Bench(command) => command.perform(context).await,
            Self::Usage(command) => command.perform(context).await,
            Self::Setup(command) => command.perform(context).await,
            Self::Roles(command) => command.perform(context).await,
            Self::Clean(command) => command.perform(context).await,
            Self::Reset(command) => command.perform(context).await,
            Self::Create(command) => command.perform(context).await,
            Self::Drop(command) => command.perform(context).await,
        }
    }
}
