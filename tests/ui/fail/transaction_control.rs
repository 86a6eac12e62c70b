mod migrations {
    atlas_migrate::embed_migrations!("migrations/transaction_control");
}

fn main() {
    let _ = migrations::migrator();
}
