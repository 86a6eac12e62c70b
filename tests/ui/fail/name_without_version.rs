mod migrations {
    atlas_migrate::embed_migrations!("migrations/name_without_version");
}

fn main() {
    let _ = migrations::migrator();
}
