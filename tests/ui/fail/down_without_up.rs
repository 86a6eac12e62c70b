mod migrations {
    atlas_migrate::embed_migrations!("migrations/down_without_up");
}

fn main() {
    let _ = migrations::migrator();
}
