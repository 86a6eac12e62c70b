//! What is shown on standard error while a command is at work.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use atlas_migrate_core::words::count;

use atlas_migrate_core::fault::{shown, shown_lines};

use super::style::{DIM, RED, Styles, YELLOW};
use atlas_migrate::__private::cli::{label, time};
use atlas_migrate::{Event, Holder, Severity};

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Volume {
    Quiet,
    Normal,
    Verbose,
}

/// A line on the terminal that shows what is running; and, above it, what has to be said.
#[derive(Clone, Debug)]
pub(super) struct Progress(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    volume: Volume,
    styles: Styles,
    /// Whether there is a terminal for the line.
    line: bool,
    /// What the line says now.
    shown: bool,
    running: Option<(String, Instant)>,
    done: usize,
    remaining: usize,
}

impl Progress {
    pub(super) fn new(volume: Volume, styles: Styles, wanted: bool) -> Self {
        let line = wanted && volume != Volume::Quiet && io::stderr().is_terminal();
        let (shown, running, done, remaining) = (false, None, 0, 0);
        Self(Arc::new(Mutex::new(State { volume, styles, line, shown, running, done, remaining })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says something that matters, unless nothing is to be said.
    pub(super) fn say(&self, text: &str) {
        self.state().say(Volume::Normal, text);
    }

    /// Says something that is asked for with `--verbose`.
    pub(super) fn detail(&self, text: &str) {
        self.state().say(Volume::Verbose, text);
    }

    /// Warns, unless nothing is to be said.
    pub(super) fn warn(&self, text: &str) {
        self.state().warn(text);
    }

    /// Draws the line anew, with the time that has passed.
    pub(super) fn draw(&self) {
        self.state().draw();
    }

    /// Ends the line that the cursor is in, if something else stands there.
    pub(super) fn end_line(&self, is_used: bool) {
        if is_used {
            write("\n");
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        self.state().clear();
    }

    /// Whether there is a terminal for the line.
    pub(super) fn has_line(&self) -> bool {
        self.state().line
    }

    /// What a run tells.
    pub(super) fn hear(&self, event: &Event<'_>) {
        let mut state = self.state();
        match event {
            Event::Started { migration, remaining } => {
                state.begin(label(migration.version(), migration.name()), *remaining);
            }
            Event::Statement { migration, completed, total } => {
                let label = label(migration.version(), migration.name());
                state.say(Volume::Verbose, &format!("{label}: {completed} of {}", count(*total, "statement")));
            }
            Event::Finished(done) => {
                let (label, time) = (label(done.version(), done.name()), time::shown(done.duration()));
                state.end(&format!("{} {label} in {time}", done.outcome()));
            }
            Event::Waiting { doing, waited, holder } => state.wait(doing, *waited, *holder),
            Event::Pending { waited, pending } => {
                let pending = count(*pending, "migration");
                let waiting = waiting(*waited);
                state.say(Volume::Normal, &format!("{waiting} for another process to migrate: {pending} pending"));
            }
            Event::Retrying { migration, attempts, reason, pause, holder } => {
                let (time, attempts) = (time::shown(*pause), count(*attempts, "attempt"));
                let label = label(migration.version(), migration.name());
                let holder = holder.map_or(String::new(), |holder| {
                    format!("; {} is locked by {holder}", shown(holder.table().unwrap_or("a table")))
                });
                let reason = shown(reason);
                state.warn(&format!("{label} is tried again in {time}, after {attempts}: {reason}{holder}"));
            }
            Event::Seeding { seed, rows, .. } => {
                state.begin_seed(&format!("{}: {}", shown(seed), count(*rows, "row")));
            }
            Event::Seeded(seeded) => {
                let (name, time) = (shown(seeded.name()), time::shown(seeded.duration()));
                state.end(&format!("loaded {name} in {time}"));
            }
            Event::Notice { of, severity, message } => state.pass_on(of, *severity, message),
            Event::Warning(text) => state.warn(text),
            // The library may tell more than this knows.
            _ => {}
        }
    }
}

impl State {
    fn say(&mut self, volume: Volume, text: &str) {
        self.write(volume, &shown_lines(text));
    }

    fn warn(&mut self, text: &str) {
        let warning = self.styles.paint_error(YELLOW, "warning:");
        self.write(Volume::Normal, &format!("{warning} {}", shown_lines(text)));
    }

    fn write(&mut self, volume: Volume, text: &str) {
        if self.volume < volume {
            return;
        }
        self.clear();
        write(&format!("{text}\n"));
        self.draw();
    }

    fn begin(&mut self, label: String, remaining: usize) {
        self.remaining = remaining;
        self.running = Some((label, Instant::now()));
        self.draw();
    }

    fn begin_seed(&mut self, label: &str) {
        let since = self.running.as_ref().map_or_else(Instant::now, |(_, since)| *since);
        self.remaining = self.remaining.max(1);
        self.running = Some((label.to_owned(), since));
        self.draw();
    }

    fn end(&mut self, text: &str) {
        self.done += 1;
        self.remaining = self.remaining.saturating_sub(1);
        self.running = None;
        self.clear();
        self.say(Volume::Verbose, text);
    }

    fn wait(&mut self, doing: &str, waited: Duration, holder: Option<&Holder>) {
        let who = holder.map_or(String::new(), |holder| format!(": {holder}"));
        self.say(Volume::Normal, &format!("{} for another process that is {doing}{who}", waiting(waited)));
        if let Some(statement) = holder.map(Holder::statement).filter(|statement| !statement.is_empty()) {
            self.say(Volume::Verbose, &format!("its statement: {}", shown(statement)));
        }
    }

    /// What the server says.
    fn pass_on(&mut self, of: &str, severity: Severity, message: &str) {
        let of = shown(of);
        match severity {
            Severity::Notice => {
                let word = self.styles.paint_error(DIM, "notice:");
                self.say(Volume::Verbose, &format!("{word} {of}: {}", shown(message)));
            }
            _ => self.warn(&format!("{of}: {message}")),
        }
    }

    fn draw(&mut self) {
        let Some((label, since)) = &self.running else { return };
        if !self.line {
            return;
        }
        const WIDTH: usize = 20;
        let total = self.done + self.remaining;
        let filled = WIDTH * self.done / total.max(1);
        let bar = format!("[{}{}]", "#".repeat(filled), "-".repeat(WIDTH - filled));
        let bar = self.styles.paint_error(DIM, &bar);
        // A line that wraps could not be taken away.
        let label: String = shown(label).chars().take(40).collect();
        write(&format!("\r\x1b[2K{bar} {}/{total} {label} {}", self.done + 1, time::shown(since.elapsed())));
        self.shown = true;
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            write("\r\x1b[2K");
        }
    }
}

/// That it has waited, and for how long, if that is more than a moment.
fn waiting(waited: Duration) -> String {
    match waited.as_secs() {
        0 => "waiting".to_owned(),
        _ => format!("still waiting after {}", time::shown(waited)),
    }
}

/// Where standard error is closed, nobody can be told.
fn write(text: &str) {
    let mut errors = io::stderr().lock();
    let _closed = errors.write_all(text.as_bytes()).and_then(|()| errors.flush());
}

/// The word before what went wrong.
pub(super) fn error_word(styles: Styles) -> String {
    styles.paint_error(RED, "error:")
}
