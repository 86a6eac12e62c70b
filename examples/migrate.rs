//! The command line over what a program embeds: all the commands of `atlas-migrate`, without files on disk.
//!
//! `cargo run --example migrate -- setup --environment dev`

use std::process::ExitCode;

use atlas_migrate_cli::Project;

mod migrations {
    atlas_migrate::embed_migrations!("../migrations");
}

mod seeds {
    atlas_migrate::embed_seeds!("quickstart/seeds");
}

mod checks {
    atlas_migrate::embed_checks!("quickstart/checks");
}

mod benchmarks {
    atlas_migrate::embed_benchmarks!("quickstart/benchmarks");
}

fn main() -> ExitCode {
    let project = Project::new().migrations(&migrations::MIGRATIONS).seeds(seeds::seeder);
    atlas_migrate_cli::main(project.checks(&checks::CHECKS).benchmarks(&benchmarks::BENCHMARKS))
}
