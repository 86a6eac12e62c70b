//! The commands, one file each: arguments in, a call of the library, an answer out.

use clap::Subcommand;

use super::answer::{Answer, Failure};
use super::context::Context;

mod check;
mod revert;
mod run;
mod script;
mod status;

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Run(run::Run),
    Status(status::Status),
    Check(check::Check),
    Revert(revert::Revert),
    Script(script::Script),
}

impl Command {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        match self {
            Self::Run(command) => command.perform(context).await,
            Self::Status(command) => command.perform(context).await,
            Self::Check(command) => command.perform(context).await,
            Self::Revert(command) => command.perform(context).await,
            Self::Script(command) => command.perform(context),
        }
    }
}
