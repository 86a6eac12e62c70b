//! Who may say what is to be done if a future is dropped: whoever begins a transaction, looks, or ends one. Nobody else does.

use std::time::Duration;

use crate::Error;
#[cfg(feature = "seeds")]
use crate::postgres::session::{Chunks, CopyFailure};
use crate::postgres::session::{Failure, Notice, Reply, Session};
use crate::postgres::sql::{ROLLBACK, Sql};

/// What is said over a session, in transactions that are ended whatever happens: by what follows, by [`close`](Self::close) behind
/// an error, or by the client if the future is dropped.
pub(crate) struct Conversation<'a, S> {
    session: &'a mut S,
    is_open: bool,
    /// What ends a transaction without effect, and removes what outlives it.
    rollback: String,
}

/// A transaction that is open: what begins one gives it, and what ends one takes it.
#[must_use = "a transaction is committed or rolled back"]
pub(crate) struct Transaction(());

impl<'a, S: Session> Conversation<'a, S> {
    pub(crate) fn new(session: &'a mut S) -> Self {
        Self { session, is_open: false, rollback: ROLLBACK.to_owned() }
    }

    /// Lets what ends a transaction without effect be followed by this.
    pub(crate) fn clear_up_with(&mut self, clear_up: &str) {
        self.rollback = ROLLBACK.to_owned() + clear_up;
    }

    /// What ends the transaction that is open without effect; nothing if there is none.
    pub(crate) fn rollback(&self) -> &str {
        if self.is_open { &self.rollback } else { "" }
    }

    /// Sends a message that is one transaction, and leaves nothing behind. One of the caller's is not ours to end.
    pub(crate) async fn look(&mut self, message: &str) -> Result<Reply, Failure> {
        self.session.if_dropped(Some(String::new()));
        let reply = self.session.send(message).await;
        self.settle();
        reply
    }

    /// Sends a message that begins a transaction.
    pub(crate) async fn begin(&mut self, message: &str) -> Result<(Reply, Transaction), Failure> {
        self.is_open = true;
        self.session.if_dropped(Some(self.rollback.clone()));
        Ok((self.session.send(message).await?, Transaction(())))
    }

    /// Sends a message that begins a transaction and ends it. If the server refuses it, nothing stays open either.
    pub(crate) async fn whole(&mut self, message: &str) -> Result<Reply, Failure> {
        match self.begin(message).await {
            Ok((reply, Transaction(()))) => {
                self.settle();
                Ok(reply)
            }
            Err(failure) => {
                if !failure.ends_connection() {
                    self.abandon().await;
                }
                Err(failure)
            }
        }
    }

    /// Sends a message of the transaction that is open.
    pub(crate) async fn send(&mut self, message: &str) -> Result<Reply, Failure> {
        self.session.send(message).await
    }

    /// Sends the last message of a transaction, which ends it.
    pub(crate) async fn end(&mut self, transaction: Transaction, message: &str) -> Result<Reply, Failure> {
        let Transaction(()) = transaction;
        let reply = self.session.send(message).await?;
        self.settle();
        Ok(reply)
    }

    /// Sends a message behind which a transaction is open as before, be it another one; or none, if it is the last. Tells meanwhile
    /// what has come back.
    pub(crate) async fn go_on(
        &mut self,
        transaction: Transaction,
        message: &str,
        is_last: bool,
        progress: &mut (dyn FnMut(&Reply) + Send),
    ) -> Result<(Reply, Option<Transaction>), Failure> {
        self.session.if_dropped(Some(self.rollback.clone()));
        let reply = self.session.send_telling(message, progress).await?;
        if is_last {
            self.settle();
            return Ok((reply, None));
        }
        Ok((reply, Some(transaction)))
    }

    /// Whether the client says how many statements completed before one failed.
    pub(crate) fn counts(&self) -> bool {
        self.session.counts()
    }

    /// Sends the last message of a transaction, behind which more than a transaction is to be put in order, by this.
    pub(crate) async fn end_leaving(
        &mut self,
        transaction: Transaction,
        message: &str,
        leaving: String,
    ) -> Result<Reply, Failure> {
        let Transaction(()) = transaction;
        self.session.if_dropped(Some(leaving));
        let reply = self.session.send(message).await?;
        self.is_open = false;
        Ok(reply)
    }

    /// Sends a message that puts all in order.
    pub(crate) async fn leave(&mut self, message: &str) -> Result<Reply, Failure> {
        let reply = self.session.send(message).await?;
        self.settle();
        Ok(reply)
    }

    /// Ends a transaction without effect, unless an error has ended it.
    pub(crate) async fn roll_back(&mut self, transaction: Transaction) {
        let Transaction(()) = transaction;
        self.abandon_open().await;
    }

    /// Ends what an error has left open, if it did.
    pub(crate) async fn abandon_open(&mut self) {
        if self.is_open {
            self.abandon().await;
        }
    }

    /// Ends what an error has left open.
    pub(crate) async fn close<T: Send>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if self.is_open && !result.as_ref().is_err_and(Error::is_connection) {
            self.abandon().await;
        }
        result
    }

    /// Ends whatever is open without effect. If that fails the connection is lost, and the transaction with it.
    pub(crate) async fn abandon(&mut self) {
        if self.session.send(&self.rollback).await.is_ok() {
            self.settle();
        }
    }

    /// Ends a transaction in which it was seen that another process has its turn, and lets the server pass the time; `then` is
    /// sent at the end of that.
    pub(crate) async fn give_way(
        &mut self,
        transaction: Transaction,
        pause: Duration,
        then: &str,
    ) -> Result<Reply, Error> {
        let Transaction(()) = transaction;
        self.pause(ROLLBACK, pause, then).await
    }

    /// Ends what is open, and lets the server pass the time.
    ///
    /// By a message of its own: behind a pooler that shares sessions by transaction, the process that is waited for may need
    /// this very session to go on.
    pub(crate) async fn pause(&mut self, end: &str, pause: Duration, then: &str) -> Result<Reply, Error> {
        let message = format!("{end}{}", Sql::pause(pause, then));
        let reply = self.session.send(&message).await.map_err(Failure::own("waiting"))?;
        self.is_open = false;
        Ok(reply)
    }

    fn settle(&mut self) {
        self.is_open = false;
        self.session.if_dropped(None);
    }

    /// The session, for a conversation of another's while nothing is open in this one.
    #[cfg(feature = "verify")]
    pub(crate) fn session(&mut self) -> &mut S {
        self.session
    }

    #[cfg(feature = "seeds")]
    pub(crate) async fn copy_in(&mut self, statement: &str, rows: &mut dyn Chunks) -> Result<u64, CopyFailure> {
        self.session.copy_in(statement, rows).await
    }

    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        self.session.take_notices()
    }
}
