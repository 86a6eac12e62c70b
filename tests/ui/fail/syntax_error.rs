mod migrations {
    atlas_migrate::embed_migrations!("migrations/syntax_error");
}

fn main() {
    let _ = migrations::migrator();
}
