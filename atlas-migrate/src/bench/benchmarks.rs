//! Where benchmarks come from.

use std::path::Path;

use atlas_migrate_core::bench::{self, File};
use atlas_migrate_core::syntax::Syntax;

use crate::Error;
use crate::source::texts::{Sort, Texts};

const SORT: Sort = Sort { is_ours: bench::is_ours, assemble: bench::assemble };

/// The benchmarks of a folder, in the order of their paths.
///
/// `embed_benchmarks!` makes them at compile time; [`from_directory`](Self::from_directory) reads them when the program runs.
#[derive(Clone, Debug)]
pub struct Benchmarks(Texts);

impl Benchmarks {
    /// Of a set that was checked at compile time: for `embed_benchmarks!`.
    pub(crate) const fn embedded(folder: Option<&'static str>, files: &'static [File]) -> Self {
        Self(Texts::embedded(folder, files))
    }

    /// None.
    pub const fn empty() -> Self {
        Self::embedded(None, &[])
    }

    /// Reads the benchmarks of a folder and the folders below it.
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    pub fn from_directory(folder: impl AsRef<Path>) -> Result<Self, Error> {
        Texts::from_directory(&SORT, folder.as_ref(), Syntax::Server).map(Self)
    }

    /// [`from_directory`](Self::from_directory), with the syntax of the SQL checked as well, as `embed_benchmarks!` does.
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    #[cfg(feature = "syntax")]
    pub fn from_directory_checked(folder: impl AsRef<Path>) -> Result<Self, Error> {
        Texts::from_directory(&SORT, folder.as_ref(), Syntax::Parser).map(Self)
    }

    /// Reads benchmarks that are given as paths below a folder, with `/` between their parts, and texts.
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    pub fn from_files<P: Into<String>, T: Into<String>>(
        folder: &str,
        files: impl IntoIterator<Item = (P, T)>,
    ) -> Result<Self, Error> {
        Texts::from_files(&SORT, folder, files).map(Self)
    }

    /// The files.
    pub(super) fn files(&self) -> &[File] {
        self.0.files()
    }

    /// What a developer should know: files that have come since a debug build was made.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.0.warnings(&SORT)
    }
}

impl From<&Benchmarks> for Benchmarks {
    fn from(benchmarks: &Benchmarks) -> Self {
        benchmarks.clone()
    }
}
