//! Futures that are dropped.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// Makes tests of a verb, one for each client that does not block: a run that is dropped, after each number of polls until it comes
/// to its end, leaves nothing behind. The next user of the client asks a question, whose answer is to be this one.
#[macro_export]
macro_rules! dropped {
    ($set_up:expr, |$database:ident| $verb:expr, $question:expr, $answer:expr) => {
        $crate::dropped!(@client tokio_postgres, $set_up, $question, $answer, |url| $crate::dropped::connect(url).await,
            |client| &mut client, |$database| $verb, |question| $crate::dropped::asked(&client, question).await);
        $crate::dropped!(@client deadpool, $set_up, $question, $answer, |url| $crate::dropped::pool(url),
            |pool| &pool, |$database| $verb,
            |question| $crate::dropped::asked(&*pool.get().await.unwrap(), question).await);
        $crate::dropped!(@client sqlx_connection, $set_up, $question, $answer,
            |url| <sqlx::PgConnection as sqlx::Connection>::connect(url).await.unwrap(),
            |connection| &mut connection, |$database| $verb,
            |question| $crate::dropped::text(&sqlx::Executor::fetch_one(&mut connection, sqlx::raw_sql(question)).await.unwrap()));
        $crate::dropped!(@client sqlx_pool, $set_up, $question, $answer,
            |url| sqlx::postgres::PgPoolOptions::new().max_connections(1).connect(url).await.unwrap(),
            |pool| &pool, |$database| $verb,
            |question| $crate::dropped::text(&sqlx::Executor::fetch_one(&pool, sqlx::raw_sql(question)).await.unwrap()));
    };
    (@client $name:ident, $set_up:expr, $question:expr, $answer:expr, |$url:ident| $open:expr, |$client:ident| $borrowed:expr,
        |$database:ident| $verb:expr, |$asked:ident| $ask:expr) => {
        #[test]
        fn $name() {
            // How long a run and the next question may take.
            const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);
            let database = $crate::Database::new();
            database.query($set_up);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let url = database.url();
                let $url = url.as_str();
                #[allow(unused_mut, reason = "of a pool it does not have to be")]
                let mut $client = $open;
                for polls in 0.. {
                    let bounded = async {
                        let $database = $borrowed;
                        let outcome = $crate::dropped::dropped_after(polls, $verb).await;
                        let $asked = $question;
                        assert_eq!($ask, $answer, "after {polls} polls");
                        outcome.is_some()
                    };
                    let has_ended = tokio::time::timeout(LIMIT, bounded).await;
                    if has_ended.unwrap_or_else(|_| panic!("after {polls} polls, nothing came within {LIMIT:?}")) {
                        assert!(polls > 1, "the run came to its end without waiting");
                        return;
                    }
                }
            });
        }
    };
}

/// Polls so many times and then drops the future. What it gave, if it came to its end before.
pub async fn dropped_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// A client, driven by the runtime that this is called in.
pub async fn connect(url: &str) -> Client {
    let connected = tokio_postgres::connect(url, NoTls).await;
    let (client, connection) = connected.unwrap_or_else(|error| panic!("could not connect to {url}: {error}"));
    tokio::spawn(connection);
    client
}

/// A pool of one connection.
pub fn pool(url: &str) -> deadpool_postgres::Pool {
    let url = url.parse().unwrap_or_else(|error| panic!("{url}: {error}"));
    let manager = deadpool_postgres::Manager::new(url, NoTls);
    deadpool_postgres::Pool::builder(manager).max_size(1).build().unwrap_or_else(|error| panic!("{error}"))
}

/// The first column of the first row.
pub async fn asked(client: &Client, question: &str) -> String {
    let messages = client.simple_query(question).await.unwrap_or_else(|error| panic!("{question}: {error}"));
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    row.unwrap_or_default().to_owned()
}

/// The first column.
pub fn text(row: &PgRow) -> String {
    row.get_unchecked(0)
}
