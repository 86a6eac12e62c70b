//! Ctrl-C, and `SIGTERM`: the server is asked to cancel what is running, and what comes of that is told as any error. Where
//! nothing is running, the command ends at once.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use sqlx::PgConnection;
use tokio::sync::oneshot;

use super::answer::{Answer, Failure, INTERRUPTED};
use super::context::{Context, Phase};
use super::progress::error_word;
use crate::sql;
use atlas_migrate::__private::cli::{ErrorExt as _, Hint, Verb, rows};
use atlas_migrate::{Error, ErrorKind};

/// How long a session may take to end once it was told to.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two attempts to cancel: the first may come between two statements.
const PAUSE: Duration = Duration::from_millis(200);
/// How long the thread of a command may take to see a signal.
const HELD: Duration = Duration::from_secs(1);
/// How often the line with the running migration is drawn anew.
const FRAME: Duration = Duration::from_millis(100);

/// Waits until the work is done, or somebody interrupts it.
pub(super) async fn guard(
    context: &Context,
    work: impl Future<Output = Result<Answer, Failure>>,
) -> Result<Answer, Failure> {
    let mut work = std::pin::pin!(work);
    let mut signals = Signals::new();
    let mut frames = tokio::time::interval(FRAME);
    let signal = loop {
        tokio::select! {
            biased;
            signal = signals.next() => break signal,
            result = &mut work => return result,
            _ = frames.tick(), if context.progress.has_line() => context.progress.draw(),
        }
    };
    context.take_signal();
    context.progress.clear();
    let known = match context.phase() {
        Phase::Alone => Some(NOT_BEGUN),
        Phase::Asking => Some("interrupted at the question: nothing was done"),
        Phase::Connected => None,
    };
    if let Some(known) = known {
        // The question stands in the line.
        context.progress.end_line(context.phase() == Phase::Asking);
        return Err(interrupted(Error::new(ErrorKind::Connection, known), signal));
    }
    context
        .progress
        .say(&format!("{}: the server is asked to cancel what is running; again to leave at once", signal.name()));
    let result = tokio::select! {
        biased;
        _ = signals.next() => Err(Error::new(ErrorKind::Connection, "left while it was still running").hint(may_still())),
        result = cancelled(context, work) => result,
    };
    match result {
        Ok(answer) if answer.has_failed() => {
            context.progress.say(&format!("interrupted by {}: what failed may have been cancelled", signal.name()));
            Ok(answer.code(signal.code()))
        }
        Ok(answer) => {
            context.progress.say("it had come to its end before");
            Ok(answer)
        }
        Err(error) => Err(interrupted(error, signal)),
    }
}

/// Ends the process if a signal comes while the thread of the command does not see it, held by a file of gigabytes or a share that
/// does not answer. For a thread beside it, until `ended`. What was under way on the server ends with the connection.
pub(super) fn watch(context: &Context, mut ended: oneshot::Receiver<()>) {
    // Without a runtime there is nobody to watch, as before.
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let unseen = runtime.block_on(async {
        let mut signals = Signals::new();
        tokio::select! {
            biased;
            _ = &mut ended => None,
            signal = signals.next() => tokio::select! {
                biased;
                _ = &mut ended => None,
                () = tokio::time::sleep(HELD) => Some(signal),
            },
        }
    });
    let Some(signal) = unseen.filter(|_| !context.is_signal_taken()) else { return };
    let error = match context.phase() {
        Phase::Connected => Error::new(ErrorKind::Connection, "left while a file was being read").hint(may_still()),
        Phase::Alone | Phase::Asking => Error::new(ErrorKind::Connection, NOT_BEGUN),
    };
    context.progress.clear();
    std::process::exit(
        interrupted(error, signal).show(context.format(), &error_word(context.styles), &context.shell).into(),
    );
}

fn interrupted(error: Error, signal: Signal) -> Failure {
    Failure { error: error.note(format!("interrupted by {}", signal.name())), code: signal.code() }
}

/// What is known before there is a connection.
const NOT_BEGUN: &str = "interrupted before anything was begun";
/// What is known of something that nobody waits for any more.
fn may_still() -> Hint {
    Hint::from("what was running may still take effect: look with ").then(Verb::Status)
}

/// Has the server cancel what the work is at until it ends.
async fn cancelled(
    context: &Context,
    mut work: Pin<&mut impl Future<Output = Result<Answer, Failure>>>,
) -> Result<Answer, Error> {
    let cancel = async {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut connection = connect(context, deadline).await?;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while tokio::time::Instant::now() < deadline {
            if !send(&mut connection, sql::cancel(context.application())).await? {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        while send(&mut connection, sql::terminate(context.application())).await? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok::<_, Error>(())
    };
    let outcome = tokio::select! {
        biased;
        result = &mut work => return result.map_err(|failure| failure.error),
        outcome = tokio::time::timeout(PATIENCE * 3, cancel) => outcome,
    };
    // A session that is gone, which the command is about to notice.
    if let Ok(result) = tokio::time::timeout(PAUSE, work).await {
        return result.map_err(|failure| failure.error);
    }
    Err(match outcome {
        Ok(Ok(())) => Error::new(ErrorKind::Connection, "nothing was running on the server"),
        Ok(Err(error)) => {
            let (message, ..) = error.parts();
            let message = format!("the server could not be asked to cancel what is running: {message}");
            Error::new(ErrorKind::Connection, message).hint(may_still())
        }
        Err(_) => {
            Error::new(ErrorKind::Connection, "the server did not cancel what is running in time").hint(may_still())
        }
    })
}

/// A connection of its own, which may be one too many for the server: what is running goes on meanwhile, and may free it.
async fn connect(context: &Context, deadline: tokio::time::Instant) -> Result<PgConnection, Error> {
    let place = context.place()?;
    let mut is_told = false;
    loop {
        match place.connect("atlas-migrate interrupt").await {
            Ok((connection, _)) => return Ok(connection),
            Err(error) if tokio::time::Instant::now() >= deadline => return Err(error),
            Err(error) => {
                if !std::mem::replace(&mut is_told, true) {
                    let (message, ..) = error.parts();
                    context.progress.say(&format!("it still runs, and the server cannot be asked now: {message}"));
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether there is a session that was told.
async fn send(connection: &mut PgConnection, sql: String) -> Result<bool, Error> {
    Ok(!rows(connection, "cancelling what runs", sql, "atlas_signalled").await?.is_empty())
}

#[derive(Clone, Copy)]
enum Signal {
    Interrupt,
    #[cfg(unix)]
    Terminate,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "Ctrl-C",
            #[cfg(unix)]
            Self::Terminate => "SIGTERM",
        }
    }

    /// As a shell has it: 128 and the number of the signal.
    fn code(self) -> u8 {
        match self {
            Self::Interrupt => INTERRUPTED,
            #[cfg(unix)]
            Self::Terminate => 143,
        }
    }
}

/// The signals that end a command. Where they cannot be caught, they end the process.
struct Signals {
    #[cfg(unix)]
    caught: Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let caught = signal(SignalKind::interrupt()).and_then(|one| Ok((one, signal(SignalKind::terminate())?)));
        Self { caught: caught.ok() }
    }

    async fn next(&mut self) -> Signal {
        match &mut self.caught {
            None => std::future::pending().await,
            Some((interrupt, terminate)) => tokio::select! {
                _ = interrupt.recv() => Signal::Interrupt,
                _ = terminate.recv() => Signal::Terminate,
            },
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self {}
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}
