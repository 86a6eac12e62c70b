//! Whether this is a database that is meant to lose its data.

use atlas_migrate_core::seed_name::{PRODUCTION, is_production};

use super::state::State;
use crate::error::hint::{Clause, Opt, clause, hint};
use crate::{Error, ErrorKind};

/// Refuses a database in production, and one that nobody has marked, unless the confirmation names it.
pub(super) fn check(state: &State, confirmation: Option<&str>) -> Result<(), Error> {
    if let Some((mark, hidden)) = state.marks.iter().find_map(|mark| Some((mark, mark.hidden?))) {
        return Err(hidden.mark(&mark.table, &state.user));
    }
    let environments: Vec<_> = environments(state).collect();
    let database = state.database.as_str();
    let (what, name) = if environments.iter().any(|environment| is_production(environment)) {
        (format!("the database {database} is marked as one in production"), PRODUCTION)
    } else if environments.is_empty() {
        (format!("the database {database} is not marked as one of an environment"), database)
    } else {
        return match confirmation {
            Some(other) if other != database && !environments.contains(&other) => {
                let message = format!("the confirmation names {other}, and this is the database {database}");
                Err(refused(message)
                    .note(format!("it is marked as one of the environment {}", environments.join(", ")))
                    .hint("connect to the database that is meant; this one would need no confirmation"))
            }
            _ => Ok(()),
        };
    };
    match confirmation {
        Some(confirmed) if confirmed == name || name == PRODUCTION && is_production(confirmed) => Ok(()),
        Some(other) => Err(refused(format!("{what}, and the confirmation names {other}")).hint(hint![
            "if it is meant, say so",
            confirming(name),
            "; else connect to another"
        ])),
        None => Err(refused(what).hint(hint!["if its data is to be removed, say so", confirming(name)])),
    }
}

fn confirming(name: &str) -> Clause {
    clause![" with ", Opt::Confirm(name.to_owned())]
}

/// Whether there is a mark that cannot be read.
pub(super) fn is_hidden(state: &State) -> bool {
    state.marks.iter().any(|mark| mark.hidden.is_some())
}

/// What the database is marked as.
pub(super) fn environments(state: &State) -> impl Iterator<Item = &str> {
    state.marks.iter().filter_map(|mark| mark.environment.as_deref())
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::Environment, message)
}
