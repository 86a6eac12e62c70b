//! `bench`: measures statements.

use std::path::PathBuf;

use clap::Args;

use crate::answer::{Answer, DONE, FAILED, Failure};
use crate::context::Context;
use crate::folders::{read, write};
use crate::json::{self, Json};
use atlas_migrate::bench::BenchReport;

/// Measure what statements cost
///
/// Writes nothing that stays: what statements write is rolled back. Exits with 1 if one fails, or has a plan that it should
/// not have; one that is merely slow is shown.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate bench --baseline before.json --save after.json")]
pub(crate) struct Bench {
    /// The folder of benchmarks [default: benchmarks, or what the program embeds]
    #[arg(long, value_name = "DIR")]
    benchmarks: Option<PathBuf>,
    /// Compare with what was saved in this file
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Save the result in this file
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

impl Bench {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let bencher = context.bencher(self.benchmarks.as_deref())?;
        let baseline = self.baseline.as_deref().map(read).transpose()?;
        // What is no report is of no use, which is said before anything is measured.
        baseline.as_deref().map(|baseline| BenchReport::default().compare(baseline)).transpose()?;
        let report = bencher.run(&mut context.connect().await?).await?;
        let comparison = baseline.map(|baseline| report.compare(&baseline)).transpose()?;
        if let Some(file) = &self.save {
            write(file, &report.to_json())?;
        }
        let mut text = if context.styles.on_output() { report.colored().to_string() } else { report.to_string() };
        if let Some(comparison) = &comparison {
            text += &format!("\n\n{comparison}");
        }
        let compared = comparison.as_ref().map(|comparison| Json::list(comparison.benchmarks()));
        let answer = Answer::new(text, &json::of("bench", &report).with("comparison", compared));
        Ok(answer.code(if report.passed_plans() { DONE } else { FAILED }))
    }
}
