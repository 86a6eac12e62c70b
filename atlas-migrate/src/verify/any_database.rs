//! What holds for any database, without being declared.

use atlas_migrate_core::checks::Name;

use super::Finding;
use super::report::Conclusion;
use crate::postgres::row::{Unreadable, flag, parse, text};
use crate::postgres::server::Server;
use crate::postgres::session::Reply;
use crate::verify::sql as verify;

/// A sequence that is fuller than this will not last, in percent.
const FULLEST: u32 = 80;

/// The checks, in the order in which [`read`] gives what came of them.
pub(super) const NAMES: [&str; 4] = ["valid indexes", "validated constraints", "sequences", "primary keys"];

pub(super) fn question() -> String {
    verify::any_database(FULLEST)
}

/// Whether the server is one that is supported.
pub(super) fn version(server: &Server) -> Conclusion {
    match server.version_number {
        130_000.. => Conclusion::note(&server.version),
        _ => Conclusion::finding("PostgreSQL", "13 or later", &server.version),
    }
}

/// What came of each. `exempt` are the tables that are to have no primary key.
pub(super) fn read(reply: &Reply, exempt: &[&Name]) -> Result<[Conclusion; NAMES.len()], Unreadable> {
    let mut outcomes: [Conclusion; NAMES.len()] = Default::default();
    let [indexes, constraints, sequences, keys] = &mut outcomes;
    for row in reply.rows("atlas_index") {
        let object = format!("index {} on {}", text(row, 0)?, text(row, 1)?);
        indexes.findings.push(Finding::new(object, "valid", "not valid"));
    }
    for row in reply.rows("atlas_constraint") {
        let object = format!("constraint {} on {}", text(row, 0)?, text(row, 1)?);
        constraints.findings.push(Finding::new(object, "validated", "not validated"));
    }
    let mut unseen = Vec::new();
    for row in reply.rows("atlas_sequence") {
        let name = text(row, 0)?;
        if !flag(row, 1)? {
            unseen.push(name);
            continue;
        }
        let share = text(row, 2)?;
        if parse::<f64>(row, 2)? > f64::from(FULLEST) {
            let found = format!("{share} % ({} of {})", text(row, 3)?, text(row, 4)?);
            let object = format!("sequence {name}");
            sequences.findings.push(Finding::new(object, format!("at most {FULLEST} % used"), found));
        }
        sequences.note.get_or_insert_with(|| format!("the fullest is {name}, with {share} %"));
    }
    if !unseen.is_empty() {
        sequences.unseen = Some(format!("may not be read: {}", unseen.join(", ")));
    }
    for row in reply.rows("atlas_table") {
        let (schema, name, visible) = (text(row, 0)?, text(row, 1)?, flag(row, 3)?);
        let is_meant =
            |exempt: &&Name| exempt.name == name && exempt.schema.as_deref().map_or(visible, |exempt| exempt == schema);
        if !exempt.iter().any(is_meant) {
            keys.findings.push(Finding::new(format!("table {}", text(row, 2)?), "a primary key", "none"));
        }
    }
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_are_too_old() {
        let of = |version_number, text: &str| {
            version(&Server { version_number, version: text.to_owned(), ..Server::default() })
        };
        assert_eq!(of(130_000, "13.0"), Conclusion::note("13.0"));
        assert_eq!(of(129_999, "12.22"), Conclusion::finding("PostgreSQL", "13 or later", "12.22"));
    }
}
