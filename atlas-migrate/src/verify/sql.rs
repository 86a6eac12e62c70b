//! What is asked when a database is verified. Nothing in here writes.
//!
//! Names are looked up in the catalog itself, and not by `to_regclass` and its like, which are errors for whoever may not use
//! the schema. Expectations go to the server as one JSON document, in the form of [`serde_json::Value`].

use crate::postgres::sql::own_tables::{OWN_SCHEMA, member, numbered_by, of_extension};
use crate::postgres::sql::path::answered;
use crate::postgres::sql::{ident, literal};

/// Not what pg_partman copies indexes from.
const NO_TEMPLATE: &str = "NOT EXISTS (SELECT FROM pg_extension x WHERE x.extname = 'pg_partman'\n\
    \x20 AND x.extnamespace = n.oid AND starts_with(c.relname, 'template_'))";

/// The table or other relation `c` in the schema `n` that the expectation `e` names, if there is one.
const RELATION: &str = "LEFT JOIN LATERAL (\n\
    \x20 SELECT c.oid, c.relkind, n.nspname, c.relname, has_schema_privilege(n.oid, 'USAGE') AS usable\n\
    \x20 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = e.\"table\"\n\
    \x20 AND CASE WHEN e.schema IS NULL THEN pg_table_is_visible(c.oid) ELSE n.nspname = e.schema END LIMIT 1\n\
    ) c ON true\n";

/// The functions of the name that the expectation `e` has, as `p`.
const FUNCTIONS: &str = "pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = e.\"table\"\n\
    \x20 AND CASE WHEN e.schema IS NULL THEN pg_function_is_visible(p.oid) ELSE n.nspname = e.schema END";

/// What holds for any database: indexes that are not valid, constraints that are not validated, the fullest sequence and all
/// that are nearly used up or cannot be read, tables without primary key.
pub(crate) fn any_database(fullest: u32) -> String {
    let relation_of_extension = of_extension("pg_class", "c.oid");
    let indexes = format!(
        "SELECT format('%I.%I', n.nspname, x.relname) AS atlas_index, format('%I.%I', n.nspname, c.relname)\n\
         FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid\n\
         JOIN pg_namespace n ON n.oid = c.relnamespace\n\
         WHERE NOT i.indisvalid AND {OWN_SCHEMA} AND NOT {relation_of_extension} ORDER BY 1"
    );
    let constraints = format!(
        "SELECT quote_ident(k.conname) AS atlas_constraint, format('%I.%I', n.nspname, coalesce(c.relname, t.typname))\n\
         FROM pg_constraint k LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid\n\
         JOIN pg_namespace n ON n.oid = k.connamespace\n\
         WHERE NOT k.convalidated AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) AND {OWN_SCHEMA}\n\
         AND NOT {relation_of_extension} AND NOT {type_of_extension} ORDER BY 2, 1",
        type_of_extension = member("pg_type", "k.contypid"),
    );
    let sequences = format!(
        "SELECT s.name AS atlas_sequence, s.seen, s.share, s.value, s.highest FROM (\n\
         \x20 SELECT s.*, row_number() OVER (ORDER BY s.share DESC NULLS LAST, s.name) AS place FROM (\n\
         \x20   SELECT format('%I.%I', n.nspname, c.relname) AS name, v.seen, v.value, h.highest,\n\
         \x20   CASE WHEN v.seen THEN round(100 * coalesce(CASE WHEN q.seqincrement > 0\n\
         \x20     THEN (v.value::numeric - q.seqmin + 1) / (h.highest::numeric - q.seqmin + 1)\n\
         \x20     ELSE (q.seqmax::numeric - v.value + 1) / (q.seqmax::numeric - h.highest + 1) END, 0), 1) END AS share\n\
         \x20   FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace\n\
         \x20   CROSS JOIN LATERAL (SELECT min(w.highest) AS highest FROM {numbered} u\n\
         \x20     JOIN pg_attribute a ON a.attrelid = u.relation AND a.attnum = u.number JOIN pg_type y ON y.oid = a.atttypid\n\
         \x20     CROSS JOIN LATERAL (SELECT CASE coalesce(nullif(y.typbasetype, 0), y.oid) WHEN 'smallint'::regtype THEN 32767\n\
         \x20     WHEN 'integer'::regtype THEN 2147483647 END::bigint AS highest) w) o\n\
         \x20   CROSS JOIN LATERAL (SELECT CASE WHEN q.seqincrement > 0 THEN least(q.seqmax, o.highest)\n\
         \x20     ELSE greatest(q.seqmin, -o.highest - 1) END AS highest) h\n\
         \x20   CROSS JOIN LATERAL (SELECT has_sequence_privilege(c.oid, 'SELECT, USAGE')\n\
         \x20     AND (c.relpersistence <> 'u' OR NOT pg_is_in_recovery()) AS seen) p\n\
         \x20   CROSS JOIN LATERAL (SELECT p.seen, CASE WHEN p.seen THEN pg_sequence_last_value(c.oid) END AS value) v\n\
         \x20   WHERE NOT q.seqcycle AND {OWN_SCHEMA} AND NOT {relation_of_extension}\n\
         \x20 ) s\n\
         ) s WHERE s.place = 1 OR NOT s.seen OR s.share > {fullest} ORDER BY s.share DESC, s.name",
        numbered = numbered_by("c.oid"),
    );
    let keys = format!(
        "SELECT n.nspname AS atlas_table, c.relname, format('%I.%I', n.nspname, c.relname), pg_table_is_visible(c.oid)\n\
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n\
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {OWN_SCHEMA} AND NOT {relation_of_extension} AND {NO_TEMPLATE}\n\
         AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) ORDER BY 3"
    );
    answered(&[
        ("atlas_indexes", &indexes),
        ("atlas_constraints", &constraints),
        ("atlas_sequences", &sequences),
        ("atlas_keys", &keys),
    ])
}

fn asked(query: &str) -> String {
    answered(&[("atlas_answer", query)])
}

/// The expectations as rows `e`.
fn expected(expectations: &serde_json::Value) -> String {
    format!(
        "FROM jsonb_to_recordset({}::jsonb) AS e (number integer, schema text, \"table\" text, name text, kind text,\n\
         \x20 columns jsonb, arguments jsonb, privileges jsonb)\n",
        literal(&expectations.to_string())
    )
}

/// The types in the JSON array `{list}`, as `t`, in their order: how PostgreSQL spells each, and whether it cannot be seen.
fn types(list: &str) -> String {
    format!(
        "jsonb_array_elements({list}) WITH ORDINALITY d (value, place)\n\
         \x20   LEFT JOIN pg_namespace s ON s.nspname = d.value ->> 'schema'\n\
         \x20   CROSS JOIN LATERAL (SELECT s.oid IS NOT NULL AND NOT has_schema_privilege(s.oid, 'USAGE') AS hidden) h\n\
         \x20   CROSS JOIN LATERAL (SELECT h.hidden, CASE WHEN NOT h.hidden THEN\n\
         \x20     to_regtype(coalesce(quote_ident(d.value ->> 'schema') || '.', '') || (d.value ->> 'type')) END AS oid) t"
    )
}

pub(crate) fn extensions(expectations: &serde_json::Value) -> String {
    asked(&format!(
        "SELECT e.number AS atlas_check, to_jsonb(x.extversion) {}\
         LEFT JOIN pg_extension x ON x.extname = e.name",
        expected(expectations)
    ))
}

pub(crate) fn tables(expectations: &serde_json::Value) -> String {
    asked(&format!(
        "SELECT e.number AS atlas_check, CASE WHEN c.oid IS NOT NULL THEN jsonb_build_object('kind', c.relkind,\n\
         'primary_key', EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary),\n\
         'columns', (SELECT coalesce(jsonb_agg(jsonb_build_object('found', format_type(a.atttypid, a.atttypmod),\n\
         \x20   'modified', coalesce(a.atttypmod <> -1, false), 'same', coalesce(a.atttypid = t.oid, false),\n\
         \x20   'type', format_type(t.oid, NULL), 'hidden', t.hidden) ORDER BY d.place), '[]')\n\
         \x20 FROM {types} LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = d.value ->> 'name'\n\
         \x20   AND a.attnum > 0 AND NOT a.attisdropped),\n\
         'names', (SELECT coalesce(jsonb_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a\n\
         \x20 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)) END\n\
         {expected}{RELATION}",
        types = types("e.columns"),
        expected = expected(expectations)
    ))
}

pub(crate) fn indexes(expectations: &serde_json::Value) -> String {
    asked(&format!(
        "SELECT e.number AS atlas_check, jsonb_build_object('table', c.oid IS NOT NULL, 'object',\n\
         (SELECT jsonb_build_object('valid', i.indisvalid, 'unique', i.indisunique, 'method', m.amname, 'columns',\n\
         \x20   ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true) FROM generate_series(1, i.indnkeyatts) k))\n\
         \x20 FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam\n\
         \x20 WHERE i.indrelid = c.oid AND x.relname = e.name))\n\
         {}{RELATION}",
        expected(expectations)
    ))
}

pub(crate) fn functions(expectations: &serde_json::Value) -> String {
    asked(&format!(
        "SELECT e.number AS atlas_check, jsonb_build_object(\n\
         'types', (SELECT coalesce(jsonb_agg(format_type(t.oid, NULL) ORDER BY d.place), '[]') FROM {types}),\n\
         'hidden', (SELECT coalesce(bool_or(t.hidden), false) FROM {types}),\n\
         'found', (SELECT coalesce(jsonb_agg(oidvectortypes(p.proargtypes) ORDER BY 1), '[]') FROM {FUNCTIONS}))\n\
         {expected}",
        types = types("e.arguments"),
        expected = expected(expectations)
    ))
}

pub(crate) fn constraints(expectations: &serde_json::Value) -> String {
    asked(&format!(
        "SELECT e.number AS atlas_check, jsonb_build_object('table', c.oid IS NOT NULL, 'object',\n\
         (SELECT CASE WHEN NOT coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) THEN 'not enforced'\n\
         \x20 WHEN NOT k.convalidated THEN 'not validated' ELSE 'validated' END\n\
         \x20 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.conname = e.name))\n\
         {}{RELATION}",
        expected(expectations)
    ))
}

pub(crate) fn triggers(expectations: &serde_json::Value) -> String {
    asked(&format!(
        "SELECT e.number AS atlas_check, jsonb_build_object('table', c.oid IS NOT NULL, 'object',\n\
         (SELECT CASE g.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on replicas only' ELSE 'enabled' END\n\
         \x20 FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = e.name AND NOT g.tgisinternal))\n\
         {}{RELATION}",
        expected(expectations)
    ))
}

/// For each privilege: whether the role has it on the whole of the object, and whether on a column at least.
pub(crate) fn privileges(expectations: &serde_json::Value) -> String {
    let has = |kind: &str, oid: &str| format!("has_{kind}_privilege(e.name::name, {oid}, p.word)");
    asked(&format!(
        "SELECT e.number AS atlas_check, jsonb_build_object('role', r.found, 'object', o.oid IS NOT NULL, 'granted',\n\
         (SELECT jsonb_object_agg(p.word, CASE e.kind\n\
         \x20   WHEN 'table' THEN jsonb_build_array({table}, CASE WHEN p.word IN ('select', 'insert', 'update', 'references')\n\
         \x20     THEN {column} ELSE {table} END)\n\
         \x20   WHEN 'sequence' THEN jsonb_build_array({sequence}, {sequence})\n\
         \x20   WHEN 'schema' THEN jsonb_build_array({schema}, {schema})\n\
         \x20   WHEN 'function' THEN jsonb_build_array({function}, {function})\n\
         \x20   ELSE jsonb_build_array({database}, {database}) END)\n\
         \x20 FROM jsonb_array_elements_text(e.privileges) p (word) WHERE r.found AND o.oid IS NOT NULL))\n\
         {expected}\
         CROSS JOIN LATERAL (SELECT e.name = 'public' OR EXISTS (SELECT FROM pg_roles WHERE rolname = e.name) AS found) r\n\
         {RELATION}\
         CROSS JOIN LATERAL (SELECT CASE e.kind\n\
         \x20 WHEN 'table' THEN CASE WHEN c.relkind IN ('r', 'p', 'v', 'm', 'f') THEN c.oid END\n\
         \x20 WHEN 'sequence' THEN CASE WHEN c.relkind = 'S' THEN c.oid END\n\
         \x20 WHEN 'schema' THEN (SELECT n.oid FROM pg_namespace n WHERE n.nspname = e.\"table\")\n\
         \x20 WHEN 'function' THEN (SELECT p.oid FROM {FUNCTIONS}\n\
         \x20   AND oidvectortypes(p.proargtypes) = (SELECT coalesce(string_agg(format_type(t.oid, NULL), ', ' ORDER BY d.place), '')\n\
         \x20   FROM {types}))\n\
         \x20 ELSE (SELECT b.oid FROM pg_database b WHERE b.datname = current_database()) END AS oid) o",
        table = has("table", "o.oid"),
        column = has("any_column", "o.oid"),
        sequence = has("sequence", "o.oid"),
        schema = has("schema", "o.oid"),
        function = has("function", "o.oid"),
        database = has("database", "o.oid"),
        types = types("e.arguments"),
        expected = expected(expectations)
    ))
}

/// Whether the rows of each table can be counted.
pub(crate) fn countable(expectations: &serde_json::Value) -> String {
    asked(&format!(
        "SELECT e.number AS atlas_check, CASE WHEN c.oid IS NOT NULL THEN jsonb_build_object(\n\
         'schema', c.nspname, 'name', c.relname, 'kind', c.relkind, 'readable', c.relkind IN ('r', 'p', 'v', 'm', 'f')\n\
         \x20 AND c.usable AND has_table_privilege(c.oid, 'SELECT'), 'secured', row_security_active(c.oid)) END\n\
         {}{RELATION}",
        expected(expectations)
    ))
}

/// Counts the rows of a table, up to a limit.
pub(crate) fn count(schema: &str, table: &str, limit: u64) -> String {
    format!(
        "SELECT pg_catalog.count(*) AS atlas_rows FROM (SELECT FROM {}.{} LIMIT {limit}) r;\n",
        ident(schema),
        ident(table)
    )
}

/// What stands before a query of the program's own, and behind it: its number of rows, and of the first ones each cell's column,
/// value and JSON type. It goes by the session's path, so that all of ours in it is qualified.
pub(crate) fn around_query(samples: usize) -> (&'static str, String) {
    let behind = format!(
        "\n) SELECT (SELECT pg_catalog.count(*) FROM atlas_found) AS atlas_rows,\n\
         coalesce((SELECT pg_catalog.json_agg(pg_catalog.json_build_array(j.key, j.value OPERATOR(pg_catalog.#>>) '{{}}',\n\
         pg_catalog.json_typeof(j.value))) FROM pg_catalog.json_each(pg_catalog.row_to_json(atlas_found)) j), '[]')\n\
         FROM atlas_found LIMIT {samples};\n"
    );
    ("WITH atlas_found AS MATERIALIZED (\n", behind)
}
