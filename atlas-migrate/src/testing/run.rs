//! A test from its beginning to its end: for `#[atlas_migrate::test]`.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use super::argument::{Argument, BlockingArgument, Opened};
use super::{Contents, Database};
use crate::Error;

/// What an `async` test runs in.
#[derive(Clone, Copy, Debug)]
pub enum Runtime {
    /// The thread that the test is in.
    OneThread,
    /// So many, or as many as there are cores.
    ManyThreads(Option<usize>),
}

/// How a test that passes ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It returns.
    Return,
    /// It panics: `#[should_panic]`.
    Panic,
}

/// How long closing a pool may take: a test may have kept a connection.
const CLOSING: Duration = Duration::from_secs(1);

/// What a test gives: a failure keeps the database.
#[diagnostic::on_unimplemented(
    message = "a test cannot give `{Self}`",
    label = "says neither that the test passed nor that it failed",
    note = "return nothing, or a `Result` whose error is `Debug`"
)]
pub trait Returned {
    fn is_failure(&self) -> bool;
}

impl Returned for () {
    fn is_failure(&self) -> bool {
        false
    }
}

impl<T, E: fmt::Debug> Returned for Result<T, E> {
    fn is_failure(&self) -> bool {
        self.is_err()
    }
}

impl Returned for std::process::ExitCode {
    fn is_failure(&self) -> bool {
        *self != Self::SUCCESS
    }
}

/// An `async` test.
#[expect(clippy::needless_pass_by_value, reason = "the attribute makes it for this test alone")]
#[track_caller]
pub fn run<A, F, T>(contents: Contents, expected: Expected, runtime: Runtime, test: impl FnOnce(A) -> F) -> T
where
    A: Argument,
    F: Future<Output = T>,
    T: Returned,
{
    let runtime = match runtime {
        Runtime::OneThread => tokio::runtime::Builder::new_current_thread().enable_all().build(),
        Runtime::ManyThreads(None) => tokio::runtime::Builder::new_multi_thread().enable_all().build(),
        Runtime::ManyThreads(Some(threads)) => {
            tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()
        }
    };
    let runtime = ready(runtime.map_err(Error::connect));
    let database = make(&contents, expected, std::any::type_name_of_val(&test));
    let (outcome, database) = runtime.block_on(async {
        let Opened { argument, database, close } = ready(A::open(database).await);
        let outcome = test(argument).await;
        if let Some(close) = close {
            // Connections that the test still has are ended by the server.
            let _late = tokio::time::timeout(CLOSING, close).await;
        }
        (outcome, database)
    });
    // With it the connections end that its tasks have.
    drop(runtime);
    end(outcome, expected, &database)
}

/// A test that is not `async`.
#[expect(clippy::needless_pass_by_value, reason = "the attribute makes it for this test alone")]
#[track_caller]
pub fn run_blocking<A: BlockingArgument, T: Returned>(
    contents: Contents,
    expected: Expected,
    test: impl FnOnce(A) -> T,
) -> T {
    let database = make(&contents, expected, std::any::type_name_of_val(&test));
    let Opened { argument, database, .. } = ready(A::open(database));
    let outcome = test(argument);
    end(outcome, expected, &database)
}

#[track_caller]
fn make(contents: &Contents, expected: Expected, test: &str) -> Database {
    let database = ready(Database::of_test(contents, test));
    if expected == Expected::Panic {
        database.expect_panic();
    }
    database
}

fn end<T: Returned>(outcome: T, expected: Expected, database: &Database) -> T {
    if outcome.is_failure() || expected == Expected::Panic {
        database.keep();
    }
    outcome
}

#[track_caller]
#[allow(clippy::panic, reason = "a test whose database cannot be made fails")]
fn ready<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("no database for the test: {error}"))
}
