//! Where checks come from.

use std::borrow::Cow;
use std::path::Path;

use atlas_migrate_core::checks::{self, File, SourceFile};

use crate::Error;
use crate::source::{directory, embedded};

/// The checks of a folder, in the order of their paths.
///
/// `embed_checks!` makes them at compile time; [`from_directory`](Self::from_directory) reads them when the program runs.
#[derive(Clone, Debug)]
pub struct Checks {
    files: Cow<'static, [File]>,
    /// The folder that the set was embedded from, where a debug build looks for files that it does not have.
    folder: Option<&'static str>,
}

impl Checks {
    /// Of a set that was checked at compile time: for `embed_checks!`.
    pub(crate) const fn embedded(folder: Option<&'static str>, files: &'static [File]) -> Self {
        Self { files: Cow::Borrowed(files), folder }
    }

    /// None: for what holds for any database.
    pub const fn empty() -> Self {
        Self::embedded(None, &[])
    }

    /// Reads the checks of a folder and the folders below it.
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    pub fn from_directory(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let mut files = Vec::new();
        for path in directory::files(folder, checks::is_ours).map_err(|error| directory::error(folder, error))? {
            let bytes = directory::read_file(folder, &path).map_err(|error| directory::error(folder, error))?;
            files.push(SourceFile { path, bytes: Cow::Owned(bytes) });
        }
        Self::assemble(&folder.to_string_lossy(), files)
    }

    /// Reads checks that are given as paths below a folder, with `/` between their parts, and texts.
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    pub fn from_files<P: Into<String>, T: Into<String>>(
        folder: &str,
        files: impl IntoIterator<Item = (P, T)>,
    ) -> Result<Self, Error> {
        let file = |(path, text): (P, T)| SourceFile { path: path.into(), bytes: Cow::Owned(text.into().into_bytes()) };
        Self::assemble(folder, files.into_iter().map(file))
    }

    fn assemble(folder: &str, files: impl IntoIterator<Item = SourceFile>) -> Result<Self, Error> {
        let files = checks::assemble(folder, files).map_err(|faults| Error::faults(&faults))?;
        Ok(Self { files: Cow::Owned(files), folder: None })
    }

    /// The files.
    pub(super) fn files(&self) -> &[File] {
        &self.files
    }

    /// What a developer should know: files that have come since a debug build was made.
    pub(super) fn warnings(&self) -> Vec<String> {
        let known = || self.files.iter().map(File::path);
        self.folder.map_or_else(Vec::new, |folder| embedded::unknown_files(folder, checks::is_ours, known))
    }
}

impl From<&Checks> for Checks {
    fn from(checks: &Checks) -> Self {
        checks.clone()
    }
}
