//! `setup`: all of it.

use std::path::PathBuf;

use clap::Args;

use crate::answer::{Answer, DONE, FAILED, Failure};
use crate::arguments::Patience;
use crate::context::Context;
use crate::json;
use atlas_migrate::seed::Environment;
use atlas_migrate::setup;

/// Set a database up: roles, migrations, seeds and checks
///
/// Writes what is missing, as `roles apply`, `run` and `seed` do, and ends with `roles prove` and `verify`: of these what the
/// project has. Seeds are loaded only if the environment is named. Exits with 1 if a proof or a check fails.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate setup --environment dev")]
pub(crate) struct Setup {
    /// Load the seeds of this environment
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// The file of roles [default: below [roles] in atlas-migrate.toml, or what the program declares]
    #[arg(long, value_name = "FILE")]
    roles: Option<PathBuf>,
    /// The folder of seeds [default: seeds, or what the program embeds]
    #[arg(long, value_name = "DIR")]
    seeds: Option<PathBuf>,
    /// The folder of checks [default: checks, or what the program embeds]
    #[arg(long, value_name = "DIR")]
    checks: Option<PathBuf>,
    #[command(flatten)]
    patience: Patience,
}

impl Setup {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let mut setup = setup::Setup::new(context.migrator()?);
        if self.roles.is_some() || context.has_roles() {
            setup = setup.roles(context.roles(self.roles.as_deref())?);
        }
        if let Some(environment) = self.environment
            && (self.seeds.is_some() || context.has_seeds())
        {
            let seeder = context.seeder(self.seeds.as_deref(), Environment::named(environment))?;
            setup = setup.seeds(seeder);
        }
        if self.checks.is_some() || context.has_checks() {
            setup = setup.verify(context.verifier(self.checks.as_deref())?);
        }
        let report = self.patience.of(setup).run(&mut context.connect().await?).await?;
        Ok(Answer::new(&report, &json::of("setup", &report)).code(if report.passed() { DONE } else { FAILED }))
    }
}
