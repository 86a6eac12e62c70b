//! A connection of the library's own that blocks, whatever client there is: it lives in a thread of its own, so that it can be
//! used within a runtime, without one, and in `Drop`.

use std::sync::mpsc::{self, Receiver, Sender};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};

use super::Job;
use crate::Error;
use crate::postgres::session::{Cause, Failure, Reply, Session};
#[cfg(feature = "seeds")]
use crate::postgres::session::{Chunks, CopyFailure};

/// The caller's end. The connection is closed when it is dropped.
#[derive(Debug)]
pub(crate) struct Link {
    /// Taken when the thread is to end.
    requests: Option<Sender<Request>>,
    replies: Receiver<Result<Reply, Failure>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is to do.
#[cfg_attr(
    not(any(feature = "postgres", feature = "sqlx", feature = "tokio-postgres")),
    allow(dead_code, reason = "there is no client that would do it")
)]
enum Request {
    Send(String),
    #[cfg(feature = "seeds")]
    Copy(String, copy::Passed, Sender<Result<u64, CopyFailure>>),
}

impl Link {
    pub(crate) fn open(url: &str) -> Result<Self, Error> {
        let client = CLIENTS.first().ok_or_else(|| {
            Error::new(crate::ErrorKind::Usage, "no client is compiled in")
                .hint("enable the feature of one: `sqlx`, `tokio-postgres`, `deadpool-postgres` or `postgres`")
        })?;
        Self::open_over(*client, url)
    }

    fn open_over(client: Serve, url: &str) -> Result<Self, Error> {
        let (requests, received) = mpsc::channel();
        let (sender, replies) = mpsc::channel();
        let (opened, outcome) = mpsc::channel();
        let url = url.to_owned();
        let thread = thread::Builder::new()
            .name("atlas-migrate".to_owned())
            .spawn(move || client(&url, &opened, &received, &sender))
            .map_err(Error::connect)?;
        match outcome.recv() {
            Ok(Ok(())) => Ok(Self { requests: Some(requests), replies, thread: Some(thread) }),
            Ok(Err(error)) => Err(error),
            Err(lost) => Err(Error::connect(lost)),
        }
    }

    /// Sends one simple-query message, and waits for the answer.
    pub(crate) fn send(&mut self, sql: &str) -> Result<Reply, Failure> {
        let lost = |error: Box<dyn std::error::Error + Send + Sync>| Failure {
            completed: None,
            cause: Cause::Connection(error),
        };
        match &self.requests {
            Some(requests) => {
                requests.send(Request::Send(sql.to_owned())).map_err(|_| lost("its thread has ended".into()))?;
            }
            None => unreachable!("the sender is taken when the link is dropped"),
        }
        self.replies.recv().map_err(|error| lost(Box::new(error)))?
    }

    /// Does what the engine does with a session.
    pub(crate) fn perform<J: Job>(&mut self, job: J) -> Result<J::Output, Error> {
        let future = std::pin::pin!(job.perform(self));
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => unreachable!("the engine waits for nothing but its session, and this one blocks"),
        }
    }
}

impl Session for Link {
    async fn send_telling(&mut self, sql: &str, _progress: &mut (dyn FnMut(&Reply) + Send)) -> Result<Reply, Failure> {
        Self::send(self, sql)
    }

    fn counts(&self) -> bool {
        false
    }

    #[cfg(feature = "seeds")]
    async fn copy_in(&mut self, statement: &str, rows: &mut dyn Chunks) -> Result<u64, CopyFailure> {
        let Some(requests) = &self.requests else { unreachable!("the sender is taken when the link is dropped") };
        copy::pass(rows, |passed, outcome| requests.send(Request::Copy(statement.to_owned(), passed, outcome)).is_ok())
    }

    fn if_dropped(&mut self, _cleanup: Option<String>) {
        // Nobody uses the connection after it.
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // It panics only if a client does, and there is nobody to report to.
            let _ended = thread.join();
        }
    }
}

/// Rows on their way from one thread to the other.
#[cfg(feature = "seeds")]
mod copy {
    use std::sync::mpsc::{self, Receiver, Sender};

    use crate::postgres::session::{Cause, Chunks, CopyFailure};
    use crate::{Error, ErrorKind};

    /// Pieces, and nothing once there are no more. Where that is missing the rows could not be had.
    pub(super) struct Passed(Receiver<Option<Vec<u8>>>);

    /// Passes rows on to whoever takes them, and waits for what becomes of them.
    pub(super) fn pass(
        rows: &mut dyn Chunks,
        request: impl FnOnce(Passed, Sender<Result<u64, CopyFailure>>) -> bool,
    ) -> Result<u64, CopyFailure> {
        let lost = |_| CopyFailure::Server(Cause::Connection("the connection's thread has ended".into()));
        let (pieces, passed) = mpsc::sync_channel(1);
        let (sender, outcome) = mpsc::channel();
        if !request(Passed(passed), sender) {
            return Err(lost(mpsc::RecvError));
        }
        loop {
            let mut buffer = Vec::new();
            let piece = match rows.next(&mut buffer) {
                Ok(more) => more.then_some(buffer),
                Err(error) => {
                    drop(pieces);
                    let _stopped = outcome.recv();
                    return Err(CopyFailure::Rows(error));
                }
            };
            let is_last = piece.is_none();
            // Nobody takes more of them once the server has refused one.
            if pieces.send(piece).is_err() || is_last {
                return outcome.recv().unwrap_or_else(|error| Err(lost(error)));
            }
        }
    }

    impl Chunks for Passed {
        fn next(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error> {
            match self.0.recv() {
                Ok(Some(piece)) => {
                    *buffer = piece;
                    Ok(true)
                }
                Ok(None) => Ok(false),
                Err(_) => Err(Error::new(ErrorKind::Failed, "the rows cannot be had")),
            }
        }
    }
}

type Opened = Sender<Result<(), Error>>;

/// Answers until there are no more requests. A send that fails says that the other end has gone.
type Serve = fn(&str, &Opened, &Receiver<Request>, &Sender<Result<Reply, Failure>>);

/// How each client that is there does so: the first one is used.
const CLIENTS: &[Serve] = &[
    #[cfg(feature = "sqlx")]
    over_sqlx,
    #[cfg(feature = "tokio-postgres")]
    over_tokio_postgres,
    #[cfg(feature = "postgres")]
    over_postgres,
];

#[cfg(any(feature = "sqlx", feature = "tokio-postgres"))]
macro_rules! serve_asynchronously {
    ($name:ident, $client:ident) => {
        #[allow(clippy::unnecessary_mut_passed, reason = "a connection of sqlx needs it")]
        fn $name(url: &str, opened: &Opened, requests: &Receiver<Request>, replies: &Sender<Result<Reply, Failure>>) {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(opened.send(Err(Error::connect(error)))),
            };
            runtime.block_on(async {
                let mut connection = match super::$client::connect(url).await {
                    Ok(connection) => connection,
                    Err(error) => return drop(opened.send(Err(error))),
                };
                if opened.send(Ok(())).is_err() {
                    return;
                }
                while let Ok(request) = requests.recv() {
                    let sent = match request {
                        Request::Send(sql) => replies.send(super::$client::send(&mut connection, &sql).await).is_ok(),
                        #[cfg(feature = "seeds")]
                        Request::Copy(statement, mut rows, outcome) => {
                            outcome.send(super::$client::copy_in(&mut connection, &statement, &mut rows).await).is_ok()
                        }
                    };
                    if !sent {
                        return;
                    }
                }
            });
        }
    };
}

#[cfg(feature = "sqlx")]
serve_asynchronously!(over_sqlx, sqlx);

#[cfg(feature = "tokio-postgres")]
serve_asynchronously!(over_tokio_postgres, tokio_postgres);

#[cfg(feature = "postgres")]
fn over_postgres(url: &str, opened: &Opened, requests: &Receiver<Request>, replies: &Sender<Result<Reply, Failure>>) {
    let mut client = match super::postgres::connect(url) {
        Ok(client) => client,
        Err(error) => return drop(opened.send(Err(error))),
    };
    if opened.send(Ok(())).is_err() {
        return;
    }
    while let Ok(request) = requests.recv() {
        let sent = match request {
            Request::Send(sql) => replies.send(super::postgres::send(&mut client, &sql)).is_ok(),
            #[cfg(feature = "seeds")]
            Request::Copy(statement, mut rows, outcome) => {
                outcome.send(super::postgres::copy_in(&mut client, &statement, &mut rows)).is_ok()
            }
        };
        if !sent {
            return;
        }
    }
}

#[cfg(test)]
#[cfg(any(feature = "postgres", feature = "sqlx", feature = "tokio-postgres"))]
mod tests {
    use super::*;
    use crate::ephemeral::Server;
    use crate::migrations::migrator::{Migrator, Run};
    use crate::source::Migrations;

    /// To the server that all test processes share, over each client.
    fn links() -> impl Iterator<Item = Link> {
        let server = Server::shared().unwrap_or_else(|error| panic!("no server to test on: {error}"));
        CLIENTS
            .iter()
            .map(move |client| Link::open_over(*client, &server.url()).unwrap_or_else(|error| panic!("{error}")))
    }

    #[test]
    fn one_message_after_another() {
        for mut link in links() {
            for number in 1..=3 {
                let reply = link.send(&format!("SELECT {number} AS atlas_number, NULL; SELECT 'a' AS atlas_text"));
                let reply = reply.unwrap_or_else(|failure| panic!("{failure:?}"));
                let rows: Vec<_> = reply.rows("atlas_number").collect();
                assert_eq!(rows, [&vec![Some(number.to_string()), None]]);
                assert_eq!(reply.rows("atlas_text").count(), 1);
            }
        }
    }

    #[test]
    fn goes_on_after_an_error() {
        for mut link in links() {
            match link.send("SELECT 1 / 0") {
                Err(Failure { cause: Cause::Server(server), .. }) => assert_eq!(server.code, "22012"),
                other => panic!("{other:?}"),
            }
            assert!(link.send("SELECT 1").is_ok());
        }
    }

    #[test]
    fn says_when_it_is_lost() {
        for mut link in links() {
            for _ in 0..2 {
                assert!(link.send("SELECT pg_terminate_backend(pg_backend_pid())").is_err());
            }
        }
    }

    #[test]
    fn does_what_the_engine_does() {
        let files = [("1_a.sql", "CREATE TEMPORARY TABLE a (id int);")];
        let set = Migrations::from_files("migrations", files).unwrap_or_else(|error| panic!("{error}"));
        let schema = format!("link_{}", std::process::id());
        for mut link in links() {
            link.send(&format!("CREATE SCHEMA {schema}")).unwrap_or_else(|failure| panic!("{failure:?}"));
            let migrator = Migrator::new(set.clone()).schema(&schema);
            let report = link.perform(Run(migrator)).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(report.applied().count(), 1);
            link.send(&format!("DROP SCHEMA {schema} CASCADE")).unwrap_or_else(|failure| panic!("{failure:?}"));
        }
    }

    #[cfg(feature = "seeds")]
    #[test]
    fn copies_rows() {
        use crate::seed::{Seeder, Seeds};

        let schema = format!("link_copy_{}", std::process::id());
        let many: String = (0..30_000).map(|number| format!("{number},\n")).collect();
        for mut link in links() {
            link.send(&format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.t (id int NOT NULL, n int);"))
                .unwrap_or_else(|failure| panic!("{failure:?}"));
            let mut seed = |text: String| {
                let seeds = Seeds::from_files("seeds", [(format!("{schema}.t.csv"), text)])
                    .unwrap_or_else(|error| panic!("{error}"));
                link.perform(Seeder::new(seeds, "test").schema(&schema).into_job()).map_err(|error| error.to_string())
            };
            assert!(seed(format!("id,n\n{many}1,x\n")).is_err_and(|error| error.contains("t.csv:30002:3")));
            assert!(seed(format!("id,n\n{many},1\n")).is_err_and(|error| error.contains("null in `id`")));
            assert!(seed(format!("id,n\n{many}")).is_ok_and(|report| report.seeds()[0].rows() == 30_000));
            link.send(&format!("DROP SCHEMA {schema} CASCADE")).unwrap_or_else(|failure| panic!("{failure:?}"));
        }
    }

    #[test]
    fn says_why_it_cannot_be_opened() {
        let server = Server::shared().unwrap_or_else(|error| panic!("no server to test on: {error}"));
        for (url, reason) in [
            (server.url_of("nowhere"), "database \"nowhere\" does not exist"),
            ("postgresql://postgres@127.0.0.1:1/postgres".to_owned(), "refused"),
        ] {
            for client in CLIENTS {
                let message = Link::open_over(*client, &url).map(drop).map_err(|error| error.to_string());
                assert!(message.as_ref().is_err_and(|message| message.contains(reason)), "{message:?}");
            }
        }
    }

    #[test]
    fn a_test_has_a_database() {
        let database = crate::testing::Database::new_blocking(Migrator::new(Migrations::empty()));
        let database = database.unwrap_or_else(|error| panic!("{error}"));
        let mut link = Link::open(database.url()).unwrap_or_else(|error| panic!("{error}"));
        assert!(link.send("CREATE TABLE a (id int)").is_ok());
    }
}
