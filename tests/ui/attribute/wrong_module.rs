#[atlas_migrate::test(migrations = crate::db::migrations)]
fn at_a_path(_client: postgres::Client) {}

#[atlas_migrate::test(migrations = std::vec)]
fn another_module(_client: postgres::Client) {}
