//! A future that is dropped, at every point at which it waits, leaves nothing behind.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use sqlx::{Connection as _, Executor as _, Row as _};

use super::*;

/// Whether the next user is in no transaction, and has the timeout of the role.
const CLEAN: &str = "SELECT concat_ws(' ', now() = statement_timestamp(), current_setting('transaction_read_only'), current_setting('statement_timeout'))";

const AS_CONNECTED: &str = "t off 0";

/// How long a run and the next question may take.
const LIMIT: Duration = Duration::from_secs(30);

fn three_queries() -> Verifier {
    verifier(&[
        ("a.sql", "SELECT 1 WHERE false"),
        ("b.sql", "SELECT * FROM nowhere"),
        ("c.sql", "SELECT 1 FROM pg_sleep(0.01)"),
    ])
}

/// Polls so many times and then drops the future. Tells whether it came to its end before.
async fn dropped_after<T>(polls: usize, future: impl Future<Output = T>) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

/// Makes a test that drops a run on `$client` after each number of polls, and looks at what `$next_user` finds.
macro_rules! dropped {
    ($name:ident, |$url:ident| $open:expr, |$client:ident| $database:expr, $next_user:expr) => {
        #[test]
        fn $name() {
            let database = Database::new();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let $url = database.url();
                #[allow(unused_mut, reason = "of a pool it does not have to be")]
                let mut $client = $open;
                for polls in 0.. {
                    let bounded = async {
                        let has_ended = dropped_after(polls, three_queries().run($database)).await;
                        assert_eq!($next_user, AS_CONNECTED, "after {polls} polls");
                        has_ended
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

async fn next_user(client: &tokio_postgres::Client) -> String {
    let messages = client.simple_query(CLEAN).await.unwrap();
    let row = messages.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    row.unwrap_or_default().to_owned()
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn text(row: &sqlx::postgres::PgRow) -> String {
    row.get_unchecked(0)
}

dropped!(tokio_postgres, |url| connect(&url).await, |client| &mut client, next_user(&client).await);

dropped!(
    deadpool,
    |url| {
        let manager = deadpool_postgres::Manager::new(url.parse().unwrap(), tokio_postgres::NoTls);
        deadpool_postgres::Pool::builder(manager).max_size(1).build().unwrap()
    },
    |pool| &pool,
    next_user(&pool.get().await.unwrap()).await
);

dropped!(
    sqlx_connection,
    |url| sqlx::PgConnection::connect(&url).await.unwrap(),
    |connection| &mut connection,
    text(&connection.fetch_one(sqlx::raw_sql(CLEAN)).await.unwrap())
);

dropped!(
    sqlx_pool,
    |url| sqlx::postgres::PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap(),
    |pool| &pool,
    text(&pool.fetch_one(sqlx::raw_sql(CLEAN)).await.unwrap())
);
