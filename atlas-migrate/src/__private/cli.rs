//! For the crate `atlas-migrate-cli`: errors that look like the library's, reports without what was said already, a revert that
//! somebody is asked about, and reading files as the library reads them.

use std::path::Path;
#[cfg(feature = "clean")]
use std::time::Duration;

use atlas_migrate_core::fault::Fault;
use atlas_migrate_core::file_name;
use atlas_migrate_core::version::Version;

#[cfg(feature = "clean")]
use crate::clean::marks;
use crate::migrations::migrator::{DoRevert, PlanRedo, PlanRevert};
use crate::postgres::driver::{Database, Job};
use crate::postgres::lock::holders;
use crate::postgres::session::{Row, Session};
use crate::source::directory;
use crate::{Done, Error, ErrorKind, Holder, MigrationStatus, Migrations, Migrator, Report, Revert};

#[cfg(feature = "clean")]
pub use crate::clean::marks::Marks;
pub use crate::error::hint::{Clause, Hint, Opt, Part, Piece, Verb};
pub use crate::migrations::engine::back::Meant;
pub use crate::migrations::report::label;
#[cfg(feature = "sqlx")]
pub use crate::postgres::driver::sqlx::not_connected;
pub use crate::postgres::sql::{OWN_PATH, ident, literal};
pub use crate::render::json::{Json, variant};
pub use crate::render::time;
pub use crate::source::env_file::EnvFile;
pub use crate::source::plain;

/// Making errors, and adding to them.
pub trait ErrorExt: Sized {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self;

    /// Of what is wrong with files.
    fn faults_of(kind: ErrorKind, faults: &[Fault]) -> Self;

    fn note(self, note: impl Into<String>) -> Self;

    fn hint(self, hint: impl Into<Hint>) -> Self;

    /// With what was done before it.
    fn after(self, report: Report) -> Self;

    /// Of a message that ends in a commit, whose answer may have been lost.
    fn unless_answered(self, what: &str, hint: impl Into<Hint>) -> Self;

    /// With the hint in these words.
    fn in_words(self, words: impl FnOnce(&Hint) -> String) -> Self;

    /// What happened, what is noted about it and about what became of the database, and the hint.
    fn parts(&self) -> (&str, Vec<&str>, Option<String>);

    /// What is wrong with each of several files.
    fn each_fault(&self) -> &[Fault];
}

impl ErrorExt for Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(kind, message)
    }

    fn faults_of(kind: ErrorKind, faults: &[Fault]) -> Self {
        Self::faults_of(kind, faults)
    }

    fn note(self, note: impl Into<String>) -> Self {
        self.note(note)
    }

    fn hint(self, hint: impl Into<Hint>) -> Self {
        self.hint(hint)
    }

    fn after(self, report: Report) -> Self {
        self.after(report)
    }

    fn unless_answered(self, what: &str, hint: impl Into<Hint>) -> Self {
        self.unless_answered(what, hint)
    }

    fn in_words(self, words: impl FnOnce(&Hint) -> String) -> Self {
        self.in_words(words)
    }

    fn parts(&self) -> (&str, Vec<&str>, Option<String>) {
        self.parts()
    }

    fn each_fault(&self) -> &[Fault] {
        self.each_fault()
    }
}

/// Lets warnings say what is to be done in these words.
pub fn speaking(mut migrator: Migrator, words: impl Fn(&Hint) -> String + Send + Sync + 'static) -> Migrator {
    migrator.options.patience.listener = migrator.options.patience.listener.speaking(words);
    migrator
}

/// A report of what several verbs did.
pub fn report(done: Vec<Done>, warnings: Vec<String>) -> Report {
    Report { done, warnings }
}

/// The same without what it warns of.
#[cfg(feature = "seeds")]
pub fn without_warnings(report: &crate::seed::SeedReport) -> crate::seed::SeedReport {
    crate::seed::SeedReport { warnings: Vec::new(), ..report.clone() }
}

/// Whether what was applied is not what the files say.
pub fn has_drifted(migration: &MigrationStatus) -> bool {
    migration.has_drifted()
}

/// The folder that migrations were embedded from; none in a release build.
pub fn folder_of(migrator: &Migrator) -> Option<&'static str> {
    migrator.migrations.folder()
}

/// What is to be said of the files of migrations.
pub fn warnings_of(migrations: &Migrations) -> Vec<String> {
    migrations.warnings()
}

/// The paths of the files below a folder that migrations are made of.
pub fn files_of(folder: &Path) -> Result<Vec<String>, Error> {
    Ok(directory::files(folder, file_name::is_ours)?.files)
}

/// What a revert would take back, in order.
pub fn plan_revert<'c, D: Database<'c>>(database: D, migrator: &Migrator, revert: &Revert) -> D::Outcome<Vec<Meant>> {
    database.perform(PlanRevert(migrator.clone(), revert.clone()))
}

/// Reverts. An error if that is something else by now than what somebody has agreed to.
pub fn revert_as_agreed<'c, D: Database<'c>>(
    database: D,
    migrator: &Migrator,
    revert: Revert,
    agreed: Vec<Version>,
) -> D::Outcome<Report> {
    database.perform(DoRevert(migrator.clone(), revert, Some(agreed)))
}

/// What a redo would do.
pub fn plan_redo<'c, D: Database<'c>>(database: D, migrator: &Migrator) -> D::Outcome<Option<Meant>> {
    database.perform(PlanRedo(migrator.clone()))
}

/// What the database is marked as, as this role sees it; it waits so long for the lock of a table.
#[cfg(feature = "clean")]
pub fn marks<'c, D: Database<'c>>(database: D, role: Option<String>, lock_timeout: Duration) -> D::Outcome<Marks> {
    database.perform(marks::Look { role, lock_timeout })
}

/// Who is connected to a database, other than this session.
pub fn connected_to<'c, D: Database<'c>>(database: D, name: &str) -> D::Outcome<Vec<Holder>> {
    database.perform(ConnectedTo(name.to_owned()))
}

/// Sends a message, and gives its rows whose first column has this name.
pub fn rows<'c, D: Database<'c>>(
    database: D,
    doing: &'static str,
    sql: String,
    first_column: &'static str,
) -> D::Outcome<Vec<Vec<Option<String>>>> {
    database.perform(Rows { doing, sql, first_column })
}

struct ConnectedTo(String);

impl Job for ConnectedTo {
    type Output = Vec<Holder>;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Vec<Holder>, Error> {
        let reply = session.send(&crate::postgres::sql::Sql::connected_to(&self.0)).await;
        Ok(holders(&reply.map_err(|failure| Error::own("asking who is connected", failure.cause))?))
    }
}

struct Rows {
    doing: &'static str,
    sql: String,
    first_column: &'static str,
}

impl Job for Rows {
    type Output = Vec<Row>;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Vec<Row>, Error> {
        let reply = session.send(&self.sql).await.map_err(|failure| Error::own(self.doing, failure.cause))?;
        Ok(reply.rows(self.first_column).cloned().collect())
    }
}
