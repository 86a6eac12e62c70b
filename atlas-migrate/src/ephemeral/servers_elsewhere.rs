//! Where there is no Unix.

use std::path::PathBuf;
use std::sync::Arc;

use super::hint;
use super::running::Running;
use super::{Error, Options};

pub(super) fn shared(_: &Options) -> Result<Arc<Running>, Error> {
    Err(unsupported())
}

pub(super) fn private(_: &Options) -> Result<Arc<Running>, Error> {
    Err(unsupported())
}

pub(super) fn restart(_: &mut Arc<Running>) -> Result<(), Error> {
    Err(unsupported())
}

pub(super) fn binaries(_: u32) -> Result<PathBuf, Error> {
    Err(unsupported())
}

fn unsupported() -> Error {
    Error::new(format!("throw-away servers are for Unix, and this is {}", std::env::consts::OS), hint::ELSEWHERE)
}
