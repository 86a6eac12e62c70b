mod migrations {
    atlas_migrate::embed_migrations!("migrations/refuses_transaction");
}

fn main() {
    let _ = migrations::migrator();
}
