//! What is said when a table, a name or a setting cannot be worked with, whatever was to be done.

use atlas_migrate_core::fault::shown;

use crate::error::hint::{Opt, clause, hint};
#[cfg(any(feature = "clean", feature = "roles", feature = "seeds"))]
use crate::postgres::session::{Cause, ServerError};
use crate::postgres::sql::AT_COMMIT;
use crate::{Error, ErrorKind};

/// PostgreSQL cuts longer names in silence: two that differ behind it would be one table, under two locks of ours.
const LONGEST_NAME: usize = 63;

/// Names that PostgreSQL cannot have. A namespace is a value, not a name, and may be as long as it likes.
pub(crate) fn check_names(schema: &str, table: &str, namespace: &str, role: Option<&str>) -> Result<(), Error> {
    let names = [
        ("schema", Some(schema), LONGEST_NAME),
        ("table", Some(table), LONGEST_NAME),
        ("namespace", Some(namespace), usize::MAX),
        ("role", role, LONGEST_NAME),
    ];
    for (option, name, longest) in names {
        let Some(name) = name else { continue };
        let (fault, hint) = if name.is_empty() {
            ("is empty".to_owned(), "give a name, or leave the option out")
        } else if name.contains('\0') {
            ("contains a NUL byte".to_owned(), "give a name, or leave the option out")
        } else if name.len() > longest {
            (format!("has {} bytes, and PostgreSQL would cut it after {longest}", name.len()), "give a shorter name")
        } else {
            continue;
        };
        let message = format!("the name of the {option} {fault}");
        return Err(Error::new(ErrorKind::Usage, message).hint(hint));
    }
    Ok(())
}

/// The connection asks for settings that would let the same file mean something else.
pub(crate) fn asked_for(settings: &str) -> String {
    format!(
        "the connection asks for {settings}: files are read under TimeZone = UTC, DateStyle = ISO, MDY, IntervalStyle = postgres \
         and standard_conforming_strings = on, whatever it asks for"
    )
}

const OF_ANOTHER_ROLE: &str =
    "another role's code could run with the rights of this one: nothing was read from it, and nothing was run";

/// What has the name of a table of ours, and may run code of somebody else's. `why` follows its name.
pub(crate) fn untrusted(table: &str, why: &str) -> Error {
    let (note, hint) = if why.ends_with(AT_COMMIT) {
        (
            "nothing was run that might not be recorded",
            "drop the trigger, or make it one that is NOT DEFERRABLE; then run again".into(),
        )
    } else if let Some(owner) = why.strip_prefix("belongs to the role ") {
        (
            OF_ANOTHER_ROLE,
            hint![
                "if that is the role that migrates this database, do it as that role",
                clause![", with ", Opt::Role(Some(unquoted(owner)))],
                format!("; if only what it says is true, `ALTER TABLE {table} OWNER TO CURRENT_USER`; else drop it"),
                clause![", or choose another schema with ", Opt::Schema(None)]
            ],
        )
    } else {
        let hint = hint!["drop what you do not know", clause!["; or choose another schema with ", Opt::Schema(None)]];
        (OF_ANOTHER_ROLE, hint)
    };
    Error::new(ErrorKind::ForeignHistory, format!("{} is not used: it {}", shown(table), shown(why)))
        .note(note)
        .hint(hint)
}

/// The name of a role, which is quoted where it has to be.
fn unquoted(role: &str) -> String {
    let name = role.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(role);
    name.replace("\"\"", "\"")
}

/// Something was not done; if that is so because a table is locked, in these words.
#[cfg(any(feature = "clean", feature = "roles", feature = "seeds"))]
pub(crate) fn locked(doing: &str, cause: Cause) -> Error {
    match &cause {
        Cause::Server(server) if server.code == "55P03" => {
            // Where in the library's own statements it waited is of no use to anybody.
            let said = ServerError { context: None, internal: None, ..*server.clone() };
            Error::new(ErrorKind::LockTimeout, format!("{doing} failed: {}", server.message)).server(&said).hint(hint![
                "end the session that has locked a table",
                clause![", or be patient with ", Opt::LockTimeout]
            ])
        }
        _ => Error::own(doing, cause),
    }
}

/// Row-level security lets the role see some rows of a table of ours at the most.
pub(crate) fn hidden(table: &str, what: &str, role: &str) -> Error {
    Error::new(ErrorKind::ForeignHistory, format!("row-level security hides {what} from the role {role}"))
        .note(format!(
            "the table: {}; what is not seen would be taken for what never was, so nothing was run",
            shown(table)
        ))
        .hint(format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
}
