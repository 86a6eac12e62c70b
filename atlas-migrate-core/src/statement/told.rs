//! What is told of a statement of another session, whose values are nobody's business.

use crate::token::{Kind, Lexer, Token};

/// The words that commands begin with. Anything else may be a name, or a secret.
const COMMANDS: &str = " abort alter analyze begin call checkpoint close cluster comment commit copy create deallocate \
    declare delete discard do drop end execute explain fetch grant import insert listen load lock merge move notify prepare \
    reassign refresh reindex release reset revoke rollback savepoint select set show start truncate unlisten update vacuum \
    values with ";

/// Those that come behind them.
const OBJECTS: &str = " access aggregate collation concurrently conversion database default domain event extension foreign \
    from function full global index into isolation language large level local materialized object on only operator or owned \
    policy prepared privileges procedure publication recursive replace role routine rule schema sequence server session \
    statistics subscription system table tables tablespace temp temporary transaction trigger type unique unlogged user \
    verbose view ";

/// So many words are told at the most.
const WORDS: usize = 4;

/// What does not begin as a command does.
const UNKNOWN: &str = "a statement";

/// What a server shows of a session that one may not look at, and of one that has not run anything.
const HIDDEN: [&str; 2] = ["<insufficient privilege>", ""];

/// The command that a statement is, in capitals, without names, values and comments: `CREATE INDEX CONCURRENTLY`.
pub fn command(sql: &str) -> String {
    if HIDDEN.contains(&sql.trim()) {
        return sql.trim().to_owned();
    }
    let is_among = |words: &str, token: &Token<'_>| words.contains(&format!(" {} ", token.text.to_ascii_lowercase()));
    let mut told: Vec<String> = Vec::new();
    for token in Lexer::new(sql).filter(|token| !token.is_trivia()).take(WORDS) {
        let words = if told.is_empty() { COMMANDS } else { OBJECTS };
        if token.kind != Kind::Word || !is_among(words, &token) {
            break;
        }
        told.push(token.text.to_ascii_uppercase());
    }
    if told.is_empty() { UNKNOWN.to_owned() } else { told.join(" ") }
}

/// A statement in one line, without its values and comments.
pub fn without_values(sql: &str) -> String {
    if HIDDEN.contains(&sql.trim()) {
        return sql.trim().to_owned();
    }
    if command(sql) == UNKNOWN {
        return UNKNOWN.to_owned();
    }
    let mut told = String::new();
    for token in Lexer::new(sql) {
        match token.kind {
            _ if token.is_trivia() => {
                if !told.is_empty() && !told.ends_with(' ') {
                    told.push(' ');
                }
            }
            // What follows may be the rest of a value.
            Kind::Unterminated | Kind::Meta => {
                told.push('…');
                break;
            }
            Kind::Other if is_value(token.text) => told.push('…'),
            _ => told += token.text,
        }
    }
    told.trim_end().to_owned()
}

fn is_value(text: &str) -> bool {
    let is_parameter = text.strip_prefix('$').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    let is_number = text.trim_start_matches('.').starts_with(|c: char| c.is_ascii_digit());
    text.contains('\'') || is_number || (text.starts_with('$') && !is_parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, expected_command: &str, expected: &str) {
        assert_eq!(command(sql), expected_command, "{sql}");
        assert_eq!(without_values(sql), expected, "{sql}");
    }

    #[test]
    fn d10_without_values() {
        check("UPDATE people SET pin = '1234' WHERE id = 7", "UPDATE", "UPDATE people SET pin = … WHERE id = …");
        check("alter role me password 'x'", "ALTER ROLE", "alter role me password …");
        check("ALTER ROLE me PASSWORD $a$x$a$", "ALTER ROLE", "ALTER ROLE me PASSWORD …");
        check("/* x */ select $1, 1.5e3, \"a b\" -- y", "SELECT", "select $1, …, \"a b\"");
        check("create unique index concurrently i on t (a)", "CREATE UNIQUE INDEX CONCURRENTLY", {
            "create unique index concurrently i on t (a)"
        });
        check("LOCK TABLE a IN SHARE MODE", "LOCK TABLE", "LOCK TABLE a IN SHARE MODE");
        check("INSERT INTO a VALUES (E'\\'x', U&'y', B'1')", "INSERT INTO", "INSERT INTO a VALUES (…, …, …)");
        check("SELECT 'cut off", "SELECT", "SELECT …");
        check("hunter2", "a statement", "a statement");
        check("BEGIN; UPDATE a SET b = 'c'", "BEGIN", "BEGIN; UPDATE a SET b = …");
        check("<insufficient privilege>", "<insufficient privilege>", "<insufficient privilege>");
        check("", "", "");
    }
}
