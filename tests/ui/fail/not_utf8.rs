mod migrations {
    atlas_migrate::embed_migrations!("migrations/not_utf8");
}

fn main() {
    let _ = migrations::migrator();
}
