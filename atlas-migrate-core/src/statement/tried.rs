//! How a statement that runs by itself can be tried in a transaction.

use super::resume::{Resume, resume};
use crate::token::Lexer;

/// How a statement is tried in a transaction that is rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial<'s> {
    /// As it stands.
    AsItIs,
    /// As it stands, which shows whether it ends a transaction: `CALL`, `DO`.
    MayCommit,
    /// This, without its `CONCURRENTLY`. Each token stands where it stood.
    Plainly(String, Refused<'s>),
    /// Not at all, and nothing that comes later can tell: `VACUUM`, `REINDEX`, `ALTER SYSTEM`….
    WithoutEffect,
    /// Not at all: `CREATE DATABASE`, `CREATE SUBSCRIPTION`….
    Never,
}

/// For which objects the server refuses the statement with `CONCURRENTLY`, and does not without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused<'s> {
    /// If this is a partitioned table.
    PartitionedTable(&'s str),
    /// If this is an index of one.
    PartitionedIndex(&'s str),
    /// If this partitioned table has a default partition.
    WithDefaultPartition(&'s str),
    /// Whatever it is: `DROP INDEX CONCURRENTLY a, b`, or with `CASCADE`.
    Always,
}

/// How this statement can be tried.
pub fn trial(sql: &str) -> Trial<'_> {
    let refused = match resume(sql) {
        Resume::Atomic => return Trial::AsItIs,
        Resume::Again | Resume::Reindex(_) => return Trial::WithoutEffect,
        Resume::CreateIndex(index) => Refused::PartitionedTable(index.table),
        Resume::DropIndex(index) => match is_one_index(sql) {
            true => Refused::PartitionedIndex(index),
            false => Refused::Always,
        },
        Resume::DetachPartition { table, .. } => Refused::WithDefaultPartition(table),
        Resume::Commits => return Trial::MayCommit,
        Resume::Unknown => return Trial::Never,
    };
    Trial::Plainly(plainly(sql), refused)
}

fn is_one_index(sql: &str) -> bool {
    !Lexer::new(sql).any(|token| token.text == "," || token.is("CASCADE"))
}

/// Without the first `CONCURRENTLY`, or the last one of what detaches.
fn plainly(sql: &str) -> String {
    let mut places = Lexer::new(sql).filter(|token| token.is("CONCURRENTLY")).map(|token| token.range());
    let is_alter = Lexer::new(sql).find(|token| !token.is_trivia()).is_some_and(|token| token.is("ALTER"));
    let place = if is_alter { places.last() } else { places.next() };
    let mut plain = sql.to_owned();
    if let Some(place) = place {
        plain.replace_range(place.clone(), &" ".repeat(place.len()));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, expected: &Trial<'_>) {
        assert_eq!(trial(sql), *expected, "{sql}");
    }

    #[test]
    fn with_and_without() {
        let plainly = |sql: &str, refused| Trial::Plainly(sql.to_owned(), refused);
        check(
            "CREATE UNIQUE INDEX CONCURRENTLY concurrently ON s.t (a)",
            &plainly("CREATE UNIQUE INDEX              concurrently ON s.t (a)", Refused::PartitionedTable("s.t")),
        );
        check("DROP INDEX CONCURRENTLY i", &plainly("DROP INDEX              i", Refused::PartitionedIndex("i")));
        check("DROP INDEX CONCURRENTLY i, j", &plainly("DROP INDEX              i, j", Refused::Always));
        check(
            "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
            &plainly("ALTER TABLE t DETACH PARTITION p             ", Refused::WithDefaultPartition("t")),
        );
        for sql in ["VACUUM t", "REINDEX TABLE CONCURRENTLY t", "ALTER SYSTEM RESET ALL", "CLUSTER"] {
            check(sql, &Trial::WithoutEffect);
        }
        for sql in ["CALL p()", "DO $$ BEGIN COMMIT; END $$"] {
            check(sql, &Trial::MayCommit);
        }
        check("CREATE DATABASE d", &Trial::Never);
        check("INSERT INTO t VALUES (1)", &Trial::AsItIs);
    }
}
