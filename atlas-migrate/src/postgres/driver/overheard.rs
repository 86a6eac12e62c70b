//! What sqlx tells the log while it works for the library.
//!
//! sqlx has no other way to give notices of the server to its users, and it logs the text of statements, which here is mostly the
//! library's own. So, while it works, the log is listened to: notices are kept, texts of statements go nowhere, and all the
//! rest goes to the program's subscriber. Without one there is nothing to listen to, and nothing is changed.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tracing::dispatcher::{self, Dispatch};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::postgres::session::Notice;
use crate::progress::Severity;

/// Notices of the server.
const NOTICES: &str = "sqlx::postgres::notice";
/// Texts of statements.
const STATEMENTS: &str = "sqlx::query";

/// So many notices are kept: a loop may raise millions.
const KEPT: usize = 1000;

/// The log, as far as it is listened to.
#[derive(Debug, Default)]
pub(super) struct Overheard {
    heard: Arc<Mutex<Heard>>,
    /// Made when there is a subscriber first.
    dispatch: Mutex<Option<Dispatch>>,
}

#[derive(Debug, Default)]
struct Heard {
    /// How many statements of the message have completed.
    completed: usize,
    notices: Vec<Notice>,
    /// Those that were not kept, and how much the most important of them matters.
    lost: Option<(usize, Severity)>,
}

impl Overheard {
    /// So many statements of the message have completed.
    pub(super) fn completed(&self, completed: usize) {
        lock(&self.heard).completed = completed;
    }

    /// What was heard since this was asked last.
    pub(super) fn take(&self) -> Vec<Notice> {
        let Heard { completed, notices, lost } = std::mem::take(&mut *lock(&self.heard));
        let rest = lost.map(|(count, severity)| Notice {
            completed,
            severity,
            message: format!("there is more of this: {count} in all are not shown"),
        });
        notices.into_iter().chain(rest).collect()
    }

    /// Listens while the future is at work.
    pub(super) fn during<'f, T>(&'f self, future: impl Future<Output = T> + Send + 'f) -> During<'f, T> {
        During { overheard: self, future: Some(Box::pin(future)) }
    }

    fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        // To set one where there was none would end what `tracing` tells the crate `log`.
        if !dispatcher::has_been_set() {
            return work();
        }
        let listening =
            || Dispatch::new(Listening { program: dispatcher::get_default(Clone::clone), heard: self.heard.clone() });
        let dispatch = lock(&self.dispatch).get_or_insert_with(listening).clone();
        dispatcher::with_default(&dispatch, work)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A future of sqlx, whose end is listened to as well.
pub(super) struct During<'f, T> {
    overheard: &'f Overheard,
    future: Option<Pin<Box<dyn Future<Output = T> + Send + 'f>>>,
}

impl<T> Future for During<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let overheard = self.overheard;
        let Some(future) = &mut self.future else { return Poll::Pending };
        let polled = overheard.within(|| future.as_mut().poll(context));
        if polled.is_ready() {
            let future = self.future.take();
            overheard.within(|| drop(future));
        }
        polled
    }
}

impl<T> Drop for During<'_, T> {
    fn drop(&mut self) {
        // A statement is logged when it is dropped.
        if let Some(future) = self.future.take() {
            self.overheard.within(|| drop(future));
        }
    }
}

/// Before the subscriber of the program.
struct Listening {
    program: Dispatch,
    heard: Arc<Mutex<Heard>>,
}

impl Subscriber for Listening {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match metadata.target() {
            NOTICES | STATEMENTS => Interest::sometimes(),
            _ => self.program.register_callsite(metadata),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        match metadata.target() {
            NOTICES => *metadata.level() <= Level::INFO,
            STATEMENTS => false,
            _ => self.program.enabled(metadata),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::current().max(LevelFilter::INFO))
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        if metadata.target() != NOTICES {
            return self.program.event(event);
        }
        let severity = if *metadata.level() <= Level::WARN { Severity::Warning } else { Severity::Notice };
        let mut heard = lock(&self.heard);
        if heard.notices.len() == KEPT {
            let (count, most) = heard.lost.unwrap_or((0, severity));
            heard.lost = Some((count + 1, most.max(severity)));
            return;
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        let completed = heard.completed;
        heard.notices.push(Notice { completed, severity, message: message.0 });
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.program.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.program.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.program.record_follows_from(span, follows);
    }

    fn enter(&self, span: &Id) {
        self.program.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.program.exit(span);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.program.clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.program.try_close(id)
    }
}

/// The message of an event.
struct Message(String);

impl Visit for Message {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
