//! The commands, one file each: arguments in, a call of the library, an answer out.

use clap::Subcommand;

use super::answer::{Answer, Failure};
use super::context::Context;
use super::words;

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
mod report;
mod reset;
mod revert;
mod roles;
mod run;
mod script;
mod seed;
mod setup;
mod status;
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
    Report(report::Report),
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
        let has_options_for_waiting = matches!(self, Self::Run(_) | Self::Check(_));
        let result = self.perform_as_it_is(context).await;
        if has_options_for_waiting {
            return result;
        }
        result.map_err(|Failure { error, code }| Failure { error: error.hint_in(words::without_patience), code })
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
            Self::Report(command) => command.perform(context).await,
            Self::Setup(command) => command.perform(context).await,
            Self::Roles(command) => command.perform(context).await,
            Self::Clean(command) => command.perform(context).await,
            Self::Reset(command) => command.perform(context).await,
            Self::Create(command) => command.perform(context).await,
            Self::Drop(command) => command.perform(context).await,
        }
    }
}
