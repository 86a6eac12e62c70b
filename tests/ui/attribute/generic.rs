#[atlas_migrate::test(migrations = none)]
async fn generic<C>(_client: C) {}

#[atlas_migrate::test(migrations = none)]
fn of_any_type(_client: impl Send) {}
