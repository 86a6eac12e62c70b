//! placeholder
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use atlas_migrate_core::migration::{Header, Kind, Migration, Require, Script, Transaction};
pub use atlas_migrate_core::plan::{Newer, OutOfOrder, Revert, Standing, Target};
pub use atlas_migrate_core::version::Version;
pub use atlas_migrate_macros::embed_migrations;

pub use driver::{Database, Running};
pub use error::{Error, ErrorKind};
pub use migrator::{Migrator, TransactionMode};
pub use progress::Event;
pub use report::{Done, MigrationStatus, Outcome, Plan, Planned, Report, Status};
pub use source::Migrations;

pub mod build;
mod driver;
mod engine;
#[cfg(feature = "ephemeral")]
pub mod ephemeral;
mod error;
mod hint;
mod migrator;
mod progress;
mod report;
mod session;
mod source;
mod sql;

/// For `embed_migrations!`: what it emits is made of these.
#[doc(hidden)]
pub mod __private {
    pub use atlas_migrate_core::checksum::{Checksum, Fingerprint};
    pub use atlas_migrate_core::migration::{Header, Kind, Migration, Require, Script, Transaction};
    pub use atlas_migrate_core::version::Version;
    pub use std::borrow::Cow;
    pub use std::option::Option;
    pub use std::time::Duration;

    pub const fn embedded(folder: Option<&'static str>, migrations: &'static [Migration]) -> crate::Migrations {
        crate::Migrations::embedded(folder, migrations)
    }
}
