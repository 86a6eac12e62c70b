mod migrations {
    atlas_migrate::embed_migrations!("migrations");
}

#[atlas_migrate::test(migration = crate::migrations)]
fn unknown(_client: postgres::Client) {}

#[atlas_migrate::test("migrations")]
fn a_folder(_client: postgres::Client) {}

#[atlas_migrate::test(migrations = "migrations")]
fn a_folder_by_name(_client: postgres::Client) {}

#[atlas_migrate::test(flavor = "multi_threaded")]
async fn unknown_flavor(_client: tokio_postgres::Client) {}

#[atlas_migrate::test(flavor = "current_thread", worker_threads = 2)]
async fn threads_of_one(_client: tokio_postgres::Client) {}

#[atlas_migrate::test(worker_threads = 2)]
async fn threads_without_flavor(_client: tokio_postgres::Client) {}

#[atlas_migrate::test(flavor = "multi_thread")]
fn without_a_runtime(_client: postgres::Client) {}

#[atlas_migrate::test(migrations = none, migrations = none)]
fn twice(_client: postgres::Client) {}
