//! Which tables are this library's, the server's or an extension's.

#[cfg(any(feature = "clean", feature = "roles"))]
use super::literal;
#[cfg(feature = "clean")]
use super::trust::{Owner, find_distrust};

/// Tables of this library, whatever they are called, by columns that no other has; the first of them is the rarest.
#[cfg(any(feature = "clean", feature = "roles"))]
const OURS: [(&str, &str, &[&str]); 3] = [
    ("history", "", &["fingerprint", "namespace", "version", "checksum", "runner"]),
    ("seeds", "schema_seeds", &["namespace", "name", "environment", "seeded_at", "checksum"]),
    ("environment", "schema_environment", &["environment", "marked_at", "marked_by"]),
];

/// What of this library the table `c` is.
#[cfg(any(feature = "clean", feature = "roles"))]
pub(crate) fn ours() -> String {
    let case = |(kind, name, columns): &(&str, &str, &[&str])| {
        // Most tables are none of ours, and this tells it by one look.
        let named = match *name {
            "" => format!(
                "EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = {})",
                literal(columns[0])
            ),
            name => format!("c.relname = {}", literal(name)),
        };
        let list: Vec<_> = columns.iter().map(|column| literal(column)).collect();
        format!(
            "WHEN {named} AND (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped \
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
#[cfg(feature = "verify")]
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

/// Puts into `atlas_ours` which tables are ours, by their object ids: what each of them is, and why it is not used, if it is not.
/// Appends to `atlas_marks` what each of them that is called `schema_environment` says that this is an environment of, or why that is
/// not known: with the role's rights, row-level security, several rows, or a table that somebody else may have made. It has the
/// variables `atlas_own`, `atlas_environment` and `atlas_why`.
///
/// In a loop, since few tables are ours: what is asked about each of them is planned only if there is one.
#[cfg(feature = "clean")]
pub(crate) fn marks() -> String {
    format!(
        "\x20 FOR atlas_own IN SELECT o.oid, o.ours, format('%I.%I', o.nspname, o.relname) AS quoted,\n\
         \x20   CASE WHEN o.ours = 'environment' THEN {hidden} END AS hidden FROM (SELECT c.oid, c.relname, c.relnamespace, n.nspname,\n\
         \x20     {ours} AS ours FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n\
         \x20     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {SPACE} OFFSET 0) o WHERE o.ours IS NOT NULL LOOP\n\
         \x20   atlas_environment := NULL;\n\
         \x20   atlas_why := NULL;\n\
         {distrust}\
         \x20   atlas_ours := atlas_ours || jsonb_build_object(atlas_own.oid, ARRAY[atlas_own.ours, atlas_why]);\n\
         \x20   CONTINUE WHEN atlas_own.ours <> 'environment';\n\
         \x20   IF atlas_why IS NOT NULL THEN\n\
         \x20     atlas_own.hidden := 'distrust';\n\
         \x20   ELSIF atlas_own.hidden IS NULL THEN\n\
         \x20     EXECUTE format('SELECT min(environment), CASE WHEN count(*) > 1 THEN ''rows'' END FROM %s', atlas_own.quoted)\n\
         \x20       INTO atlas_environment, atlas_own.hidden;\n\
         \x20   END IF;\n\
         \x20   atlas_marks := atlas_marks || jsonb_build_object('table', atlas_own.quoted,\n\
         \x20     'environment', atlas_environment, 'hidden', atlas_own.hidden);\n\
         \x20 END LOOP;\n",
        distrust = find_distrust("atlas_why", "atlas_own.oid", Owner::Matters),
        hidden = hidden("o.oid", "o.relnamespace"),
        ours = ours()
    )
}

#[cfg(feature = "verify")]
/// The schemas that are the database's own, as `n`.
pub(crate) const OWN_SCHEMA: &str = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
