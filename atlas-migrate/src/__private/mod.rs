//! What the macros emit is made of these, and the program `atlas-migrate`, which is a crate of its own, is built on them. They are
//! public because other crates need them, and hidden because no application does: they change with any version.

pub mod cli;

pub use atlas_migrate_core::checksum::{Checksum, Fingerprint};
pub use atlas_migrate_core::migration::{Header, Kind, Migration, Require, Script, Transaction};
#[cfg(feature = "seeds")]
pub use atlas_migrate_core::seed;
#[cfg(any(feature = "bench", feature = "verify"))]
pub use atlas_migrate_core::texts::File;
pub use atlas_migrate_core::version::Version;
pub use std::borrow::Cow;
pub use std::option::Option;
pub use std::time::Duration;

pub const fn embedded(folder: Option<&'static str>, migrations: &'static [Migration]) -> crate::Migrations {
    crate::Migrations::embedded(folder, migrations)
}

#[cfg(feature = "verify")]
pub const fn embedded_checks(folder: Option<&'static str>, files: &'static [File]) -> crate::verify::Checks {
    crate::verify::Checks::embedded(folder, files)
}

#[cfg(feature = "bench")]
pub const fn embedded_benchmarks(folder: Option<&'static str>, files: &'static [File]) -> crate::bench::Benchmarks {
    crate::bench::Benchmarks::embedded(folder, files)
}

#[cfg(feature = "seeds")]
pub const fn embedded_seeds(folder: Option<&'static str>, seeds: &'static [seed::Seed]) -> crate::seed::Seeds {
    crate::seed::Seeds::embedded(folder, seeds)
}
