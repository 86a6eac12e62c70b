//! What every command has at hand.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use atlas_migrate_core::fault::shown;
use sqlx::PgConnection;

use super::answer::usage;
use super::arguments::{Common, Format};
use super::ask;
use super::connect::Place;
use super::environment::Environment;
use super::parameters::Url;
use super::progress::{Progress, Volume};
use super::project::Project;
use super::shell::Shell;
use super::style::Styles;
use atlas_migrate::__private::cli::{ErrorExt as _, folder_of, report as reported, speaking};
use atlas_migrate::{Error, Migrations, Migrator, OtherHistory, Report};

/// The folder of migrations, where nothing else is said.
const FOLDER: &str = "migrations";

/// What is said on the command line, around it, and by the program that embeds it.
pub(super) struct Context {
    pub(super) project: Project,
    pub(super) common: Common,
    pub(super) environment: Environment,
    pub(super) styles: Styles,
    pub(super) progress: Progress,
    /// How commands are typed.
    pub(super) shell: Shell,
    /// Whether the folder was named on the command line, and so goes before what is embedded.
    source_is_named: bool,
    /// Where the database is, by the environment and the file.
    fallback_url: Option<Url>,
    /// The name by which the server knows the sessions of this process.
    application: String,
    /// The server and the database that it is connected to.
    connected: Mutex<Option<Location>>,
    phase: Mutex<Phase>,
    signal_is_taken: AtomicBool,
}

/// Which database it is: what everything that destroys something says, before and after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) database: String,
    pub(super) host: String,
}

impl Location {
    /// The answer of something that changed this database, with its name behind it.
    pub(super) fn behind(&self, text: impl fmt::Display) -> String {
        format!("{text}\ndatabase  {self}")
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", shown(&self.database), shown(&self.host))
    }
}

/// How far a command is, for whoever interrupts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It is not connected, so that nothing can be under way on the server.
    Alone,
    /// It waits for the answer to a question, which comes before everything that is done.
    Asking,
    /// Something may be running on the server.
    Connected,
}

impl Context {
    pub(super) fn new(
        project: Project,
        common: Common,
        environment: Environment,
        fallback_url: Option<Url>,
        source_is_named: bool,
        shell: Shell,
    ) -> Self {
        let styles = Styles::new(common.color, &environment);
        // Where a program reads the answer, only errors are for people.
        let volume = match (common.quiet, common.verbose, common.format) {
            (true, ..) => Volume::Quiet,
            (_, true, _) => Volume::Verbose,
            (.., Format::Json) => Volume::Quiet,
            (.., Format::Text) => Volume::Normal,
        };
        let progress = Progress::new(volume, styles, !common.no_progress);
        let application = application(&environment);
        let (connected, phase) = (Mutex::default(), Mutex::new(Phase::Alone));
        Self {
            project,
            common,
            environment,
            styles,
            progress,
            shell,
            source_is_named,
            fallback_url,
            application,
            connected,
            phase,
            signal_is_taken: AtomicBool::new(false),
        }
    }

    /// The migrations with the options that were given: those that are embedded, else those of the folder.
    pub(super) fn migrator(&self) -> Result<Migrator, Error> {
        let mut migrator = match &self.project.migrations {
            Some(migrator) if !self.source_is_named => migrator.clone(),
            _ => Migrator::new(Migrations::from_directory_checked(self.folder()?)?),
        };
        let Common { schema, table, namespace, role, beside_other_history, .. } = &self.common;
        if *beside_other_history {
            migrator = migrator.other_history(OtherHistory::Ignore);
        }
        if let Some(schema) = schema {
            migrator = migrator.schema(schema);
        }
        if let Some(table) = table {
            migrator = migrator.table(table);
        }
        if let Some(namespace) = namespace {
            migrator = migrator.namespace(namespace);
        }
        if let Some(role) = role {
            migrator = migrator.role(role);
        }
        let (progress, shell) = (self.progress.clone(), self.shell.clone());
        Ok(speaking(migrator.on_progress(move |event| progress.hear(event)), move |hint| shell.say(hint)))
    }

    /// The folder of migrations: the one that is named, or that the program was made of; else the usual one.
    pub(super) fn folder(&self) -> Result<PathBuf, Error> {
        if let Some(source) = &self.common.source {
            return Ok(source.clone());
        }
        let Some(migrator) = &self.project.migrations else { return Ok(Path::new(FOLDER).to_owned()) };
        let folder = folder_of(migrator).map(Path::new).filter(|folder| folder.is_dir());
        let Some(folder) = folder else {
            return Err(usage("this program does not know the folder that its migrations are made of")
                .hint(format!("name it with --source, for example --source {FOLDER}")));
        };
        let here = std::env::current_dir().ok();
        let below = here.as_ref().and_then(|here| folder.strip_prefix(here).ok());
        Ok(below.unwrap_or(folder).to_owned())
    }

    /// Where the database is.
    pub(super) fn place(&self) -> Result<Place, Error> {
        let typed = self.common.database_url.as_ref().map(|text| Url { text: text.clone(), is_of_process: true });
        Place::new(typed.as_ref().or(self.fallback_url.as_ref()), &self.environment)
    }

    /// A connection to the database, whose session an interruption can find.
    pub(super) async fn connect(&self) -> Result<PgConnection, Error> {
        self.connect_to(&self.place()?).await
    }

    /// The same, to this one.
    pub(super) async fn connect_to(&self, place: &Place) -> Result<PgConnection, Error> {
        if let Some(warning) = &place.warning {
            self.progress.warn(warning);
        }
        self.progress.detail(&format!("connecting to {place}"));
        let (connection, host) = place.connect(&self.application).await?;
        *lock(&self.connected) = Some(Location { database: place.database().to_owned(), host });
        *lock(&self.phase) = Phase::Connected;
        Ok(connection)
    }

    /// Which database it is connected to.
    pub(super) fn location(&self) -> Location {
        lock(&self.connected).clone().unwrap_or_default()
    }

    /// Notes that a signal has been seen, and is dealt with.
    pub(super) fn take_signal(&self) {
        self.signal_is_taken.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_signal_taken(&self) -> bool {
        self.signal_is_taken.load(Ordering::Relaxed)
    }

    /// How results are shown.
    pub(super) fn format(&self) -> Format {
        self.common.format
    }

    /// How far it is.
    pub(super) fn phase(&self) -> Phase {
        *lock(&self.phase)
    }

    /// What a run did, for people. What it warned of was said when it came up.
    pub(super) fn report(&self, report: &Report) -> String {
        reported(report.migrations().to_vec(), Vec::new()).to_string()
    }

    /// The name by which the server knows the sessions of this process.
    pub(super) fn application(&self) -> &str {
        &self.application
    }

    /// What somebody types behind a question.
    pub(super) async fn ask(&self, question: &str) -> Result<String, Error> {
        self.progress.clear();
        eprint!("{}", shown(question));
        let before = std::mem::replace(&mut *lock(&self.phase), Phase::Asking);
        let answer = tokio::task::spawn_blocking(ask::read_line).await;
        *lock(&self.phase) = before;
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(usage(format!("the answer cannot be read: {error}"))),
            Err(error) => Err(usage(format!("the answer cannot be read: {error}"))),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name that is given, or the program's, and behind it what no other process has.
fn application(environment: &Environment) -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let name = environment.get("PGAPPNAME").unwrap_or_else(|| "atlas-migrate".to_owned());
    // The server keeps 63 bytes.
    let name: String = name.chars().filter(|character| character.is_ascii_graphic()).take(40).collect();
    let token = RandomState::new().build_hasher().finish() as u32;
    format!("{name} {}-{token:08x}", std::process::id())
}
