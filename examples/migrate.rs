//! The command line over what a program embeds: all the commands of `atlas-migrate`, without files on disk.
//!
//! `cargo run --example migrate -- status`

use std::process::ExitCode;

use atlas_migrate::cli::{self, Project};

mod migrations {
    atlas_migrate::embed_migrations!("../migrations");
}

fn main() -> ExitCode {
    cli::main(Project::new().migrations(&migrations::MIGRATIONS))
}
