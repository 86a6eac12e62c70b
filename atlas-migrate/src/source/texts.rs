//! Files that are carried as texts.

use std::borrow::Cow;
use std::path::Path;

use atlas_migrate_core::fault::Fault;
use atlas_migrate_core::syntax::Syntax;
use atlas_migrate_core::texts::{File, SourceFile};

use super::{directory, embedded};
use crate::Error;

/// The files of a folder, in the order of their paths.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    files: Cow<'static, [File]>,
    /// The folder that they were embedded from, where a debug build looks for files that it does not have.
    folder: Option<&'static str>,
}

/// The files, or everything that is wrong with them.
type Assembled = Result<Vec<File>, Vec<Fault>>;

/// What files of one sort are, and what makes a set of them.
pub(crate) struct Sort {
    pub(crate) is_ours: fn(&str) -> bool,
    pub(crate) assemble: fn(&str, Vec<SourceFile>, Syntax) -> Assembled,
}

impl Texts {
    pub(crate) const fn embedded(folder: Option<&'static str>, files: &'static [File]) -> Self {
        Self { files: Cow::Borrowed(files), folder }
    }

    pub(crate) fn from_directory(sort: &Sort, folder: &Path, syntax: Syntax) -> Result<Self, Error> {
        let mut found = directory::files(folder, sort.is_ours)?;
        let mut files = Vec::new();
        for path in std::mem::take(&mut found.files) {
            let bytes = found.content(folder, &path);
            files.extend(bytes.map(|bytes| SourceFile { path, bytes: Cow::Owned(bytes) }));
        }
        let files = found.finish((sort.assemble)(&folder.to_string_lossy(), files, syntax))?;
        Ok(Self { files: Cow::Owned(files), folder: None })
    }

    pub(crate) fn from_files<P: Into<String>, T: Into<String>>(
        sort: &Sort,
        folder: &str,
        files: impl IntoIterator<Item = (P, T)>,
    ) -> Result<Self, Error> {
        let file = |(path, text): (P, T)| SourceFile { path: path.into(), bytes: Cow::Owned(text.into().into_bytes()) };
        let files = (sort.assemble)(folder, files.into_iter().map(file).collect(), Syntax::Server);
        let files = files.map_err(|faults| Error::faults(&faults))?;
        Ok(Self { files: Cow::Owned(files), folder: None })
    }

    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    /// What a developer should know: files that have come since a debug build was made.
    pub(crate) fn warnings(&self, sort: &Sort) -> Vec<String> {
        let known = || self.files.iter().map(File::path);
        self.folder.map_or_else(Vec::new, |folder| {
            embedded::unknown_files(folder, &embedded::files(folder, sort.is_ours), known)
        })
    }
}
