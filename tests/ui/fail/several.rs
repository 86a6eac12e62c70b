mod migrations {
    atlas_migrate::embed_migrations!("migrations/several");
}

fn main() {
    let _ = migrations::migrator();
}
