//! What commands work on beside migrations: what the program embeds, or what is in folders. A folder that is named goes before
//! what is embedded.

use std::path::{Path, PathBuf};

use sqlx::PgConnection;

use super::answer::usage;
use super::arguments::Patience;
use super::context::Context;
use super::layers::{FILE, ROLES};
use atlas_migrate::__private::cli::{ErrorExt as _, marks, plain};
use atlas_migrate::bench::{Bencher, Benchmarks};
use atlas_migrate::roles::Roles;
use atlas_migrate::seed::{Environment, Seeder, Seeds};
use atlas_migrate::verify::{Checks, Verifier};
use atlas_migrate::{Error, ErrorKind};

/// The folders, where nothing else is said.
const SEEDS: &str = "seeds";
const CHECKS: &str = "checks";
const BENCHMARKS: &str = "benchmarks";

impl Context {
    /// The seeds of an environment, with the options that were given.
    pub(super) fn seeder(&self, folder: Option<&Path>, environment: Environment) -> Result<Seeder, Error> {
        let seeder = match (folder, &self.project.seeds) {
            (None, Some(make)) => (make.0)(environment),
            _ => Seeder::new(Seeds::from_directory_checked(folder.unwrap_or(Path::new(SEEDS)))?, environment),
        };
        Ok(self.with_options(seeder))
    }

    /// With the options that were given.
    pub(super) fn with_options(&self, mut seeder: Seeder) -> Seeder {
        if let Some(schema) = &self.common.schema {
            seeder = seeder.schema(schema);
        }
        if let Some(namespace) = &self.common.namespace {
            seeder = seeder.namespace(namespace);
        }
        if let Some(role) = &self.common.role {
            seeder = seeder.role(role);
        }
        let progress = self.progress.clone();
        seeder.on_progress(move |event| progress.hear(event))
    }

    /// The environment that is named, or the one that the database is marked as.
    pub(super) async fn environment_of(
        &self,
        named: Option<String>,
        connection: &mut PgConnection,
        patience: Patience,
    ) -> Result<Environment, Error> {
        if let Some(named) = named {
            return Ok(Environment::named(named));
        }
        let marks = marks(connection, self.common.role.clone(), patience.of_locks()).await?;
        match marks.environments.as_slice() {
            [environment] => Ok(Environment::named(environment)),
            _ => Err(usage(format!("the database {} is not marked as one of an environment", marks.database))
                .hint("say which it is to be with --environment, for example --environment dev")),
        }
    }

    pub(super) fn verifier(&self, folder: Option<&Path>) -> Result<Verifier, Error> {
        Ok(Verifier::new(match (folder, &self.project.checks) {
            (None, Some(checks)) => checks.clone(),
            // What holds for any database needs no declaration.
            (None, None) if !Path::new(CHECKS).exists() => Checks::empty(),
            _ => Checks::from_directory_checked(folder.unwrap_or(Path::new(CHECKS)))?,
        }))
    }

    pub(super) fn bencher(&self, folder: Option<&Path>) -> Result<Bencher, Error> {
        Ok(Bencher::new(match (folder, &self.project.benchmarks) {
            (None, Some(benchmarks)) => benchmarks.clone(),
            _ => Benchmarks::from_directory_checked(folder.unwrap_or(Path::new(BENCHMARKS)))?,
        }))
    }

    /// The roles that are declared in a file.
    pub(super) fn roles(&self, file: Option<&Path>) -> Result<Roles, Error> {
        let declared = |file: &Path| Roles::from_toml(file.display().to_string(), read(file)?);
        let roles = match (file, &self.project.roles) {
            (None, Some(roles)) => roles.clone(),
            (Some(file), _) => declared(file)?,
            (None, None) if declares_roles() => declared(Path::new(FILE))?,
            (None, None) => {
                return Err(usage("no roles are declared")
                    .hint(format!("declare them below [{ROLES}] in {FILE}, or name a file with --roles")));
            }
        };
        let progress = self.progress.clone();
        Ok(roles.on_progress(move |event| progress.hear(event)))
    }

    /// Whether there are seeds without anybody naming them.
    pub(super) fn has_seeds(&self) -> bool {
        self.project.seeds.is_some() || Path::new(SEEDS).is_dir()
    }

    /// The same of checks.
    pub(super) fn has_checks(&self) -> bool {
        self.project.checks.is_some() || Path::new(CHECKS).is_dir()
    }

    /// The same of roles.
    pub(super) fn has_roles(&self) -> bool {
        self.project.roles.is_some() || declares_roles()
    }
}

/// Whether the project's file has a table of roles.
fn declares_roles() -> bool {
    let text = plain::read_to_string(Path::new(FILE)).unwrap_or_default();
    let (table, _faults) = toml::de::DeTable::parse_recoverable(&text);
    table.get_ref().contains_key(ROLES)
}

/// Reads a file that somebody has named.
pub(super) fn read(path: &Path) -> Result<String, Error> {
    let failed = |error: std::io::Error| {
        let said = Error::new(ErrorKind::Source, format!("{} could not be read: {error}", path.display()));
        match error.kind() {
            std::io::ErrorKind::NotFound => {
                said.hint("give a path that is absolute, or that begins in the current directory of the process")
            }
            _ => said,
        }
    };
    plain::read_to_string(path).map_err(failed)
}

/// Writes one.
pub(super) fn write(path: &PathBuf, text: &str) -> Result<(), Error> {
    let failed = |error| Error::new(ErrorKind::Source, format!("{} could not be written: {error}", path.display()));
    std::fs::write(path, text).map_err(failed)
}
