mod migrations {
    atlas_migrate::embed_migrations!("migrations/name_fits_no_layout");
}

fn main() {
    let _ = migrations::migrator();
}
