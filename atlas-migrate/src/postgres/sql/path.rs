//! Where names are looked up, and by which settings a text is read.
//!
//! A role that may create functions in a schema of the search path decides what `count(x)` or `a = b` means to whoever has that
//! path. So the library's own statements run under a path that has the server's catalog alone, and the text of users under the
//! session's.

use super::{Sql, dollar_quoted, literal};

/// Until the end of the transaction, or of a message without one, names are looked up in the catalog. Temporary tables come
/// behind it: not named, they would come first.
pub const OWN_PATH: &str = "SET LOCAL search_path = pg_catalog, pg_temp;\n";

/// The same, in a block. What stands before it in the block is qualified.
pub(crate) const TAKE_OWN_PATH: &str =
    "\x20 PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);\n";

/// A variable of a block that has the path as it is.
pub(crate) const PATH_AS_IT_IS: &str =
    "\x20 atlas_path pg_catalog.text := pg_catalog.current_setting('search_path');\n";

/// Puts the path back as it was, in the block that has [`PATH_AS_IT_IS`].
pub(crate) const PUT_PATH_BACK: &str = "\x20 PERFORM pg_catalog.set_config('search_path', atlas_path, true);\n";

/// Queries, each with a cursor's name. Their own names are looked up by our path, since a cursor's query is read when it is
/// opened; what they ask about names (`to_regclass`, `pg_table_is_visible`, `format_type`), by the session's, since that is
/// asked when the cursor is fetched. Whatever path there was is there again behind it.
pub(crate) fn answered(queries: &[(&str, &str)]) -> String {
    let declare = |(name, _): &(&str, &str)| format!("\x20 {name} pg_catalog.refcursor := '{name}';\n");
    let open = |(name, query): &(&str, &str)| format!("\x20 OPEN {name} FOR {query};\n");
    let fetch = |(name, _): &(&str, &str)| format!("FETCH ALL FROM {name};\nCLOSE {name};\n");
    let body = format!(
        "DECLARE\n{PATH_AS_IT_IS}{}BEGIN\n{TAKE_OWN_PATH}{}{PUT_PATH_BACK}END",
        queries.iter().map(declare).collect::<String>(),
        queries.iter().map(open).collect::<String>(),
    );
    format!("DO {};\n{}", dollar_quoted(&body), queries.iter().map(fetch).collect::<String>())
}

/// A message in which names are looked up by our path, and behind which the path is as it was, in a transaction of the caller's
/// too.
#[cfg(feature = "testing")]
pub(crate) fn enclosed(message: &str) -> String {
    let take = format!(
        "DECLARE\n{PATH_AS_IT_IS}\x20 atlas_way pg_catalog.refcursor := 'atlas_way';\n\
         BEGIN\n{TAKE_OWN_PATH}\x20 OPEN atlas_way FOR SELECT atlas_path;\nEND"
    );
    let put_back = format!(
        "DECLARE\n\x20 atlas_path text;\n\x20 atlas_way refcursor := 'atlas_way';\n\
         BEGIN\n\x20 FETCH atlas_way INTO atlas_path;\n\x20 CLOSE atlas_way;\n{PUT_PATH_BACK}END"
    );
    format!("DO {};\n{message}DO {};\n", dollar_quoted(&take), dollar_quoted(&put_back))
}

/// What decides what the same text means or gives, with the values that hold for every migration, seed, check and benchmark.
const RULES: [(&str, &str); 8] = [
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("standard_conforming_strings", "on"),
    ("transform_null_equals", "off"),
    ("xmloption", "content"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "1"),
];

/// Of these rules it is told if the connection itself asks for another value: of the others nobody thinks.
const TOLD: &str = "'TimeZone', 'DateStyle', 'IntervalStyle', 'standard_conforming_strings'";

/// Lets the rules hold until the end of the transaction.
pub(crate) fn rules() -> String {
    RULES.iter().map(|(name, value)| format!("SET LOCAL {name} = '{value}';\n")).collect()
}

/// Lets them hold, in a block: until the end of the transaction if `local`. Does nothing where they hold already.
pub(crate) fn perform_rules(local: bool) -> String {
    let perform = |(name, value): &(&str, &str)| {
        format!(
            "\x20 IF current_setting('{name}') <> '{value}' THEN\n\
             \x20   PERFORM set_config('{name}', '{value}', {local});\n\
             \x20 END IF;\n"
        )
    };
    RULES.iter().map(perform).collect()
}

/// Finds out, in a block, which rules the connection itself asks to be otherwise: in its options, in the client's environment
/// or by a statement. And whether one of all rules does not hold in the session. A time zone of the same time is the same.
pub(crate) fn compare_rules() -> String {
    let rules: Vec<_> = RULES.iter().map(|(name, value)| format!("('{name}', '{value}')")).collect();
    format!(
        "    SELECT string_agg(concat(s.name, ' = ', s.setting), ', ' ORDER BY s.name COLLATE \"C\") FILTER (WHERE s.name IN ({TOLD})\n\
         \x20       AND (s.source = 'client' OR s.source = 'session' AND s.setting <> s.reset_val)), count(*) > 0\n\
         \x20     INTO atlas_asked, atlas_broken FROM pg_settings s JOIN (VALUES {}) r (name, value) ON r.name = s.name\n\
         \x20     WHERE s.setting <> r.value AND s.setting NOT IN ('Etc/UTC', 'GMT', 'Etc/GMT')\n\
         \x20     AND (s.name <> 'extra_float_digits' OR s.setting NOT IN ('2', '3'));\n",
        rules.join(", ")
    )
}

impl Sql {
    /// Statements that change the catalog, in a block: the event triggers of users go by the session's own path, where that is
    /// known. So all that they name is qualified.
    pub(crate) fn as_session(&self, statements: &str) -> String {
        match self.path.as_str() {
            "" => statements.to_owned(),
            path => {
                format!("\x20 PERFORM set_config('search_path', {}, true);\n{statements}{TAKE_OWN_PATH}", literal(path))
            }
        }
    }

    /// Puts the session's own path in effect, until the end of the transaction.
    pub(crate) fn session_path(&self) -> String {
        format!("SELECT pg_catalog.set_config('search_path', {}, true);\n", literal(&self.path))
    }
}
