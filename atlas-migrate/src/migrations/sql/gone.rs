//! What is sent about repeatable migrations whose objects may have gone with those of others.

use std::fmt::Write as _;

use atlas_migrate_core::checksum::Fingerprint;
use atlas_migrate_core::migration::Migration;
use atlas_migrate_core::statement::{self, Created, Sort};

use crate::postgres::sql::path::{PATH_AS_IT_IS, PUT_PATH_BACK, TAKE_OWN_PATH};
use crate::postgres::sql::{Sql, dollar_quoted, literal};

impl Sql {
    /// Marks the rows of those repeatable migrations of whose objects one is not there any more, so that their turn comes again.
    /// Where the file does not say the schema, an object is looked for on the session's search path.
    pub(crate) fn mark_gone_of_session(&self, repeatable: &[&Migration]) -> String {
        self.mark_gone(repeatable, &literal(&self.path))
    }

    /// The same, going by this path: an expression in a block that has the one as it is in `atlas_path`.
    pub(crate) fn mark_gone(&self, repeatable: &[&Migration], path: &str) -> String {
        let mut updates = String::new();
        for migration in repeatable {
            let there: Vec<_> = what_stays(migration).iter().map(exists).collect();
            if !there.is_empty() {
                let (history, gone) = (self.history(), gone());
                let row = format!("{} AND state IN ('applied', 'baseline')", self.is(migration.version()));
                let unmarked = format!("EXISTS (SELECT 1 FROM {history} WHERE {row} AND fingerprint <> '{gone}')");
                let _infallible = writeln!(
                    updates,
                    "  IF {unmarked} AND NOT ({there}) THEN\n  UPDATE {history} SET fingerprint = '{gone}' WHERE {row};\n{}  END IF;",
                    self.expect(migration.version(), &format!("fingerprint = '{gone}'")),
                    there = there.join("\n    AND ")
                );
            }
        }
        if updates.is_empty() {
            return updates;
        }
        let body = format!(
            "DECLARE\n{PATH_AS_IT_IS}\
             \x20 atlas_schemas pg_catalog.name[];\n\
             BEGIN\n\
             \x20 PERFORM pg_catalog.set_config('search_path', {path}, true);\n\
             \x20 atlas_schemas := pg_catalog.current_schemas(true);\n\
             {TAKE_OWN_PATH}{updates}{PUT_PATH_BACK}END"
        );
        format!("DO {};\n", dollar_quoted(&body))
    }
}

/// What a migration creates, and does not drop behind that.
fn what_stays(migration: &Migration) -> Vec<Created> {
    let sql = migration.up().sql();
    let statements: Vec<_> = migration.up().statements().into_iter().map(|one| &sql[one.range]).collect();
    let has_word = |sql: &str, word: &str| {
        sql.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|other| other.eq_ignore_ascii_case(word))
    };
    let drops = |sql: &str, name: &str| statement::may_drop(sql) && has_word(sql, name);
    let created = statements.iter().enumerate().filter_map(|(index, sql)| {
        let created = statement::created(sql)?;
        let is_dropped = statements[index + 1..].iter().any(|later| drops(later, &created.name));
        (!is_dropped).then_some(created)
    });
    created.collect()
}

/// What the row of a repeatable migration has for a fingerprint if its objects are gone: that of no SQL.
pub(crate) fn gone() -> Fingerprint {
    Fingerprint::of("")
}

fn exists(created: &Created) -> String {
    let Created { sort, schema, name, table } = created;
    let name = literal(name);
    let within = match schema {
        Some(schema) => format!("n.nspname = {}", literal(schema)),
        None => "n.nspname = ANY (atlas_schemas)".to_owned(),
    };
    let of_table = table.as_deref().map_or(String::new(), |table| format!("c.relname = {} AND ", literal(table)));
    let from = match sort {
        Sort::Relation => format!("pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = {name}"),
        Sort::Routine => format!("pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = {name}"),
        Sort::Type => format!("pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typname = {name}"),
        Sort::Trigger => format!(
            "pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE {of_table}t.tgname = {name}"
        ),
        Sort::Policy => format!(
            "pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE {of_table}p.polname = {name}"
        ),
    };
    format!("EXISTS (SELECT FROM {from} AND {within})")
}
