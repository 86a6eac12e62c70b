//! `script`: the SQL that would run.

use clap::Args;

use crate::answer::{Answer, Failure};
use crate::context::Context;
use atlas_migrate::Target;

/// Write the SQL that would run, as one file that psql can run
///
/// Connects to no database. The file runs each migration in a transaction with its row in the history. Nothing of it runs if the
/// history has one of them already, and nothing behind one that fails.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate script --to 005 > up.sql && psql -X -v ON_ERROR_STOP=1 -f up.sql")]
pub(crate) struct Script {
    /// Leave out this version and those before it: for a database that has them
    #[arg(long, value_name = "VERSION")]
    from: Option<String>,
    /// Go to this version, and no further
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
}

impl Script {
    pub(super) fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let mut migrator = context.migrator()?;
        if let Some(version) = self.to {
            migrator = migrator.target(Target::Version(version.into()));
        }
        let script = match self.from {
            Some(version) => migrator.script_from(version)?,
            None => migrator.script()?,
        };
        Ok(Answer::file(script))
    }
}
