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
