mod migrations {
    atlas_migrate::embed_migrations!("migrations");
}

#[atlas_migrate::test]
async fn blocks_in_async(_client: postgres::Client) {}

#[atlas_migrate::test]
fn waits_in_plain(_client: tokio_postgres::Client) {}

#[atlas_migrate::test]
async fn no_database(_url: String) {}

#[atlas_migrate::test]
async fn borrowed(_client: &tokio_postgres::Client) {}
