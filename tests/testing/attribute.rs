//! `#[atlas_migrate::test]`, with each sort of function that it takes.

use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate::testing::{Contents, Database};
use sqlx::{Connection as _, Executor as _, Row as _};

const INSERT: &str = "INSERT INTO users VALUES (1, 'Ann')";
const COUNT: &str = "SELECT count(*) FROM users";

#[atlas_migrate::test]
async fn sqlx_pool(pool: sqlx::PgPool) {
    pool.execute(INSERT).await.unwrap();
    let count: i64 = pool.fetch_one(COUNT).await.unwrap().get(0);
    assert_eq!(count, 1);
}

#[atlas_migrate::test]
async fn sqlx_connection(mut connection: sqlx::PgConnection) -> Result<(), sqlx::Error> {
    connection.execute(INSERT).await?;
    let count: i64 = connection.fetch_one(COUNT).await?.get(0);
    assert_eq!(count, 1);
    Ok(())
}

#[atlas_migrate::test]
async fn tokio_postgres_client(client: tokio_postgres::Client) -> Result<(), tokio_postgres::Error> {
    client.batch_execute(INSERT).await?;
    assert_eq!(client.query_one(COUNT, &[]).await?.get::<_, i64>(0), 1);
    Ok(())
}

#[atlas_migrate::test]
async fn deadpool(pool: deadpool_postgres::Pool) {
    let client = pool.get().await.unwrap();
    client.batch_execute(INSERT).await.unwrap();
    assert_eq!(client.query_one(COUNT, &[]).await.unwrap().get::<_, i64>(0), 1);
}

#[atlas_migrate::test]
fn postgres(mut client: postgres::Client) -> Result<(), postgres::Error> {
    client.batch_execute(INSERT)?;
    assert_eq!(client.query_one(COUNT, &[])?.get::<_, i64>(0), 1);
    Ok(())
}

#[atlas_migrate::test]
async fn database(database: Database) -> Result<(), sqlx::Error> {
    sqlx::PgConnection::connect(database.url()).await?.execute(INSERT).await.map(drop)
}

#[atlas_migrate::test]
fn database_without_waiting(database: Database) {
    postgres::Client::connect(database.url(), postgres::NoTls).unwrap().batch_execute(INSERT).unwrap();
}

#[atlas_migrate::test(migrations = crate::migrations, flavor = "multi_thread", worker_threads = 2)]
async fn on_many_threads(pool: sqlx::PgPool) {
    let inserted = tokio::spawn({
        let pool = pool.clone();
        async move { pool.execute(INSERT).await.map(drop) }
    });
    inserted.await.unwrap().unwrap();
}

#[atlas_migrate::test(migrations = none)]
fn nothing_in_it(mut client: postgres::Client) {
    let tables = "SELECT count(*) FROM pg_class WHERE relname IN ('users', 'schema_migrations')";
    assert_eq!(client.query_one(tables, &[]).unwrap().get::<_, i64>(0), 0);
}

#[atlas_migrate::test]
#[should_panic = "as it should"]
fn fails(_client: postgres::Client) {
    panic!("as it should");
}

#[atlas_migrate::test(seeds = "test")]
async fn seeded(pool: sqlx::PgPool) {
    let names: String = pool.fetch_one("SELECT string_agg(name, ' ' ORDER BY name) FROM users").await.unwrap().get(0);
    assert_eq!(names, "Ann Bob");
}

#[atlas_migrate::test(migrations = crate::migrations, seeds = "another")]
fn seeded_without_waiting(mut client: postgres::Client) {
    assert_eq!(client.query_one(COUNT, &[]).unwrap().get::<_, i64>(0), 0);
    let environment: String = client.query_one("SELECT environment FROM schema_environment", &[]).unwrap().get(0);
    assert_eq!(environment, "another");
}

/// What is in the template is what it was made of.
#[test]
fn other_seeds() {
    for name in ["Ann", "Bob"] {
        let seeds = Seeds::from_files("seeds", [("users.csv", format!("id,name\n1,{name}\n"))]).unwrap();
        let contents = Contents::from(&crate::migrations::MIGRATIONS).seeded(Seeder::new(seeds, "test"));
        let database = Database::new_blocking(contents).unwrap();
        let mut client = postgres::Client::connect(database.url(), postgres::NoTls).unwrap();
        assert_eq!(client.query_one("SELECT name FROM users", &[]).unwrap().get::<_, String>(0), name);
    }
}

#[test]
fn seeds_that_fail() {
    let seeds = Seeds::from_files("seeds", [("users.csv", "id,name\nx,Ann\n")]).unwrap();
    let contents = Contents::from(&crate::migrations::MIGRATIONS).seeded(Seeder::new(seeds, "test"));
    let error = Database::new_blocking(contents).unwrap_err().to_string();
    assert!(error.contains("seeds/users.csv:2:1"), "{error}");
    assert!(error.contains("it ran in a database of its own, which is gone"), "{error}");
    assert!(!error.contains("rolled back"), "{error}");
}
