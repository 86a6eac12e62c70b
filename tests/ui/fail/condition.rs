mod migrations {
    atlas_migrate::embed_migrations!("migrations/condition");
}

fn main() {
    let _ = migrations::migrator();
}
