//! Seeds: files of data for the tables of an environment.

mod buffer;
mod csv;
mod folder;
mod json;
mod policy;
mod rows;
mod same;
mod sql;

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use self::folder::{File, assemble};
pub use self::policy::{Existing, Policy, Run};
pub use self::rows::{Cell, Columns, Row, Rows, check};
pub use self::same::{Same, changed};
pub use self::sql::{Piece, pieces};
use crate::checksum::Checksum;
pub use crate::seed_name::{Format, PRODUCTION, is_ours, is_production, renamed, table_of};
use crate::seed_name::{environment, table};

/// One file of data, with what its name and its policy say.
#[derive(Clone, Debug)]
pub struct Seed {
    name: Cow<'static, str>,
    path: Cow<'static, str>,
    format: Format,
    policy: Policy,
    checksum: Checksum,
    columns: Cow<'static, [Cow<'static, str>]>,
    content: Content,
    check: Duration,
    text: Option<Checksum>,
}

/// The bytes of a file, or where they are.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// The bytes, as they are in the file.
    Embedded(Cow<'static, [u8]>),
    /// A file that is opened when it is read, and not here.
    File(PathBuf),
}

/// Without the bytes, of which there may be many.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded(bytes) => write!(f, "Embedded({} bytes)", bytes.len()),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

impl Seed {
    /// Of parts, each of which was checked: for the macro and for [`assemble`].
    pub const fn new(
        name: Cow<'static, str>,
        path: Cow<'static, str>,
        format: Format,
        policy: Policy,
        checksum: Checksum,
        columns: Cow<'static, [Cow<'static, str>]>,
        content: Content,
    ) -> Self {
        Self { name, path, format, policy, checksum, columns, content, check: Duration::ZERO, text: None }
    }

    /// Its path below the folder of seeds, which identifies it: `dev/010_users.csv`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its path, as messages name it: `seeds/dev/010_users.csv`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The environment that it is for; none if it is for all of them.
    pub fn environment(&self) -> Option<&str> {
        environment(&self.name)
    }

    /// How it is written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The schema, if one is named, and the table that its rows are for; none of SQL, which names its own.
    pub fn table(&self) -> Option<(Option<&str>, &str)> {
        (self.format != Format::Sql).then(|| table(&self.name))
    }

    /// When it runs, and what becomes of rows that exist.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// SHA-256 of its text, as of a migration's; with the text of its policy behind it, if that has a file of its own, so
    /// that an edited policy counts as a change.
    pub fn checksum(&self) -> Checksum {
        self.checksum
    }

    /// The columns of its rows, as they were found when it was checked; none of SQL.
    pub fn columns(&self) -> &[Cow<'static, str>] {
        &self.columns
    }

    /// How long its check took; zero of one that was checked when the program was compiled.
    pub fn check_duration(&self) -> Duration {
        self.check
    }

    /// SHA-256 of its text alone, of one that was checked by this program: to see whether its file is still the same.
    pub fn text_checksum(&self) -> Option<Checksum> {
        self.text
    }

    /// Its bytes, or where they are.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Whether it runs in an environment: it is in the folder of that environment, or in none. Production has nothing but
    /// what is marked for it.
    pub fn is_for(&self, environment: &str) -> bool {
        match self.environment() {
            Some(own) => own == environment,
            None => environment != PRODUCTION || self.policy.production,
        }
    }
}
