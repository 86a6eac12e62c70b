mod migrations {
    atlas_migrate::embed_migrations!("migrations/nowhere");
}

fn main() {}
