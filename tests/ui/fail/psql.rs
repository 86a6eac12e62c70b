mod migrations {
    atlas_migrate::embed_migrations!("migrations/psql");
}

fn main() {
    let _ = migrations::migrator();
}
