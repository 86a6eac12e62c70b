//! `validate`: what is wrong with the files.

use atlas_migrate_core::words;
use clap::Args;

use crate::answer::{Answer, Failure};
use crate::context::Context;
use crate::json::{self, Json};
use atlas_migrate::__private::cli::warnings_of;
use atlas_migrate::Migrations;

/// Check the files of migrations
///
/// Connects to no database. Says all that `embed_migrations!` would say when a program is compiled: names, order, duplicates,
/// directives, transactions, and the syntax of the SQL.
#[derive(Args, Debug)]
#[command(after_help = "Example: atlas-migrate validate --source db/migrations")]
pub(crate) struct Validate {}

impl Validate {
    pub(super) fn perform(self, context: &Context) -> Result<Answer, Failure> {
        let folder = context.folder()?;
        let migrations = Migrations::from_directory_checked(&folder)?;
        for warning in warnings_of(&migrations) {
            context.progress.warn(&warning);
        }
        let count = migrations.as_slice().len();
        let text = format!("{} in {}, nothing wrong", words::count(count, "migration"), folder.display());
        Ok(Answer::new(text, &json::of("validate", Json::object().with("migrations", count))))
    }
}
