mod migrations {
    atlas_migrate::embed_migrations!("migrations/empty");
}

fn main() {
    let _ = migrations::migrator();
}
