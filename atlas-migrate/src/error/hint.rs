//! What to do next, as data: a program reads it in Rust, and who types commands in the words of the command line.

use std::borrow::Cow;
use std::fmt;

use atlas_migrate_core::plan::Revert;
use atlas_migrate_core::version::Version;

use crate::Repair;

/// What to do next. `Display` says it in Rust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint(Vec<Piece>);

/// A part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The same for everybody.
    Text(Cow<'static, str>),
    /// What a command line has a command for.
    Verb(Verb),
    /// What names options.
    Clause(Clause),
    /// What has nothing to do with options, and is still another thing for a program than for a shell.
    Either {
        /// For whoever programs.
        program: &'static str,
        /// For whoever types.
        shell: &'static str,
    },
}

/// What is said only where there are the options that it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clause {
    /// What is said.
    pub parts: Vec<Part>,
    /// What is said instead where one of the options is not there.
    pub otherwise: &'static str,
}

/// A part of a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Which may have other options again, and is left out by itself.
    Piece(Piece),
    /// An option, by its name and perhaps a value.
    Opt(Opt),
}

/// The options of builders that hints name; with a value where only one is right.
#[allow(missing_docs, reason = "each is named after the method that it is")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opt {
    Confirm(String),
    EachTransaction,
    IgnoreOtherHistory,
    AcceptNewer,
    Keep,
    LockTimeout,
    Namespace,
    RetryBudget,
    Role(Option<String>),
    Schema(Option<String>),
    Schemas,
    ScriptFrom,
    ScriptTo,
    Table(Option<String>),
    Tables,
    WaitBudget,
}

/// What hints tell to call, or to type.
#[allow(missing_docs, reason = "each is named after the verb that it is")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Of migrations that are applied already: of which, if that is known.
    Baseline(Option<Version>),
    /// What cleaning would do.
    CleanPlan,
    /// Makes the database.
    Create,
    /// Takes the newest migration back and applies it again.
    Redo,
    Repair(Version, Repair),
    Reset,
    Revert(Revert),
    Run,
    /// Also what has a lower version than what was applied.
    RunOutOfOrder,
    /// What a benchmark came to, for a later comparison.
    SaveBench,
    /// Says of which environment a database is.
    SeedMark(String),
    Status,
}

/// A hint of texts, verbs and clauses, one behind the other.
macro_rules! hint {
    ($($piece:expr),+ $(,)?) => { $crate::error::hint::Hint::default()$(.then($piece))+ };
}

/// What is said only where there are the options that it names; and what is said `or` else.
macro_rules! clause {
    ($($part:expr),+ $(; or $otherwise:literal)?) => {{
        let clause = $crate::error::hint::Clause::default()$(.then($part))+;
        $(let clause = clause.or($otherwise);)?
        clause
    }};
}

pub(crate) use {clause, hint};

/// What a program is told, and what a person at a shell.
pub(crate) const fn either(program: &'static str, shell: &'static str) -> Piece {
    Piece::Either { program, shell }
}

impl Hint {
    /// With more behind it.
    #[must_use]
    pub fn then(mut self, more: impl Into<Self>) -> Self {
        self.0.extend(more.into().0);
        self
    }

    /// Its pieces, in their order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// The same with other words for each of these in its texts.
    pub(crate) fn instead_of(self, words: &str, other: &Self) -> Self {
        self.0.into_iter().fold(Self::default(), |hint, piece| match piece {
            Piece::Text(text) => {
                let mut parts = text.split(words);
                let first = hint.then(parts.next().unwrap_or_default().to_owned());
                parts.fold(first, |hint, part| hint.then(other.clone()).then(part.to_owned()))
            }
            piece => hint.then(piece),
        })
    }
}

impl Clause {
    pub(crate) fn then(mut self, part: impl Into<Part>) -> Self {
        self.parts.push(part.into());
        self
    }

    pub(crate) fn or(mut self, otherwise: &'static str) -> Self {
        self.otherwise = otherwise;
        self
    }
}

impl From<&'static str> for Hint {
    fn from(text: &'static str) -> Self {
        Piece::Text(Cow::Borrowed(text)).into()
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Piece::Text(Cow::Owned(text)).into()
    }
}

impl From<Piece> for Hint {
    fn from(piece: Piece) -> Self {
        Self(vec![piece])
    }
}

impl From<Verb> for Hint {
    fn from(verb: Verb) -> Self {
        Piece::Verb(verb).into()
    }
}

impl From<Clause> for Hint {
    fn from(clause: Clause) -> Self {
        Piece::Clause(clause).into()
    }
}

impl From<&'static str> for Part {
    fn from(text: &'static str) -> Self {
        Self::Piece(Piece::Text(Cow::Borrowed(text)))
    }
}

impl From<Clause> for Part {
    fn from(clause: Clause) -> Self {
        Self::Piece(Piece::Clause(clause))
    }
}

impl From<Opt> for Part {
    fn from(option: Opt) -> Self {
        Self::Opt(option)
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| piece.fmt(f))
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Verb(verb) => verb.fmt(f),
            Self::Either { program, .. } => f.write_str(program),
            // A builder has all of its options.
            Self::Clause(clause) => clause.parts.iter().try_for_each(|part| match part {
                Part::Piece(piece) => piece.fmt(f),
                Part::Opt(option) => write!(f, "`{option}`"),
            }),
        }
    }
}

impl fmt::Display for Opt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, value) = match self {
            Self::Confirm(name) => ("confirm", Some(name)),
            Self::EachTransaction => return f.write_str("transaction_mode(TransactionMode::Each)"),
            Self::IgnoreOtherHistory => return f.write_str("other_history(OtherHistory::Ignore)"),
            Self::AcceptNewer => return f.write_str("newer(Newer::Accept)"),
            Self::Keep => ("keep", None),
            Self::LockTimeout => ("lock_timeout", None),
            Self::Namespace => ("namespace", None),
            Self::RetryBudget => ("retry_budget", None),
            Self::Role(role) => ("role", role.as_ref()),
            Self::Schema(schema) => ("schema", schema.as_ref()),
            Self::Schemas => ("schemas", None),
            Self::ScriptFrom => ("script_from", None),
            Self::ScriptTo => ("target", None),
            Self::Table(table) => ("table", table.as_ref()),
            Self::Tables => ("tables", None),
            Self::WaitBudget => ("wait_budget", None),
        };
        match value {
            Some(value) => write!(f, "{name}({value:?})"),
            None => write!(f, "{name}(..)"),
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Baseline(Some(version)) => write!(f, "`baseline(&pool, {:?})`", version.as_str()),
            Self::Baseline(None) => f.write_str("`baseline`"),
            Self::CleanPlan => f.write_str("`Cleaner::plan`"),
            Self::Create => f.write_str("create the database"),
            Self::Redo => f.write_str("take it back with `revert(&pool, Revert::Last)`, then run"),
            Self::Repair(version, repair) => write!(f, "`repair(&pool, {:?}, Repair::{repair:?})`", version.as_str()),
            Self::Reset => f.write_str("`clean::Resetter`"),
            Self::Revert(Revert::To(version)) => {
                write!(f, "`revert(&pool, Revert::To({:?}.into()))`", version.as_str())
            }
            Self::Revert(extent) => write!(f, "`revert(&pool, Revert::{extent:?})`"),
            Self::Run => f.write_str("`run(&pool)`"),
            Self::RunOutOfOrder => f.write_str("`out_of_order(OutOfOrder::Allow)`"),
            Self::SaveBench => f.write_str("`BenchReport::to_json`"),
            Self::SeedMark(environment) => write!(f, "`seeder({environment:?}).mark(..)`"),
            Self::Status => f.write_str("`status(&pool)`"),
        }
    }
}
