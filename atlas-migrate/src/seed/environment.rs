//! Which data a database is to have.

use std::fmt;

use atlas_migrate_core::seed::{PRODUCTION, is_production};

/// The name of an environment: `dev`, `test`, `demo`, `production`, or whatever the folders of seeds are called.
///
/// The first run writes it into the database, and a run for another environment is refused from then on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Environment(String);

impl Environment {
    /// The environment of this name. In production, nothing runs but what is marked for it; `production` is so in capitals too.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        Self(if is_production(&name) { PRODUCTION.to_owned() } else { name })
    }

    /// The environment of the name `production`.
    pub fn production() -> Self {
        Self::named(PRODUCTION)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    pub(super) fn is_production(&self) -> bool {
        self.0 == PRODUCTION
    }

    /// Whether a folder can have its name.
    pub(super) fn is_valid(&self) -> bool {
        !self.0.is_empty() && self.0.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    }
}

impl<T: Into<String>> From<T> for Environment {
    fn from(name: T) -> Self {
        Self::named(name)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
