mod migrations {
    atlas_migrate::embed_migrations!("migrations/unknown_directive");
}

fn main() {
    let _ = migrations::migrator();
}
