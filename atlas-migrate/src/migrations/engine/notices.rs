//! What the server says while it runs a file.

use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::statement;

use super::Engine;
use super::refusal::name;
use crate::postgres::session::Session;
use crate::progress::{Event, Severity};

impl<S: Session> Engine<'_, S> {
    /// What was said before is about the library's own statements.
    pub(super) fn pass_over_notices(&mut self) {
        drop(self.session.take_notices());
    }

    /// Tells what was said about so many statements of a file, behind the head of the message, and about the commit, where
    /// constraints and triggers that are deferred have their say. What is said about the library's own is not told.
    pub(super) fn tell_notices(&mut self, migration: &Migration, head: &str, statements: usize, commit: Option<usize>) {
        let notices = self.session.take_notices();
        if notices.is_empty() {
            return;
        }
        let first = statement::split(head).len();
        let of = name(migration);
        for notice in notices {
            let is_theirs = (first..first + statements).contains(&notice.completed) || commit == Some(notice.completed);
            if !is_theirs {
                continue;
            }
            let (severity, message) = (notice.severity, notice.message.as_str());
            self.options.patience.listener.tell(&Event::Notice { of: &of, severity, message });
            if severity == Severity::Warning {
                self.report.warnings.push(format!("{of}: {message}"));
            }
        }
    }
}
