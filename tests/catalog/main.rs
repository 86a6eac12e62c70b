//! What a snapshot of a database tells, and what it does not.

use std::cell::RefCell;
use std::sync::LazyLock;

use atlas_migrate::catalog::Snapshot;
use atlas_migrate::{Migrations, Migrator};
use atlas_migrate_tests::{Connection, Database, Driver};

mod columns;
mod newer;
mod others;
mod parts;
mod privileges;
mod reading;
mod routines;
mod tables;
mod types;
mod unseen;

atlas_migrate_tests::on_every_version!(and_the_newest);

/// What there is, seen over a connection of its own.
#[track_caller]
fn snapshot(database: &Database) -> Snapshot {
    seen(&mut Driver::Postgres.connect(&database.url()))
}

#[track_caller]
fn seen(connection: &mut Connection) -> Snapshot {
    let snapshot = connection.snapshot(&Migrator::new(Migrations::empty()));
    snapshot.unwrap_or_else(|error| panic!("{error}"))
}

/// A database with something in it, in which changes are made and taken back, one after the other.
struct Base {
    database: Database,
    /// Looks again and again, so that the server reads its catalog once.
    viewer: RefCell<Connection>,
    before: Snapshot,
}

impl Base {
    #[track_caller]
    fn new(sql: &str) -> Self {
        let database = Database::new();
        database.query(sql);
        let mut viewer = Driver::Postgres.connect(&database.url());
        let before = seen(&mut viewer);
        Self { database, viewer: RefCell::new(viewer), before }
    }

    /// Does `change` and looks: these lines tell the difference. What takes the change back takes the difference back.
    #[track_caller]
    fn check(&self, change: &str, undo: &str, expected: &[&str]) {
        self.database.query(change);
        let difference = self.before.diff(&seen(&mut self.viewer.borrow_mut())).to_string();
        let lines: Vec<_> = difference.lines().map(str::trim_start).collect();
        assert_eq!(lines, expected, "{change}\n{difference}");
        self.database.query(undo);
        let undone = self.before.diff(&seen(&mut self.viewer.borrow_mut()));
        assert!(undone.is_empty(), "{undo}\n{undone}");
    }

    /// The same for a change of the table `a`, and of nothing else.
    #[track_caller]
    fn changed(&self, change: &str, undo: &str, expected: &[&str]) {
        let lines: Vec<_> = ["changed table public.a"].into_iter().chain(expected.iter().copied()).collect();
        self.check(change, undo, &lines);
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.database.errors(), [] as [&str; 0]);
        }
    }
}

/// A change of what this has made.
#[track_caller]
fn check(base: &str, change: &str, undo: &str, expected: &[&str]) {
    Base::new(base).check(change, undo, expected);
}

/// The server's major version.
#[track_caller]
fn version() -> u32 {
    static VERSION: LazyLock<u32> = LazyLock::new(|| {
        let number = Database::new().value("SHOW server_version_num");
        number.parse::<u32>().unwrap_or_else(|error| panic!("{number}: {error}")) / 10_000
    });
    *VERSION
}
