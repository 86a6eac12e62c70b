//! The command line: everything that the library can do, from a shell.
//!
//! The program `atlas-migrate` works on the folders of a project. A program that embeds its migrations has the same commands
//! over what it embeds:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use atlas_migrate_cli::Project;
//!
//! mod migrations {
//!     # #[cfg(any())]
//!     atlas_migrate::embed_migrations!("migrations");
//!     # atlas_migrate::embed_migrations!("../migrations");
//! }
//!
//! fn main() -> ExitCode {
//!     atlas_migrate_cli::main(Project::new().migrations(&migrations::MIGRATIONS))
//! }
//! ```
#![doc = ""]
#![doc = include_str!("docs/cli.md")]

use std::process::ExitCode;

mod answer;
mod arguments;
mod ask;
mod commands;
mod connect;
mod context;
mod databases;
mod environment;
mod folders;
mod interrupt;
mod json;
mod layers;
mod mask;
mod parameters;
mod passwords;
mod program;
mod progress;
mod project;
mod shell;
mod sql;
mod style;
mod table;

pub use program::hide_password;
pub use project::{IntoSeeder, Project};

/// Does what the command line says, and tells how it went.
///
/// It runs on a runtime of its own, within an asynchronous program as well.
pub fn main(project: Project) -> ExitCode {
    program::main(project)
}
