//! Roles: what is made of a declaration, what each role can then do, and what a proof finds.

use atlas_migrate::Migrator;
use atlas_migrate::roles::Roles;
use atlas_migrate_tests::{Driver, Site, every_driver, migrator};

mod basics;
mod existing;
mod messages;
mod passwords;
mod proofs;
mod toml;
mod verbs;
mod without_superuser;

atlas_migrate_tests::on_every_version!();

/// An application's migrations.
fn tables() -> Migrator {
    migrator(&[
        ("001_users.sql", "CREATE TABLE users (id serial PRIMARY KEY, name text)"),
        ("002_posts.sql", "CREATE TABLE posts (id bigint GENERATED ALWAYS AS IDENTITY, author int REFERENCES users)"),
        ("003_count.sql", "CREATE FUNCTION number() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM users'"),
    ])
}
