#![deny(deprecated)]

mod migrations {
    atlas_migrate::embed_migrations!("migrations/passed_over");
}

fn main() {}
