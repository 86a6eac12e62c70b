//! What a statement does to enums.

use super::resume::Words;
use super::split;
use crate::token::Lexer;

/// Whether a file adds a value to an enum that one of the files before it makes, and a later statement of it seems to use the
/// value: it has a string of this text.
pub fn uses_own_value(before: &[impl AsRef<str>], sql: &str) -> bool {
    let statements: Vec<_> = split(sql).into_iter().map(|statement| &sql[statement.range]).collect();
    statements.iter().enumerate().any(|(index, statement)| {
        let Some((of, value)) = added(statement) else { return false };
        let makes = |text: &str| split(text).into_iter().any(|made| made_enum(&text[made.range]) == Some(of));
        let uses = |statement: &&str| Lexer::new(statement).any(|token| token.text == value);
        statements[index + 1..].iter().any(uses) && before.iter().any(|text| makes(text.as_ref()))
    })
}

/// `ALTER TYPE name ADD VALUE 'value'`.
fn added(sql: &str) -> Option<(&str, &str)> {
    let tokens: Vec<_> = Lexer::new(sql).filter(|token| !token.is_trivia()).collect();
    let mut words = Words { sql, tokens: &tokens };
    let name = if words.take(&["ALTER", "TYPE"]) { words.name()? } else { return None };
    if !words.take(&["ADD", "VALUE"]) {
        return None;
    }
    words.take(&["IF", "NOT", "EXISTS"]);
    Some((name, words.tokens.first()?.text))
}

/// `CREATE TYPE name AS ENUM`.
fn made_enum(sql: &str) -> Option<&str> {
    let tokens: Vec<_> = Lexer::new(sql).filter(|token| !token.is_trivia()).collect();
    let mut words = Words { sql, tokens: &tokens };
    let name = if words.take(&["CREATE", "TYPE"]) { words.name()? } else { return None };
    words.take(&["AS", "ENUM"]).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_type_that_another_file_makes() {
        let check =
            |before: &str, sql, expected| assert_eq!(uses_own_value(&[before], sql), expected, "{before}; {sql}");
        let uses = "ALTER TYPE e ADD VALUE IF NOT EXISTS 'b'; CREATE TABLE t (x e DEFAULT 'b')";
        check("CREATE TYPE e AS ENUM ('a')", uses, true);
        check("SELECT 1; create type e as enum ()", uses, true);
        check("CREATE TYPE f AS ENUM ('a')", uses, false);
        check("CREATE TYPE e AS ENUM ('a')", "CREATE TABLE t (x text DEFAULT 'b'); ALTER TYPE e ADD VALUE 'b'", false);
        check("CREATE TYPE e AS ENUM ('a')", "ALTER TYPE e ADD VALUE 'b'; CREATE TABLE t (x e DEFAULT 'a')", false);
    }
}
