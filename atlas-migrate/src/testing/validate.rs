//! What can be found out about migrations by running them: a line in a test suite.

use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::plan::{Revert, Target};
use atlas_migrate_core::words;

use super::Database;
use crate::migrations::migrator::{DoRepair, DoRevert, Migrator, Run};
use crate::migrations::repair::Repair;
use crate::postgres::driver::Job;
use crate::postgres::driver::link::Link;
use crate::source::Migrations;
use crate::testing::catalog::{Snapshot, TakeSnapshot};
use crate::{Error, ErrorKind};

/// Runs migrations forth and back, and looks at what comes of it:
///
/// - each of them applies, beginning with an empty database;
/// - a second run does nothing, and changes nothing;
/// - a repeatable one that runs again changes nothing;
/// - each down file undoes what its migration did, no more and no less, after which that applies again;
/// - a database that is brought to the newest version step by step, with a process for each, is like one that was brought
///   there at once.
///
/// The schema is compared by its [catalog](Snapshot), rows are not. It blocks, within a runtime as well.
///
/// ```no_run
/// # mod migrations { atlas_migrate::embed_migrations!("../migrations"); }
/// #[test]
/// fn migrations_are_valid() {
///     atlas_migrate::testing::validate(&migrations::MIGRATIONS).unwrap();
/// }
/// ```
///
/// # Errors
///
/// [`Invalid`](ErrorKind::Invalid) with the first of these that is not so, and what differs; that of a migration that fails;
/// those of [`Database::new`].
pub fn validate(migrations: impl Into<Migrator>) -> Result<(), Error> {
    validate_except(migrations, |_| false)
}

/// The same, leaving objects out: those that this says of their name, as a [`Snapshot`] shows it. For what an extension makes
/// that is not among its members, under names that count up.
///
/// ```no_run
/// # mod migrations { atlas_migrate::embed_migrations!("../migrations"); }
/// #[test]
/// fn migrations_are_valid() {
///     let is_queue = |object: &str| object.starts_with("table pgq.event_");
///     atlas_migrate::testing::validate_except(&migrations::MIGRATIONS, is_queue).unwrap();
/// }
/// ```
///
/// # Errors
///
/// As those of [`validate`].
pub fn validate_except(migrations: impl Into<Migrator>, left_out: impl Fn(&str) -> bool) -> Result<(), Error> {
    let migrator = migrations.into();
    let whole = Walk::new(&migrator, &left_out)?;
    whole.run(&migrator)?;
    let expected = whole.snapshot()?;
    whole.runs_twice(&expected)?;
    whole.repeats(&expected)?;

    let steps = Walk::new(&migrator, &left_out)?;
    steps.forth_and_back()?;
    steps.run(&migrator)?;
    same(&expected, &steps.snapshot()?, || {
        ("a database that is migrated step by step is not like one that is migrated at once".to_owned(), String::new())
    })
}

/// A database on the way from empty to the newest version.
struct Walk<'m> {
    migrator: &'m Migrator,
    database: Database,
    left_out: &'m dyn Fn(&str) -> bool,
}

impl<'m> Walk<'m> {
    fn new(migrator: &'m Migrator, left_out: &'m dyn Fn(&str) -> bool) -> Result<Self, Error> {
        let database = Database::new_blocking(Migrator::new(Migrations::empty()))?;
        Ok(Self { migrator, database, left_out })
    }

    /// Over a connection of its own, as a process has it that has just been started.
    fn perform<J: Job>(&self, job: J) -> Result<J::Output, Error> {
        Link::open(self.database.url())?.perform(job).map_err(|error| error.without_trace("database"))
    }

    fn run(&self, migrator: &Migrator) -> Result<usize, Error> {
        Ok(self.perform(Run(migrator.clone()))?.migrations().len())
    }

    fn snapshot(&self) -> Result<Snapshot, Error> {
        Ok(self.perform(TakeSnapshot(self.migrator.clone()))?.without(self.left_out))
    }

    fn runs_twice(&self, expected: &Snapshot) -> Result<(), Error> {
        match self.run(self.migrator)? {
            0 => same(expected, &self.snapshot()?, || ("a second run changes the schema".to_owned(), String::new())),
            count => Err(Error::new(
                ErrorKind::Invalid,
                format!("a second run applies {} again", words::count(count, "migration")),
            )
            .hint("a migration must not change the history")),
        }
    }

    fn repeats(&self, expected: &Snapshot) -> Result<(), Error> {
        for migration in self.migrator.migrations.as_slice().iter().filter(|migration| !migration.key().is_versioned())
        {
            self.perform(DoRepair(self.migrator.clone(), migration.version().clone(), Repair::Pending))?;
            self.run(self.migrator)?;
            same(expected, &self.snapshot()?, || {
                (
                    format!("the repeatable migration {} changes the schema when it runs again", migration.version()),
                    path(migration),
                )
            })?;
        }
        Ok(())
    }

    /// Each version by a run of its own, then back by its down file if it has one, and forth again.
    fn forth_and_back(&self) -> Result<(), Error> {
        let all = self.migrator.migrations.as_slice();
        let versioned: Vec<Migration> =
            all.iter().filter(|migration| migration.key().is_versioned()).cloned().collect();
        let to = |migration: &Migration| {
            let versioned = Migrator { migrations: Migrations::owned(versioned.clone()), ..self.migrator.clone() };
            versioned.target(Target::Version(migration.version().clone()))
        };
        for migration in &versioned {
            let migrator = to(migration);
            let before = self.snapshot()?;
            let applied = self.run(&migrator)?;
            let after = self.snapshot()?;
            if migration.down().is_none() || applied == 0 {
                continue;
            }
            self.perform(DoRevert(migrator.clone(), Revert::Last, None))?;
            let down = || migration.down().map_or(String::new(), |down| format!("file: {}", down.path()));
            same(&before, &self.snapshot()?, || {
                (format!("the down file of migration {} does not undo it", migration.version()), down())
            })?;
            self.run(&migrator)?;
            same(&after, &self.snapshot()?, || {
                (
                    format!("migration {} does something else after it was reverted", migration.version()),
                    path(migration),
                )
            })?;
        }
        Ok(())
    }
}

fn path(migration: &Migration) -> String {
    format!("file: {}", migration.up().path())
}

/// An error if two snapshots differ, with what is said of it.
fn same(expected: &Snapshot, found: &Snapshot, message: impl FnOnce() -> (String, String)) -> Result<(), Error> {
    let difference = expected.diff(found);
    if difference.is_empty() {
        return Ok(());
    }
    let (message, file) = message();
    let error = Error::new(ErrorKind::Invalid, message);
    let error = if file.is_empty() { error } else { error.note(file) };
    Err(error
        .note(format!("what differs, `-` as it should be, `+` as it is:\n{difference}"))
        .hint("fix the file, so that the schema is the same; or leave the object out with `validate_except`"))
}
