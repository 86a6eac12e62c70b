//! What a statement creates.

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

/// What a statement creates, as far as it is looked for in the catalog. Names are as in the catalog; without a schema it is the
/// search path's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// What sort of object it is.
    pub sort: Sort,
    /// Its schema, or that of its table, if the statement says so.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// The table that it is on: of a trigger, policy or rule.
    pub table: Option<String>,
}

/// What sort of object it is: in which catalog it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A view, materialized view, table, sequence or index.
    Relation,
    /// A function, procedure or aggregate, whatever its arguments.
    Routine,
    /// A type or domain.
    Type,
    /// A trigger on a table.
    Trigger,
    /// A policy on a table.
    Policy,
}

/// What this statement creates for longer than the session lasts.
pub fn created(sql: &str) -> Option<Created> {
    let tokens: Vec<_> = Lexer::new(sql).filter(|token| !token.is_trivia()).collect();
    let mut words = Words { sql, tokens: &tokens };
    if !words.take(&["CREATE"]) {
        return None;
    }
    words.take(&["OR", "REPLACE"]);
    for word in ["RECURSIVE", "MATERIALIZED", "UNLOGGED", "CONSTRAINT", "UNIQUE"] {
        words.take(&[word]);
    }
    let sorts = [
        (Sort::Relation, &["VIEW", "TABLE", "SEQUENCE", "INDEX"][..]),
        (Sort::Routine, &["FUNCTION", "PROCEDURE", "AGGREGATE"]),
        (Sort::Type, &["TYPE", "DOMAIN"]),
        (Sort::Trigger, &["TRIGGER"]),
        (Sort::Policy, &["POLICY"]),
    ];
    let (sort, what) = sorts
        .into_iter()
        .flat_map(|(sort, names)| names.iter().map(move |name| (sort, *name)))
        .find(|(_, name)| words.take(&[name]))?;
    words.take(&["CONCURRENTLY"]);
    words.take(&["IF", "NOT", "EXISTS"]);
    if words.tokens.first()?.is("ON") {
        // An index without a name.
        return None;
    }
    let (mut schema, name) = parts(words.name()?)?;
    let table = match sort {
        _ if what == "INDEX" => {
            words.take(&["ON"]);
            words.take(&["ONLY"]);
            schema = parts(words.name()?)?.0;
            None
        }
        Sort::Trigger | Sort::Policy => {
            let on = words.tokens.iter().position(|token| token.is("ON"))?;
            words.tokens = &words.tokens[on + 1..];
            let (of_table, table) = parts(words.name()?)?;
            schema = of_table;
            Some(table)
        }
        Sort::Relation | Sort::Routine | Sort::Type => None,
    };
    Some(Created { sort, schema, name, table })
}

/// The schema and the name itself.
fn parts(name: &str) -> Option<(Option<String>, String)> {
    let mut parts: Vec<_> = Lexer::new(name)
        .filter(|token| !token.is_trivia() && token.text != ".")
        .map(|token| meant(token.text))
        .collect();
    let name = parts.pop()?;
    Some((parts.pop(), name))
}

/// Whether a text may drop or rename something: one that does so has one of these words, be it in a string.
pub fn may_drop(sql: &str) -> bool {
    let sql = sql.to_ascii_lowercase();
    ["drop", "cascade", "rename", "set schema"].iter().any(|word| sql.contains(word))
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
    fn d6_of_all_sorts() {
        for (sql, expected) in [
            ("CREATE VIEW v AS SELECT 1", "Relation - v -"),
            ("create or replace view App.\"V\" AS SELECT 1", "Relation app V -"),
            ("CREATE OR REPLACE RECURSIVE VIEW v (n) AS SELECT 1", "Relation - v -"),
            ("CREATE MATERIALIZED VIEW IF NOT EXISTS app.m AS SELECT 1", "Relation app m -"),
            ("CREATE UNIQUE INDEX CONCURRENTLY i ON app.t (a)", "Relation app i -"),
            ("CREATE OR REPLACE FUNCTION app.f(a int) RETURNS int RETURN 1", "Routine app f -"),
            ("CREATE PROCEDURE p() LANGUAGE sql AS ''", "Routine - p -"),
            ("CREATE TRIGGER g BEFORE UPDATE OF a ON app.t EXECUTE FUNCTION f()", "Trigger app g t"),
            ("CREATE CONSTRAINT TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()", "Trigger - g t"),
            ("CREATE POLICY p ON t USING (true)", "Policy - p t"),
            ("CREATE TYPE mood AS ENUM ('ok')", "Type - mood -"),
            ("CREATE TEMP VIEW v AS SELECT 1", ""),
            ("CREATE INDEX ON t (a)", ""),
            ("CREATE ROLE r", ""),
            ("REFRESH MATERIALIZED VIEW m", ""),
            ("CREATE VIEW", ""),
        ] {
            let shown = created(sql).map_or(String::new(), |Created { sort, schema, name, table }| {
                format!("{sort:?} {} {name} {}", schema.as_deref().unwrap_or("-"), table.as_deref().unwrap_or("-"))
            });
            assert_eq!(shown, expected, "{sql}");
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
