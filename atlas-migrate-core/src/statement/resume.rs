//! How a statement that runs by itself is taken up when nobody knows how far it came.

use crate::token::{Kind, Lexer, Token};

/// How a statement is taken up whose client or server went away while it ran.
///
/// Names are as the statement spells them: quoted or not, with or without a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume<'s> {
    /// It can be in a transaction with the record that it completed, and so there is never any doubt.
    Atomic,
    /// It may run again, whatever it did before: `VACUUM`, `ALTER SYSTEM`, `DROP DATABASE IF EXISTS`….
    Again,
    /// `CREATE INDEX CONCURRENTLY`, which may have left an index that is not valid.
    CreateIndex(CreateIndex<'s>),
    /// `DROP INDEX CONCURRENTLY` of this index.
    DropIndex(&'s str),
    /// `REINDEX … CONCURRENTLY`, which may have left indexes named `…_ccnew` or `…_ccold`.
    Reindex(Reindex<'s>),
    /// `ALTER TABLE … DETACH PARTITION … CONCURRENTLY`, which may be left half done.
    DetachPartition {
        /// The partitioned table.
        table: &'s str,
        /// The partition.
        partition: &'s str,
    },
    /// Nothing in the catalog says whether it took effect; if it failed it did not: `CREATE DATABASE`, `CREATE SUBSCRIPTION`….
    Unknown,
    /// It may commit any part of its work by itself, also if it fails: `CALL`, `DO` with a `COMMIT` in it.
    Commits,
}

/// What a `CREATE INDEX CONCURRENTLY` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateIndex<'s> {
    /// `CREATE UNIQUE INDEX`.
    pub unique: bool,
    /// `IF NOT EXISTS`, which is content with an index that is not valid.
    pub if_not_exists: bool,
    /// The index; without a name the server finds one.
    pub name: Option<&'s str>,
    /// The table.
    pub table: &'s str,
    /// What follows the table: `USING btree (a) WHERE b`.
    pub definition: &'s str,
}

/// What a `REINDEX … CONCURRENTLY` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reindex<'s> {
    /// This index.
    Index(&'s str),
    /// All indexes of this table.
    Table(&'s str),
    /// All indexes of this schema.
    Schema(&'s str),
    /// All indexes of the database.
    Database,
}

/// How this statement, which runs by itself, is taken up.
pub fn resume(sql: &str) -> Resume<'_> {
    let tokens: Vec<_> = Lexer::new(sql).filter(|token| !token.is_trivia()).collect();
    let mut words = Words { sql, tokens: &tokens };
    match super::kind::of(&tokens) {
        super::Kind::NotInTransaction(_) => {}
        _ if may_commit(&tokens) => return Resume::Commits,
        _ if depends_on_object(&tokens) => return Resume::Again,
        super::Kind::Other => return Resume::Atomic,
        _ => return Resume::Unknown,
    }
    words.not_in_transaction().unwrap_or(Resume::Unknown)
}

/// Whether it may end a transaction by itself, and so cannot be in one.
fn may_commit(tokens: &[Token<'_>]) -> bool {
    let first = |word| tokens.first().is_some_and(|token| token.is(word));
    first("CALL") || (first("DO") && tokens.iter().any(|token| body_may_commit(token.text)))
}

/// Whether a block says so, in whatever language: `COMMIT`, `plpy.rollback()`, `spi_commit()`, `CALL p()`. What it spells
/// otherwise, in a string with escapes, the server tells: it is refused in a transaction.
fn body_may_commit(body: &str) -> bool {
    let mut words = body.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    words.any(|word| {
        let word = word.to_ascii_lowercase();
        word == "call" || word.ends_with("commit") || word.ends_with("rollback")
    })
}

/// Whether it is a block or a call of a procedure, which may run statements of all sorts.
pub fn is_block(sql: &str) -> bool {
    let first = Lexer::new(sql).find(|token| !token.is_trivia());
    first.is_some_and(|token| token.is("DO") || token.is("CALL"))
}

/// Whether it can be in a transaction depends on whether the table is partitioned, which a file does not show.
fn depends_on_object(tokens: &[Token<'_>]) -> bool {
    tokens.first().is_some_and(|token| token.is("CLUSTER") || token.is("REINDEX"))
        && !matches!(super::kind::of(tokens), super::Kind::NotInTransaction(_))
}

/// What is left to read of a statement.
pub(super) struct Words<'s, 't> {
    pub(super) sql: &'s str,
    pub(super) tokens: &'t [Token<'s>],
}

impl<'s> Words<'s, '_> {
    fn not_in_transaction(&mut self) -> Option<Resume<'s>> {
        if self.take(&["CREATE", "UNIQUE", "INDEX"]) {
            return self.create_index(true);
        }
        if self.take(&["CREATE", "INDEX"]) {
            return self.create_index(false);
        }
        if self.take(&["DROP", "INDEX", "CONCURRENTLY"]) {
            self.take(&["IF", "EXISTS"]);
            return Some(Resume::DropIndex(self.name()?));
        }
        if self.take(&["REINDEX"]) {
            return self.reindex();
        }
        if self.take(&["ALTER", "TABLE"]) {
            self.take(&["IF", "EXISTS"]);
            self.take(&["ONLY"]);
            let table = self.name()?;
            self.take(&["*"]);
            self.expect(&["DETACH", "PARTITION"])?;
            return Some(Resume::DetachPartition { table, partition: self.name()? });
        }
        let is_idempotent = ["VACUUM", "CLUSTER", "DISCARD"].iter().any(|verb| self.take(&[verb]))
            || self.take(&["ALTER", "SYSTEM"])
            || (self.take(&["ALTER", "DATABASE"]) && self.name().is_some() && self.take(&["SET", "TABLESPACE"]))
            || (self.take(&["DROP"])
                && ["DATABASE", "TABLESPACE", "SUBSCRIPTION"].iter().any(|what| self.take(&[what]))
                && self.take(&["IF", "EXISTS"]));
        is_idempotent.then_some(Resume::Again)
    }

    fn create_index(&mut self, unique: bool) -> Option<Resume<'s>> {
        self.expect(&["CONCURRENTLY"])?;
        let if_not_exists = self.take(&["IF", "NOT", "EXISTS"]);
        let name = match self.tokens.first()?.is("ON") {
            true => None,
            false => Some(self.name()?),
        };
        self.expect(&["ON"])?;
        self.take(&["ONLY"]);
        let table = self.name()?;
        let definition = &self.sql[self.tokens.first()?.start..];
        Some(Resume::CreateIndex(CreateIndex { unique, if_not_exists, name, table, definition }))
    }

    fn reindex(&mut self) -> Option<Resume<'s>> {
        let says_so = self.tokens.iter().any(|token| token.is("CONCURRENTLY"));
        if self.take(&["("]) {
            let close = self.tokens.iter().position(|token| token.kind == Kind::Close)?;
            self.tokens = &self.tokens[close + 1..];
        }
        let targets = ["INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM"];
        let target = targets.into_iter().find(|target| self.take(&[target]))?;
        self.take(&["CONCURRENTLY"]);
        Some(match target {
            _ if !says_so => Resume::Again,
            "INDEX" => Resume::Reindex(Reindex::Index(self.name()?)),
            "TABLE" => Resume::Reindex(Reindex::Table(self.name()?)),
            "SCHEMA" => Resume::Reindex(Reindex::Schema(self.name()?)),
            // The name may be left out, and can be no other than the current database's.
            "DATABASE" => Resume::Reindex(Reindex::Database),
            _ => Resume::Again,
        })
    }

    /// Takes these words, if they come next.
    pub(super) fn take(&mut self, words: &[&str]) -> bool {
        let comes = self.tokens.len() >= words.len()
            && words.iter().zip(self.tokens).all(|(word, token)| token.is(word) || token.text == *word);
        if comes {
            self.tokens = &self.tokens[words.len()..];
        }
        comes
    }

    fn expect(&mut self, words: &[&str]) -> Option<()> {
        self.take(words).then_some(())
    }

    /// Takes a name, with the names before it that say where it is: `a`, `"A".b`.
    pub(super) fn name(&mut self) -> Option<&'s str> {
        let first = self.tokens.first()?;
        let mut last = self.part()?;
        while self.tokens.first().is_some_and(|token| token.text == ".") {
            self.tokens = &self.tokens[1..];
            last = self.part()?;
        }
        Some(&self.sql[first.start..last.range().end])
    }

    fn part(&mut self) -> Option<Token<'s>> {
        let (part, rest) = self.tokens.split_first()?;
        let is_name = part.kind == Kind::Word || part.text.starts_with('"');
        self.tokens = rest;
        is_name.then_some(*part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, expected: &Resume<'_>) {
        assert_eq!(resume(sql), *expected, "{sql}");
    }

    fn index<'s>(name: Option<&'s str>, table: &'s str, definition: &'s str) -> CreateIndex<'s> {
        CreateIndex { unique: false, if_not_exists: false, name, table, definition }
    }

    #[test]
    fn indexes_built_concurrently() {
        check("CREATE INDEX CONCURRENTLY by_a ON t (a)", &Resume::CreateIndex(index(Some("by_a"), "t", "(a)")));
        check(
            "create unique index /* ; */ concurrently if not exists \"By A\" on only s.\"T\" using gin (a) where b -- c",
            &Resume::CreateIndex(CreateIndex {
                unique: true,
                if_not_exists: true,
                ..index(Some("\"By A\""), "s.\"T\"", "using gin (a) where b -- c")
            }),
        );
        check("CREATE INDEX CONCURRENTLY ON t (a)", &Resume::CreateIndex(index(None, "t", "(a)")));
        check("CREATE INDEX CONCURRENTLY \"on\" ON t(a)", &Resume::CreateIndex(index(Some("\"on\""), "t", "(a)")));
        check("CREATE INDEX CONCURRENTLY", &Resume::Unknown);
    }

    #[test]
    fn others_that_leave_a_trace() {
        check("DROP INDEX CONCURRENTLY IF EXISTS s.i CASCADE", &Resume::DropIndex("s.i"));
        check("DROP INDEX CONCURRENTLY i", &Resume::DropIndex("i"));
        check("REINDEX INDEX CONCURRENTLY i", &Resume::Reindex(Reindex::Index("i")));
        check("REINDEX (VERBOSE, CONCURRENTLY) TABLE s.t", &Resume::Reindex(Reindex::Table("s.t")));
        check("REINDEX SCHEMA CONCURRENTLY s", &Resume::Reindex(Reindex::Schema("s")));
        check("REINDEX DATABASE CONCURRENTLY d", &Resume::Reindex(Reindex::Database));
        check("REINDEX (CONCURRENTLY) DATABASE", &Resume::Reindex(Reindex::Database));
        let detach = Resume::DetachPartition { table: "s.t", partition: "p" };
        check("ALTER TABLE IF EXISTS ONLY s.t DETACH PARTITION p CONCURRENTLY", &detach);
        check("ALTER TABLE s.t DETACH PARTITION p CONCURRENTLY", &detach);
    }

    #[test]
    fn may_run_again() {
        for sql in [
            "VACUUM (ANALYZE) t",
            "CLUSTER",
            "CLUSTER t USING i",
            "REINDEX TABLE t",
            "REINDEX SCHEMA s",
            "REINDEX SYSTEM",
            "ALTER SYSTEM SET work_mem = '1MB'",
            "ALTER DATABASE d SET TABLESPACE s",
            "DISCARD ALL",
            "DROP DATABASE IF EXISTS d WITH (FORCE)",
            "DROP TABLESPACE IF EXISTS s",
        ] {
            check(sql, &Resume::Again);
        }
    }

    #[test]
    fn in_one_transaction_with_the_record() {
        for sql in [
            "INSERT INTO t VALUES (1)",
            "ALTER TYPE mood ADD VALUE 'ok'",
            "SET work_mem = '9MB'",
            "CREATE INDEX i ON t (a)",
            "ALTER TABLE t DETACH PARTITION p FINALIZE",
            "DO $$ BEGIN PERFORM 1; END $$",
            "SELECT 'CALL'",
        ] {
            check(sql, &Resume::Atomic);
        }
    }

    #[test]
    fn may_have_committed_some_of_it() {
        for sql in [
            "CALL backfill()",
            "DO $$ BEGIN COMMIT; END $$",
            "do $$ begin rollback; end $$",
            "DO 'BEGIN CALL p(); END'",
            "DO LANGUAGE plpython3u $$ plpy.commit() $$",
            "DO $$ spi_commit(); $$ LANGUAGE plperl",
        ] {
            check(sql, &Resume::Commits);
        }
        // Words that have these in them are others.
        check("DO $$ BEGIN UPDATE t SET recall = called WHERE commits; END $$", &Resume::Atomic);
    }

    #[test]
    fn blocks_and_calls() {
        assert!(is_block("/* a */ do $$ BEGIN END $$"));
        assert!(is_block("CALL p()"));
        assert!(!is_block("SELECT f()"));
        assert!(!is_block(""));
    }

    #[test]
    fn nobody_can_tell() {
        for sql in [
            "CREATE DATABASE d",
            "DROP DATABASE d",
            "CREATE TABLESPACE s LOCATION '/s'",
            "CREATE SUBSCRIPTION s CONNECTION 'c' PUBLICATION p",
            "ALTER SUBSCRIPTION s REFRESH PUBLICATION",
        ] {
            check(sql, &Resume::Unknown);
        }
    }
}
