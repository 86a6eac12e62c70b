mod migrations {
    atlas_migrate::embed_migrations!("../outside");
}

#[test]
fn embedded() {
    assert_eq!(migrations::MIGRATIONS.len(), 1);
}
