//! `roles`: roles with just the rights that they need.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::answer::{Answer, DONE, FAILED, Failure};
use crate::arguments::Patience;
use crate::context::Context;
use crate::json;

/// Plan, apply and prove roles with just the rights that they need
///
/// They are declared in a file of TOML.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate roles plan")]
pub(crate) struct Roles {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show what would be changed; writes nothing
    #[command(after_help = "Example: atlas-migrate roles plan --roles roles.toml")]
    Plan(File),
    /// Make the roles, and give and take rights
    ///
    /// In one transaction. What a declared role has beyond its declaration is taken from it; other roles are left alone.
    #[command(after_help = "Example: atlas-migrate roles apply")]
    Apply(File),
    /// Try what each role may do and what it may not
    ///
    /// Makes objects for it, and rolls all of it back. Exits with 1 if a role may do what it should not, or the other way
    /// round.
    #[command(after_help = "Example: atlas-migrate roles prove --format json")]
    Prove(File),
}

#[derive(Args, Debug)]
struct File {
    /// The file [default: below [roles] in atlas-migrate.toml, or what the program declares]
    #[arg(long, value_name = "FILE")]
    roles: Option<PathBuf>,
    #[command(flatten)]
    patience: Patience,
}

impl Roles {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let (Verb::Plan(file) | Verb::Apply(file) | Verb::Prove(file)) = &self.verb;
        let roles = file.patience.of(context.roles(file.roles.as_deref())?);
        let mut connection = context.connect().await?;
        match self.verb {
            Verb::Plan(_) => {
                let plan = roles.plan(&mut connection).await?;
                Ok(Answer::new(&plan, &json::of("roles plan", &plan)))
            }
            Verb::Apply(_) => {
                let plan = roles.apply(&mut connection).await?;
                let location = context.location();
                Ok(Answer::new(location.behind(&plan), &json::of("roles apply", &plan).with_all(&location)))
            }
            Verb::Prove(_) => {
                let proof = roles.prove(&mut connection).await?;
                let answer = Answer::new(&proof, &json::of("roles prove", &proof));
                Ok(answer.code(if proof.passed() { DONE } else { FAILED }))
            }
        }
    }
}
