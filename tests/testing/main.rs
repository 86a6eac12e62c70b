//! Databases of tests.

mod attribute;
mod databases;
mod failing;
mod hints;
mod kept;
mod killed;
mod place;
mod processes;
mod runtimes;
mod servers;
mod swept;
mod templates;
mod validate;

mod seeds {
    atlas_migrate::embed_seeds!("testing/seeds");
}

mod migrations {
    atlas_migrate::embed_migrations!("testing/migrations");
}

atlas_migrate_tests::on_every_version!(at_both_ends_and_the_newest);
