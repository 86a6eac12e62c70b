//! One SQL file: how it is read, and what of it runs.

use std::borrow::Cow;

use crate::checksum::{Checksum, Fingerprint, normalized};
use crate::directive::{self, OfMigration};
use crate::fault::Fault;
use crate::migration::{Header, Transaction};
use crate::statement::{self, Statement};
use crate::syntax::Syntax;
use crate::token::Lexer;
use crate::{closed, divider, file_name, rules};

/// One SQL file: its text, what its first lines say, and what identifies it.
#[derive(Clone, Debug)]
pub struct Script {
    path: Cow<'static, str>,
    text: Cow<'static, str>,
    checksum: Checksum,
    fingerprint: Fingerprint,
    header: Header,
}

/// What is said of a file outside of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    /// What it is for: some directives have no meaning in a file that reverts.
    pub(crate) direction: Direction,
    /// Whether its folder's settings (diesel's `metadata.toml`) keep it out of a transaction.
    pub(crate) transaction: Transaction,
    /// Who looks at the syntax of its SQL.
    pub(crate) syntax: Syntax,
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// It applies a migration.
    Up,
    /// It reverts one.
    Down,
}

/// The fault of a text with a NUL byte.
pub(crate) fn nul(path: &str, text: &str) -> Option<Fault> {
    let nul = text.find('\0')?;
    let fault = Fault::new(path, "NUL byte").at(text, nul..nul + 1, "PostgreSQL's text cannot hold it");
    Some(fault.hint("save the file as UTF-8 text"))
}

impl Script {
    /// Of parts, each of which was checked: for the macro, which read them with [`parse`](Self::parse).
    pub const fn new(
        path: Cow<'static, str>,
        text: Cow<'static, str>,
        checksum: Checksum,
        fingerprint: Fingerprint,
        header: Header,
    ) -> Self {
        Self { path, text, checksum, fingerprint, header }
    }

    /// Reads a file that applies a migration, and checks all that can be checked of one file by itself.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in the order of the text.
    pub fn parse(
        path: impl Into<Cow<'static, str>>,
        text: impl Into<Cow<'static, str>>,
        syntax: Syntax,
    ) -> Result<Self, Vec<Fault>> {
        let context = Context { direction: Direction::Up, transaction: Transaction::Wrapped, syntax };
        Self::read(path.into(), text.into(), context)
    }

    pub(crate) fn read(path: Cow<'static, str>, text: Cow<'static, str>, context: Context) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let normal = normalized(&text);
        if let Some(nul) = nul(&path, &normal) {
            return Err(vec![nul]);
        }
        let mut directives = directive::read::<OfMigration>(&path, &normal, &[], &mut faults);
        directives.said.header.transaction = context.transaction;
        if context.direction == Direction::Down {
            for name in ["compatible", "skip-unless"] {
                faults.extend(directives.span(name).map(|span| {
                    Fault::new(path.as_ref(), format!("`atlas:{name}` in a file that reverts"))
                        .at(&normal, span, "has no meaning here")
                        .hint("move it to the file that applies the migration")
                }));
            }
        }
        let mut statements = statement::split(&normal);
        let last = statements.last().map_or(0, |last| last.range.start);
        if let Some(fault) = closed::open_end(&path, &normal, last) {
            faults.push(fault);
            // It reaches to the end of the file.
            statements.pop();
        }
        directives.said.header.transaction = rules::check(&path, &normal, &directives, &statements, &mut faults);
        let hint = divider::hint(context.direction, file_name::down_of(&path).as_deref());
        faults.extend(divider::check(&path, &normal, context.direction, &[], &hint));
        let syntax = context.syntax.with(&directives);
        faults.extend(closed::each_statement(&path, &normal, &statements, syntax));
        let conditions = directives.said.conditions.iter().cloned();
        faults.extend(conditions.filter_map(|span| syntax.of_condition(&path, &normal, span)));
        let (checksum, fingerprint) = (Checksum::of(&normal), Fingerprint::of(&normal));
        drop(normal);
        faults.sort();
        if faults.is_empty() {
            Ok(Self { path, text, checksum, fingerprint, header: directives.said.header })
        } else {
            Err(faults)
        }
    }

    /// Where the file stands, relative to the manifest of the crate that embeds it: `migrations/001_init.sql`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The text without a byte-order mark and with LF at the end of each line, so that a checkout with other line ends does
    /// the same.
    pub fn text(&self) -> Cow<'_, str> {
        normalized(&self.text)
    }

    /// The text as it runs: in a file that wraps itself in one `BEGIN … COMMIT`, the pair is overwritten with spaces, so that
    /// every position in it, in characters as the server counts or in bytes, is that of the file.
    pub fn sql(&self) -> Cow<'_, str> {
        let text = self.text();
        let statements = statement::split(&text);
        let pair = match self.header.transaction {
            Transaction::Wrapped => statement::wrapping_pair(&text, &statements),
            Transaction::None => None,
        };
        let Some([begin, commit]) = pair else { return text };
        let mut sql = text.clone().into_owned();
        for Statement { range, .. } in [begin, commit] {
            // Only its words, which are ASCII: a comment among them may have characters of several bytes.
            for word in Lexer::new(&text[range.clone()]).filter(|token| !token.is_trivia()) {
                let start = range.start + word.start;
                sql.replace_range(start..start + word.text.len(), &" ".repeat(word.text.len()));
            }
        }
        Cow::Owned(sql)
    }

    /// The statements of [`sql`](Self::sql), with their places in it in bytes.
    pub fn statements(&self) -> Vec<Statement> {
        statement::split(&self.sql())
    }

    /// SHA-256 of [`text`](Self::text).
    pub fn checksum(&self) -> Checksum {
        self.checksum
    }

    /// SHA-256 of the tokens: the same for a file whose comments or spacing changed.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The directives and metadata of its first lines.
    pub fn header(&self) -> &Header {
        &self.header
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;
    use crate::statement::Kind;

    fn faults(text: &'static str) -> String {
        let faults = Script::parse("a.sql", text, Syntax::Parser).err().unwrap_or_default();
        faults.iter().map(|fault| format!("{fault}\n")).collect()
    }

    #[track_caller]
    fn check(text: &'static str, transaction: Transaction, sql: &str) {
        let script = Script::parse("a.sql", text, Syntax::Parser).unwrap();
        assert_eq!(script.header().transaction, transaction, "{text}");
        assert_eq!(script.sql(), sql, "{text}");
        assert_eq!(script.checksum(), Checksum::of(text), "{text}");
        assert_eq!(script.fingerprint(), Fingerprint::of(text), "{text}");
    }

    #[test]
    fn wrapping_pair_is_left_out() {
        use Transaction::Wrapped;
        check("BEGIN;\nSELECT 1;\nCOMMIT;\n", Wrapped, "     ;\nSELECT 1;\n      ;\n");
        check("-- é\nbegin work; SELECT 'é'; end", Wrapped, "-- é\n          ; SELECT 'é';    ");
        check("START\nTRANSACTION;\nCOMMIT WORK;", Wrapped, "     \n           ;\n           ;");
        check("BEGIN /* é */ WORK; COMMIT", Wrapped, "      /* é */     ;       ");
        check("\u{feff}BEGIN;\r\nCOMMIT;\r\n", Wrapped, "     ;\n      ;\n");
        check("\u{feff}\u{feff}BEGIN;\nCOMMIT;", Wrapped, "     ;\n      ;");
    }

    #[test]
    fn transactions() {
        check("SELECT 1;", Transaction::Wrapped, "SELECT 1;");
        check("-- nothing", Transaction::Wrapped, "-- nothing");
        check("VACUUM;", Transaction::None, "VACUUM;");
        check("VACUUM; REINDEX DATABASE;", Transaction::None, "VACUUM; REINDEX DATABASE;");
        check(
            "-- atlas:no-transaction\nVACUUM; SELECT 1;",
            Transaction::None,
            "-- atlas:no-transaction\nVACUUM; SELECT 1;",
        );
        check("-- no-transaction\nSELECT 1;", Transaction::None, "-- no-transaction\nSELECT 1;");
    }

    #[test]
    fn statements_are_those_that_run() {
        let script = Script::parse("a.sql", "BEGIN; SELECT 1; COMMIT;", Syntax::Parser).unwrap();
        assert_eq!(script.statements(), [Statement { range: 7..15, kind: Kind::Other }]);
    }

    #[test]
    fn transaction_control() {
        assert_snapshot!(faults("SELECT 1;\nCOMMIT;\nSAVEPOINT a;"), @"
        `COMMIT` in a migration that runs in a transaction
         --> a.sql:2:1
          |
        2 | COMMIT;
          | ^^^^^^ transaction control
          |
          = hint: remove it: the migration is committed together with its row in the history
        `SAVEPOINT` in a migration that runs in a transaction
         --> a.sql:3:1
          |
        3 | SAVEPOINT a;
          | ^^^^^^^^^^^ transaction control
          |
          = hint: remove it; for what may fail write a block: `DO $$ BEGIN …; EXCEPTION WHEN others THEN NULL; END $$;`
        ");
        assert_snapshot!(faults("BEGIN ISOLATION LEVEL SERIALIZABLE; COMMIT;"), @"
        `BEGIN` in a migration that runs in a transaction
         --> a.sql:1:1
          |
        1 | BEGIN ISOLATION LEVEL SERIALIZABLE; COMMIT;
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ transaction control
          |
          = hint: remove it: migrations run at READ COMMITTED; to keep others out write `LOCK TABLE … IN SHARE ROW EXCLUSIVE MODE;`
        `COMMIT` in a migration that runs in a transaction
         --> a.sql:1:37
          |
        1 | BEGIN ISOLATION LEVEL SERIALIZABLE; COMMIT;
          |                                     ^^^^^^ transaction control
          |
          = hint: remove it: the migration is committed together with its row in the history
        ");
        assert_snapshot!(faults("-- atlas:no-transaction\nBEGIN; SELECT 1; COMMIT;"), @"
        `BEGIN` in a migration that runs without a transaction
         --> a.sql:2:1
          |
        2 | BEGIN; SELECT 1; COMMIT;
          | ^^^^^ each statement is sent by itself
          |
          = hint: remove it, or let the whole migration run in a transaction
        `COMMIT` in a migration that runs without a transaction
         --> a.sql:2:18
          |
        2 | BEGIN; SELECT 1; COMMIT;
          |                  ^^^^^^ each statement is sent by itself
          |
          = hint: remove it, or let the whole migration run in a transaction
        ");
    }

    #[test]
    fn b12_blocks() {
        assert_snapshot!(faults("BEGIN;\nCREATE TABLE a ();\nCOMMIT;\nBEGIN;\nCREATE TABLE b ();\nEND;"), @"
        several `BEGIN … COMMIT` blocks in a migration
         --> a.sql:4:1
          |
        4 | BEGIN;
          | ^^^^^ transaction control
          |
          = hint: make a file of each block; or remove all `BEGIN` and `COMMIT`, so that the file is one transaction
        ");
        assert_snapshot!(faults("SELECT 1;\nBEGIN;\nCREATE TABLE a ();\nCOMMIT;"), @"
        `BEGIN … COMMIT` around a part of a migration
         --> a.sql:2:1
          |
        2 | BEGIN;
          | ^^^^^ transaction control
          |
          = hint: make a file of each block; or remove all `BEGIN` and `COMMIT`, so that the file is one transaction
        ");
    }

    /// What each hint says is done to the text, and nothing is wrong any more.
    #[test]
    fn b12_hints_of_transaction_control_lead_out() {
        for (text, hint, followed) in [
            (
                "BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT;",
                "remove all `BEGIN` and `COMMIT`",
                "SELECT 1; SELECT 2;",
            ),
            ("SELECT 1; SAVEPOINT a; SELECT 2;", "remove it; for what may fail", "SELECT 1; SELECT 2;"),
            ("SELECT 1; ROLLBACK TO a;", "remove it; for what may fail", "SELECT 1;"),
            (
                "SELECT 1; RELEASE a;",
                "`DO $$ BEGIN …; EXCEPTION WHEN others THEN NULL; END $$;`",
                "SELECT 1; DO $$ BEGIN PERFORM 1; EXCEPTION WHEN others THEN NULL; END $$;",
            ),
            ("ROLLBACK;", "remove it: a migration that fails is rolled back", "-- nothing"),
            (
                "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT 1;",
                "`LOCK TABLE … IN SHARE ROW EXCLUSIVE MODE;`",
                "LOCK TABLE t IN SHARE ROW EXCLUSIVE MODE; SELECT 1;",
            ),
            ("SET NAMES 'utf8'; SELECT 1;", "remove it", "SELECT 1;"),
            ("SET client_encoding = 'LATIN1'; SELECT 1;", "remove it", "SELECT 1;"),
            (
                "SET standard_conforming_strings = off; SELECT '\\';",
                "write strings that have backslashes as E'…'",
                "SELECT E'\\\\';",
            ),
            (
                "\\restrict x\nSELECT 1;\n\\unrestrict x\n",
                "remove the lines `\\restrict …` and `\\unrestrict …`",
                "SELECT 1;",
            ),
            ("\\i other.sql\n", "write the text of that file in its place", "SELECT 1;"),
            ("\\copy t FROM 'a.csv'\n", "write the rows as `INSERT`", "INSERT INTO t VALUES (1);"),
        ] {
            let found = faults(text);
            assert!(found.contains(hint), "{text}: {found}");
            assert_eq!(faults(followed), "", "{text}");
        }
    }

    #[test]
    fn refuses_a_transaction() {
        assert_snapshot!(faults("CREATE TABLE t (a int);\nCREATE INDEX CONCURRENTLY i\n    ON t (a);"), @"
        `CREATE INDEX CONCURRENTLY` cannot run in a transaction
         --> a.sql:2:1
          |
        2 | CREATE INDEX CONCURRENTLY i
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^ among statements that run in one
          |
          = hint: move it to a file of its own, or put `-- atlas:no-transaction` at the top of this one
        ");
        assert_snapshot!(faults("BEGIN; VACUUM; COMMIT;"), @"
        `VACUUM` cannot run in a transaction
         --> a.sql:1:8
          |
        1 | BEGIN; VACUUM; COMMIT;
          |        ^^^^^^ among statements that run in one
          |
          = hint: move it to a file of its own, or put `-- atlas:no-transaction` at the top of this one
        ");
    }

    #[test]
    fn needs_a_client() {
        assert_snapshot!(faults("\\restrict a'b\nCOPY t (a) FROM stdin;\n1\n\\.\nCOPY t TO STDOUT;"), @r"
        `\restrict` is for psql
         --> a.sql:1:1
          |
        1 | \restrict a'b
          | ^^^^^^^^^^^^^ psql meta-command
          |
          = hint: remove the lines `\restrict …` and `\unrestrict …`: `pg_dump` writes them for psql, the server does not know them
        `COPY … FROM STDIN` in a migration
         --> a.sql:2:1
          |
        2 | COPY t (a) FROM stdin;
          | ^^^^^^^^^^^^^^^^^^^^^ has no client that would send its rows
          |
          = hint: write the rows as `INSERT`, as `pg_dump --inserts` does
        `COPY … TO STDOUT` in a migration
         --> a.sql:5:1
          |
        5 | COPY t TO STDOUT;
          | ^^^^^^^^^^^^^^^^ has no client that would take its rows
          |
          = hint: remove it
        ");
    }

    #[test]
    fn nul() {
        assert_snapshot!(faults("SELECT 1;\nSELECT '\0';"), @"
        NUL byte
         --> a.sql:2:9
          |
        2 | SELECT '␀';
          |         ^ PostgreSQL's text cannot hold it
          |
          = hint: save the file as UTF-8 text
        ");
    }

    #[test]
    fn all_at_once_in_order() {
        assert_snapshot!(faults("-- atlas:compatibel\nCOMMIT;\nSELECT 1;\n-- atlas:compatible"), @"
        unknown directive `atlas:compatibel`
         --> a.sql:1:4
          |
        1 | -- atlas:compatibel
          |    ^^^^^^^^^^^^^^^^
          |
          = hint: did you mean `atlas:compatible`?
        `COMMIT` in a migration that runs in a transaction
         --> a.sql:2:1
          |
        2 | COMMIT;
          | ^^^^^^ transaction control
          |
          = hint: remove it: the migration is committed together with its row in the history
        directive without effect
         --> a.sql:4:4
          |
        4 | -- atlas:compatible
          |    ^^^^^^^^^^^^^^^^ comes after the first statement
          |
          = hint: write it as `-- atlas:…` at the top of the file
        ");
    }

    proptest! {
        #[test]
        fn nothing_panics(
            text in "(-- atlas:|require |lock-timeout |BEGIN;|COMMIT;|SELECT |CREATE |COPY t FROM STDIN;|/\\*|--|'|\\||\n|;|\\PC){0,20}",
        ) {
            if let Ok(script) = Script::parse("a.sql", text, Syntax::Parser) {
                // Positions of the server count characters, ours bytes.
                prop_assert_eq!(script.sql().chars().count(), script.text().chars().count());
                prop_assert_eq!(script.sql().len(), script.text().len());
                script.statements();
            }
        }
    }
}
