//! Asking before something is destroyed.

use std::io::{self, BufRead, IsTerminal};

use atlas_migrate_core::seed_name::{PRODUCTION, is_production};
use clap::Args;
use sqlx::PgConnection;

use super::arguments::Patience;
use super::context::{Context, Location};
use atlas_migrate::__private::cli::{ErrorExt as _, Marks, marks};
use atlas_migrate::{Error, ErrorKind};

/// The options of commands that destroy something.
#[derive(Args, Debug, Default)]
pub(super) struct Consent {
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// The name of the database, if it is marked as one in production
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

/// A database, and what it is marked as.
#[derive(Debug)]
pub(super) struct Identity {
    environments: Vec<String>,
    /// Where it is.
    pub(super) location: Location,
}

impl Identity {
    /// What a cleaner or resetter wants to be told, once somebody has agreed.
    pub(super) fn confirmation(&self) -> Option<&str> {
        match self.environments.as_slice() {
            _ if self.is_production() => Some(PRODUCTION),
            [] => Some(&self.location.database),
            _ => None,
        }
    }

    pub(super) fn is_production(&self) -> bool {
        self.environments.iter().any(|environment| is_production(environment))
    }
}

impl Consent {
    /// Whether something of it was said.
    pub(super) fn is_given(&self) -> bool {
        self.yes || self.confirm.is_some()
    }

    /// Whether this may be done to the database at hand: `what` goes on behind "This …". An error if not.
    pub(super) async fn obtain(
        &self,
        context: &Context,
        connection: &mut PgConnection,
        patience: Patience,
        what: &str,
    ) -> Result<Identity, Error> {
        let role = context.common.role.clone();
        let Marks { database, environments, hidden } = marks(connection, role, patience.of_locks()).await?;
        let identity = Identity { environments, location: Location { database, ..context.location() } };
        if let Some(error) = hidden {
            return Err(error.note(format!("in the database {}", identity.location)));
        }
        let database = &identity.location.database;
        if let Some(name) = self.confirm.as_ref().filter(|name| *name != database) {
            return Err(refused(format!("the confirmation names {name}, and this is the database {database}"))
                .hint("connect to the database that is meant"));
        }
        let production = identity.is_production();
        if self.confirm.is_some() || (self.yes && !production) {
            return Ok(identity);
        }
        let sentence = format!("This {what}, in the database {}", identity.location);
        if !can_ask() {
            return Err(if production {
                refused(format!("the database {database} is marked as one in production"))
                    .hint(format!("if it is meant, say so with --confirm {database}"))
            } else {
                refused(format!("nobody can be asked: {}", lowercase(&sentence)))
                    .hint("if it is meant, say so with --yes")
            });
        }
        let (question, wanted) = match production {
            true => (
                format!("{sentence}, which is marked as one in PRODUCTION. Type its name to go on: "),
                database.as_str(),
            ),
            false => (format!("{sentence}. Go on? [y/N] "), "y"),
        };
        let answer = context.ask(&question).await?;
        let agreed = answer == wanted || (!production && answer.eq_ignore_ascii_case("yes"));
        if agreed { Ok(identity) } else { Err(refused("not confirmed: nothing was done".to_owned())) }
    }
}

fn lowercase(sentence: &str) -> String {
    sentence.replacen('T', "t", 1)
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::Environment, message)
}

/// Whether somebody sits at a terminal.
fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// The next line that somebody types.
pub(super) fn read_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
