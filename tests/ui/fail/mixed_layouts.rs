mod migrations {
    atlas_migrate::embed_migrations!("migrations/mixed_layouts");
}

fn main() {
    let _ = migrations::migrator();
}
