//! What has no end, has a second statement in it, or has a name as other tools have it: all at once.

mod migrations {
    atlas_migrate::embed_migrations!("migrations/unfinished");
}

fn main() {}
