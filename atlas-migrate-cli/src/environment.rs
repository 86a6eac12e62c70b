//! Environment variables: those of the process, and those of a file `.env`.

use std::collections::BTreeMap;

use atlas_migrate::__private::cli::EnvFile;
use atlas_migrate::Error;

/// What variables say. Those of the process go before those of the file.
#[derive(Debug, Default)]
pub(super) struct Environment {
    file: BTreeMap<String, String>,
    /// The file stands in the current folder.
    is_here: bool,
}

impl Environment {
    /// Reads `.env` in this folder or in the nearest one above it, if there is one.
    pub(super) fn read() -> Result<Self, Error> {
        let Some(file) = EnvFile::find()? else { return Ok(Self::default()) };
        Ok(Self { is_here: file.is_here, file: file.values(dotenvy::from_read_iter)? })
    }

    /// The value of a variable that is set, and not empty.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.layered(name, || None)
    }

    /// The same, where something else in this folder may say it: that goes before a file in a folder above.
    pub(super) fn layered(&self, name: &str, here: impl FnOnce() -> Option<String>) -> Option<String> {
        if let Ok(value) = std::env::var(name) {
            return Some(value).filter(|value| !value.is_empty()).or_else(here);
        }
        let of_file = self.of_file(name);
        if self.is_here { of_file.or_else(here) } else { here().or(of_file) }
    }

    /// What the process was started with.
    pub(super) fn of_process(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    /// What the file says.
    pub(super) fn of_file(&self, name: &str) -> Option<String> {
        self.file.get(name).filter(|value| !value.is_empty()).cloned()
    }
}
