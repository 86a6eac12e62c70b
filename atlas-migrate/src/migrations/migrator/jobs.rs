//! What the verbs have a client do.

use atlas_migrate_core::plan::Revert;
use atlas_migrate_core::version::Version;
use tracing::Instrument;

use super::{Migrator, Repair};
use crate::migrations::engine::Engine;
use crate::migrations::engine::back::Meant;
use crate::migrations::rehearsal::Rehearsal;
use crate::postgres::driver::Job;
use crate::postgres::session::Session;
use crate::{Error, Plan, Report, Status};

pub(crate) struct Run(pub(crate) Migrator);
pub(super) struct MakePlan(pub(super) Migrator);
pub(super) struct Rehearse(pub(super) Migrator);
pub(super) struct GetStatus(pub(super) Migrator);
pub(super) struct Check(pub(super) Migrator);
/// The versions are those that somebody has agreed to, if somebody was asked.
pub(crate) struct DoRevert(pub(crate) Migrator, pub(crate) Revert, pub(crate) Option<Vec<Version>>);
pub(crate) struct PlanRevert(pub(crate) Migrator, pub(crate) Revert);
pub(crate) struct PlanRedo(pub(crate) Migrator);
pub(super) struct Baseline(pub(super) Migrator, pub(super) Version);
pub(super) struct Wait(pub(super) Migrator);
pub(crate) struct DoRepair(pub(crate) Migrator, pub(crate) Version, pub(crate) Repair);

impl Job for Run {
    type Output = Report;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Report, Error> {
        let engine = Engine::new(session, &self.0)?;
        match self.0.options.at_once {
            true => engine.fill().instrument(self.0.span("fill")).await,
            false => engine.run().instrument(self.0.span("run")).await,
        }
    }
}

impl Job for MakePlan {
    type Output = Plan;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Plan, Error> {
        Engine::new(session, &self.0)?.plan().instrument(self.0.span("plan")).await
    }
}

impl Job for Rehearse {
    type Output = Rehearsal;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Rehearsal, Error> {
        Engine::new(session, &self.0)?.rehearse().instrument(self.0.span("rehearse")).await
    }
}

impl Job for GetStatus {
    type Output = Status;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Status, Error> {
        Engine::new(session, &self.0)?.status().instrument(self.0.span("status")).await
    }
}

impl Job for Check {
    type Output = ();

    async fn perform<S: Session>(self, session: &mut S) -> Result<(), Error> {
        Engine::new(session, &self.0)?.check().instrument(self.0.span("check")).await
    }
}

impl Job for DoRevert {
    type Output = Report;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Report, Error> {
        Engine::new(session, &self.0)?.revert(&self.1, self.2.as_deref()).instrument(self.0.span("revert")).await
    }
}

impl Job for PlanRevert {
    type Output = Vec<Meant>;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Vec<Meant>, Error> {
        Engine::new(session, &self.0)?.plan_revert(&self.1).instrument(self.0.span("plan")).await
    }
}

impl Job for PlanRedo {
    type Output = Option<Meant>;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Option<Meant>, Error> {
        Engine::new(session, &self.0)?.plan_redo().instrument(self.0.span("plan")).await
    }
}

impl Job for Baseline {
    type Output = Report;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Report, Error> {
        Engine::new(session, &self.0)?.baseline(&self.1).instrument(self.0.span("baseline")).await
    }
}

impl Job for Wait {
    type Output = ();

    async fn perform<S: Session>(self, session: &mut S) -> Result<(), Error> {
        Engine::new(session, &self.0)?.wait().instrument(self.0.span("wait")).await
    }
}

impl Job for DoRepair {
    type Output = Report;

    async fn perform<S: Session>(self, session: &mut S) -> Result<Report, Error> {
        Engine::new(session, &self.0)?.repair(&self.1, self.2).instrument(self.0.span("repair")).await
    }
}
