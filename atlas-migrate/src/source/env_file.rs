//! The file `.env` of a project: in the current folder, or in the nearest one above it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::source::plain;
use crate::{Error, ErrorKind};

const FILE: &str = ".env";

/// What the file says.
#[derive(Debug, Default)]
pub(crate) struct EnvFile {
    values: BTreeMap<String, String>,
    /// It stands in the current folder.
    #[cfg(feature = "cli")]
    pub(crate) is_here: bool,
}

impl EnvFile {
    /// Reads it; one that is not there says nothing.
    pub(crate) fn read() -> Result<Self, Error> {
        let fault = |message: String, hint| Error::new(ErrorKind::Usage, message).hint(hint);
        let here = std::env::current_dir()
            .map_err(|error| Error::new(ErrorKind::Usage, format!("the current folder is not known: {error}")))?;
        let is_there = |path: &PathBuf| path.symlink_metadata().is_ok();
        let Some(path) = here.ancestors().map(|folder| folder.join(FILE)).find(is_there) else {
            return Ok(Self::default());
        };
        let shown = path.strip_prefix(&here).map_or(path.clone(), PathBuf::from);
        let shown = shown.display();
        let file = plain::open(&path).map_err(|error| {
            fault(format!("{shown} cannot be read: {error}"), "let it be a plain file, or remove it")
        })?;
        // What is wrong with a line is not shown: it may have a password in it.
        let values = dotenvy::from_read_iter(file)
            .collect::<Result<_, _>>()
            .map_err(|_| fault(format!("{shown} has a line that is not NAME=value"), "quote values with spaces"))?;
        Ok(Self {
            values,
            #[cfg(feature = "cli")]
            is_here: path.parent() == Some(here.as_path()),
        })
    }

    /// The value of a variable that it has, and that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}
