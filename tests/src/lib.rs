//! What the tests share: databases of their own, and one face for all the drivers.

mod built;
mod cuts;
mod daemon;
mod database;
pub mod debian;
mod driver;
pub mod dropped;
pub mod library;
#[cfg(test)]
mod map;
pub mod meaning;
mod memory;
mod numbers;
mod odd_file;
mod people;
mod proxy;
mod race;
mod runner;
mod script;
mod site;
mod snapshot;
mod times;
mod tried;
mod versions;
mod wait;

pub use built::{build, cargo, output, program};
pub use cuts::{COUNTED, ONE_BY_ONE, Route, Verb};
pub use daemon::Daemon;
pub use database::Database;
pub use driver::{Connection, DRIVERS, Driver};
pub use memory::{bytes_read, peak_memory};
pub use numbers::{Numbers, Trouble};
pub use odd_file::{ODD_FILES, OddFile};
pub use people::{PEOPLE, write_people};
pub use proxy::{Counts, Cut, Proxy};
pub use race::race;
pub use runner::{Folder, Runner};
pub use script::{SCRIPT_CLIENTS, ScriptClient};
pub use site::Site;
pub use times::without_times;
pub use tried::tried;
pub use versions::{drivers, run_suite_on, run_suite_on_newest, some};
pub use wait::{poll, wait_for};

use atlas_migrate::{Migrations, Migrator};

/// A migrator for these files, in a folder `migrations`.
#[track_caller]
pub fn migrator(files: &[(&str, &str)]) -> Migrator {
    match Migrations::from_files("migrations", files.iter().copied()) {
        Ok(migrations) => Migrator::new(migrations),
        Err(error) => panic!("{error}"),
    }
}

/// The programs of the README, as they stand there.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
