//! What sort of statement a statement is, as far as it matters for how it is run.

use crate::token::Token;

/// What sort of statement it is, as far as that matters for how it is run. Names are for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Begins, ends or divides a transaction, or sets its mode: `BEGIN`, `COMMIT`, `SAVEPOINT`, `SET TRANSACTION`….
    ///
    /// `SET TRANSACTION` is among them since a migration's transaction has run queries before, so that it would fail, or
    /// make the transaction read-only.
    TransactionControl(&'static str),
    /// PostgreSQL refuses it in a transaction block: `CREATE INDEX CONCURRENTLY`, `VACUUM`, `CREATE DATABASE`….
    NotInTransaction(&'static str),
    /// `COPY … FROM STDIN`: its rows come from a client.
    CopyFromStdin,
    /// `COPY … TO STDOUT`: its rows go to a client.
    CopyToStdout,
    /// The session would read what follows in another way: `SET NAMES`, `SET client_encoding` to anything but UTF-8, `SET
    /// standard_conforming_strings` to off.
    Reading(&'static str),
    /// A psql meta-command, which begins with a backslash.
    Meta,
    /// Any other.
    Other,
}

/// Whether a statement begins with `CREATE [OR REPLACE] FUNCTION` or `PROCEDURE`.
pub(super) fn creates_routine(tokens: &[Token<'_>]) -> bool {
    let [create, rest @ ..] = tokens else { return false };
    let rest = match rest {
        [or, replace, rest @ ..] if or.is("OR") && replace.is("REPLACE") => rest,
        _ => rest,
    };
    create.is("CREATE") && rest.first().is_some_and(|what| what.is("FUNCTION") || what.is("PROCEDURE"))
}

/// The sort of a statement that has these tokens, comments and spacing left out.
pub(super) fn of(tokens: &[Token<'_>]) -> Kind {
    // Longer tokens are no keywords, and may be whole function bodies.
    let leading: Vec<String> = tokens
        .iter()
        .take(4)
        .map(|token| if token.text.len() < 16 { token.text.to_ascii_uppercase() } else { String::new() })
        .collect();
    let leading: Vec<&str> = leading.iter().map(String::as_str).collect();
    if let Some(name) = transaction_control(&leading) {
        return Kind::TransactionControl(name);
    }
    if let Some(name) = not_in_transaction(&leading, tokens) {
        return Kind::NotInTransaction(name);
    }
    // PostgreSQL takes either word for either direction.
    let has_standard = |direction| ["STDIN", "STDOUT"].iter().any(|stream| has_at_top(tokens, [direction, *stream]));
    match leading.as_slice() {
        ["COPY", ..] if has_standard("FROM") => Kind::CopyFromStdin,
        ["COPY", ..] if has_standard("TO") => Kind::CopyToStdout,
        ["SET", ..] => reading(tokens).map_or(Kind::Other, Kind::Reading),
        _ => Kind::Other,
    }
}

/// What a `SET` changes of how the text behind it is read.
fn reading(tokens: &[Token<'_>]) -> Option<&'static str> {
    let [_, rest @ ..] = tokens else { return None };
    let rest = match rest {
        [scope, rest @ ..] if scope.is("SESSION") || scope.is("LOCAL") => rest,
        _ => rest,
    };
    let (name, value) = match rest {
        [names, rest @ ..] if names.is("NAMES") && rest.first().is_none_or(|next| next.text != ".") => {
            return Some("SET NAMES");
        }
        [name, to, value] if to.is("TO") || to.text == "=" => (name.text, value.text),
        _ => return None,
    };
    let name = name.trim_matches('"').to_ascii_lowercase();
    let value: String = value.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match name.as_str() {
        "client_encoding" if !["utf8", "unicode", "default"].contains(&value.as_str()) => Some("SET client_encoding"),
        "standard_conforming_strings" if !["on", "true", "yes", "1", "default"].contains(&value.as_str()) => {
            Some("SET standard_conforming_strings")
        }
        _ => None,
    }
}

fn transaction_control(leading: &[&str]) -> Option<&'static str> {
    Some(match leading {
        ["BEGIN", ..] => "BEGIN",
        ["START", "TRANSACTION", ..] => "START TRANSACTION",
        ["COMMIT", "PREPARED", ..] => "COMMIT PREPARED",
        ["COMMIT", ..] => "COMMIT",
        ["END", ..] => "END",
        ["ROLLBACK", "PREPARED", ..] => "ROLLBACK PREPARED",
        ["ROLLBACK", ..] => "ROLLBACK",
        ["ABORT", ..] => "ABORT",
        ["SAVEPOINT", ..] => "SAVEPOINT",
        ["RELEASE", ..] => "RELEASE",
        ["PREPARE", "TRANSACTION", ..] => "PREPARE TRANSACTION",
        ["SET", "TRANSACTION", ..] | ["SET", "LOCAL" | "SESSION", "TRANSACTION", ..] => "SET TRANSACTION",
        _ => return None,
    })
}

/// The commands that call `PreventInTransactionBlock` in PostgreSQL 13 to 18.
///
/// Some do so only for some objects (`REINDEX` and `CLUSTER` of a partitioned table), which a file does not show.
fn not_in_transaction(leading: &[&str], tokens: &[Token<'_>]) -> Option<&'static str> {
    Some(match leading {
        ["CREATE", "INDEX", "CONCURRENTLY", ..] | ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY"] => {
            "CREATE INDEX CONCURRENTLY"
        }
        ["DROP", "INDEX", "CONCURRENTLY", ..] => "DROP INDEX CONCURRENTLY",
        ["REINDEX", ..] => return reindex(tokens),
        ["VACUUM", ..] => "VACUUM",
        // Of a table it may.
        ["CLUSTER"] | ["CLUSTER", "VERBOSE"] => "CLUSTER",
        ["CLUSTER", "(", ..] if tokens.last().is_some_and(|token| token.text == ")") => "CLUSTER",
        ["CREATE", "DATABASE", ..] => "CREATE DATABASE",
        ["DROP", "DATABASE", ..] => "DROP DATABASE",
        ["ALTER", "DATABASE", _, "SET"] if tokens.get(4).is_some_and(|token| token.is("TABLESPACE")) => {
            "ALTER DATABASE SET TABLESPACE"
        }
        ["CREATE", "TABLESPACE", ..] => "CREATE TABLESPACE",
        ["DROP", "TABLESPACE", ..] => "DROP TABLESPACE",
        ["ALTER", "SYSTEM", ..] => "ALTER SYSTEM",
        ["DISCARD", "ALL"] => "DISCARD ALL",
        ["ALTER", "TABLE", ..]
            if has_at_top(tokens, ["DETACH", "PARTITION"])
                && tokens.last().is_some_and(|token| token.is("CONCURRENTLY")) =>
        {
            "DETACH PARTITION CONCURRENTLY"
        }
        // Without a replication slot it may.
        ["CREATE", "SUBSCRIPTION", ..] if !is_off(tokens, "create_slot") && !is_off(tokens, "connect") => {
            "CREATE SUBSCRIPTION"
        }
        ["DROP", "SUBSCRIPTION", ..] => "DROP SUBSCRIPTION",
        ["ALTER", "SUBSCRIPTION", _, "REFRESH"] => "ALTER SUBSCRIPTION REFRESH PUBLICATION",
        ["ALTER", "SUBSCRIPTION", _, "SET" | "ADD" | "DROP"]
            if tokens.get(4).is_some_and(|token| token.is("PUBLICATION")) && !is_off(tokens, "refresh") =>
        {
            "ALTER SUBSCRIPTION"
        }
        _ => return None,
    })
}

/// `REINDEX [(options)] {INDEX | TABLE | SCHEMA | DATABASE | SYSTEM} [CONCURRENTLY] name`, the old and the new spelling.
fn reindex(tokens: &[Token<'_>]) -> Option<&'static str> {
    let target = match tokens.get(1).map(|token| token.text) {
        Some("(") => tokens.iter().position(|token| token.text == ")").and_then(|close| tokens.get(close + 1)),
        _ => tokens.get(1),
    };
    let targets = [("SCHEMA", "REINDEX SCHEMA"), ("DATABASE", "REINDEX DATABASE"), ("SYSTEM", "REINDEX SYSTEM")];
    let concurrently = tokens.iter().any(|token| token.is("CONCURRENTLY")) && !is_off(tokens, "CONCURRENTLY");
    targets
        .into_iter()
        .find(|(word, _)| target.is_some_and(|target| target.is(word)))
        .map(|(_, name)| name)
        .or(concurrently.then_some("REINDEX CONCURRENTLY"))
}

/// Whether an option of a list is switched off: `connect = false`, `CONCURRENTLY OFF`.
fn is_off(tokens: &[Token<'_>], option: &str) -> bool {
    let Some(at) = tokens.iter().position(|token| token.is(option)) else { return false };
    let value = tokens[at + 1..].iter().find(|token| token.text != "=");
    value.is_some_and(|value| {
        ["false", "off", "0", "'false'", "'off'", "'0'"].iter().any(|off| value.text.eq_ignore_ascii_case(off))
    })
}

/// Whether two keywords stand one after the other outside of parentheses.
fn has_at_top(tokens: &[Token<'_>], [first, second]: [&str; 2]) -> bool {
    let mut depth = 0_usize;
    tokens.windows(2).any(|pair| {
        match pair[0].text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && pair[0].is(first) && pair[1].is(second)
    })
}

#[cfg(test)]
mod tests {
    use super::Kind::{CopyFromStdin, CopyToStdout, Meta, NotInTransaction, Other, Reading, TransactionControl};
    use super::*;
    use crate::statement::split;

    #[track_caller]
    fn check(expected: Kind, sql: &str) {
        let kinds: Vec<Kind> = split(sql).into_iter().map(|statement| statement.kind).collect();
        assert_eq!(kinds, [expected], "{sql}");
    }

    #[test]
    fn controls_a_transaction() {
        check(TransactionControl("BEGIN"), "begin");
        check(TransactionControl("BEGIN"), "BEGIN ISOLATION LEVEL SERIALIZABLE");
        check(TransactionControl("START TRANSACTION"), "START /* a */ TRANSACTION");
        check(TransactionControl("COMMIT"), "COMMIT AND CHAIN");
        check(TransactionControl("COMMIT PREPARED"), "COMMIT PREPARED 'a'");
        check(TransactionControl("END"), "END");
        check(TransactionControl("ROLLBACK"), "ROLLBACK TO SAVEPOINT a");
        check(TransactionControl("ROLLBACK PREPARED"), "ROLLBACK PREPARED 'a'");
        check(TransactionControl("ABORT"), "ABORT");
        check(TransactionControl("SAVEPOINT"), "SAVEPOINT a");
        check(TransactionControl("RELEASE"), "RELEASE SAVEPOINT a");
        check(TransactionControl("PREPARE TRANSACTION"), "PREPARE TRANSACTION 'a'");
        check(TransactionControl("SET TRANSACTION"), "SET TRANSACTION READ ONLY");
        check(TransactionControl("SET TRANSACTION"), "SET LOCAL TRANSACTION READ ONLY");
        check(Other, "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE");
        check(Other, "PREPARE transaction_query AS SELECT 1");
        check(Other, "\"begin\"");
        check(Other, "DO $$ BEGIN COMMIT; END $$");
    }

    #[test]
    fn refuses_a_transaction() {
        check(NotInTransaction("CREATE INDEX CONCURRENTLY"), "CREATE INDEX CONCURRENTLY i ON t (a)");
        check(
            NotInTransaction("CREATE INDEX CONCURRENTLY"),
            "create unique index concurrently if not exists i on t (a)",
        );
        check(NotInTransaction("DROP INDEX CONCURRENTLY"), "DROP INDEX CONCURRENTLY IF EXISTS i");
        check(NotInTransaction("REINDEX CONCURRENTLY"), "REINDEX TABLE CONCURRENTLY t");
        check(NotInTransaction("REINDEX CONCURRENTLY"), "REINDEX (VERBOSE, CONCURRENTLY) INDEX i");
        check(NotInTransaction("REINDEX DATABASE"), "REINDEX (VERBOSE) DATABASE d");
        check(NotInTransaction("REINDEX SCHEMA"), "REINDEX SCHEMA CONCURRENTLY s");
        check(NotInTransaction("REINDEX SYSTEM"), "REINDEX SYSTEM");
        check(NotInTransaction("VACUUM"), "VACUUM (ANALYZE) t");
        check(NotInTransaction("CLUSTER"), "CLUSTER");
        check(NotInTransaction("CLUSTER"), "CLUSTER VERBOSE");
        check(NotInTransaction("CLUSTER"), "CLUSTER (VERBOSE)");
        check(NotInTransaction("CREATE DATABASE"), "CREATE DATABASE d");
        check(NotInTransaction("DROP DATABASE"), "DROP DATABASE IF EXISTS d WITH (FORCE)");
        check(NotInTransaction("ALTER DATABASE SET TABLESPACE"), "ALTER DATABASE d SET TABLESPACE s");
        check(NotInTransaction("CREATE TABLESPACE"), "CREATE TABLESPACE s LOCATION '/s'");
        check(NotInTransaction("DROP TABLESPACE"), "DROP TABLESPACE s");
        check(NotInTransaction("ALTER SYSTEM"), "ALTER SYSTEM SET work_mem = '1MB'");
        check(NotInTransaction("DISCARD ALL"), "DISCARD ALL");
        check(NotInTransaction("DETACH PARTITION CONCURRENTLY"), "ALTER TABLE t DETACH PARTITION p CONCURRENTLY");
        check(NotInTransaction("CREATE SUBSCRIPTION"), "CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p");
        check(NotInTransaction("DROP SUBSCRIPTION"), "DROP SUBSCRIPTION s");
        check(
            NotInTransaction("ALTER SUBSCRIPTION REFRESH PUBLICATION"),
            "ALTER SUBSCRIPTION s REFRESH PUBLICATION WITH (copy_data = false)",
        );
        check(NotInTransaction("ALTER SUBSCRIPTION"), "ALTER SUBSCRIPTION s SET PUBLICATION p");
    }

    #[test]
    fn resembles_one_that_does() {
        check(Other, "CREATE INDEX i ON t (a)");
        check(Other, "REINDEX TABLE t");
        check(Other, "REINDEX (CONCURRENTLY false) TABLE t");
        check(Other, "REINDEX TABLE database");
        check(Other, "ANALYZE t");
        check(Other, "CLUSTER t USING i");
        check(Other, "CLUSTER (VERBOSE) t");
        check(Other, "ALTER DATABASE d SET work_mem = '1MB'");
        check(Other, "DISCARD PLANS");
        check(Other, "ALTER TABLE t DETACH PARTITION p");
        check(Other, "ALTER TABLE t DETACH PARTITION p FINALIZE");
        check(Other, "CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p WITH (create_slot = false)");
        check(Other, "CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p WITH (connect = off)");
        check(Other, "ALTER SUBSCRIPTION s ADD PUBLICATION p WITH (refresh = false)");
        check(Other, "ALTER SUBSCRIPTION s DISABLE");
    }

    #[test]
    fn a9_changes_how_the_rest_is_read() {
        check(Reading("SET NAMES"), "SET NAMES 'utf8'");
        check(Reading("SET NAMES"), "set local names latin1");
        check(Reading("SET client_encoding"), "SET client_encoding = 'LATIN1'");
        check(Reading("SET client_encoding"), "SET SESSION \"client_encoding\" TO sql_ascii");
        check(Reading("SET standard_conforming_strings"), "SET standard_conforming_strings = off");
        check(Reading("SET standard_conforming_strings"), "SET LOCAL standard_conforming_strings TO 'false'");
        // As pg_dump has it.
        check(Other, "SET client_encoding = 'UTF8'");
        check(Other, "SET client_encoding TO DEFAULT");
        check(Other, "SET standard_conforming_strings = on");
        check(Other, "SET names.x = 1");
        check(Other, "SET search_path = a, b");
    }

    #[test]
    fn needs_a_client() {
        check(CopyFromStdin, "COPY t FROM STDOUT");
        check(CopyToStdout, "COPY t TO STDIN");
        check(CopyFromStdin, "COPY public.t (a, b) FROM stdin");
        check(CopyFromStdin, "copy t from stdin with (format csv)");
        check(CopyToStdout, "COPY (SELECT a FROM t) TO STDOUT");
        check(Other, "COPY t FROM '/tmp/t.csv'");
        check(Other, "COPY t FROM PROGRAM 'cat t.csv'");
        check(Meta, "\\d");
    }
}
