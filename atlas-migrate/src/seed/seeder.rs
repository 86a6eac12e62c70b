//! The builder: which seeds, for which environment, with which options, and the verbs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use super::engine::{Ending, Engine};
#[cfg(feature = "testing")]
use super::item;
use super::item::{Generated, Item};
use super::{Environment, Generate, SeedReport, Seeds};
use crate::Error;
use crate::postgres::driver::{Database, Job};
use crate::postgres::lock::Patience;
use crate::postgres::session::Session;
use crate::postgres::sql::Sql;
use crate::progress::{Event, Listener};

/// Brings the data of an environment into databases.
///
/// `embed_seeds!` makes a function `seeder(environment)` that gives one for the embedded set; for other sources see
/// [`Seeds`]. Options are methods that take and give the builder; verbs take a [`Database`].
#[derive(Clone)]
#[must_use = "a seeder does nothing until one of its verbs is called"]
pub struct Seeder {
    pub(super) seeds: Seeds,
    pub(super) environment: Environment,
    pub(super) generated: Vec<Generated>,
    pub(super) options: Options,
}

/// What the engine goes by.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) namespace: String,
    pub(crate) schema: String,
    pub(crate) role: Option<String>,
    pub(crate) patience: Patience,
}

impl Options {
    /// The statements about the table of seeds that these name.
    pub(super) fn sql(&self) -> Sql {
        let Self { schema, namespace, role, patience, .. } = self;
        Sql::new(schema, "schema_seeds", namespace, role.as_deref(), patience.lock_timeout)
    }
}

impl Seeder {
    /// A seeder for these seeds in this environment, with default options.
    pub fn new(seeds: impl Into<Seeds>, environment: impl Into<Environment>) -> Self {
        Self {
            seeds: seeds.into(),
            environment: environment.into(),
            generated: Vec::new(),
            options: Options {
                namespace: "default".to_owned(),
                schema: "public".to_owned(),
                role: None,
                patience: Patience::default(),
            },
        }
    }

    /// The seeds that this seeder carries.
    pub fn seeds(&self) -> &Seeds {
        &self.seeds
    }

    /// The schema of the tables `schema_seeds` and `schema_environment`. Default: `public`, whatever the search path is.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.options.schema = schema.into();
        self
    }

    /// Whose seeds these are. Default: `default`. Libraries take their own name here, as they do for their migrations.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.options.namespace = namespace.into();
        self
    }

    /// The role that everything runs as (`SET ROLE`). Default: the session's own.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.options.role = Some(role.into());
        self
    }

    /// How long a statement waits for a table lock. Default: 3 seconds; zero waits forever.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.options.patience.lock_timeout = timeout;
        self
    }

    /// For how long in all a run waits for another process that loads seeds. Default: 15 minutes.
    pub fn wait_budget(mut self, budget: Duration) -> Self {
        self.options.patience.wait_budget = budget;
        self
    }

    /// Tells a function what is going on: [`Event::Seeding`] after each piece, [`Event::Seeded`] after each seed,
    /// [`Event::Waiting`] for another process.
    pub fn on_progress(mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.options.patience.listener = Listener::new(listener);
        self
    }

    /// Adds rows that the program makes, for an environment: in others they are passed over, as are the files in its folder.
    /// They come after the files, unless foreign keys say otherwise.
    pub fn generate(mut self, environment: impl Into<Environment>, generate: impl Generate + 'static) -> Self {
        self.generated.push(Generated { environment: environment.into(), generate: Arc::new(generate) });
        self
    }

    /// Loads what the database does not have yet, and what has changed, as each seed's policy says. With nothing to do it is
    /// one round trip.
    ///
    /// # Errors
    ///
    /// [`Environment`](crate::ErrorKind::Environment) if the database is of another one, before anything else;
    /// [`Failed`](crate::ErrorKind::Failed) with file, line and column if a seed cannot be loaded, of which nothing is then;
    /// [`Busy`](crate::ErrorKind::Busy), [`ReadOnly`](crate::ErrorKind::ReadOnly),
    /// [`Connection`](crate::ErrorKind::Connection), [`Database`](crate::ErrorKind::Database).
    pub fn run<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<SeedReport> {
        database.perform(Load(self.clone(), Ending::Commit))
    }

    /// Does all that [`run`](Self::run) would, in one transaction, and rolls it back: the report is what would be loaded.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run).
    pub fn dry_run<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<SeedReport> {
        database.perform(Load(self.clone(), Ending::Rollback))
    }

    /// Writes into the database that it is of this environment, whatever it was before. Nothing is loaded.
    ///
    /// # Errors
    ///
    /// [`Busy`](crate::ErrorKind::Busy), [`ReadOnly`](crate::ErrorKind::ReadOnly),
    /// [`Connection`](crate::ErrorKind::Connection), [`Database`](crate::ErrorKind::Database).
    pub fn mark<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<()> {
        database.perform(Mark(self.clone()))
    }

    /// What there is for the environment.
    pub(super) fn items(&self) -> Vec<Item<'_>> {
        let environment = self.environment.name();
        let files = self.seeds.as_slice().iter().filter(|seed| seed.is_for(environment)).map(Item::of_file);
        let generated = self.generated.iter().filter(|generated| generated.environment == self.environment);
        files.chain(generated.map(Item::generated)).collect()
    }

    /// The role, unless there is one.
    #[cfg(feature = "setup")]
    pub(crate) fn default_role(mut self, role: &str) -> Self {
        self.options.role.get_or_insert_with(|| role.to_owned());
        self
    }

    #[cfg(feature = "setup")]
    pub(crate) fn patience(&mut self) -> &mut Patience {
        &mut self.options.patience
    }

    /// [`run`](Self::run), for a session that is there.
    #[cfg(any(feature = "setup", feature = "testing"))]
    pub(crate) fn into_job(self) -> impl Job<Output = SeedReport> {
        Load(self, Ending::Commit)
    }

    /// Changes if what is loaded does.
    #[cfg(feature = "testing")]
    pub(crate) fn digest(&self) -> String {
        let Options { namespace, schema, role, .. } = &self.options;
        format!("{} {namespace:?} {schema:?} {role:?} {}", self.environment, item::digest(&self.items()))
    }

    /// What a verb does is traced within this.
    fn span(&self, verb: &'static str) -> tracing::Span {
        let Options { namespace, schema, .. } = &self.options;
        tracing::info_span!("seeds", verb, environment = %self.environment, namespace, schema)
    }
}

impl fmt::Debug for Seeder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables: Vec<_> = self.generated.iter().map(|generated| generated.generate.table()).collect();
        f.debug_struct("Seeder")
            .field("seeds", &self.seeds)
            .field("environment", &self.environment)
            .field("generated", &tables)
            .field("options", &self.options)
            .finish()
    }
}

struct Load(Seeder, Ending);
struct Mark(Seeder);

impl Job for Load {
    type Output = SeedReport;

    async fn perform<S: Session>(self, session: &mut S) -> Result<SeedReport, Error> {
        let verb = if self.1 == Ending::Commit { "run" } else { "dry run" };
        Engine::new(session, &self.0, self.1)?.run().instrument(self.0.span(verb)).await
    }
}

impl Job for Mark {
    type Output = ();

    async fn perform<S: Session>(self, session: &mut S) -> Result<(), Error> {
        Engine::new(session, &self.0, Ending::Commit)?.mark().instrument(self.0.span("mark")).await
    }
}
