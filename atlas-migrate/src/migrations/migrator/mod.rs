//! The one builder: which migrations, with which options, and the verbs.

use std::time::Duration;

use atlas_migrate_core::plan::{Newer, OutOfOrder, Revert, Target};
use atlas_migrate_core::version::Version;

pub use crate::migrations::mode::TransactionMode;
use crate::migrations::rehearsal::Rehearsal;
use crate::migrations::repair::Repair;
use crate::migrations::script;
use crate::postgres::driver::Database;
use crate::postgres::lock::Patience;
use crate::postgres::sql::Sql;
use crate::progress::{Event, Listener};
use crate::source::Migrations;
use crate::{Error, Plan, Report, Status};

mod jobs;

use jobs::{Baseline, Check, GetStatus, MakePlan, Rehearse, Wait};
pub(crate) use jobs::{DoRepair, DoRevert, PlanRedo, PlanRevert, Run};

/// The schema of the history, unless another is asked for.
pub(crate) const DEFAULT_SCHEMA: &str = "public";

/// Brings databases to the state that a set of migrations describes.
///
/// `embed_migrations!` makes a function `migrator()` that gives one for the embedded set; for other sources see
/// [`Migrations`]. Options are methods that take and give the builder; verbs take a [`Database`].
///
/// ```no_run
/// # #[cfg(feature = "sqlx")]
/// # async fn example(pool: sqlx::PgPool) -> Result<(), atlas_migrate::Error> {
/// # mod migrations { atlas_migrate::embed_migrations!("../migrations"); }
/// use std::time::Duration;
///
/// let report = migrations::migrator()
///     .schema("app")
///     .lock_timeout(Duration::from_secs(1))
///     .on_progress(|event| println!("{event:?}"))
///     .run(&pool)
///     .await?;
/// println!("{report}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a migrator does nothing until one of its verbs is called"]
pub struct Migrator {
    pub(crate) migrations: Migrations,
    pub(crate) options: Options,
}

/// What the engine goes by.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) namespace: String,
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) role: Option<String>,
    pub(crate) mode: TransactionMode,
    pub(crate) patience: Patience,
    pub(crate) statement_timeout: Duration,
    pub(crate) retry_budget: Duration,
    pub(crate) flush_each_commit: bool,
    pub(crate) plan: atlas_migrate_core::plan::Options,
    pub(crate) other_history: OtherHistory,
    /// The schema is empty and nobody else's, so that all can be sent in one message.
    pub(crate) at_once: bool,
}

impl Options {
    /// The statements about the history that these name.
    pub(crate) fn sql(&self) -> Sql {
        let Self { schema, table, namespace, role, patience, .. } = self;
        Sql::new(schema, table, namespace, role.as_deref(), patience.lock_timeout)
    }
}

/// What to do on a database that has none of these migrations, but another history of migrations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OtherHistory {
    /// An error: what that history has applied would run a second time.
    #[default]
    Refuse,
    /// It is left alone, and not looked for.
    Ignore,
}

impl From<&'static Migrations> for Migrator {
    fn from(migrations: &'static Migrations) -> Self {
        Self::new(migrations)
    }
}

impl From<&Self> for Migrator {
    fn from(migrator: &Self) -> Self {
        migrator.clone()
    }
}

impl Migrator {
    /// A migrator for these migrations, with default options.
    pub fn new(migrations: impl Into<Migrations>) -> Self {
        Self {
            migrations: migrations.into(),
            options: Options {
                namespace: "default".to_owned(),
                schema: DEFAULT_SCHEMA.to_owned(),
                table: "schema_migrations".to_owned(),
                role: None,
                mode: TransactionMode::default(),
                patience: Patience::default(),
                statement_timeout: Duration::ZERO,
                retry_budget: Duration::from_secs(120),
                flush_each_commit: false,
                plan: atlas_migrate_core::plan::Options::default(),
                other_history: OtherHistory::default(),
                at_once: false,
            },
        }
    }

    /// The migrations that this migrator carries, in the order in which they run.
    pub fn migrations(&self) -> &Migrations {
        &self.migrations
    }

    /// The schema of the history table. Default: `public`, whatever the search path is.
    ///
    /// It is created with the table if there is none. Migrations themselves run with the session's search path: a warning says
    /// where names without a schema go, if that is another schema than this one.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.options.schema = schema.into();
        self
    }

    /// The name of the history table. Default: `schema_migrations`.
    ///
    /// Schema, table and namespace are for good: under other names, a database that was migrated looks as if nothing had
    /// been applied.
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.options.table = table.into();
        self
    }

    /// Whose migrations these are. Default: `default`.
    ///
    /// A library that owns tables in its users' databases takes its own name here: versions of different namespaces have
    /// nothing to do with each other, though they stand in one table and wait for the same lock.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.options.namespace = namespace.into();
        self
    }

    /// The role that everything runs as (`SET ROLE`), the history included. Default: the session's own.
    ///
    /// The session has its own role again when the run has ended.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.options.role = Some(role.into());
        self
    }

    /// Whether each migration has its transaction or all share one. Default: each.
    pub fn transaction_mode(mut self, mode: TransactionMode) -> Self {
        self.options.mode = mode;
        self
    }

    /// How long a statement waits for a table lock before its migration is rolled back and tried again. Default: 3
    /// seconds; zero waits forever.
    ///
    /// While it waits, everything else that wants the table queues behind it, so a short time keeps the site up.
    /// `-- atlas:lock-timeout` in a file overrides it. Migrations that run without a transaction wait for as long as it
    /// takes unless their file says otherwise: a `CREATE INDEX CONCURRENTLY` that gives up leaves an invalid index.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.options.patience.lock_timeout = timeout;
        self
    }

    /// How long a statement may run. Default: zero, without limit, whatever the role's or server's own setting is.
    ///
    /// `-- atlas:statement-timeout` in a file overrides it.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.options.statement_timeout = timeout;
        self
    }

    /// For how long a migration that does not get its locks is tried again, with growing pauses. Default: 2 minutes; after
    /// that the run fails with [`LockTimeout`](crate::ErrorKind::LockTimeout).
    pub fn retry_budget(mut self, budget: Duration) -> Self {
        self.options.retry_budget = budget;
        self
    }

    /// Lets the commit of each migration wait until it is on disk, as far as the session's `synchronous_commit` does. Default: false.
    ///
    /// Otherwise only the last commit of a run waits, or of what was done when it ends early: that one takes all before it
    /// along, and before it no success is reported. If the server itself crashes meanwhile, the last migrations may be undone,
    /// each together with its row in the history.
    pub fn flush_each_commit(mut self, flush: bool) -> Self {
        self.options.flush_each_commit = flush;
        self
    }

    /// For how long a run waits for another process that is migrating. Default: 15 minutes; after that it fails with
    /// [`Busy`](crate::ErrorKind::Busy). Zero does not wait.
    pub fn wait_budget(mut self, budget: Duration) -> Self {
        self.options.patience.wait_budget = budget;
        self
    }

    /// How far a run goes: a version (`"002"`), or [`Target::Latest`]. Default: to the newest migration.
    ///
    /// It never goes back: what was applied beyond the target stays, and is taken back with [`revert`](Self::revert).
    pub fn target(mut self, target: impl Into<Target>) -> Self {
        self.options.plan.target = target.into();
        self
    }

    /// What to do about migrations that are pending though a higher version was applied. Default: refuse.
    pub fn out_of_order(mut self, policy: OutOfOrder) -> Self {
        self.options.plan.out_of_order = policy;
        self
    }

    /// What to do about migrations that the database has and this binary does not know, and that are newer than all it
    /// knows, or repeatable. Default: refuse, unless they are marked `-- atlas:compatible`.
    pub fn newer(mut self, policy: Newer) -> Self {
        self.options.plan.newer = policy;
        self
    }

    /// What to do on a database that has none of these migrations, but the history of another tool, or one of this library with
    /// the same namespace in another schema or table. Default: refuse.
    ///
    /// With [`Ignore`](OtherHistory::Ignore) they run beside it: for a tenant in a schema of its own, or for migrations that
    /// have nothing to do with those of the other tool. Once the history has one of them, nobody looks for others. A
    /// [`namespace`](Self::namespace) of its own is a library's, whose migrations run beside whatever tool the application has.
    pub fn other_history(mut self, policy: OtherHistory) -> Self {
        self.options.other_history = policy;
        self
    }

    /// Calls this for each [`Event`], in the task or thread that runs the migrations.
    pub fn on_progress(mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.options.patience.listener = Listener::new(listener);
        self
    }

    /// Applies what is pending.
    ///
    /// One round trip if that is nothing; N + 2 for N migrations, and more only for those that run statement by statement
    /// and for waiting. Processes that run the same set at once wait for each other, and each migration takes effect once.
    ///
    /// # Errors
    ///
    /// Before anything ran: [`Connection`](crate::ErrorKind::Connection), [`Drift`](crate::ErrorKind::Drift),
    /// [`ForeignHistory`](crate::ErrorKind::ForeignHistory), [`ReadOnly`](crate::ErrorKind::ReadOnly) and the like. From
    /// a migration: [`Failed`](crate::ErrorKind::Failed), [`Precondition`](crate::ErrorKind::Precondition),
    /// [`LockTimeout`](crate::ErrorKind::LockTimeout); then [`Error::report`] tells what was applied before it.
    pub fn run<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<Report> {
        database.perform(Run(self.clone()))
    }

    /// What [`run`](Self::run) would do. Writes nothing.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run) before anything ran.
    pub fn plan<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<Plan> {
        database.perform(MakePlan(self.clone()))
    }

    /// Runs what is pending in one transaction, and rolls it back: what would fail, how long each statement takes on this
    /// database, which tables it locks, who waits for that and for how long, and which it rewrites.
    ///
    /// It takes the locks that a run takes, for as long as all of it takes, so that others wait as they would for a run. A lock
    /// is waited for as long as [`lock_timeout`](Self::lock_timeout) says, once. Nothing stays, except the numbers that were
    /// taken from sequences. An error of a statement is in the [`Rehearsal`], which ends there.
    ///
    /// A migration that does not run in a transaction is tried in one as far as that goes: an index is built or dropped without
    /// `CONCURRENTLY`, which blocks those who write to the table, so rehearse on a copy. What PostgreSQL refuses in a transaction
    /// (`VACUUM`, `CREATE DATABASE`, a block that commits), and a migration that uses an enum value of another pending one, is
    /// [not rehearsed](crate::migrations::rehearsal::Verdict::NotRehearsed), and neither is what then lacks something; the rest goes on.
    ///
    /// Each migration tells the locks that a run takes for it. A lock that an earlier one has already taken here the server does
    /// not show again: then the text of the statement decides. Told are tables, views and sequences that were there before.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run) before anything ran; [`Connection`](crate::ErrorKind::Connection).
    pub fn rehearse<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<Rehearsal> {
        database.perform(Rehearse(self.clone()))
    }

    /// Where each migration stands. Writes nothing, and drift is no error here.
    ///
    /// # Errors
    ///
    /// [`Connection`](crate::ErrorKind::Connection), [`ForeignHistory`](crate::ErrorKind::ForeignHistory),
    /// [`Database`](crate::ErrorKind::Database).
    pub fn status<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<Status> {
        database.perform(GetStatus(self.clone()))
    }

    /// Whether this database is what this binary needs. Writes nothing: for processes that must not migrate.
    ///
    /// # Errors
    ///
    /// [`Pending`](crate::ErrorKind::Pending) if a run would do something, [`Drift`](crate::ErrorKind::Drift) if it would
    /// refuse; both say what differs.
    pub fn check<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<()> {
        database.perform(Check(self.clone()))
    }

    /// Waits until somebody else has brought this database to what this binary needs. Writes nothing: for processes that must
    /// not migrate, and may start only when somebody has.
    ///
    /// It waits for as long as [`wait_budget`](Self::wait_budget) says, and tells [`Event::Pending`] meanwhile.
    ///
    /// # Errors
    ///
    /// [`Pending`](crate::ErrorKind::Pending) if that is over; else those of [`check`](Self::check), at once.
    pub fn wait<'c, D: Database<'c>>(&self, database: D) -> D::Outcome<()> {
        database.perform(Wait(self.clone()))
    }

    /// Runs the down files of migrations that were applied, the highest version first.
    ///
    /// Which these are is decided when it begins: what others apply or take back meanwhile does not make it go further.
    ///
    /// # Errors
    ///
    /// [`Irreversible`](crate::ErrorKind::Irreversible) before anything ran, if one of them has no down file; else those
    /// of [`run`](Self::run).
    pub fn revert<'c, D: Database<'c>>(&self, database: D, revert: Revert) -> D::Outcome<Report> {
        database.perform(DoRevert(self.clone(), revert, None))
    }

    /// Records all migrations up to this version as being there already, without running them: for a database that was
    /// made by other means. Those that the history has are left alone, and repeatable ones are left to the next run.
    ///
    /// This is for once, not for every boot: on a new database it would claim that the tables are there.
    ///
    /// # Errors
    ///
    /// [`UnknownVersion`](crate::ErrorKind::UnknownVersion) if no migration has this version; else those of
    /// [`run`](Self::run) before anything ran.
    pub fn baseline<'c, D: Database<'c>>(&self, database: D, version: impl Into<Version>) -> D::Outcome<Report> {
        database.perform(Baseline(self.clone(), version.into()))
    }
}

impl Migrator {
    /// Corrects what the history says of a migration, without running anything.
    ///
    /// For what only people can find out, when an error says so: whether a statement took effect, in part or as a whole, that
    /// cannot be in a transaction ([`InDoubt`](crate::ErrorKind::InDoubt)). For a file that was changed on purpose after it was
    /// applied, and for rows whose files are gone. It waits for other processes that migrate.
    ///
    /// ```no_run
    /// # #[cfg(feature = "sqlx")]
    /// # async fn example(pool: sqlx::PgPool) -> Result<(), atlas_migrate::Error> {
    /// # mod migrations { atlas_migrate::embed_migrations!("../migrations"); }
    /// use atlas_migrate::Repair;
    ///
    /// // The second statement of 003 was cut off, and did take effect.
    /// migrations::migrator().repair(&pool, "003", Repair::Failed { completed: 2 }).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownVersion`](crate::ErrorKind::UnknownVersion) if neither a migration nor a row has this version (of a repeatable
    /// one: `R__name`); [`Usage`](crate::ErrorKind::Usage) if its file has fewer statements, or is there and said to be gone, or
    /// is gone and statements of it are named; else those of [`run`](Self::run) before anything ran.
    pub fn repair<'c, D: Database<'c>>(
        &self,
        database: D,
        version: impl Into<Version>,
        repair: Repair,
    ) -> D::Outcome<Report> {
        database.perform(DoRepair(self.clone(), version.into(), repair))
    }
}

impl Migrator {
    /// All that a [`run`](Self::run) on a new database would do, as one SQL file: for a database that the program cannot reach, or
    /// for people to read. Options that matter are the target, the history's schema and table, the namespace and the role.
    ///
    /// Any client can run it, as psql does or as one message. Each migration is one statement in a transaction, with its row in
    /// the history and with what guards it, so that a program finds nothing to do afterwards, and nothing runs twice, or behind
    /// a migration that failed, whatever the client makes of an error (psql's `ON_ERROR_STOP`, `ON_ERROR_ROLLBACK`). On a
    /// database whose history has one of them already, or that has [another history](Self::other_history), nothing runs.
    /// Timeouts are left to whoever runs it.
    ///
    /// A migration that runs statement by statement is recorded as a run does it, so that a run goes on where the script has
    /// stopped. It needs a client that sends statements one by one, and one session for all of them. Statements that can be in
    /// no transaction are those whose success the catalog shows: `CREATE INDEX CONCURRENTLY` of an index with a name,
    /// `DROP INDEX CONCURRENTLY`, `DETACH PARTITION … CONCURRENTLY`.
    ///
    /// ```
    /// # fn main() -> Result<(), atlas_migrate::Error> {
    /// use atlas_migrate::{Migrations, Migrator};
    ///
    /// let migrations = Migrations::from_files("migrations", [("001_users.sql", "CREATE TABLE users (id bigint)")])?;
    /// let script = Migrator::new(migrations).script()?;
    /// assert!(script.contains("CREATE TABLE users (id bigint)"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownVersion`](crate::ErrorKind::UnknownVersion) if there is no target of this version;
    /// [`Usage`](crate::ErrorKind::Usage) if a migration has a statement that can be in no transaction and whose success SQL alone
    /// does not show (`VACUUM`, `CALL`), or a condition and such statements.
    pub fn script(&self) -> Result<String, Error> {
        script::write(self, None)
    }

    /// The same for a database that is at this version: without the migrations up to it, which the history must have, and
    /// without the repeatable ones, which may have run before.
    ///
    /// # Errors
    ///
    /// Those of [`script`](Self::script); [`UnknownVersion`](crate::ErrorKind::UnknownVersion) if no migration has this
    /// version.
    pub fn script_from(&self, version: impl Into<Version>) -> Result<String, Error> {
        script::write(self, Some(&version.into()))
    }

    /// What a verb does is traced within this.
    pub(crate) fn span(&self, verb: &'static str) -> tracing::Span {
        let Options { namespace, schema, table, .. } = &self.options;
        tracing::info_span!("migrations", verb, namespace, schema, table)
    }
}
