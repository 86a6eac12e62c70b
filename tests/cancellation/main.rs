//! A run whose future is dropped, at every point at which it waits, leaves nothing behind.

use std::time::Duration;

use atlas_migrate::{Error, Migrator, Report};
use atlas_migrate_tests::dropped::dropped_after;
use atlas_migrate_tests::{Database, Driver, migrator, wait_for};
use sqlx::{Connection as _, Executor as _, Row as _};

/// What the next user of a connection should find: not in a transaction, with the settings of its role, and nothing left.
const CLEAN: &str = "SELECT concat_ws(' ', now() = statement_timestamp(), current_setting('search_path'),
    current_setting('role'), current_setting('lock_timeout'), current_setting('statement_timeout'),
    (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()),
    (SELECT count(*) FROM pg_prepared_statements WHERE from_sql), (SELECT count(*) FROM pg_listening_channels()),
    (SELECT count(*) FROM pg_cursors WHERE is_holdable),
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()))";

const AS_CONNECTED: &str = "t \"$user\", public none 0 0 0 0 0 0 0";

fn set() -> Migrator {
    migrator(&[
        ("1_counter.sql", "CREATE TABLE counter (step int); INSERT INTO counter VALUES (1);"),
        (
            "2_settings.sql",
            "SET search_path = pg_temp; SET lock_timeout = '1h'; INSERT INTO public.counter VALUES (2);
             CREATE TEMP TABLE t (id int); PREPARE p AS SELECT 1; LISTEN c; SELECT pg_advisory_lock(2, 1);
             DECLARE c CURSOR WITH HOLD FOR SELECT 1;",
        ),
        (
            "3_alone.sql",
            "-- atlas:no-transaction\nVACUUM counter; PREPARE p AS SELECT 1; LISTEN c; SELECT pg_advisory_lock(3, 1);
             CREATE TEMP TABLE t (id int); VACUUM counter;",
        ),
        ("4_conditional.sql", "-- atlas:require true\nINSERT INTO counter VALUES (4);"),
    ])
}

/// What it does before it fails survives a rollback.
fn failing() -> Migrator {
    let text = "PREPARE p AS SELECT 1; SELECT pg_advisory_lock(1, 1); SELECT 1 / 0;";
    migrator(&[("1_counter.sql", "CREATE TABLE counter (step int);"), ("2_fails.sql", text)])
}

/// Something that runs migrations, and can be asked what its next user finds.
trait Client {
    async fn open(url: &str) -> Self;
    async fn run(&mut self, migrator: &Migrator, polls: usize) -> Option<Result<Report, Error>>;
    async fn next_user(&mut self) -> String;
}

impl Client for sqlx::PgPool {
    async fn open(url: &str) -> Self {
        sqlx::postgres::PgPoolOptions::new().max_connections(1).connect(url).await.unwrap()
    }

    async fn run(&mut self, migrator: &Migrator, polls: usize) -> Option<Result<Report, Error>> {
        dropped_after(polls, migrator.run(&*self)).await
    }

    async fn next_user(&mut self) -> String {
        self.fetch_one(sqlx::raw_sql(CLEAN)).await.unwrap().get_unchecked(0)
    }
}

impl Client for sqlx::PgConnection {
    async fn open(url: &str) -> Self {
        sqlx::PgConnection::connect(url).await.unwrap()
    }

    async fn run(&mut self, migrator: &Migrator, polls: usize) -> Option<Result<Report, Error>> {
        dropped_after(polls, migrator.run(self)).await
    }

    async fn next_user(&mut self) -> String {
        self.fetch_one(sqlx::raw_sql(CLEAN)).await.unwrap().get_unchecked(0)
    }
}

fn first(messages: &[tokio_postgres::SimpleQueryMessage]) -> String {
    let row = messages.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    row.unwrap_or_default().to_owned()
}

impl Client for tokio_postgres::Client {
    async fn open(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    async fn run(&mut self, migrator: &Migrator, polls: usize) -> Option<Result<Report, Error>> {
        dropped_after(polls, migrator.run(self)).await
    }

    async fn next_user(&mut self) -> String {
        first(&self.simple_query(CLEAN).await.unwrap())
    }
}

impl Client for deadpool_postgres::Pool {
    async fn open(url: &str) -> Self {
        let manager = deadpool_postgres::Manager::new(url.parse().unwrap(), tokio_postgres::NoTls);
        Self::builder(manager).max_size(1).build().unwrap()
    }

    async fn run(&mut self, migrator: &Migrator, polls: usize) -> Option<Result<Report, Error>> {
        dropped_after(polls, migrator.run(&*self)).await
    }

    async fn next_user(&mut self) -> String {
        first(&self.get().await.unwrap().simple_query(CLEAN).await.unwrap())
    }
}

/// Drops a run after one poll, after two, and so on, until one comes to its end by itself.
fn check<C: Client>() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for polls in 1.. {
        let database = Database::new();
        let bounded = async {
            let mut client = C::open(&database.url()).await;
            assert_eq!(client.next_user().await, AS_CONNECTED);
            let finished = client.run(&set(), polls).await.map(Result::unwrap).is_some();
            assert_eq!(client.next_user().await, AS_CONNECTED, "after {polls} polls");
            assert!(client.run(&set(), usize::MAX).await.is_some_and(|run| run.is_ok()));
            assert_eq!(client.next_user().await, AS_CONNECTED, "after {polls} polls and a whole run");
            finished
        };
        let finished = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), bounded).await });
        let finished = finished.unwrap_or_else(|_| panic!("after {polls} polls, the next run did not end within 30 s"));
        assert_eq!(database.query("SELECT step FROM counter ORDER BY step"), ["1", "2", "4"], "after {polls} polls");
        assert_eq!(database.value("SELECT count(*) FROM schema_migrations WHERE state = 'applied'"), "4");
        if finished {
            assert!(polls > 1, "a run of four migrations came to its end without waiting");
            return;
        }
    }
}

/// Does the same with a run that fails.
fn check_failing<C: Client>() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for polls in 1.. {
        let database = Database::new();
        let bounded = async {
            let mut client = C::open(&database.url()).await;
            let finished = client.run(&failing(), polls).await.map(Result::unwrap_err).is_some();
            assert_eq!(client.next_user().await, AS_CONNECTED, "after {polls} polls");
            finished
        };
        let finished = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), bounded).await });
        if finished.unwrap_or_else(|_| panic!("after {polls} polls, the run did not end within 30 s")) {
            assert!(polls > 1, "a run of two migrations came to its end without waiting");
            return;
        }
    }
}

#[test]
fn sqlx_pool() {
    check::<sqlx::PgPool>();
    check_failing::<sqlx::PgPool>();
}

#[test]
fn sqlx_connection() {
    check::<sqlx::PgConnection>();
    check_failing::<sqlx::PgConnection>();
}

#[test]
fn tokio_postgres_client() {
    check::<tokio_postgres::Client>();
    check_failing::<tokio_postgres::Client>();
}

#[test]
fn deadpool() {
    check::<deadpool_postgres::Pool>();
    check_failing::<deadpool_postgres::Pool>();
}

/// `run` can be spawned: its future is `Send` and borrows nothing but the pool or the client.
#[test]
fn spawned() {
    let database = Database::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let applied = runtime.block_on(async {
        let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let pool = pool.clone();
                tokio::spawn(async move { set().run(&pool).await.unwrap().applied().count() })
            })
            .collect();
        let mut applied = 0;
        for task in tasks {
            applied += task.await.unwrap();
        }
        let mut connection = sqlx::PgConnection::connect(&database.url()).await.unwrap();
        let again = tokio::spawn(async move { set().run(&mut connection).await.unwrap().is_empty() });
        assert!(again.await.unwrap());
        applied
    });
    assert_eq!(applied, 4);
}

/// Migrations on their way together go on without their client until the server sees that it is gone. What had committed by then
/// stays, and nothing else is done.
#[test]
fn the_server_sees_that_the_client_is_gone() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = Database::new();
    let mut gate = Driver::Postgres.connect(&database.url());
    gate.sql("CREATE TABLE gate ()");
    gate.sql("BEGIN; LOCK TABLE gate");
    let set = migrator(&[
        ("1_a.sql", "CREATE TABLE a ();"),
        ("2_gated.sql", "CREATE TABLE b (); LOCK TABLE gate;"),
        ("3_c.sql", "CREATE TABLE c ();"),
    ])
    .lock_timeout(Duration::ZERO);
    let waiting = "SELECT FROM pg_locks WHERE relation = 'gate'::regclass AND NOT granted";
    runtime.block_on(async {
        let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
        let dropped = tokio::time::timeout(Duration::from_secs(2), set.run(&pool)).await;
        assert!(dropped.is_err());
    });
    wait_for("the end of the session", Duration::from_secs(20), || database.query(waiting).is_empty().then_some(()));
    gate.sql("COMMIT");
    assert_eq!(database.history(), ["1|applied|1"]);
    assert_eq!(gate.run(&set).unwrap().applied().count(), 2);
}
