//! What a program brings along for its command line.

use std::ffi::OsString;

use crate::Migrator;

/// What a program embeds, for [`main`](super::main). What it does not embed is read from folders.
#[derive(Clone, Debug, Default)]
#[must_use = "a project does nothing until it is given to `main`"]
pub struct Project {
    pub(super) migrations: Option<Migrator>,
    pub(super) arguments: Option<Vec<OsString>>,
}

impl Project {
    /// A project that embeds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The migrations, or a migrator with options. What the command line says goes before these.
    pub fn migrations(mut self, migrations: impl Into<Migrator>) -> Self {
        self.migrations = Some(migrations.into());
        self
    }

    /// The arguments, behind the name that help shows. Default: those of the process.
    ///
    /// For a program whose own arguments come first:
    ///
    /// ```no_run
    /// # use atlas_migrate::cli::Project;
    /// // myapp migrate status
    /// let arguments = std::env::args_os().skip(2);
    /// let project = Project::new().arguments("myapp migrate", arguments);
    /// ```
    pub fn arguments<T: Into<OsString>>(
        mut self,
        name: impl Into<OsString>,
        arguments: impl IntoIterator<Item = T>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into);
        self.arguments = Some(std::iter::once(name.into()).chain(arguments).collect());
        self
    }
}
