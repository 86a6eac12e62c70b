//! A library that owns a table in somebody else's database. It would be a crate of its own.

use atlas_migrate::{Database, Migrator, Report};

mod migrations {
    atlas_migrate::embed_migrations!("library/migrations");
}

/// Makes the tables of the job queue, or brings them up to date.
///
/// Whichever client the application has: the library needs none.
///
/// # Errors
///
/// See [`Migrator::run`].
pub fn migrate<'c, D: Database<'c>>(database: D) -> D::Outcome<Report> {
    migrator().run(database)
}

/// For an application that wants to see the status, or has options of its own.
pub fn migrator() -> Migrator {
    migrations::migrator().namespace("jobs")
}
