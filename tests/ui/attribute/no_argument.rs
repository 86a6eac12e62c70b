mod migrations {
    atlas_migrate::embed_migrations!("migrations");
}

#[atlas_migrate::test]
async fn waits() {}

#[atlas_migrate::test]
fn blocks() {}
