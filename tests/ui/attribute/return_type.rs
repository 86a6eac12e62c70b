mod migrations {
    atlas_migrate::embed_migrations!("migrations");
}

#[atlas_migrate::test]
async fn number(_client: tokio_postgres::Client) -> u32 {
    1
}

#[atlas_migrate::test]
fn option(_client: postgres::Client) -> Option<()> {
    None
}

struct Opaque;

#[atlas_migrate::test]
fn error_that_cannot_be_shown(_client: postgres::Client) -> Result<(), Opaque> {
    Err(Opaque)
}
