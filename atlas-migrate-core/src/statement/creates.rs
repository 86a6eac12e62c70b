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

#[cfg(test)]
mod tests {
    use super::*;

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
