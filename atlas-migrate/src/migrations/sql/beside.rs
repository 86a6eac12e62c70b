//! What is asked of a database that has none of these migrations: whether another history is there.

use atlas_migrate_core::history;

use crate::migrations::tools::TOOLS;
use crate::postgres::sql::path::{PATH_AS_IT_IS, PUT_PATH_BACK, TAKE_OWN_PATH};
use crate::postgres::sql::{Sql, dollar_quoted, literal};

/// So many rows are counted, and one more.
pub(crate) const MOST_ROWS: u64 = 10_000;

/// What tells a history of this library from other tables, in whatever version of it.
const OURS: &str = "ARRAY['namespace', 'version', 'kind', 'state', 'checksum', 'fingerprint']";

/// The name of the library, among those of other tools.
pub(crate) const OWN: &str = "atlas-migrate";

/// What services keep for themselves in the database of an application.
const OF_A_SERVICE: &str = "pg_get_userbyid(c.relowner) ~ '^supabase_(.*_)?admin$'";

/// The variables of [`Sql::find_others`].
pub(crate) const VARIABLES: &str = "\
    \x20 atlas_others pg_catalog.jsonb := '[]';\n\
    \x20 atlas_other pg_catalog.record;\n\
    \x20 atlas_rows bigint;\n\
    \x20 atlas_newest pg_catalog.text;\n\
    \x20 atlas_beside pg_catalog.refcursor := 'atlas_beside';\n";

impl Sql {
    /// In a block that has looked at the history: [`find_others`](Self::find_others) if that has no row of this namespace.
    /// If there are any, there is nothing more to do.
    pub(crate) fn find_others_at_first(&self) -> String {
        format!(
            "\x20 IF atlas_granted AND atlas_form IN ('absent', 'ours') AND atlas_digest IN ('', {none}) THEN\n\
             {find}\
             \x20   atlas_granted := atlas_others = '[]';\n\
             \x20 END IF;\n",
            none = literal(&history::digest(&[])),
            find = self.find_others(),
        )
    }

    /// In a block: the histories of other tools, and our own of this namespace elsewhere, in `atlas_others`.
    ///
    /// Only plain tables with columns of the server's own types are read, and none whose rows are filtered or whose indexes or
    /// statistics are on expressions, which the planner evaluates: nothing of their owners' runs. What may not be read has no
    /// count. A caught error is not logged.
    pub(crate) fn find_others(&self) -> String {
        format!(
            "\x20   FOR atlas_other IN SELECT DISTINCT ON (c.oid) c.nspname, c.relname, t.*,\n\
             \x20     has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid) AND NOT EXISTS (SELECT FROM pg_index i\n\
             \x20       WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)) AND NOT EXISTS\n\
             \x20       (SELECT FROM pg_statistic_ext s WHERE s.stxrelid = c.oid) AS readable\n\
             \x20     FROM (SELECT c.oid, n.nspname, c.relname, array_agg(a.attname::text) AS columns\n\
             \x20       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid\n\
             \x20       WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped\n\
             \x20       AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND c.oid IS DISTINCT FROM {own}\n\
             \x20       AND NOT {OF_A_SERVICE}\n\
             \x20       GROUP BY c.oid, n.nspname, c.relname HAVING bool_and(a.atttypid < 16384)) c\n\
             \x20     JOIN (VALUES {tools}) t(number, tool, schema, name, columns, has_others, applied, newest)\n\
             \x20       ON c.columns @> t.columns AND (t.has_others OR cardinality(c.columns) = cardinality(t.columns))\n\
             \x20       AND coalesce(t.schema = c.nspname, true) AND coalesce(t.name = c.relname, true)\n\
             \x20     ORDER BY c.oid, t.number\n\
             \x20   LOOP\n\
             \x20     atlas_rows := NULL;\n\
             \x20     atlas_newest := NULL;\n\
             \x20     IF atlas_other.readable THEN\n\
             \x20       BEGIN\n\
             \x20         EXECUTE format('SELECT count(*), (%s)::text FROM (SELECT * FROM ONLY %I.%I x WHERE %s LIMIT {limit}) x',\n\
             \x20           atlas_other.newest, atlas_other.nspname, atlas_other.relname, atlas_other.applied)\n\
             \x20           INTO atlas_rows, atlas_newest;\n\
             \x20       EXCEPTION WHEN OTHERS THEN\n\
             \x20         NULL;\n\
             \x20       END;\n\
             \x20     END IF;\n\
             \x20     IF atlas_rows IS DISTINCT FROM 0 THEN\n\
             \x20       atlas_others := atlas_others || jsonb_build_object('tool', atlas_other.tool, 'schema', atlas_other.nspname,\n\
             \x20         'table', atlas_other.relname, 'quoted', format('%I.%I', atlas_other.nspname, atlas_other.relname),\n\
             \x20         'rows', atlas_rows, 'newest', atlas_newest);\n\
             \x20     END IF;\n\
             \x20   END LOOP;\n",
            own = self.find(),
            tools = self.forms().join(",\n\x20       "),
            limit = MOST_ROWS + 1,
        )
    }

    /// A row for each tool, and one for this library. A namespace of its own is a library's: what the application migrates with
    /// is not about it.
    fn forms(&self) -> Vec<String> {
        let own = format!(
            "(0, '{OWN}', NULL, NULL, {OURS}, true, {}, 'NULL')",
            literal(&format!("x.namespace = {}", literal(&self.namespace)))
        );
        let tools: &[_] = if self.namespace == "default" { TOOLS } else { &[] };
        let tools = tools.iter().enumerate().map(|(index, tool)| {
            let optional = |name: Option<&str>| name.map_or("NULL".to_owned(), literal);
            let columns: Vec<_> = tool.columns.iter().map(|column| literal(column)).collect();
            format!(
                "({}, {}, {}, {}, ARRAY[{}], {}, {}, {})",
                index + 1,
                literal(tool.name),
                optional(tool.schema),
                optional(tool.table),
                columns.join(", "),
                !tool.has_no_others,
                literal(tool.applied),
                literal(tool.newest)
            )
        });
        std::iter::once(own).chain(tools).collect()
    }

    /// Asks for other histories, without writing.
    pub(crate) fn look_for_others(&self) -> String {
        let role = self.perform_local_role();
        let body = format!(
            "DECLARE\n{VARIABLES}\
             {PATH_AS_IT_IS}\
             \x20 atlas_lock_timeout pg_catalog.text := pg_catalog.current_setting('lock_timeout');\n\
             BEGIN\n\
             {TAKE_OWN_PATH}\
             {role}\
             \x20 PERFORM set_config('lock_timeout', '3s', true);\n\
             {find}\
             \x20 PERFORM set_config('lock_timeout', atlas_lock_timeout, true);\n\
             \x20 {OPEN}\
             {PUT_PATH_BACK}\
             END",
            find = self.find_others(),
        );
        format!("DO {};\n{FETCH}", dollar_quoted(&body))
    }
}

/// In a block: leaves what was found in a cursor.
pub(crate) const OPEN: &str = "OPEN atlas_beside FOR SELECT o ->> 'tool' AS atlas_other, o ->> 'schema', o ->> 'table', \
    o ->> 'quoted', o ->> 'rows', o ->> 'newest' FROM jsonb_array_elements(atlas_others) o;\n";

/// Gives what was found.
pub(crate) const FETCH: &str = "FETCH ALL FROM atlas_beside;\nCLOSE atlas_beside;\n";
