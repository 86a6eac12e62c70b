//! Folders whose files are carried as texts, and are read again when the program runs.

use std::borrow::Cow;

use crate::checksum::normalized;
use crate::fault::Fault;
use crate::script::nul;
use crate::set::{display, utf8};

/// A file, which was checked.
#[derive(Clone, Debug)]
pub struct File {
    path: Cow<'static, str>,
    text: Cow<'static, str>,
}

/// A file of a folder, before it was read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path below the folder, with `/` between its parts.
    pub path: String,
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
}

impl File {
    /// Of a text that was checked: for the macro, and for the `assemble` of its sort.
    pub const fn new(path: Cow<'static, str>, text: Cow<'static, str>) -> Self {
        Self { path, text }
    }

    /// Its path, as messages name it: `checks/010_tables.toml`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The text without a byte-order mark and with LF at the end of each line.
    pub fn text(&self) -> Cow<'_, str> {
        normalized(&self.text)
    }
}

/// A sort of files.
pub(crate) struct Sort {
    /// How their names end, in small letters.
    pub(crate) extensions: &'static [&'static str],
    /// How names of files end that are meant to be of this sort, and are not read.
    pub(crate) unread: &'static [&'static str],
    /// What they are, several of them.
    pub(crate) several: &'static str,
    /// Names that they may have.
    pub(crate) example: &'static str,
}

impl Sort {
    /// Whether a file, by its path below the folder, is one of these, or was meant to be.
    pub(crate) fn is_ours(&self, path: &str) -> bool {
        let is_hidden = path.split('/').any(|part| part.starts_with('.'));
        !is_hidden && (self.extension(path).is_some() || extension(self.unread, path).is_some())
    }

    /// The extension that a path has, in whatever case.
    fn extension(&self, path: &str) -> Option<&'static str> {
        extension(self.extensions, path)
    }

    /// Those of the files that are of this sort and that `read` finds nothing wrong with, by their paths.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the files, by path and position.
    pub(crate) fn assemble<T>(
        &self,
        folder: &str,
        files: impl IntoIterator<Item = SourceFile>,
        read: impl Fn(&File) -> Result<T, Vec<Fault>>,
    ) -> Result<Vec<(File, T)>, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut found = Vec::new();
        for source in files.into_iter().filter(|file| self.is_ours(&file.path)) {
            let file = self.file(display(folder, &source.path), source);
            match file.and_then(|file| read(&file).map(|read| (file, read))) {
                Ok(both) => found.push(both),
                Err(others) => faults.extend(others),
            }
        }
        if found.is_empty() && faults.is_empty() {
            let folder = if folder.is_empty() { "." } else { folder };
            let fault = Fault::new(folder, format!("no {} in this folder", self.several));
            faults.push(fault.hint(format!("add a file with a name like {}", self.example)));
        }
        found.sort_by(|(left, _), (right, _)| left.path.cmp(&right.path));
        faults.sort();
        if faults.is_empty() { Ok(found) } else { Err(faults) }
    }

    fn file(&self, display: String, SourceFile { path, bytes }: SourceFile) -> Result<File, Vec<Fault>> {
        if let (None, Some(end)) = (self.extension(&path), extension(self.unread, &path)) {
            let fault = Fault::new(display, format!("file name ends in `{end}`, which is not read"));
            return Err(vec![fault.hint(format!("{} are in files like {}", self.several, self.example))]);
        }
        if let Some(extension) = self.extension(&path).filter(|extension| !path.ends_with(extension)) {
            let fault = Fault::new(display, format!("file name ends in `{}`", &path[path.len() - extension.len()..]));
            return Err(vec![fault.hint(format!("write it in small letters, as in `{extension}`"))]);
        }
        let text = utf8(&display, bytes).map_err(|fault| vec![fault])?;
        match nul(&display, &normalized(&text)) {
            Some(fault) => Err(vec![fault]),
            None => Ok(File::new(display.into(), text)),
        }
    }
}

/// Which of these extensions a path has, in whatever case.
fn extension(extensions: &[&'static str], path: &str) -> Option<&'static str> {
    extensions.iter().copied().find(|extension| {
        let end = path.len().checked_sub(extension.len()).and_then(|start| path.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(extension))
    })
}
