//! Histories that are not those of these migrations, in a database that has none of them.

use atlas_migrate_core::migration::Migration;

use super::{Engine, refusal};
use crate::error::hint::{Opt, Verb, clause, hint};
use crate::migrations::migrator::{Options, OtherHistory};
use crate::migrations::sql::beside::{MOST_ROWS, OWN};
use crate::migrations::tools::{self, Tool};
use crate::postgres::session::{Failure, Reply, Row, Session};
use crate::{Error, ErrorKind};

/// A history that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Other {
    /// The tool that has written it, by its name; none if it is this library.
    tool: Option<&'static Tool>,
    schema: String,
    table: String,
    /// Schema and table, quoted where they have to be.
    place: String,
    /// How many rows say that something was applied, if that may be read.
    rows: Option<u64>,
    /// The version of the newest, if it is one that a file can have.
    newest: Option<String>,
}

impl<S: Session> Engine<'_, S> {
    /// Lets the look under the lock be for other histories too, if this one has no rows.
    pub(super) fn mind_others(&mut self) {
        self.sql.finds_others = self.entries.is_empty() && self.options.other_history == OtherHistory::Refuse;
    }

    /// The error of a run that would do something though another history is there.
    pub(super) async fn refuse_others(&mut self) -> Result<(), Error> {
        match self.others().await? {
            others if others.is_empty() => Ok(()),
            others => Err(refuse(&others, self.known, self.options)),
        }
    }

    /// Warns of other histories, if this one has no rows.
    pub(super) async fn warn_of_others(&mut self) -> Result<(), Error> {
        for other in self.others().await? {
            self.warn(format!("{}; a run does not begin beside that", other.sentence(&self.options.namespace)));
        }
        Ok(())
    }

    async fn others(&mut self) -> Result<Vec<Other>, Error> {
        self.mind_others();
        if !std::mem::take(&mut self.sql.finds_others) {
            return Ok(Vec::new());
        }
        let reply = self.conversation.look(&self.sql.look_for_others()).await;
        Ok(found(&reply.map_err(Failure::own("looking for other histories"))?))
    }

    /// Takes what a look under the lock has found.
    pub(super) fn check_others(&self, reply: &Reply) -> Result<(), Error> {
        match found(reply) {
            others if others.is_empty() => Ok(()),
            others => Err(refuse(&others, self.known, self.options)),
        }
    }
}

fn found(reply: &Reply) -> Vec<Other> {
    let mut others: Vec<_> = reply.rows("atlas_other").filter_map(other).collect();
    // Our own says the most.
    others.sort_by(|left, right| (left.tool.is_some(), &left.place).cmp(&(right.tool.is_some(), &right.place)));
    others
}

fn other(row: &Row) -> Option<Other> {
    let [Some(tool), Some(schema), Some(table), Some(place), rows, newest] = row.as_slice() else { return None };
    Some(Other {
        tool: tools::named(tool).filter(|_| tool != OWN),
        schema: schema.clone(),
        table: table.clone(),
        place: place.clone(),
        rows: rows.as_ref().and_then(|rows| rows.parse().ok()),
        newest: newest.clone(),
    })
}

impl Other {
    fn sentence(&self, namespace: &str) -> String {
        let of = if self.tool.is_some() { String::new() } else { format!(" of namespace {namespace}") };
        let (rows, maybe) = match self.rows {
            Some(1) => (format!("has 1 row{of}"), false),
            Some(rows) if rows > MOST_ROWS => (format!("has more than {MOST_ROWS} rows{of}"), false),
            Some(rows) => (format!("has {rows} rows{of}"), false),
            None => ("is there, and this role may not read it".to_owned(), true),
        };
        let what = match (self.tool, maybe) {
            (Some(tool), false) => format!("this database was migrated by {}", tool.name),
            (Some(tool), true) => format!("this database may have been migrated by {}", tool.name),
            (None, false) => "these migrations have another history".to_owned(),
            (None, true) => "these migrations may have another history".to_owned(),
        };
        format!("{what}: {} {rows}", self.place)
    }

    /// The migration up to which all are in this history, going by their versions and by their number.
    fn reaches<'m>(&self, known: &'m [Migration]) -> Option<&'m Migration> {
        let newest = self.newest.as_deref()?;
        let is_newest = |migration: &&Migration| same(migration.version().as_str(), newest);
        let versioned = || known.iter().filter(|migration| migration.key().is_versioned());
        let last = versioned().find(is_newest)?;
        let count = versioned().filter(|migration| migration.key() <= last.key()).count() as u64;
        let has_all = self.tool.is_some_and(|tool| tool.keeps_only_newest) || self.rows == Some(count);
        has_all.then_some(last)
    }
}

/// Whether two spellings are of one version: diesel leaves out dashes, others leading zeros.
fn same(left: &str, right: &str) -> bool {
    let bare = |version: &str| version.replace('-', "").replace('_', ".").trim_start_matches('0').to_owned();
    bare(left) == bare(right)
}

fn refuse(others: &[Other], known: &[Migration], options: &Options) -> Error {
    let namespace = &options.namespace;
    let Some((first, rest)) = others.split_first() else {
        return Error::new(ErrorKind::ForeignHistory, "there is another history");
    };
    let go_on = |before: &'static str| clause![before, "go on beside it with ", Opt::IgnoreOtherHistory];
    let hint = match (first.tool, first.reaches(known)) {
        _ if first.rows.is_none() => hint![
            format!(
                "let its owner show it to this role (GRANT SELECT ON {}, and a policy if it has row-level security), then run \
                 again",
                first.place
            ),
            go_on("; if it has nothing to do with these files, ")
        ],
        (None, _) => {
            let (schema, table) = (Some(first.schema.clone()), Some(first.table.clone()));
            let options = match (first.schema == options.schema, first.table == options.table) {
                (true, _) => clause![" with ", Opt::Table(table)],
                (_, true) => clause![" with ", Opt::Schema(schema)],
                _ => clause![" with ", Opt::Schema(schema), " and ", Opt::Table(table)],
            };
            hint!["use that one", options, go_on("; or, if these migrations are to have their own here, ")]
        }
        (Some(_), Some(last)) => hint![
            "if it has applied these files, adopt them with ",
            Verb::Baseline(Some(last.version().clone())),
            ", then run",
            go_on("; if they have nothing to do with it, ")
        ],
        (Some(_), None) => hint![
            "if it has applied these files, adopt them with ",
            Verb::Baseline(None),
            ", which takes the version of the last one that it has applied, then run",
            go_on("; if they have nothing to do with it, ")
        ],
    };
    let error = Error::new(ErrorKind::ForeignHistory, first.sentence(namespace));
    let error = rest.iter().fold(error, |error, other| error.note(other.sentence(namespace)));
    let error = match &first.newest {
        Some(newest) => error.note(format!("its newest version is {newest}")),
        None => error,
    };
    error.fate("nothing ran").hint(hint)
}

/// The error of a table that stands where the history is to be.
pub(super) fn occupied(table: &str, columns: &str) -> Error {
    let form = match tools::of_columns(&columns.split(' ').collect::<Vec<_>>()) {
        Some(tool) => format!("that of {}", tool.name),
        None => "none that is known".to_owned(),
    };
    refusal::foreign(table, columns, &form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(left: &str, right: &str, expected: bool) {
        assert_eq!(same(left, right), expected, "{left} and {right}");
    }

    #[test]
    fn spellings_of_a_version() {
        check("001", "1", true);
        check("2018-01-02-000000", "20180102000000", true);
        check("10", "1", false);
        check("1_2", "1.2", true);
        check("1.2", "12", false);
    }
}
