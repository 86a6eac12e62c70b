//! `status`: where each migration stands.

use anstyle::Style;
use clap::Args;

use crate::answer::{Answer, DIFFERS, DONE, Failure};
use crate::context::Context;
use crate::json;
use crate::style::{DIM, of_standing};
use crate::table::Table;
use atlas_migrate::__private::cli::{has_drifted, time};
use atlas_migrate::{Kind, MigrationStatus};

/// Show where each migration stands
///
/// Writes nothing: state, when and by whom it was applied, how long it took, and what the comment lines of its file say.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate status --exit-code --format json")]
pub(crate) struct Status {
    /// Exit with 3 unless the database is just what the migrations say
    #[arg(long)]
    exit_code: bool,
}

impl Status {
    pub(super) async fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let migrator = context.migrator()?;
        let status = migrator.status(&mut context.connect().await?).await?;
        let pending = status.pending().count();
        let drifted = status.migrations().iter().filter(|migration| has_drifted(migration)).count();
        let up_to_date = pending == 0 && drifted == 0;
        let answer = Answer::new(text(context, &status), &json::of("status", &status));
        Ok(answer.code(if self.exit_code && !up_to_date { DIFFERS } else { DONE }))
    }
}

fn text(context: &Context, status: &atlas_migrate::Status) -> String {
    let mut table = Table::new(["VERSION", "NAME", "STATE", "APPLIED", "BY", "TIME", "DESCRIPTION"]);
    for migration in status.migrations() {
        table.line(line(migration));
    }
    if status.migrations().is_empty() { "no migrations".to_owned() } else { table.show(context.styles) }
}

fn line(migration: &MigrationStatus) -> Vec<(String, Style)> {
    let plain = |text: &str| (text.to_owned(), Style::new());
    let standing = migration.standing();
    // The version of a repeatable one has its name in it.
    let name = if migration.kind() == Kind::Repeatable { "" } else { migration.name() };
    let texts: Vec<_> = [migration.title(), migration.description()].into_iter().flatten().collect();
    vec![
        plain(migration.version().as_str()),
        plain(name),
        (standing.as_str().to_owned(), of_standing(standing)),
        (migration.applied_at().unwrap_or("").to_owned(), DIM),
        (migration.applied_by().unwrap_or("").to_owned(), DIM),
        (migration.execution_time().map_or(String::new(), time::shown), DIM),
        plain(&texts.join(": ")),
    ]
}
