//! The command line of atlas-migrate, over the folders of the project that it is started in.

use std::process::ExitCode;

use atlas_migrate_cli::Project;

fn main() -> ExitCode {
    atlas_migrate_cli::hide_password();
    atlas_migrate_cli::main(Project::new())
}
