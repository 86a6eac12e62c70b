//! The command line of atlas-migrate, over the folders of the project that it is started in.

use std::process::ExitCode;

use atlas_migrate::cli::{self, Project};

fn main() -> ExitCode {
    cli::hide_password();
    cli::main(Project::new())
}
