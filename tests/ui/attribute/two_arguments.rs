mod migrations {
    atlas_migrate::embed_migrations!("migrations");
}

#[atlas_migrate::test]
fn blocks(_client: postgres::Client, _database: atlas_migrate::testing::Database) {}
