//! Tests that fail. `kept` runs each of them in a process of its own.

use sqlx::Executor as _;

const INSERT: &str = "INSERT INTO users VALUES (1, 'Ann')";

#[atlas_migrate::test]
#[ignore = "fails: `kept` runs it"]
async fn gives_an_error(pool: sqlx::PgPool) -> Result<(), String> {
    pool.execute(INSERT).await.map_err(|error| error.to_string())?;
    Err("as it should".to_owned())
}

#[atlas_migrate::test]
#[ignore = "fails: `kept` runs it"]
fn gives_an_error_without_waiting(mut client: postgres::Client) -> Result<(), String> {
    client.batch_execute(INSERT).map_err(|error| error.to_string())?;
    Err("as it should".to_owned())
}

#[atlas_migrate::test]
#[ignore = "fails: `kept` runs it"]
async fn panics(client: tokio_postgres::Client) {
    client.batch_execute(INSERT).await.unwrap();
    panic!("as it should");
}

#[atlas_migrate::test]
#[ignore = "fails: `kept` runs it"]
#[should_panic = "as it should"]
fn does_not_panic(mut client: postgres::Client) {
    client.batch_execute(INSERT).unwrap();
}
