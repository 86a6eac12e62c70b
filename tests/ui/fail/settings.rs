mod migrations {
    atlas_migrate::embed_migrations!("migrations/settings");
}

fn main() {
    let _ = migrations::migrator();
}
