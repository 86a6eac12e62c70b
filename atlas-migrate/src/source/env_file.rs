//! The file `.env` of a project: in the current folder, or in the nearest one above it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::PathBuf;

use crate::source::plain;
use crate::{Error, ErrorKind};

const FILE: &str = ".env";

/// The file, opened.
#[derive(Debug)]
pub struct EnvFile {
    file: File,
    shown: String,
    /// It stands in the current folder.
    pub is_here: bool,
}

impl EnvFile {
    /// Looks for it; none is there, none is read.
    pub fn find() -> Result<Option<Self>, Error> {
        let here = std::env::current_dir()
            .map_err(|error| Error::new(ErrorKind::Usage, format!("the current folder is not known: {error}")))?;
        let is_there = |path: &PathBuf| path.symlink_metadata().is_ok();
        let Some(path) = here.ancestors().map(|folder| folder.join(FILE)).find(is_there) else { return Ok(None) };
        let shown = path.strip_prefix(&here).unwrap_or(&path).display().to_string();
        let file = plain::open(&path).and_then(behind_mark).map_err(|error| {
            Error::new(ErrorKind::Usage, format!("{shown} cannot be read: {error}"))
                .hint("let it be a plain file, or remove it")
        })?;
        Ok(Some(Self { file, shown, is_here: path.parent() == Some(here.as_path()) }))
    }

    /// The variables that it sets, as `dotenvy::from_read_iter` reads them.
    pub fn values<I: Iterator<Item = Result<(String, String), E>>, E>(
        self,
        read: impl FnOnce(File) -> I,
    ) -> Result<BTreeMap<String, String>, Error> {
        let shown = self.shown;
        // What is wrong with a line is not shown: it may have a password in it.
        read(self.file).collect::<Result<_, _>>().map_err(|_| {
            Error::new(ErrorKind::Usage, format!("{shown} has a line that is not NAME=value"))
                .hint("quote values with spaces")
        })
    }
}

/// The file behind a byte-order mark, which some editors write.
fn behind_mark(mut file: File) -> io::Result<File> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let mut first = Vec::new();
    (&mut file).take(MARK.len() as u64).read_to_end(&mut first)?;
    if first != MARK {
        file.rewind()?;
    }
    Ok(file)
}
