#[atlas_migrate::test]
fn by_default(_client: postgres::Client) {}
