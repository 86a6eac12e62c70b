//! What is asked of the catalog to describe all that migrations can make in a database.
//!
//! One query. Its pieces list items: objects, and the parts of objects (columns, constraints, triggers…), which are
//! shown with the object that they belong to. Each piece selects the same columns:
//!
//! | Column | |
//! |---|---|
//! | `kind`, `identity` | the object |
//! | `rank`, `place`, `label` | of a part: which sort of parts it is one of, its place among them, and what it is called |
//! | `definition` | lines of text, maybe none; null if the item is only there for its comment or privileges |
//! | `class`, `object`, `sub` | its address, by which the catalog knows comments, extensions and the like |
//! | `owner`, `acl`, `usual` | its owner, its privileges if they were ever changed, and what they would be otherwise |

use crate::postgres::sql::path::enclosed;
use crate::postgres::sql::session::milliseconds;
use crate::postgres::sql::{Sql, literal};

mod others;
mod parts;
mod relations;
mod routines;
mod text_search;
mod types;

/// Settings that decide what the text of a definition looks like, and a compiler that would take longer than the query.
const SETTINGS: &str = r#"
SELECT set_config(name, value, true)
FROM (VALUES ('search_path', 'pg_catalog, pg_temp'), ('quote_all_identifiers', 'off'), ('standard_conforming_strings', 'on'),
  ('timezone', 'UTC'), ('datestyle', 'ISO, MDY'), ('intervalstyle', 'postgres'), ('bytea_output', 'hex'),
  ('extra_float_digits', '1'), ('xmlbinary', 'base64'), ('lc_monetary', 'C'), ('jit', 'off'), ('statement_timeout', '0')
) setting (name, value)
WHERE now() = statement_timestamp();
"#;

/// The schemas that are neither the server's own nor an extension's. What an extension makes later in one of its schemas is its
/// own as well, and numbered anew each time: chunks, queues.
const SPACE: &str = r#"space AS (
  SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = pg_namespace.oid
      AND d.deptype = 'e')
)"#;

/// What belongs to extensions.
const MEMBER: &str = "member AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')";

/// The privileges in this list of access control items: a line for each grantee and grantor.
fn granted(acl: &str) -> String {
    format!(
        r#"(
        SELECT grantee, grantor, string_agg(concat(privilege_type, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END),
          ', ' ORDER BY privilege_type COLLATE "C") AS privileges
        FROM aclexplode({acl}) GROUP BY grantee, grantor
      )"#
    )
}

/// The lines of the items: definitions, owners, comments, privileges, and extensions that an object depends on.
fn lines() -> String {
    format!(
        r#"
SELECT kind AS atlas_object, identity, line
FROM (
    SELECT kind, identity, rank, place, label, 0 AS aspect, definition AS line FROM item
  UNION ALL
    SELECT kind, identity, 10, 0, NULL, 1, 'owner ' || quote_ident(pg_get_userbyid(owner)) FROM item
    WHERE rank = 0 AND definition IS NOT NULL
  UNION ALL
    SELECT kind, identity, rank, place, label, 2, concat_ws(' ', label, 'comment', quote_literal(d.description))
    FROM item JOIN pg_description d ON d.classoid = class AND d.objoid = object AND d.objsubid = sub
  UNION ALL
    SELECT kind, identity, rank, place, label, 3, concat_ws(' ', label, 'privileges of', p.line)
    FROM item CROSS JOIN LATERAL (
      SELECT concat(CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
        CASE WHEN grantor <> owner THEN ' by ' || quote_ident(pg_get_userbyid(grantor)) END,
        ': ', coalesce(granted.privileges, 'none')) AS line
      FROM {granted} granted FULL JOIN {usual} usual USING (grantee, grantor)
      WHERE granted.privileges IS DISTINCT FROM usual.privileges
    ) p
    WHERE acl IS NOT NULL
  UNION ALL
    SELECT kind, identity, rank, place, label, 4, concat_ws(' ', label, 'depends on extension', quote_ident(e.extname))
    FROM item JOIN pg_depend d ON d.classid = class AND d.objid = object AND d.deptype = 'x'
      JOIN pg_extension e ON e.oid = d.refobjid
    WHERE sub = 0
) line
WHERE line IS NOT NULL
ORDER BY kind COLLATE "C", identity COLLATE "C", rank, place, label COLLATE "C" NULLS FIRST, aspect, line COLLATE "C";
"#,
        granted = granted("acl"),
        usual = granted("usual"),
    )
}

/// What a catalog's row says, field by field: those of its fields that say anything. For what few people make.
fn fields(row: &str) -> String {
    format!(
        r#"(SELECT string_agg(key || ' ' || value, chr(10) ORDER BY key COLLATE "C") FROM jsonb_each_text({row})
      WHERE value NOT IN ('', '-', '0', 'false'))"#
    )
}

/// The elements of an array in a fixed order.
fn sorted(array: &str) -> String {
    format!(r#"(SELECT string_agg(e, ', ' ORDER BY e COLLATE "C") FROM unnest({array}) e)"#)
}

impl Sql {
    /// Describes what is in the database, except the history: `atlas_object` rows of kind, identity and lines of
    /// text. Reads nothing in a transaction that is not the message's own, which would keep the settings; `atlas_alone`
    /// says which it is.
    pub(crate) fn snapshot(&self) -> String {
        let items = [
            relations::relations(),
            relations::SEQUENCES.to_owned(),
            relations::COMPOSITE_TYPES.to_owned(),
            parts::columns(),
            parts::CONSTRAINTS.to_owned(),
            parts::indexes(),
            parts::TRIGGERS.to_owned(),
            parts::RULES.to_owned(),
            parts::POLICIES.to_owned(),
            routines::FUNCTIONS.to_owned(),
            routines::aggregates(),
            routines::operators(),
            routines::OPERATOR_FAMILIES.to_owned(),
            routines::OPERATOR_CLASSES.to_owned(),
            routines::CASTS.to_owned(),
            routines::LANGUAGES.to_owned(),
            routines::TRANSFORMS.to_owned(),
            routines::ACCESS_METHODS.to_owned(),
            types::types(),
            types::SHELL_TYPES.to_owned(),
            types::DOMAIN_CONSTRAINTS.to_owned(),
            types::collations(),
            types::CONVERSIONS.to_owned(),
            text_search::CONFIGURATIONS.to_owned(),
            text_search::DICTIONARIES.to_owned(),
            text_search::parsers_and_templates(),
            others::schemas(&literal(&self.schema)),
            others::EXTENSIONS.to_owned(),
            others::DEFAULT_PRIVILEGES.to_owned(),
            others::event_triggers(),
            others::foreign_data(),
            others::STATISTICS.to_owned(),
            others::PUBLICATIONS.to_owned(),
        ];
        let query = format!(
            "SELECT now() = statement_timestamp() AS atlas_alone;\n{SETTINGS}\
             SELECT set_config('lock_timeout', '{lock_timeout}', true) WHERE now() = statement_timestamp();\n\
             WITH {SPACE}, {MEMBER}, {relation}, item AS MATERIALIZED (\n\
             SELECT * FROM ({items}) i\n\
             WHERE now() = statement_timestamp()\n\
             \x20 AND NOT EXISTS (SELECT FROM member m WHERE m.classid = i.class AND m.objid = i.object)\n\
             ){lines}",
            lock_timeout = milliseconds(self.lock_timeout),
            relation = relations::relation(&literal(&self.schema), &literal(&self.table)),
            items = items.join("UNION ALL"),
            lines = lines(),
        );
        enclosed(&query)
    }
}
