//! A connection of whatever client, for several verbs one after the other.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use super::{Database, Job, Running, Work};
use crate::Error;
#[cfg(feature = "seeds")]
use crate::postgres::session::{Chunks, CopyFailure};
use crate::postgres::session::{Failure, Notice, Reply, Session};

/// A connection of one of the supported clients, whichever it is.
///
/// [`in_one_session`](Database::in_one_session) lends it. `&mut Connection` is a [`Database`], whose verbs give futures.
pub struct Connection<'s>(&'s mut dyn AnySession);

impl fmt::Debug for Connection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

impl<'c> Database<'c> for &'c mut Connection<'_> {
    type Outcome<T: Send + 'c> = Running<'c, T>;
    type OutcomeWith<T: Send + 'c, E: Send + 'c> = Running<'c, T, E>;

    fn perform<J: Job + 'c>(self, job: J) -> Running<'c, J::Output> {
        Running::new(job.perform(self))
    }

    fn flatten<T: Send + 'c, E: From<Error> + Send + 'c>(outcome: Running<'c, Result<T, E>>) -> Running<'c, T, E> {
        outcome.flatten()
    }
}

/// The work of somebody who uses several verbs. Its own error is part of what comes out.
pub(super) struct InOneSession<W, T, E> {
    work: W,
    result: PhantomData<fn() -> (T, E)>,
}

impl<W, T, E> InOneSession<W, T, E> {
    pub(super) fn new(work: W) -> Self {
        Self { work, result: PhantomData }
    }
}

impl<W, T, E> Job for InOneSession<W, T, E>
where
    T: Send + 'static,
    E: Send + 'static,
    W: for<'s> FnOnce(&'s mut Connection<'_>) -> Work<'s, T, E> + Send,
{
    type Output = Result<T, E>;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Self::Output, Error> {
        Ok((self.work)(&mut Connection(session)).await)
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A session of a client that is not known.
trait AnySession: Send {
    fn send_telling<'a>(
        &'a mut self,
        sql: &'a str,
        progress: &'a mut (dyn FnMut(&Reply) + Send),
    ) -> Boxed<'a, Result<Reply, Failure>>;

    fn counts(&self) -> bool;

    #[cfg(feature = "seeds")]
    fn copy_in<'a>(&'a mut self, statement: &'a str, rows: &'a mut dyn Chunks) -> Boxed<'a, Result<u64, CopyFailure>>;

    fn if_dropped(&mut self, cleanup: Option<String>);

    fn take_notices(&mut self) -> Vec<Notice>;
}

impl<S: Session> AnySession for S {
    fn send_telling<'a>(
        &'a mut self,
        sql: &'a str,
        progress: &'a mut (dyn FnMut(&Reply) + Send),
    ) -> Boxed<'a, Result<Reply, Failure>> {
        Box::pin(Session::send_telling(self, sql, progress))
    }

    fn counts(&self) -> bool {
        Session::counts(self)
    }

    #[cfg(feature = "seeds")]
    fn copy_in<'a>(&'a mut self, statement: &'a str, rows: &'a mut dyn Chunks) -> Boxed<'a, Result<u64, CopyFailure>> {
        Box::pin(Session::copy_in(self, statement, rows))
    }

    fn if_dropped(&mut self, cleanup: Option<String>) {
        Session::if_dropped(self, cleanup);
    }

    fn take_notices(&mut self) -> Vec<Notice> {
        Session::take_notices(self)
    }
}

impl Session for Connection<'_> {
    async fn send_telling(&mut self, sql: &str, progress: &mut (dyn FnMut(&Reply) + Send)) -> Result<Reply, Failure> {
        self.0.send_telling(sql, progress).await
    }

    fn counts(&self) -> bool {
        self.0.counts()
    }

    #[cfg(feature = "seeds")]
    async fn copy_in(&mut self, statement: &str, rows: &mut dyn Chunks) -> Result<u64, CopyFailure> {
        self.0.copy_in(statement, rows).await
    }

    fn if_dropped(&mut self, cleanup: Option<String>) {
        self.0.if_dropped(cleanup);
    }

    fn take_notices(&mut self) -> Vec<Notice> {
        self.0.take_notices()
    }
}
