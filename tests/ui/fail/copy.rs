mod migrations {
    atlas_migrate::embed_migrations!("migrations/copy");
}

fn main() {
    let _ = migrations::migrator();
}
