#![doc = include_str!("docs/setup.md")]

use std::fmt;
use std::time::Duration;

use tracing::Instrument;

use crate::migrations::migrator;
use crate::postgres::driver::{Database, Job};
use crate::postgres::lock::Patience;
use crate::postgres::session::Session;
use crate::progress::{Event, Listener};
use crate::render::json::Json;
use crate::roles::{Proof, Roles, RolesPlan};
use crate::seed::{SeedReport, Seeder};
use crate::verify::{Verifier, VerifyReport};
use crate::{Error, Migrator, Report, roles, verify};

/// Brings a database from nothing to where a program can use it: roles, migrations, seeds, and whether all is well.
///
/// Options are methods that take and give the builder.
#[derive(Clone, Debug)]
#[must_use = "a set-up does nothing until its verb is called"]
pub struct Setup {
    migrator: Migrator,
    roles: Option<Roles>,
    seeder: Option<Seeder>,
    verifier: Option<Verifier>,
    lock_timeout: Option<Duration>,
    wait_budget: Option<Duration>,
    listener: Option<Listener>,
}

/// What a set-up did, and what it found in the end.
///
/// `Display` shows the reports of its parts, each below its name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct SetupReport {
    roles: Option<(RolesPlan, Proof)>,
    migrations: Report,
    seeds: Option<SeedReport>,
    verify: Option<VerifyReport>,
}

impl Setup {
    /// A set-up with these migrations.
    pub fn new(migrations: impl Into<Migrator>) -> Self {
        Self {
            migrator: migrations.into(),
            roles: None,
            seeder: None,
            verifier: None,
            lock_timeout: None,
            wait_budget: None,
            listener: None,
        }
    }

    /// Makes these roles, and proves in the end what they may do. Migrations and seeds that have no role of their own run as
    /// the owner.
    pub fn roles(mut self, roles: Roles) -> Self {
        self.roles = Some(roles);
        self
    }

    /// Loads these seeds.
    pub fn seeds(mut self, seeder: Seeder) -> Self {
        self.seeder = Some(seeder);
        self
    }

    /// Holds the database against these checks in the end, and asks also whether the migrations are up to date.
    pub fn verify(mut self, verifier: Verifier) -> Self {
        self.verifier = Some(verifier);
        self
    }

    /// How long a statement of any part waits for a table lock; zero waits forever. Default: what each part says.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = Some(timeout);
        self
    }

    /// For how long in all each part waits for another process that is at the same. Default: what each part says.
    pub fn wait_budget(mut self, budget: Duration) -> Self {
        self.wait_budget = Some(budget);
        self
    }

    /// Tells a function what is going on in any part. Default: what each part says.
    pub fn on_progress(mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.listener = Some(Listener::new(listener));
        self
    }

    /// Does what is missing, in the session of a role that may do it all. Where nothing is missing it changes nothing, except
    /// passwords that are given.
    ///
    /// Each part is whole by itself, and stays if a later one fails. What a proof or a check finds is in the report, and is no
    /// error: see [`SetupReport::passed`].
    ///
    /// # Errors
    ///
    /// Those of [`Roles::apply`], [`Migrator::run`], [`Seeder::run`], [`Roles::prove`] and [`Verifier::run`].
    pub fn run<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<SetupReport> {
        database.perform(Run(self.clone()))
    }

    /// With what one part takes over from another.
    fn completed(mut self) -> Self {
        if let Some(roles) = &self.roles {
            self.migrator.options.role.get_or_insert_with(|| roles.owner().to_owned());
            self.seeder = self.seeder.map(|seeder| seeder.default_role(roles.owner()));
        }
        self.verifier = self.verifier.map(|verifier| verifier.default_migrations(&self.migrator));
        let parts = [
            Some(&mut self.migrator.options.patience),
            self.roles.as_mut().map(Roles::patience),
            self.seeder.as_mut().map(Seeder::patience),
        ];
        for Patience { lock_timeout, wait_budget, listener } in parts.into_iter().flatten() {
            *lock_timeout = self.lock_timeout.unwrap_or(*lock_timeout);
            *wait_budget = self.wait_budget.unwrap_or(*wait_budget);
            *listener = self.listener.clone().unwrap_or_else(|| listener.clone());
        }
        self
    }
}

impl SetupReport {
    /// What was changed about roles, before the migrations and after the seeds.
    pub fn roles(&self) -> Option<&RolesPlan> {
        self.roles.as_ref().map(|(plan, _)| plan)
    }

    /// What the roles may do.
    pub fn proof(&self) -> Option<&Proof> {
        self.roles.as_ref().map(|(_, proof)| proof)
    }

    /// What the migrations did.
    pub fn migrations(&self) -> &Report {
        &self.migrations
    }

    /// What was loaded.
    pub fn seeds(&self) -> Option<&SeedReport> {
        self.seeds.as_ref()
    }

    /// What was found when the database was held against its checks.
    pub fn verify(&self) -> Option<&VerifyReport> {
        self.verify.as_ref()
    }

    /// Whether the roles may do just what they should, and no check failed.
    pub fn passed(&self) -> bool {
        self.proof().is_none_or(Proof::passed) && self.verify().is_none_or(VerifyReport::passed)
    }
}

impl SetupReport {
    /// The report as JSON: `passed`; `roles`, as of [`RolesPlan::to_json`]; `migrations`, as of [`Report::to_json`]; `warnings` of
    /// migrations and seeds; `seeds`, as of [`SeedReport::to_json`]; `proof`, as of [`Proof::to_json`]; `verify`, as of
    /// [`VerifyReport::to_json`]. A part that there is none of is null.
    pub fn to_json(&self) -> String {
        Json::from(self).to_string()
    }
}

impl From<&SetupReport> for Json {
    fn from(report: &SetupReport) -> Self {
        let of_seeds = report.seeds().map_or(&[][..], SeedReport::warnings);
        Self::object()
            .with("passed", report.passed())
            .with("roles", report.roles())
            .with("migrations", Self::list(report.migrations().migrations()))
            .with("warnings", Self::list(report.migrations().warnings().iter().chain(of_seeds)))
            .with("seeds", report.seeds().map(|seeds| Self::list(seeds.seeds())))
            .with("proof", report.proof())
            .with("verify", report.verify())
    }
}

impl fmt::Display for SetupReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((plan, _)) = &self.roles {
            writeln!(f, "roles\n{plan}\n")?;
        }
        write!(f, "migrations\n{}", self.migrations)?;
        if let Some(seeds) = &self.seeds {
            write!(f, "\n\nseeds\n{seeds}")?;
        }
        if let Some((_, proof)) = &self.roles {
            write!(f, "\n\nproof\n{proof}")?;
        }
        if let Some(verify) = &self.verify {
            write!(f, "\n\nchecks\n{verify}")?;
        }
        Ok(())
    }
}

struct Run(Setup);

impl Job for Run {
    type Output = SetupReport;

    async fn perform<S: Session>(self, session: &mut S) -> Result<SetupReport, Error> {
        run(self.0.completed(), session).instrument(tracing::info_span!("setup")).await
    }
}

async fn run<S: Session>(setup: Setup, session: &mut S) -> Result<SetupReport, Error> {
    let Setup { migrator, roles, seeder, verifier, .. } = setup;
    let mut done = Vec::new();
    let mut plan = match &roles {
        Some(roles) => Some(roles::Apply(roles.clone()).perform(session).await?),
        None => None,
    };
    done.extend(plan.as_ref().filter(|plan| !plan.is_empty()).map(|_| "the roles"));

    let migrations = migrator::Run(migrator).perform(session).await.map_err(|error| after(error, &done))?;
    done.extend((!migrations.is_empty()).then_some("the migrations"));

    let mut seeds = None;
    if let Some(seeder) = seeder {
        let report = seeder.into_job().perform(session).await.map_err(|error| after(error, &done))?;
        done.extend((!report.is_empty()).then_some("the seeds"));
        seeds = Some(report);
    }

    let mut proved = None;
    if let Some(roles) = roles {
        // Of the tables that the runs have made for themselves.
        let rest = roles::Apply(roles.clone()).perform(session).await.map_err(|error| after(error, &done))?;
        let proof = roles::Prove(roles).perform(session).await.map_err(|error| after(error, &done))?;
        proved = plan.take().map(|plan| (plan.and_then(rest), proof));
    }

    let mut verify = None;
    if let Some(verifier) = verifier {
        verify = Some(verify::Verify(verifier).perform(session).await.map_err(|error| after(error, &done))?);
    }
    Ok(SetupReport { roles: proved, migrations, seeds, verify })
}

/// Adds what is whole, and stays.
fn after(error: Error, done: &[&str]) -> Error {
    if done.is_empty() { error } else { error.fate(format!("set up before it, and stay: {}", done.join(", "))) }
}
