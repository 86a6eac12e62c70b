mod migrations {
    atlas_migrate::embed_migrations!("migrations/malformed_directive");
}

fn main() {
    let _ = migrations::migrator();
}
