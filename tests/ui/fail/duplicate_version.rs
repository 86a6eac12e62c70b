mod migrations {
    atlas_migrate::embed_migrations!("migrations/duplicate_version");
}

fn main() {
    let _ = migrations::migrator();
}
