//! Which tables are this library's, the server's or an extension's.

use super::literal;

/// Tables of this library, whatever they are called, by columns that no other has.
const OURS: [(&str, &str, &[&str]); 3] = [
    ("history", "", &["namespace", "version", "fingerprint", "checksum", "runner"]),
    ("seeds", "schema_seeds", &["namespace", "name", "environment", "seeded_at", "checksum"]),
    ("environment", "schema_environment", &["environment", "marked_at", "marked_by"]),
];

/// What of this library the table `c` is.
pub(super) fn ours() -> String {
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
pub(super) const SPACE: &str = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/// Whether an extension has made it.
pub(super) fn member(class: &str, object: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_depend d WHERE d.classid = '{class}'::regclass AND d.objid = {object} AND d.deptype = 'e')"
    )
}

/// Appends to `atlas_marks` what each table `schema_environment` says that this is an environment of; with the variables
/// `atlas_mark` and `atlas_environment`.
#[cfg(feature = "clean")]
pub(super) fn marks() -> String {
    format!(
        "\x20 FOR atlas_mark IN SELECT format('%I.%I', n.nspname, c.relname) AS quoted,\n\
         \x20   has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable\n\
         \x20   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n\
         \x20   WHERE c.relkind = 'r' AND {SPACE} AND c.relname = 'schema_environment' AND {ours} = 'environment' LOOP\n\
         \x20   atlas_environment := NULL;\n\
         \x20   IF atlas_mark.readable THEN\n\
         \x20     EXECUTE format('SELECT environment FROM %s', atlas_mark.quoted) INTO atlas_environment;\n\
         \x20   END IF;\n\
         \x20   atlas_marks := atlas_marks || jsonb_build_object('table', atlas_mark.quoted,\n\
         \x20     'environment', atlas_environment, 'readable', atlas_mark.readable);\n\
         \x20 END LOOP;\n",
        ours = ours()
    )
}
