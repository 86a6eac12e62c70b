//! What is made of a statement whose outcome nobody knows: the catalog says.

use atlas_migrate_core::statement::{CreateIndex, Resume};

use crate::postgres::row::optional;
use crate::postgres::session::{Reply, Row};

/// What is known of a statement that has begun before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It has not begun.
    None,
    /// It failed, or the one before it did: it did not take effect, but may have left something.
    Failed,
    /// It was cut off, if it had begun: it may have taken effect, in part or as a whole.
    CutOff,
}

/// What is to be done about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// To be run.
    Run,
    /// To be run after these statements, which remove what it left.
    RunAfter(Vec<String>),
    /// It took effect, or has when these statements have been run.
    Done(Vec<String>),
    /// To be run, which changes nothing: there is an index that its `IF NOT EXISTS` is content with, but not alike.
    Passes(String),
    /// An index of another definition is in the way.
    Occupied { index: String, found: String, wanted: String },
    /// Somebody else may be building what it left: the session with this process id.
    Busy(String),
    /// Nobody can tell.
    Unknown,
}

/// Whether the catalog has to be asked before a statement is run.
pub(super) fn is_doubtful(resume: &Resume<'_>, doubt: Doubt) -> bool {
    match resume {
        Resume::Atomic | Resume::Again => false,
        Resume::CreateIndex(CreateIndex { if_not_exists: true, .. }) => true,
        Resume::Unknown | Resume::Commits => doubt == Doubt::CutOff,
        _ => doubt != Doubt::None,
    }
}

/// What the catalog says, by the answer to a [`Sql::judge`](crate::postgres::sql::Sql::judge).
pub(super) fn verdict(resume: &Resume<'_>, doubt: Doubt, reply: &Reply) -> Verdict {
    let indexes: Vec<Index> = reply.rows("atlas_index").map(Index::read).collect();
    match resume {
        Resume::CreateIndex(index) => match reply.rows("atlas_definition").next_back() {
            Some(row) => of_create_index(index, doubt, &indexes, optional(row, 0)),
            None => Verdict::Unknown,
        },
        Resume::DropIndex(_) if indexes.is_empty() && doubt == Doubt::CutOff => Verdict::Done(Vec::new()),
        Resume::Reindex(_) => remove(&indexes),
        Resume::DetachPartition { table, partition } => {
            match reply.rows("atlas_partition").next_back().and_then(|row| optional(row, 0)) {
                Some("true") => {
                    Verdict::Done(vec![format!("ALTER TABLE {table} DETACH PARTITION {partition} FINALIZE")])
                }
                None if doubt == Doubt::CutOff => Verdict::Done(Vec::new()),
                _ => Verdict::Run,
            }
        }
        Resume::DropIndex(_) | Resume::Atomic | Resume::Again => Verdict::Run,
        Resume::Unknown | Resume::Commits => Verdict::Unknown,
    }
}

/// Whether a statement that failed has taken effect in part: a partition that is about to be detached is no partition to
/// queries any more, and an index that is about to be dropped is not used.
pub(super) fn is_half_done(resume: &Resume<'_>, reply: &Reply) -> bool {
    match resume {
        Resume::DetachPartition { .. } => reply.rows("atlas_partition").any(|row| optional(row, 0) == Some("true")),
        Resume::DropIndex(_) => reply.rows("atlas_index").any(|row| !Index::read(row).is_valid),
        _ => false,
    }
}

fn of_create_index(create: &CreateIndex<'_>, doubt: Doubt, found: &[Index], wanted: Option<&str>) -> Verdict {
    if found.iter().any(|index| index.is_ours && index.is_valid && wanted == Some(&index.definition)) {
        return match doubt {
            Doubt::None => Verdict::Run,
            Doubt::Failed | Doubt::CutOff => Verdict::Done(Vec::new()),
        };
    }
    match found.iter().find(|index| index.is_valid || !index.is_ours) {
        Some(Index { name, definition, .. }) if create.if_not_exists => {
            return Verdict::Passes(format!("the index {name} is there, but not as it is written: {definition}"));
        }
        Some(index) => {
            return match wanted {
                Some(wanted) => Verdict::Occupied {
                    index: index.name.clone(),
                    found: index.definition.clone(),
                    wanted: wanted.to_owned(),
                },
                None => Verdict::Unknown,
            };
        }
        None => {}
    }
    // Those without a name in the file are found by their definition.
    if create.name.is_none() && wanted.is_none() { Verdict::Unknown } else { remove(found) }
}

/// Indexes that are not valid are of no use, unless somebody is at work on them.
fn remove(indexes: &[Index]) -> Verdict {
    match indexes.iter().find_map(|index| index.builder.clone()) {
        Some(builder) => Verdict::Busy(builder),
        None if indexes.is_empty() => Verdict::Run,
        None => Verdict::RunAfter(indexes.iter().map(Index::removal).collect()),
    }
}

/// An index that a statement may have left.
struct Index {
    /// With its schema, quoted.
    name: String,
    /// It is an index of the table that the statement is about, and that has no partitions.
    is_ours: bool,
    is_valid: bool,
    definition: String,
    builder: Option<String>,
}

impl Index {
    fn read(row: &Row) -> Self {
        let text = |column| optional(row, column).unwrap_or_default().to_owned();
        Self {
            name: text(0),
            is_ours: optional(row, 1) == Some("t"),
            is_valid: optional(row, 2) == Some("t"),
            definition: text(3),
            builder: optional(row, 4).map(str::to_owned),
        }
    }

    fn removal(&self) -> String {
        format!("DROP INDEX CONCURRENTLY {}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use atlas_migrate_core::statement::resume;

    use super::*;

    const WANTED: &str = " USING btree (a)";

    /// What the catalog has: indexes of the table of the statement, or of another one.
    enum Has {
        Valid(&'static str),
        Invalid(&'static str),
        BeingBuilt,
        OfAnotherTable,
    }

    fn answer(has: &[Has], wanted: Option<&str>) -> Reply {
        let mut reply = Reply::default();
        reply.row("atlas_definition", || vec![wanted.map(str::to_owned), Some("t".to_owned())]);
        for index in has {
            let (ours, valid, definition, builder) = match index {
                Has::Valid(definition) => ("t", "t", *definition, None),
                Has::Invalid(definition) => ("t", "f", *definition, None),
                Has::BeingBuilt => ("t", "f", WANTED, Some("77".to_owned())),
                Has::OfAnotherTable => ("f", "t", WANTED, None),
            };
            let cells = ["public.i", ours, valid, definition].map(|cell| Some(cell.to_owned()));
            reply.row("atlas_index", || cells.into_iter().chain([builder]).collect());
        }
        reply
    }

    #[track_caller]
    fn check(sql: &str, doubt: Doubt, has: &[Has], expected: &Verdict) {
        assert_eq!(verdict(&resume(sql), doubt, &answer(has, Some(WANTED))), *expected, "{sql}");
    }

    fn dropped() -> Verdict {
        Verdict::RunAfter(vec!["DROP INDEX CONCURRENTLY public.i".to_owned()])
    }

    fn occupied(found: &str) -> Verdict {
        Verdict::Occupied { index: "public.i".to_owned(), found: found.to_owned(), wanted: WANTED.to_owned() }
    }

    #[test]
    fn indexes() {
        let sql = "CREATE INDEX CONCURRENTLY i ON t (a)";
        for doubt in [Doubt::CutOff, Doubt::Failed] {
            check(sql, doubt, &[], &Verdict::Run);
            check(sql, doubt, &[Has::Valid(WANTED)], &Verdict::Done(vec![]));
            check(sql, doubt, &[Has::Invalid(WANTED)], &dropped());
            // The statement may have been fixed since it failed.
            check(sql, doubt, &[Has::Invalid("UNIQUE USING btree (a)")], &dropped());
            check(sql, doubt, &[Has::Valid(" USING btree (b)")], &occupied(" USING btree (b)"));
            check(sql, doubt, &[Has::OfAnotherTable], &occupied(WANTED));
            check(sql, doubt, &[Has::BeingBuilt], &Verdict::Busy("77".to_owned()));
        }
    }

    #[test]
    fn indexes_that_need_not_be_new() {
        let sql = "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)";
        let passes = |definition: &str| {
            Verdict::Passes(format!("the index public.i is there, but not as it is written: {definition}"))
        };
        for doubt in [Doubt::None, Doubt::Failed, Doubt::CutOff] {
            assert!(is_doubtful(&resume(sql), doubt));
            check(sql, doubt, &[], &Verdict::Run);
            check(sql, doubt, &[Has::Invalid(WANTED)], &dropped());
            check(sql, doubt, &[Has::Valid(" USING btree (b)")], &passes(" USING btree (b)"));
            check(sql, doubt, &[Has::OfAnotherTable], &passes(WANTED));
            check(sql, doubt, &[Has::BeingBuilt], &Verdict::Busy("77".to_owned()));
        }
        check(sql, Doubt::None, &[Has::Valid(WANTED)], &Verdict::Run);
        check(sql, Doubt::CutOff, &[Has::Valid(WANTED)], &Verdict::Done(vec![]));
    }

    #[test]
    fn indexes_without_a_name() {
        let sql = "CREATE INDEX CONCURRENTLY ON t (a)";
        check(sql, Doubt::CutOff, &[], &Verdict::Run);
        check(sql, Doubt::CutOff, &[Has::Valid(WANTED)], &Verdict::Done(vec![]));
        check(sql, Doubt::CutOff, &[Has::Invalid(WANTED), Has::Valid(WANTED)], &Verdict::Done(vec![]));
        check(sql, Doubt::CutOff, &[Has::Invalid(WANTED)], &dropped());
    }

    #[test]
    fn definitions_that_the_server_would_not_tell() {
        let unknown = |sql, has: &[Has]| verdict(&resume(sql), Doubt::CutOff, &answer(has, None));
        assert_eq!(unknown("CREATE INDEX CONCURRENTLY i ON t (a)", &[Has::Valid(WANTED)]), Verdict::Unknown);
        assert_eq!(unknown("CREATE INDEX CONCURRENTLY i ON t (a)", &[Has::Invalid(WANTED)]), dropped());
        assert_eq!(unknown("CREATE INDEX CONCURRENTLY i ON t (a)", &[]), Verdict::Run);
        assert_eq!(unknown("CREATE INDEX CONCURRENTLY ON t (a)", &[]), Verdict::Unknown);
    }

    #[test]
    fn other_statements() {
        let sql = "DROP INDEX CONCURRENTLY i";
        check(sql, Doubt::CutOff, &[], &Verdict::Done(vec![]));
        check(sql, Doubt::Failed, &[], &Verdict::Run);
        check(sql, Doubt::CutOff, &[Has::Valid(WANTED)], &Verdict::Run);
        check(sql, Doubt::CutOff, &[Has::Invalid(WANTED)], &Verdict::Run);

        let sql = "REINDEX TABLE CONCURRENTLY t";
        check(sql, Doubt::CutOff, &[], &Verdict::Run);
        check(sql, Doubt::CutOff, &[Has::Invalid(WANTED)], &dropped());
        check(sql, Doubt::Failed, &[Has::Invalid(WANTED)], &dropped());
        check(sql, Doubt::CutOff, &[Has::BeingBuilt], &Verdict::Busy("77".to_owned()));

        check("CALL p()", Doubt::CutOff, &[], &Verdict::Unknown);
        assert!(!is_doubtful(&resume("CALL p()"), Doubt::Failed));
        assert!(!is_doubtful(&resume("VACUUM t"), Doubt::CutOff));
        assert!(!is_doubtful(&resume("CREATE INDEX CONCURRENTLY i ON t (a)"), Doubt::None));
    }

    #[test]
    fn partitions() {
        let sql = "ALTER TABLE t DETACH PARTITION p CONCURRENTLY";
        let reply = |pending: Option<&str>| {
            let mut reply = Reply::default();
            if let Some(pending) = pending {
                reply.row("atlas_partition", || vec![Some(pending.to_owned())]);
            }
            reply
        };
        let finalize = Verdict::Done(vec!["ALTER TABLE t DETACH PARTITION p FINALIZE".to_owned()]);
        for (doubt, pending, expected) in [
            (Doubt::CutOff, None, Verdict::Done(vec![])),
            (Doubt::Failed, None, Verdict::Run),
            (Doubt::CutOff, Some("false"), Verdict::Run),
            (Doubt::CutOff, Some("true"), finalize),
        ] {
            assert_eq!(verdict(&resume(sql), doubt, &reply(pending)), expected, "{doubt:?} {pending:?}");
        }
    }
}
