//! Where migrations come from.

use std::borrow::Cow;
use std::path::Path;

use atlas_migrate_core::file_name::{self, Reach};
use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::set::{self, File};
use atlas_migrate_core::syntax::Syntax;

use crate::Error;

pub mod build;
pub(crate) mod directory;
pub(crate) mod embedded;
pub(crate) mod env_file;
#[cfg(feature = "include-dir")]
mod include_dir;
pub mod plain;
#[cfg(any(feature = "bench", feature = "verify"))]
pub(crate) mod texts;

/// A checked set of migrations, in the order in which they run.
///
/// `embed_migrations!` makes one at compile time; [`from_directory`](Self::from_directory) reads one when the program runs.
#[derive(Clone, Debug)]
pub struct Migrations {
    migrations: Cow<'static, [Migration]>,
    /// The folder that the set was embedded from, where a debug build looks for files that it does not have.
    folder: Option<&'static str>,
    /// What is to be said of folders that are passed over.
    passed_over: Vec<String>,
}

impl Migrations {
    /// Of a set that was checked at compile time: for `embed_migrations!`.
    pub(crate) const fn embedded(folder: Option<&'static str>, migrations: &'static [Migration]) -> Self {
        Self { migrations: Cow::Borrowed(migrations), folder, passed_over: Vec::new() }
    }

    /// No migrations at all.
    pub const fn empty() -> Self {
        Self::embedded(None, &[])
    }

    /// Reads and checks the migrations of a folder. Folders below it are read where the layout's tool reads them (files named
    /// like `V1__init.sql`, and `R__views.sql`); of others a run [warns](crate::Event::Warning).
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    pub fn from_directory(folder: impl AsRef<Path>) -> Result<Self, Error> {
        Self::of_directory(folder.as_ref(), Syntax::Server)
    }

    /// [`from_directory`](Self::from_directory), with the syntax of the SQL checked as well, as `embed_migrations!` does.
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    #[cfg(feature = "syntax")]
    pub fn from_directory_checked(folder: impl AsRef<Path>) -> Result<Self, Error> {
        Self::of_directory(folder.as_ref(), Syntax::Parser)
    }

    fn of_directory(folder: &Path, syntax: Syntax) -> Result<Self, Error> {
        let (migrations, passed_over) = directory::read(folder, syntax)?;
        Ok(Self { passed_over, ..Self::owned(migrations) })
    }

    /// Checks migrations that are given as paths below a folder, with `/` between their parts, and texts.
    ///
    /// ```
    /// # fn main() -> Result<(), atlas_migrate::Error> {
    /// use atlas_migrate::Migrations;
    ///
    /// let migrations = Migrations::from_files("generated", [("001_init.sql", "CREATE TABLE users (id bigint)")])?;
    /// assert_eq!(migrations.as_slice()[0].up().path(), "generated/001_init.sql");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    pub fn from_files<P: Into<String>, T: Into<String>>(
        folder: &str,
        files: impl IntoIterator<Item = (P, T)>,
    ) -> Result<Self, Error> {
        let file = |(path, text): (P, T)| File { path: path.into(), bytes: Cow::Owned(text.into().into_bytes()) };
        Self::of_files(folder, files.into_iter().map(file).collect())
    }

    /// Checks the migrations of a folder that was compiled in with `include_dir!`.
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    #[cfg(feature = "include-dir")]
    pub fn from_include_dir(folder: &::include_dir::Dir<'static>) -> Result<Self, Error> {
        Self::of_files(&folder.path().to_string_lossy(), include_dir::files(folder))
    }

    fn of_files(folder: &str, files: Vec<File>) -> Result<Self, Error> {
        let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
        let reach = Reach::of(paths.iter().map(String::as_str));
        let passed_over = reach.passed_over(folder, paths.iter().map(String::as_str));
        let migrations = set::assemble(folder, files, Syntax::Server).map_err(|faults| Error::faults(&faults))?;
        Ok(Self { passed_over, ..Self::owned(migrations) })
    }

    pub(crate) fn owned(migrations: Vec<Migration>) -> Self {
        Self { migrations: Cow::Owned(migrations), folder: None, passed_over: Vec::new() }
    }

    /// The migrations, in the order in which they run.
    pub fn as_slice(&self) -> &[Migration] {
        &self.migrations
    }

    /// The migrations one by one, in the order in which they run.
    pub fn iter(&self) -> std::slice::Iter<'_, Migration> {
        self.migrations.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.migrations.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.migrations.is_empty()
    }

    /// The folder that it was embedded from; none in a release build.
    pub(crate) fn folder(&self) -> Option<&'static str> {
        self.folder
    }

    /// What a developer should know: folders that are passed over, and files that have come since a debug build was made.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let paths = || {
            self.migrations
                .iter()
                .flat_map(|migration| [Some(migration.up()), migration.down()])
                .flatten()
                .map(Script::path)
        };
        let mut warnings = self.passed_over.clone();
        if let Some(folder) = self.folder {
            let mut files = embedded::files(folder, file_name::is_ours);
            let reach = Reach::of(files.iter().map(String::as_str));
            // Settings of a folder are no migration.
            files.retain(|file| reach.has(file) && !file.ends_with(".toml"));
            warnings.extend(embedded::unknown_files(folder, &files, paths));
        }
        warnings
    }
}

impl<'m> IntoIterator for &'m Migrations {
    type Item = &'m Migration;
    type IntoIter = std::slice::Iter<'m, Migration>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<&Migrations> for Migrations {
    fn from(migrations: &Migrations) -> Self {
        migrations.clone()
    }
}
