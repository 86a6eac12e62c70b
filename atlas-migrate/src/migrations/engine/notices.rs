//! What the server says while it runs a file.

use atlas_migrate_core::migration::Migration;

use super::Engine;
use super::refusal::name;
use super::transaction::Part;
use crate::postgres::message::Message;
use crate::postgres::session::{Notice, Session};
use crate::progress::{Event, Severity};

impl<S: Session> Engine<'_, S> {
    /// What was said before is about the library's own statements.
    pub(super) fn pass_over_notices(&mut self) {
        drop(self.conversation.take_notices());
    }

    /// Tells what was said about the statements of a file, and about the commit, where constraints and triggers that are
    /// deferred have their say. What is said about the library's own is not told.
    pub(super) fn tell_notices(&mut self, migration: &Migration, message: &Message<Part>) {
        let notices = self.conversation.take_notices();
        if notices.is_empty() {
            return;
        }
        let of = name(migration);
        for Notice { completed, severity, message: said } in notices {
            if !matches!(message.at(completed), Some((Part::Script | Part::Commit, _))) {
                continue;
            }
            self.options.patience.listener.tell(&Event::Notice { of: &of, severity, message: &said });
            if severity == Severity::Warning {
                self.report.warnings.push(format!("{of}: {said}"));
            }
        }
    }
}
