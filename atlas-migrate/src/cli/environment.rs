//! Environment variables: those of the process, and those of a file `.env`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::answer::usage;
use crate::Error;

const FILE: &str = ".env";

/// What variables say. Those of the process go before those of the file.
#[derive(Debug, Default)]
pub(super) struct Environment {
    file: BTreeMap<String, String>,
    /// The file is in the folder that the program is started in.
    is_here: bool,
}

impl Environment {
    /// Reads `.env` in this folder or in the nearest one above it, if there is one.
    pub(super) fn read() -> Result<Self, Error> {
        let unreadable = |error: &dyn std::fmt::Display| usage(format!("the file {FILE} cannot be read: {error}"));
        let here = std::env::current_dir().map_err(|error| unreadable(&error))?;
        let found = here.ancestors().map(|folder| folder.join(FILE)).find(|file| file.is_file());
        let Some(path) = found else { return Ok(Self::default()) };
        let lines = dotenvy::from_path_iter(&path).map_err(|error| unreadable(&error))?;
        // What is wrong with a line is not shown: it may have a password in it.
        let shown = path.strip_prefix(&here).map_or(path.clone(), PathBuf::from);
        let malformed = |_| {
            usage(format!("{} has a line that is not NAME=value", shown.display())).hint("quote values with spaces")
        };
        let file = lines.collect::<Result<_, _>>().map_err(malformed)?;
        Ok(Self { file, is_here: path.parent() == Some(here.as_path()) })
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
        self.file.get(name).cloned().filter(|value| !value.is_empty())
    }
}
