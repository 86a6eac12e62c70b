mod migrations {
    atlas_migrate::embed_migrations!("migrations/no_migrations");
}

fn main() {
    let _ = migrations::migrator();
}
