//! The commands, one file each: arguments in, a call of the library, an answer out.

use clap::Subcommand;

use super::answer::{Answer, Failure};
use super::context::Context;

mod baseline;
mod check;
mod completions;
mod new;
mod redo;
mod repair;
mod revert;
mod run;
mod script;
mod status;
mod validate;

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Run(run::Run),
    Status(status::Status),
    Check(check::Check),
    Revert(revert::Revert),
    Redo(redo::Redo),
    Baseline(baseline::Baseline),
    Repair(repair::Repair),
    Script(script::Script),
    New(new::New),
    Validate(validate::Validate),
    Completions(completions::Completions),
    #[command(hide = true)]
    Man(completions::Man),
}

impl Command {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
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
        }
    }
}
