//! Which tables are this library's, the server's or an extension's.

#[cfg(any(feature = "clean", feature = "roles"))]
use super::literal;
#[cfg(feature = "clean")]
use super::trust::{Owner, distrust};

/// Tables of this library, whatever they are called, by columns that no other has.
#[cfg(any(feature = "clean", feature = "roles"))]
const OURS: [(&str, &str, &[&str]); 3] = [
    ("history", "", &["namespace", "version", "fingerprint", "checksum", "runner"]),
    ("seeds", "schema_seeds", &["namespace", "name", "environment", "seeded_at", "checksum"]),
    ("environment", "schema_environment", &["environment", "marked_at", "marked_by"]),
];

/// What of this library the table `c` is.
#[cfg(any(feature = "clean", feature = "roles"))]
pub(crate) fn ours() -> String {
    let case = |(kind, name, columns): &(&str, &str, &[&str])| {
        let named = if name.is_empty() { String::new() } else { format!("c.relname = {} AND ", literal(name)) };
        let list: Vec<_> = columns.iter().map(|column| literal(column)).collect();
        format!(
            "WHEN {named}(SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped \
             AND a.attname IN ({})) = {} THEN {} ",
            list.join(", "),
            columns.len(),
            literal(kind)
        )
    };
    format!("CASE {}END", OURS.iter().map(case).collect::<String>())
}

/// Not the server's own.
#[cfg(any(feature = "clean", feature = "roles"))]
pub(crate) const SPACE: &str = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/// Whether an extension has made it.
pub(crate) fn member(class: &str, object: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_depend d WHERE d.classid = '{class}'::regclass AND d.objid = {object} AND d.deptype = 'e')"
    )
}

/// The schema `n` is a topology of PostGIS, whose functions need rows in it: it is theirs.
#[cfg(feature = "clean")]
pub(crate) const TOPOLOGY: &str = "EXISTS (SELECT FROM pg_extension x WHERE x.extname = 'postgis_topology') \
    AND EXISTS (SELECT FROM pg_class e JOIN pg_attribute a ON a.attrelid = e.oid \
    WHERE e.relnamespace = n.oid AND e.relname = 'edge_data' AND a.attname = 'abs_next_left_edge')";

/// The columns that a sequence numbers, as `relation` and `number`: it belongs to them, or their default takes its numbers.
#[cfg(any(feature = "clean", feature = "verify"))]
pub(crate) fn numbered_by(sequence: &str) -> String {
    format!(
        "(SELECT d.refobjid AS relation, d.refobjsubid AS number FROM pg_depend d\n\
         \x20     WHERE d.classid = 'pg_class'::regclass AND d.objid = {sequence} AND d.refclassid = 'pg_class'::regclass\n\
         \x20     AND d.deptype IN ('a', 'i') UNION ALL SELECT f.adrelid, f.adnum FROM pg_depend d JOIN pg_attrdef f ON f.oid = d.objid\n\
         \x20     WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = {sequence})"
    )
}

/// Whether an object in the schema `n` is an extension's: it has made it, or the schema, which it keeps its own objects in.
#[cfg(any(feature = "clean", feature = "verify"))]
pub(crate) fn of_extension(class: &str, object: &str) -> String {
    format!("({} OR {})", member(class, object), member("pg_namespace", "n.oid"))
}

/// Why the role does not see what is in a table, given by its object id and that of its schema; null if it does.
#[cfg(any(feature = "clean", feature = "seeds"))]
pub(crate) fn hidden(table: &str, schema: &str) -> String {
    format!(
        "CASE WHEN NOT has_schema_privilege({schema}, 'USAGE') OR NOT has_table_privilege({table}, 'SELECT') THEN 'privilege' \
         WHEN row_security_active({table}) THEN 'row security' END"
    )
}

/// Why the table `c`, if it is one of ours, is not used.
#[cfg(feature = "clean")]
pub(crate) fn distrusted() -> String {
    format!("CASE WHEN {} IS NOT NULL THEN {} END", ours(), distrust("c.oid", Owner::Matters))
}

/// Appends to `atlas_marks` what each table `schema_environment` says that this is an environment of, or why that is not known:
/// with the role's rights, row-level security, several rows, or a table that somebody else may have made. It has the variables
/// `atlas_mark` and `atlas_environment`.
#[cfg(feature = "clean")]
pub(crate) fn marks() -> String {
    format!(
        "\x20 FOR atlas_mark IN SELECT format('%I.%I', n.nspname, c.relname) AS quoted,\n\
         \x20   CASE WHEN {distrust} IS NOT NULL THEN 'distrust' ELSE {hidden} END AS hidden\n\
         \x20   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n\
         \x20   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {SPACE} AND c.relname = 'schema_environment'\n\
         \x20   AND {ours} = 'environment' LOOP\n\
         \x20   atlas_environment := NULL;\n\
         \x20   IF atlas_mark.hidden IS NULL THEN\n\
         \x20     EXECUTE format('SELECT min(environment), CASE WHEN count(*) > 1 THEN ''rows'' END FROM %s', atlas_mark.quoted)\n\
         \x20       INTO atlas_environment, atlas_mark.hidden;\n\
         \x20   END IF;\n\
         \x20   atlas_marks := atlas_marks || jsonb_build_object('table', atlas_mark.quoted,\n\
         \x20     'environment', atlas_environment, 'hidden', atlas_mark.hidden);\n\
         \x20 END LOOP;\n",
        distrust = distrust("c.oid", Owner::Matters),
        hidden = hidden("c.oid", "n.oid"),
        ours = ours()
    )
}

#[cfg(feature = "verify")]
/// The schemas that are the database's own, as `n`.
pub(crate) const OWN_SCHEMA: &str = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
