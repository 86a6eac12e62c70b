mod migrations {
    atlas_migrate::embed_migrations!("migrations/nul_byte");
}

fn main() {
    let _ = migrations::migrator();
}
