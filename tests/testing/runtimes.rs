//! Where a database can be asked for: in each sort of runtime, and in none.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use atlas_migrate::testing::Database;
use postgres::{Client, NoTls};
use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::migrations::MIGRATIONS;

const LIMIT: Duration = Duration::from_secs(60);

/// It is there, and new.
#[track_caller]
fn check(database: &Database) {
    let mut client = Client::connect(database.url(), NoTls).unwrap();
    client.batch_execute("INSERT INTO users VALUES (1, 'Ann')").unwrap();
}

/// Uses it where blocking is allowed.
async fn check_async(database: Database) {
    tokio::task::spawn_blocking(move || check(&database)).await.unwrap();
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future, and knows nothing of any runtime.
fn block_on<F: Future>(future: F) -> F::Output {
    let (waker, end) = (Waker::from(Arc::new(Unpark(thread::current()))), Instant::now() + LIMIT);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        assert!(Instant::now() < end, "waited {} s in vain for a database", LIMIT.as_secs());
        thread::park_timeout(LIMIT);
    }
}

/// Twenty of them at once, on a runtime that has begun.
async fn check_many() {
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        tasks.spawn(async { check_async(Database::new(&MIGRATIONS).await.unwrap()).await });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
}

#[test]
fn on_one_thread() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { check_async(Database::new(&MIGRATIONS).await.unwrap()).await });
    runtime.block_on(check_many());
}

#[test]
fn on_many_threads() {
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async { check_async(Database::new(&MIGRATIONS).await.unwrap()).await });
    runtime.block_on(check_many());
}

#[test]
fn blocking_within_a_runtime() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { check_async(Database::new_blocking(&MIGRATIONS).unwrap()).await });
}

#[test]
fn without_any() {
    check(&block_on(Database::new(&MIGRATIONS)).unwrap());
}

#[test]
fn dropped_while_it_is_made() {
    let mut future = Box::pin(Database::new(&MIGRATIONS));
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(future);
    check(&Database::new_blocking(&MIGRATIONS).unwrap());
}

#[test]
fn in_threads() {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..3).for_each(|_| check(&Database::new_blocking(&MIGRATIONS).unwrap())));
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_a_property(names in proptest::collection::vec("[a-z]{1,8}", 1..5)) {
        let database = Database::new_blocking(&MIGRATIONS).unwrap();
        let mut client = Client::connect(database.url(), NoTls).unwrap();
        for (id, name) in (0_i64..).zip(&names) {
            client.execute("INSERT INTO users VALUES ($1, $2)", &[&id, name]).unwrap();
        }
        let count: i64 = client.query_one("SELECT count(*) FROM users", &[]).unwrap().get(0);
        prop_assert_eq!(usize::try_from(count), Ok(names.len()));
    }
}
