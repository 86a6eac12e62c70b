//! `verify`: holds a database against its checks.

use std::path::PathBuf;

use clap::Args;

use crate::answer::{Answer, DONE, FAILED, Failure};
use crate::context::Context;
use crate::json;

/// Run the checks of the database
///
/// Writes nothing. Exits with 1 if one of them fails.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate verify --checks checks/production")]
pub(crate) struct Verify {
    /// The folder of checks [default: checks, or what the program embeds]
    #[arg(long, value_name = "DIR")]
    checks: Option<PathBuf>,
}

impl Verify {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let verifier = context.verifier(self.checks.as_deref())?;
        let report = verifier.run(&mut context.connect().await?).await?;
        let text = if context.styles.on_output() { report.colored().to_string() } else { report.to_string() };
        let answer = Answer::new(text, &json::of("verify", &report));
        Ok(answer.code(if report.passed() { DONE } else { FAILED }))
    }
}
