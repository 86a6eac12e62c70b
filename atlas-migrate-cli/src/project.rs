//! What a program brings along for its command line.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

use atlas_migrate::Migrator;
use atlas_migrate::bench::Benchmarks;
use atlas_migrate::roles::Roles;
use atlas_migrate::seed::{Environment, Seeder, Seeds};
use atlas_migrate::verify::Checks;

/// What a program embeds, for [`main`](super::main). What it does not embed is read from folders.
#[derive(Clone, Debug, Default)]
#[must_use = "a project does nothing until it is given to `main`"]
pub struct Project {
    pub(super) migrations: Option<Migrator>,
    pub(super) seeds: Option<MakeSeeder>,
    pub(super) checks: Option<Checks>,
    pub(super) benchmarks: Option<Benchmarks>,
    pub(super) roles: Option<Roles>,
    pub(super) arguments: Option<Vec<OsString>>,
}

/// What gives the seeder of an environment: [`Seeds`], or a function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` gives no seeder",
    note = "pass `&seeds::SEEDS`, or `seeds::seeder`, or a closure `|environment: Environment| seeds::seeder(environment)…`"
)]
pub trait IntoSeeder: Send + Sync + 'static {
    /// The seeder of this environment.
    fn seeder(&self, environment: Environment) -> Seeder;
}

impl<F: Fn(Environment) -> Seeder + Send + Sync + 'static> IntoSeeder for F {
    fn seeder(&self, environment: Environment) -> Seeder {
        self(environment)
    }
}

impl IntoSeeder for Seeds {
    fn seeder(&self, environment: Environment) -> Seeder {
        Seeder::new(self, environment)
    }
}

impl IntoSeeder for &'static Seeds {
    fn seeder(&self, environment: Environment) -> Seeder {
        Seeder::new(*self, environment)
    }
}

/// Makes the seeder of an environment.
#[derive(Clone)]
pub(super) struct MakeSeeder(pub(super) Arc<dyn Fn(Environment) -> Seeder + Send + Sync>);

impl fmt::Debug for MakeSeeder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MakeSeeder")
    }
}

impl Project {
    /// A project that embeds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The migrations, or a migrator with options. What the command line says goes before these.
    pub fn migrations(mut self, migrations: impl Into<Migrator>) -> Self {
        self.migrations = Some(migrations.into());
        self
    }

    /// The seeds: `&seeds::SEEDS`; or, with options or generated rows, what gives the seeder of an environment, as the
    /// function `seeder` does that `embed_seeds!` makes.
    pub fn seeds(mut self, seeds: impl IntoSeeder) -> Self {
        self.seeds = Some(MakeSeeder(Arc::new(move |environment| seeds.seeder(environment))));
        self
    }

    /// The checks.
    pub fn checks(mut self, checks: impl Into<Checks>) -> Self {
        self.checks = Some(checks.into());
        self
    }

    /// The benchmarks.
    pub fn benchmarks(mut self, benchmarks: impl Into<Benchmarks>) -> Self {
        self.benchmarks = Some(benchmarks.into());
        self
    }

    /// The roles.
    pub fn roles(mut self, roles: Roles) -> Self {
        self.roles = Some(roles);
        self
    }

    /// The arguments, behind the name that help shows. Default: those of the process.
    ///
    /// For a program whose own arguments come first:
    ///
    /// ```no_run
    /// # use atlas_migrate_cli::Project;
    /// // myapp migrate status
    /// let arguments = std::env::args_os().skip(2);
    /// let project = Project::new().arguments("myapp migrate", arguments);
    /// ```
    pub fn arguments<T: Into<OsString>>(
        mut self,
        name: impl Into<OsString>,
        arguments: impl IntoIterator<Item = T>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into);
        self.arguments = Some(std::iter::once(name.into()).chain(arguments).collect());
        self
    }
}
