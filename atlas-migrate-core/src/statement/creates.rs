//! Which table a statement creates.

use super::locks::meant;
use super::resume::Words;
use crate::token::Lexer;

/// Whether it is a `CREATE TABLE` of this table, or of one of this name without a schema.
pub fn creates_table(sql: &str, schema: &str, table: &str) -> bool {
    let tokens: Vec<_> = Lexer::new(sql).filter(|token| !token.is_trivia()).collect();
    let mut words = Words { sql, tokens: &tokens };
    if !words.take(&["CREATE", "TABLE"]) && !words.take(&["CREATE", "UNLOGGED", "TABLE"]) {
        return false;
    }
    words.take(&["IF", "NOT", "EXISTS"]);
    let Some(name) = words.name() else { return false };
    let parts: Vec<_> = Lexer::new(name)
        .filter(|token| !token.is_trivia() && token.text != ".")
        .map(|token| meant(token.text))
        .collect();
    match parts.as_slice() {
        [name] => name == table,
        [.., within, name] => within == schema && name == table,
        [] => false,
    }
}

/// Whether it is a `CREATE` of a table, view, sequence, type or routine whose name says no schema, so that the search path decides
/// where it comes to be.
pub fn creates_without_schema(sql: &str) -> bool {
    const SORTS: [&[&str]; 9] = [
        &["TABLE"],
        &["UNLOGGED", "TABLE"],
        &["VIEW"],
        &["MATERIALIZED", "VIEW"],
        &["SEQUENCE"],
        &["TYPE"],
        &["DOMAIN"],
        &["FUNCTION"],
        &["PROCEDURE"],
    ];
    let tokens: Vec<_> = Lexer::new(sql).filter(|token| !token.is_trivia()).collect();
    let mut words = Words { sql, tokens: &tokens };
    if !words.take(&["CREATE"]) {
        return false;
    }
    words.take(&["OR", "REPLACE"]);
    if !SORTS.iter().any(|sort| words.take(sort)) {
        return false;
    }
    words.take(&["IF", "NOT", "EXISTS"]);
    words.name().is_some_and(|name| Lexer::new(name).all(|token| token.text != "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_schema() {
        for (sql, expected) in [
            ("CREATE TABLE t ()", true),
            ("create unlogged table if not exists \"a.b\" ()", true),
            ("CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", true),
            ("CREATE MATERIALIZED VIEW v AS SELECT", true),
            ("CREATE TABLE app . t ()", false),
            ("CREATE TEMP TABLE t ()", false),
            ("CREATE INDEX i ON t (a)", false),
            ("CREATE SCHEMA app", false),
            ("INSERT INTO t VALUES (1)", false),
            ("CREATE", false),
        ] {
            assert_eq!(creates_without_schema(sql), expected, "{sql}");
        }
    }

    #[test]
    fn of_a_table() {
        for (sql, expected) in [
            ("CREATE TABLE done ()", true),
            ("create unlogged table if not exists Done /* ; */ (id int)", true),
            ("CREATE TABLE app.done AS SELECT 1", true),
            ("CREATE TABLE \"app\" . \"done\" ()", true),
            ("CREATE TABLE \"Done\" ()", false),
            ("CREATE TABLE other.done ()", false),
            ("CREATE TABLE done_too ()", false),
            ("CREATE TEMP TABLE done ()", false),
            ("CREATE VIEW done AS SELECT", false),
            ("ALTER TABLE done ADD id int", false),
            ("CREATE TABLE", false),
        ] {
            assert_eq!(creates_table(sql, "app", "done"), expected, "{sql}");
        }
        assert!(creates_table("CREATE TABLE \"a\"\"b\" ()", "app", "a\"b"));
    }
}
