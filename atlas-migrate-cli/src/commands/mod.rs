//! The commands, one file each: arguments in, a call of the library, an answer out.

use clap::Subcommand;

use super::answer::{Answer, Failure};
use super::context::Context;

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
    /// The options of all commands, of those that hints name, that it heeds.
    pub(super) fn heeds(&self) -> &'static [&'static str] {
        match self {
            Self::Run(_)
            | Self::Status(_)
            | Self::Check(_)
            | Self::Rehearse(_)
            | Self::Revert(_)
            | Self::Redo(_)
            | Self::Baseline(_)
            | Self::Repair(_)
            | Self::Script(_)
            | Self::Setup(_)
            | Self::Reset(_) => &["schema", "table", "namespace", "beside-other-history", "role"],
            Self::Seed(_) => &["schema", "namespace", "role"],
            Self::Clean(_) | Self::Drop(_) => &["role"],
            Self::New(_)
            | Self::Validate(_)
            | Self::Verify(_)
            | Self::Bench(_)
            | Self::Usage(_)
            | Self::Roles(_)
            | Self::Create(_)
            | Self::Completions(_)
            | Self::Man(_) => &[],
        }
    }

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
