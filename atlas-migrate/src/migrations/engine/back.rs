//! Taking migrations back: those that were meant when it began, and no others.

use atlas_migrate_core::plan::Revert;
use atlas_migrate_core::plan::{self, Redo};
use atlas_migrate_core::version::Version;

use super::refusal::{self, Again};
use super::{Engine, UNKNOWN, Work};
use crate::Error;
use crate::migrations::report::Report;
use crate::postgres::session::Session;

/// A migration that is to be taken back or applied once more: its version, and what messages call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// Of its file.
    pub version: Version,
    /// As messages have it.
    pub name: String,
    /// Whether it is taken back at all.
    pub reverts: bool,
}

impl<S: Session> Engine<'_, S> {
    /// Reverts what is meant by the history as it is now, whatever others do meanwhile. An error if somebody has agreed to
    /// another revert than that.
    pub(crate) async fn revert(mut self, revert: &Revert, agreed: Option<&[Version]>) -> Result<Report, Error> {
        let state = self.look(UNKNOWN).await?;
        let work = Work::Revert(revert);
        let steps = self.steps(work)?;
        let versions = steps.iter().map(|step| self.known[step.known].version());
        if agreed.is_some_and(|agreed| !versions.eq(agreed)) {
            return Err(refusal::not_as_agreed());
        }
        let again = Again::new(self.known, &self.entries, revert, &steps);
        if let Revert::Last | Revert::Steps(_) = revert {
            self.meant = Some(steps.iter().map(|step| step.known).collect());
        }
        self.carry_out(work, &state).await.map_err(|error| again.instead_of_run_again(error))
    }

    /// What a revert would take back, in order.
    pub(crate) async fn plan_revert(mut self, revert: &Revert) -> Result<Vec<Meant>, Error> {
        self.look(UNKNOWN).await?;
        let steps = self.steps(Work::Revert(revert))?;
        Ok(steps.iter().map(|step| self.meant(step.known, true)).collect())
    }

    /// What a redo would do.
    pub(crate) async fn plan_redo(mut self) -> Result<Option<Meant>, Error> {
        self.look(UNKNOWN).await?;
        let redo = plan::plan_redo(self.known, &self.entries, &self.options.plan);
        let redo = redo.map_err(|problem| refusal::problem(self.known, &self.entries, problem))?;
        Ok(redo.map(|Redo { known, reverts }| self.meant(known, reverts)))
    }

    fn meant(&self, known: usize, reverts: bool) -> Meant {
        let migration = &self.known[known];
        Meant { version: migration.version().clone(), name: refusal::name(migration), reverts }
    }
}
