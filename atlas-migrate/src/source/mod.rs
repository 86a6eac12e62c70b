//! Where migrations come from.

use std::borrow::Cow;
use std::path::Path;

use atlas_migrate_core::file_name;
use atlas_migrate_core::migration::{Migration, Script};
use atlas_migrate_core::set::{self, File};

use crate::Error;

pub(crate) mod directory;
pub(crate) mod embedded;
#[cfg(feature = "include-dir")]
mod include_dir;
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
}

impl Migrations {
    /// Of a set that was checked at compile time: for `embed_migrations!`.
    pub(crate) const fn embedded(folder: Option<&'static str>, migrations: &'static [Migration]) -> Self {
        Self { migrations: Cow::Borrowed(migrations), folder }
    }

    /// No migrations at all.
    pub const fn empty() -> Self {
        Self::embedded(None, &[])
    }

    /// Reads and checks the migrations of a folder and the folders below it.
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    pub fn from_directory(folder: impl AsRef<Path>) -> Result<Self, Error> {
        directory::read(folder.as_ref()).map(Self::owned)
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
        set::assemble(folder, files.into_iter().map(file)).map(Self::owned).map_err(|faults| Error::faults(&faults))
    }

    /// Checks the migrations of a folder that was compiled in with `include_dir!`.
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    #[cfg(feature = "include-dir")]
    pub fn from_include_dir(folder: &::include_dir::Dir<'static>) -> Result<Self, Error> {
        include_dir::read(folder).map(Self::owned)
    }

    pub(crate) fn owned(migrations: Vec<Migration>) -> Self {
        Self { migrations: Cow::Owned(migrations), folder: None }
    }

    /// The migrations, in the order in which they run.
    pub fn as_slice(&self) -> &[Migration] {
        &self.migrations
    }

    /// What a developer should know: files that have come since a debug build was made.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let paths = || {
            self.migrations
                .iter()
                .flat_map(|migration| [Some(migration.up()), migration.down()])
                .flatten()
                .map(Script::path)
        };
        // Settings of a folder are no migration.
        let is_script = |path: &str| path.ends_with(".sql") && file_name::is_ours(path);
        self.folder.map_or_else(Vec::new, |folder| embedded::unknown_files(folder, is_script, paths))
    }
}

impl From<&Migrations> for Migrations {
    fn from(migrations: &Migrations) -> Self {
        migrations.clone()
    }
}
