//! Looking at what was written, before it is committed.

use super::trust::DEFERRABLE;
use super::{dollar_quoted, literal};

/// The SQLSTATE of a write that is not so afterwards: a rule or a trigger of the table changes or swallows it.
pub(crate) const NOT_TAKEN: &str = "AM003";

/// Statements as a block.
pub(crate) fn block(statements: &str) -> String {
    format!("DO {};\n", dollar_quoted(&format!("BEGIN\n{statements}END")))
}

/// Raises an error unless this is so, in a block: what was written before is not what the table has, or a trigger may see to
/// that at the commit.
pub(crate) fn expect(table: &str, holds: &str, complaint: &str) -> String {
    format!(
        "  IF NOT {holds} OR EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgrelid = {}::regclass AND {DEFERRABLE}) THEN\n\
         \x20   RAISE EXCEPTION USING ERRCODE = '{NOT_TAKEN}', MESSAGE = {};\n  END IF;\n",
        literal(table),
        literal(complaint)
    )
}
