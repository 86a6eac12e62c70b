//! Environment variables: those of the process, and those of a file `.env`.

use std::collections::BTreeMap;

use super::answer::usage;
use crate::Error;

/// What variables say. Those of the process go before those of the file.
#[derive(Debug, Default)]
pub(super) struct Environment {
    file: BTreeMap<String, String>,
}

impl Environment {
    /// Reads `.env` in this folder or in one above it, if there is one.
    pub(super) fn read() -> Result<Self, Error> {
        let lines = match dotenvy::dotenv_iter() {
            Ok(lines) => lines,
            Err(error) if error.not_found() => return Ok(Self::default()),
            Err(error) => return Err(usage(format!("the file .env cannot be read: {error}"))),
        };
        // What is wrong with a line is not shown: it may have a password in it.
        let malformed = |_| usage("the file .env has a line that is not NAME=value").hint("quote values with spaces");
        let file = lines.collect::<Result<_, _>>().map_err(malformed)?;
        Ok(Self { file })
    }

    /// The value of a variable that is set, and not empty.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let of_file = || self.file.get(name).cloned();
        std::env::var(name).ok().or_else(of_file).filter(|value| !value.is_empty())
    }
}
