//! Where seeds come from.

use std::borrow::Cow;
use std::io::{self, Read};
use std::path::Path;

use atlas_migrate_core::fault::Fault;
use atlas_migrate_core::seed::{self, Content, File, Seed};
use atlas_migrate_core::syntax::Syntax;

use crate::Error;
use crate::source::{directory, embedded, plain};

/// A checked set of seeds, in the order in which they run.
///
/// `embed_seeds!` makes one at compile time; [`from_directory`](Self::from_directory) reads one when the program runs.
#[derive(Clone, Debug)]
pub struct Seeds {
    seeds: Cow<'static, [Seed]>,
    /// The folder that the set was embedded from, where a debug build looks for files that it does not have.
    folder: Option<&'static str>,
}

impl Seeds {
    /// Of a set that was checked at compile time: for `embed_seeds!`.
    pub(crate) const fn embedded(folder: Option<&'static str>, seeds: &'static [Seed]) -> Self {
        Self { seeds: Cow::Borrowed(seeds), folder }
    }

    /// No seeds at all: for data that is all [generated](super::Generate).
    pub const fn empty() -> Self {
        Self::embedded(None, &[])
    }

    /// Checks the seeds of a folder and the folders below it. Each file of rows is read once here and once more when it is
    /// loaded, piece by piece. If its text has changed in between, a run fails and rolls back.
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    pub fn from_directory(folder: impl AsRef<Path>) -> Result<Self, Error> {
        Self::of_directory(folder.as_ref(), Syntax::Server)
    }

    /// [`from_directory`](Self::from_directory), with the syntax of the SQL checked as well, as `embed_seeds!` does.
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    #[cfg(feature = "syntax")]
    pub fn from_directory_checked(folder: impl AsRef<Path>) -> Result<Self, Error> {
        Self::of_directory(folder.as_ref(), Syntax::Parser)
    }

    fn of_directory(folder: &Path, syntax: Syntax) -> Result<Self, Error> {
        let mut found = directory::files(folder, seed::is_ours)?;
        let files = std::mem::take(&mut found.files).into_iter().map(|path| {
            let content = Content::File(folder.join(&path));
            File { path, content }
        });
        let seeds = found.finish(Self::assemble(&folder.to_string_lossy(), files, syntax))?;
        Ok(Self { seeds: Cow::Owned(seeds), folder: None })
    }

    /// Checks seeds that are given as paths below a folder, with `/` between their parts, and contents.
    ///
    /// # Errors
    ///
    /// [`Source`](crate::ErrorKind::Source), with everything that is wrong with the files.
    pub fn from_files<P: Into<String>, T: Into<Vec<u8>>>(
        folder: &str,
        files: impl IntoIterator<Item = (P, T)>,
    ) -> Result<Self, Error> {
        let file = |(path, content): (P, T)| File {
            path: path.into(),
            content: Content::Embedded(Cow::Owned(content.into())),
        };
        let seeds = Self::assemble(folder, files.into_iter().map(file), Syntax::Server);
        let seeds = seeds.map_err(|faults| Error::faults(&faults))?;
        Ok(Self { seeds: Cow::Owned(seeds), folder: None })
    }

    fn assemble(folder: &str, files: impl Iterator<Item = File>, syntax: Syntax) -> Result<Vec<Seed>, Vec<Fault>> {
        seed::assemble(folder, files, syntax, |content| open(content).map(|reader| reader as Box<dyn Read>))
    }

    /// The seeds, in the order of their names.
    pub fn as_slice(&self) -> &[Seed] {
        &self.seeds
    }

    /// The seeds one by one, in the order of their names.
    pub fn iter(&self) -> std::slice::Iter<'_, Seed> {
        self.seeds.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.seeds.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.seeds.is_empty()
    }

    /// What a developer should know: files that have come since a debug build was made.
    pub(super) fn warnings(&self) -> Vec<String> {
        // A policy is no seed.
        let is_data = |path: &str| !path.ends_with(".toml") && seed::is_ours(path);
        let known = || self.seeds.iter().map(Seed::path);
        self.folder
            .map_or_else(Vec::new, |folder| embedded::unknown_files(folder, &embedded::files(folder, is_data), known))
    }
}

impl<'s> IntoIterator for &'s Seeds {
    type Item = &'s Seed;
    type IntoIter = std::slice::Iter<'s, Seed>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<&Seeds> for Seeds {
    fn from(seeds: &Seeds) -> Self {
        seeds.clone()
    }
}

/// Reads a file from its beginning.
pub(super) fn open(content: &Content) -> io::Result<Box<dyn Read + Send + '_>> {
    Ok(match content {
        Content::Embedded(bytes) => Box::new(bytes.as_ref()),
        Content::File(path) => Box::new(plain::open(path)?),
    })
}
