//! What the server says while it runs a file.

use atlas_migrate_core::migration::Migration;

use super::Engine;
use super::batch::Part;
use super::refusal::name;
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
    pub(super) fn tell_notices(&mut self, migrations: &[&Migration], message: &Message<(usize, Part)>) {
        for Notice { completed, severity, message: said } in self.conversation.take_notices() {
            let Some(((number, Part::Script | Part::Commit), _)) = message.at(completed) else { continue };
            let of = name(migrations[number]);
            self.options.patience.listener.tell(&Event::Notice { of: &of, severity, message: &said });
            if severity == Severity::Warning {
                self.report.warnings.push(format!("{of}: {said}"));
            }
        }
    }
}
