//! Which tables a statement names, and how it locks them, as far as its text tells.

use super::resume::Words;
use crate::token::{Kind, Lexer, Token};

/// A table or index that a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its schema, if the statement says it.
    pub schema: Option<String>,
    /// Its name, as the catalog has it.
    pub name: String,
    /// The lock, as `LOCK TABLE` calls it; none if the text does not tell, as that of a `DO` does not.
    pub mode: Option<&'static str>,
}

const ACCESS_SHARE: &str = "ACCESS SHARE";
const ROW_SHARE: &str = "ROW SHARE";
const ROW_EXCLUSIVE: &str = "ROW EXCLUSIVE";
const SHARE_UPDATE_EXCLUSIVE: &str = "SHARE UPDATE EXCLUSIVE";
const SHARE: &str = "SHARE";
const SHARE_ROW_EXCLUSIVE: &str = "SHARE ROW EXCLUSIVE";
const EXCLUSIVE: &str = "EXCLUSIVE";
const ACCESS_EXCLUSIVE: &str = "ACCESS EXCLUSIVE";

/// How deep strings are looked into.
const DEEPEST: usize = 3;

/// From the longest on, so that none is found within another.
const MODES: [&str; 8] = [
    SHARE_UPDATE_EXCLUSIVE,
    SHARE_ROW_EXCLUSIVE,
    ACCESS_EXCLUSIVE,
    ROW_EXCLUSIVE,
    ACCESS_SHARE,
    ROW_SHARE,
    EXCLUSIVE,
    SHARE,
];

/// All names in a statement that may be tables, each with the lock that it would have. What the statement is about comes first.
pub fn locks(sql: &str) -> Vec<Named> {
    let tokens = significant(sql);
    let mut words = Words { sql, tokens: &tokens };
    if words.take(&["DO"]) || words.take(&["CALL"]) {
        return within(sql, 0);
    }
    let mode = mode(&mut Words { sql, tokens: &tokens }, &tokens);
    let (about, mode) = mode.unwrap_or((Vec::new(), ACCESS_SHARE));
    let about = about.into_iter().map(|name| named(name, Some(mode)));
    about.chain(names(sql, &tokens).map(|name| named(name, Some(ACCESS_SHARE)))).collect()
}

/// The names in a block, and in its strings, which may be SQL as well.
fn within(sql: &str, depth: usize) -> Vec<Named> {
    let tokens = significant(sql);
    let names = names(sql, &tokens).map(|name| named(name, None));
    let strings = tokens.iter().filter_map(|token| body(token.text)).filter(|_| depth < DEEPEST);
    names.chain(strings.flat_map(|body| within(body, depth + 1))).collect()
}

fn significant(sql: &str) -> Vec<Token<'_>> {
    Lexer::new(sql).filter(|token| !token.is_trivia()).collect()
}

/// The text of a string, whatever its quotes.
fn body(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('$') {
        let tag = &text[..rest.find('$')? + 2];
        return text.strip_prefix(tag)?.strip_suffix(tag);
    }
    text.strip_prefix('\'')?.strip_suffix('\'')
}

/// The names in it, with dots.
fn names<'s>(sql: &'s str, tokens: &[Token<'s>]) -> impl Iterator<Item = &'s str> {
    let mut words = Words { sql, tokens };
    std::iter::from_fn(move || {
        while let Some(token) = words.tokens.first() {
            if is_name(token) {
                return words.name();
            }
            words.tokens = &words.tokens[1..];
        }
        None
    })
    .collect::<Vec<_>>()
    .into_iter()
}

fn is_name(token: &Token<'_>) -> bool {
    token.kind == Kind::Word || token.text.starts_with('"')
}

fn named(name: &str, mode: Option<&'static str>) -> Named {
    let mut parts: Vec<_> =
        significant(name).iter().filter(|token| token.text != ".").map(|token| meant(token.text)).collect();
    let name = parts.pop().unwrap_or_default();
    Named { schema: parts.pop(), name, mode }
}

/// A name as the catalog has it.
pub(super) fn meant(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.to_ascii_lowercase(),
    }
}

/// What the statement is about, and how it locks that; none if it only reads.
fn mode<'s>(words: &mut Words<'s, '_>, tokens: &[Token<'s>]) -> Option<(Vec<&'s str>, &'static str)> {
    let first = tokens.first()?;
    let on = |words: &mut Words<'s, '_>, mode| one(behind(words, "ON")?, mode);
    match first.text.to_ascii_uppercase().as_str() {
        "ALTER" => alter(words),
        "CREATE" => create(words),
        "DROP" => {
            words.take(&["DROP"]);
            if ["TRIGGER", "RULE", "POLICY"].iter().any(|what| words.take(&[what])) {
                return on(words, ACCESS_EXCLUSIVE);
            }
            if words.take(&["INDEX", "CONCURRENTLY"]) {
                return list(words, SHARE_UPDATE_EXCLUSIVE);
            }
            words.take(&["MATERIALIZED"]);
            words.take(&["FOREIGN"]);
            let kinds = ["TABLE", "VIEW", "INDEX", "SEQUENCE"];
            kinds.iter().any(|kind| words.take(&[kind])).then(|| list(words, ACCESS_EXCLUSIVE))?
        }
        "TRUNCATE" => {
            words.take(&["TRUNCATE"]);
            words.take(&["TABLE"]);
            list(words, ACCESS_EXCLUSIVE)
        }
        "LOCK" => {
            words.take(&["LOCK"]);
            words.take(&["TABLE"]);
            let text = tokens.iter().map(|token| token.text.to_ascii_uppercase()).collect::<Vec<_>>().join(" ");
            let said = MODES.into_iter().find(|mode| text.contains(&format!("IN {mode} MODE")));
            list(words, said.unwrap_or(ACCESS_EXCLUSIVE))
        }
        "REFRESH" => {
            words.take(&["REFRESH", "MATERIALIZED", "VIEW"]);
            let mode = if words.take(&["CONCURRENTLY"]) { EXCLUSIVE } else { ACCESS_EXCLUSIVE };
            one(words, mode)
        }
        "CLUSTER" => one(behind(words, "CLUSTER")?, ACCESS_EXCLUSIVE),
        "REINDEX" => {
            let is_index = tokens.iter().any(|token| token.is("INDEX"));
            one(behind(words, if is_index { "INDEX" } else { "TABLE" })?, SHARE)
        }
        "ANALYZE" | "ANALYSE" => {
            words.tokens = &words.tokens[1..];
            words.take(&["VERBOSE"]);
            list(words, SHARE_UPDATE_EXCLUSIVE)
        }
        "COMMENT" => comment(words),
        "INSERT" | "MERGE" => one(behind(words, "INTO")?, ROW_EXCLUSIVE),
        "COPY" => {
            words.take(&["COPY"]);
            let name = words.name()?;
            tokens.iter().any(|token| token.is("FROM")).then(|| (vec![name], ROW_EXCLUSIVE))
        }
        "UPDATE" => one(behind(words, "UPDATE")?, ROW_EXCLUSIVE),
        "DELETE" => one(behind(words, "FROM")?, ROW_EXCLUSIVE),
        "SELECT" | "WITH" if tokens.iter().any(|token| token.is("FOR")) => one(behind(words, "FROM")?, ROW_SHARE),
        _ => None,
    }
}

/// Goes on behind the first of these words.
fn behind<'w, 's, 't>(words: &'w mut Words<'s, 't>, word: &str) -> Option<&'w mut Words<'s, 't>> {
    let index = words.tokens.iter().position(|token| token.is(word))?;
    words.tokens = &words.tokens[index + 1..];
    Some(words)
}

fn one<'s>(words: &mut Words<'s, '_>, mode: &'static str) -> Option<(Vec<&'s str>, &'static str)> {
    for word in ["CONCURRENTLY", "VERBOSE", "ONLY"] {
        words.take(&[word]);
    }
    words.take(&["IF", "EXISTS"]);
    words.take(&["ONLY"]);
    Some((vec![words.name()?], mode))
}

/// Names with commas between them.
fn list<'s>(words: &mut Words<'s, '_>, mode: &'static str) -> Option<(Vec<&'s str>, &'static str)> {
    words.take(&["IF", "EXISTS"]);
    let mut names = Vec::new();
    loop {
        words.take(&["ONLY"]);
        names.push(words.name()?);
        words.take(&["*"]);
        if !words.take(&[","]) {
            return Some((names, mode));
        }
    }
}

fn create<'s>(words: &mut Words<'s, '_>) -> Option<(Vec<&'s str>, &'static str)> {
    words.take(&["CREATE"]);
    words.take(&["OR", "REPLACE"]);
    if words.take(&["UNIQUE", "INDEX"]) || words.take(&["INDEX"]) {
        let mode = if words.take(&["CONCURRENTLY"]) { SHARE_UPDATE_EXCLUSIVE } else { SHARE };
        return one(behind(words, "ON")?, mode);
    }
    if words.take(&["TRIGGER"]) || words.take(&["CONSTRAINT", "TRIGGER"]) {
        return one(behind(words, "ON")?, SHARE_ROW_EXCLUSIVE);
    }
    if words.take(&["RULE"]) {
        return one(behind(words, "TO")?, ACCESS_EXCLUSIVE);
    }
    if words.take(&["POLICY"]) {
        return one(behind(words, "ON")?, ACCESS_EXCLUSIVE);
    }
    if words.take(&["STATISTICS"]) {
        return one(behind(words, "FROM")?, SHARE_UPDATE_EXCLUSIVE);
    }
    if words.take(&["VIEW"]) || words.take(&["RECURSIVE", "VIEW"]) {
        return one(words, ACCESS_EXCLUSIVE);
    }
    // What a new table refers to, or is a partition or child of.
    let referred = behind(words, "REFERENCES");
    one(referred?, SHARE_ROW_EXCLUSIVE)
}

fn comment<'s>(words: &mut Words<'s, '_>) -> Option<(Vec<&'s str>, &'static str)> {
    words.take(&["COMMENT", "ON"]);
    if words.take(&["COLUMN"]) {
        let column = words.name()?;
        let table = &column[..column.rfind('.')?];
        return Some((vec![table], SHARE_UPDATE_EXCLUSIVE));
    }
    if ["CONSTRAINT", "TRIGGER", "RULE", "POLICY"].iter().any(|what| words.take(&[what])) {
        return one(behind(words, "ON")?, SHARE_UPDATE_EXCLUSIVE);
    }
    words.take(&["MATERIALIZED"]);
    let kinds = ["TABLE", "VIEW", "INDEX", "SEQUENCE"];
    kinds.iter().any(|kind| words.take(&[kind])).then(|| one(words, SHARE_UPDATE_EXCLUSIVE))?
}

fn alter<'s>(words: &mut Words<'s, '_>) -> Option<(Vec<&'s str>, &'static str)> {
    words.take(&["ALTER"]);
    if ["TRIGGER", "POLICY", "RULE"].iter().any(|what| words.take(&[what])) {
        return one(behind(words, "ON")?, ACCESS_EXCLUSIVE);
    }
    if words.take(&["SEQUENCE"]) {
        return one(words, SHARE_ROW_EXCLUSIVE);
    }
    words.take(&["MATERIALIZED"]);
    words.take(&["FOREIGN"]);
    if !["TABLE", "VIEW", "INDEX"].iter().any(|kind| words.take(&[kind])) {
        return None;
    }
    let (mut names, _) = one(words, ACCESS_EXCLUSIVE)?;
    words.take(&["*"]);
    let actions: Vec<_> = actions(words.tokens).map(action).collect();
    let strength =
        |mode: &&str| [SHARE_UPDATE_EXCLUSIVE, SHARE_ROW_EXCLUSIVE, ACCESS_EXCLUSIVE].iter().position(|m| m == mode);
    let mode = actions.into_iter().max_by_key(strength).unwrap_or(ACCESS_EXCLUSIVE);
    if mode == SHARE_ROW_EXCLUSIVE
        && let Some(references) = behind(words, "REFERENCES")
    {
        names.extend(references.name());
    }
    Some((names, mode))
}

/// What an `ALTER TABLE` does, one after the other.
fn actions<'t, 's>(tokens: &'t [Token<'s>]) -> impl Iterator<Item = &'t [Token<'s>]> {
    let mut depth = 0_usize;
    tokens.split(move |token| {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && token.text == ","
    })
}

fn action(tokens: &[Token<'_>]) -> &'static str {
    let words: Vec<_> = tokens.iter().take(6).map(|token| token.text.to_ascii_uppercase()).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let is_last = |word| tokens.last().is_some_and(|token| token.is(word));
    match words.as_slice() {
        ["VALIDATE", ..] | ["ATTACH", ..] | ["CLUSTER", ..] | ["SET", "WITHOUT", "CLUSTER", ..] => {
            SHARE_UPDATE_EXCLUSIVE
        }
        ["DETACH", ..] if is_last("CONCURRENTLY") || is_last("FINALIZE") => SHARE_UPDATE_EXCLUSIVE,
        ["SET" | "RESET", "(", ..] => SHARE_UPDATE_EXCLUSIVE,
        ["ALTER", "COLUMN", _, "SET", "STATISTICS" | "(", ..] | ["ALTER", _, "SET", "STATISTICS" | "(", ..] => {
            SHARE_UPDATE_EXCLUSIVE
        }
        ["ALTER", "COLUMN", _, "RESET", ..] | ["ALTER", _, "RESET", ..] => SHARE_UPDATE_EXCLUSIVE,
        ["ADD", "FOREIGN", ..] | ["ADD", "CONSTRAINT", _, "FOREIGN", ..] => SHARE_ROW_EXCLUSIVE,
        ["ENABLE" | "DISABLE", "TRIGGER", ..] | ["ENABLE", "ALWAYS" | "REPLICA", "TRIGGER", ..] => SHARE_ROW_EXCLUSIVE,
        _ => ACCESS_EXCLUSIVE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it is about, before what it merely names.
    #[track_caller]
    fn check(sql: &str, expected: &[(&str, &str)]) {
        let found: Vec<_> = locks(sql)
            .into_iter()
            .filter(|named| named.mode != Some(ACCESS_SHARE))
            .map(|Named { schema, name, mode }| {
                (schema.into_iter().chain([name]).collect::<Vec<_>>().join("."), mode.unwrap_or("?"))
            })
            .collect();
        let found: Vec<_> = found.iter().map(|(name, mode)| (name.as_str(), *mode)).collect();
        assert_eq!(found, expected, "{sql}");
    }

    #[test]
    fn of_changed_tables() {
        check("ALTER TABLE t ADD c int", &[("t", ACCESS_EXCLUSIVE)]);
        check("alter table if exists only s.\"T\" drop c", &[("s.T", ACCESS_EXCLUSIVE)]);
        check("ALTER TABLE t VALIDATE CONSTRAINT c", &[("t", SHARE_UPDATE_EXCLUSIVE)]);
        check("ALTER TABLE t ALTER c SET STATISTICS 9, SET (fillfactor = 9)", &[("t", SHARE_UPDATE_EXCLUSIVE)]);
        check("ALTER TABLE t VALIDATE CONSTRAINT c, DROP d", &[("t", ACCESS_EXCLUSIVE)]);
        check(
            "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a, b) REFERENCES s.u (a, b)",
            &[("t", SHARE_ROW_EXCLUSIVE), ("s.u", SHARE_ROW_EXCLUSIVE)],
        );
        check("ALTER TABLE t DISABLE TRIGGER ALL", &[("t", SHARE_ROW_EXCLUSIVE)]);
        check("ALTER MATERIALIZED VIEW v RENAME TO w", &[("v", ACCESS_EXCLUSIVE)]);
        check("ALTER SEQUENCE s RESTART", &[("s", SHARE_ROW_EXCLUSIVE)]);
        check("ALTER TYPE e ADD VALUE 'a'", &[]);
    }

    #[test]
    fn of_what_is_made_and_dropped() {
        check("CREATE UNIQUE INDEX i ON ONLY s.t (a)", &[("s.t", SHARE)]);
        check("CREATE INDEX CONCURRENTLY ON t (a)", &[("t", SHARE_UPDATE_EXCLUSIVE)]);
        check("CREATE TRIGGER a BEFORE INSERT ON t EXECUTE FUNCTION f()", &[("t", SHARE_ROW_EXCLUSIVE)]);
        check("CREATE POLICY p ON t", &[("t", ACCESS_EXCLUSIVE)]);
        check("CREATE OR REPLACE VIEW v AS SELECT 1", &[("v", ACCESS_EXCLUSIVE)]);
        check("CREATE TABLE a (b int REFERENCES t)", &[("t", SHARE_ROW_EXCLUSIVE)]);
        check("DROP TABLE IF EXISTS a, s.b CASCADE", &[("a", ACCESS_EXCLUSIVE), ("s.b", ACCESS_EXCLUSIVE)]);
        check("DROP TRIGGER a ON t", &[("t", ACCESS_EXCLUSIVE)]);
        check("DROP INDEX CONCURRENTLY i", &[("i", SHARE_UPDATE_EXCLUSIVE)]);
        check("DROP FUNCTION f", &[]);
    }

    #[test]
    fn of_rows_and_the_rest() {
        check("TRUNCATE ONLY a, b", &[("a", ACCESS_EXCLUSIVE), ("b", ACCESS_EXCLUSIVE)]);
        check("LOCK TABLE t IN SHARE ROW EXCLUSIVE MODE NOWAIT", &[("t", SHARE_ROW_EXCLUSIVE)]);
        check("LOCK t", &[("t", ACCESS_EXCLUSIVE)]);
        check("REFRESH MATERIALIZED VIEW CONCURRENTLY v", &[("v", EXCLUSIVE)]);
        check("CLUSTER VERBOSE t USING i", &[("t", ACCESS_EXCLUSIVE)]);
        check("REINDEX INDEX i", &[("i", SHARE)]);
        check("ANALYZE VERBOSE t", &[("t", SHARE_UPDATE_EXCLUSIVE)]);
        check("COMMENT ON COLUMN s.t.c IS ''", &[("s.t", SHARE_UPDATE_EXCLUSIVE)]);
        check("INSERT INTO t VALUES (1)", &[("t", ROW_EXCLUSIVE)]);
        check("UPDATE ONLY t SET a = 1", &[("t", ROW_EXCLUSIVE)]);
        check("DELETE FROM t USING u", &[("t", ROW_EXCLUSIVE)]);
        check("SELECT 1 FROM t FOR UPDATE", &[("t", ROW_SHARE)]);
        check("SELECT 1 FROM t", &[]);
        check("", &[]);
    }

    #[test]
    fn within_blocks() {
        let found = locks("DO $a$ BEGIN EXECUTE 'ALTER TABLE u ADD c int'; ALTER TABLE s.t ADD c int; END $a$");
        assert!(found.contains(&Named { schema: None, name: "u".into(), mode: None }), "{found:?}");
        assert!(found.contains(&Named { schema: Some("s".into()), name: "t".into(), mode: None }), "{found:?}");
        assert!(locks("SELECT a FROM t").contains(&Named { schema: None, name: "t".into(), mode: Some(ACCESS_SHARE) }));
    }
}
