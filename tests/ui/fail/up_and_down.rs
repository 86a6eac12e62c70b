mod migrations {
    atlas_migrate::embed_migrations!("migrations/up_and_down");
}

fn main() {}
