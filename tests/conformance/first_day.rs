//! What somebody writes who knows the clients, and this library not yet.

use atlas_migrate::{Database as _, Error, Migrator};
use atlas_migrate_tests::library::{Library, LibraryError};
use atlas_migrate_tests::{Database, Driver, every_driver, migrator};

const FILES: &[(&str, &str)] = &[("001_a.sql", "CREATE TABLE a (id int);"), ("002_b.sql", "CREATE TABLE b (id int);")];

every_driver! {
    fn e13_several_verbs_in_one_session(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let mut migrate = |migrator: Migrator, most| connection.migrate(&Library { migrator, most });
        assert_eq!(migrate(migrator(FILES), 2).unwrap(), 2);
        assert_eq!(migrate(migrator(FILES), 2).unwrap(), 0);
        assert!(matches!(migrate(migrator(FILES), 1), Err(LibraryError::TooMany(2))));
        match migrate(migrator(&[FILES, &[("003_c.sql", "SELECT 1 / 0;")]].concat()), 9) {
            Err(LibraryError::Migrations(error)) => assert!(error.is_failed(), "{error}"),
            other => panic!("{other:?}"),
        }
        // The connection goes on.
        assert_eq!(connection.sql("SELECT count(*) FROM schema_migrations"), "2");
    }
}

/// A blocking client waits for whatever else the work waits for.
#[test]
fn e13_work_that_waits_for_something_else() {
    let database = Database::new();
    let mut client = postgres::Client::connect(&database.url(), postgres::NoTls).unwrap();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let late = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        sender.send(7).unwrap();
    });
    let result: Result<i32, Error> =
        (&mut client).in_one_session(|_| Box::pin(async move { Ok(receiver.await.unwrap_or_default()) }));
    assert_eq!(result.unwrap(), 7);
    late.join().unwrap();
}

/// A connection that a pool has lent stays with its borrower.
#[test]
fn e10_connections_of_a_pool() {
    let database = Database::new();
    let set = migrator(FILES);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
        let mut connection = pool.acquire().await.unwrap();
        assert_eq!(set.run(&mut connection).await.unwrap().applied().count(), 2);
        assert!(set.check(&mut *connection).await.is_ok());
        drop(connection);
        assert_eq!(pool.size(), 1);

        let config: tokio_postgres::Config = database.url().parse().unwrap();
        let manager = deadpool_postgres::Manager::new(config, tokio_postgres::NoTls);
        let pool = deadpool_postgres::Pool::builder(manager).max_size(1).build().unwrap();
        let mut object = pool.get().await.unwrap();
        let more = migrator(&[FILES, &[("003_c.sql", "SELECT 1;")]].concat());
        assert_eq!(more.run(&mut object).await.unwrap().applied().count(), 1);
        drop(object);
        assert_eq!(pool.status().size, 1);
    });
}

#[test]
fn e10_a_version_is_a_target() {
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    for target in ["001", "1"] {
        connection.run(&migrator(FILES).target(target)).unwrap();
        assert_eq!(database.history().len(), 1, "{target}");
    }
}

/// What a `main` that returns the error prints.
#[test]
fn e12_main_returns_the_error() {
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    let error = connection.run(&migrator(&[("001_a.sql", "SELECT 1 / 0;")])).unwrap_err();
    for text in [format!("{error:?}"), format!("{error:#?}")] {
        assert_eq!(text, error.to_string());
        assert!(text.starts_with("migration 001 a failed: division by zero\n"), "{text}");
    }
}
