//! What is sent to measure a statement.
//!
//! It is prepared, and executed by name, since that is how parameters get to the server in a simple-query message.

use std::time::Duration;

use atlas_migrate_core::bench::{Gate, Name};

use crate::postgres::sql::literal;
use crate::postgres::sql::path::{answered, rules};
use crate::postgres::sql::session::milliseconds;

/// What stands before a query for parameters, and behind it. The rows are 1,000 at the most.
pub(crate) const PARAMETERS: (&str, &str) = ("SELECT NULL AS atlas_parameters, p.* FROM (\n", "\n) p LIMIT 1000;\n");

/// What stands before the statement that is prepared.
pub(crate) const PREPARE: &str = "PREPARE atlas_migrate_bench AS\n";

/// Behind a statement that writes: others see what it saw.
pub(crate) const UNDO: &str = "ROLLBACK TO SAVEPOINT atlas_migrate_bench;\n";

/// The end of a benchmark.
pub(crate) const END: &str = "DEALLOCATE atlas_migrate_bench;\nROLLBACK;\n";

/// Behind the end of one that was given up somewhere: a prepared statement is not rolled back.
pub(crate) const CLEAR_UP: &str = "SET LOCAL search_path = pg_catalog, pg_temp;\nDO $$BEGIN IF EXISTS (SELECT FROM pg_prepared_statements \
    WHERE name = 'atlas_migrate_bench') THEN DEALLOCATE atlas_migrate_bench; END IF; END$$;\n";

/// How long an execution may take, and wait for a lock.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) statement: Duration,
    pub(crate) lock: Duration,
    /// As `server_version_num` has it.
    pub(crate) server_version: u32,
}

/// Begins the transaction that a benchmark runs in.
pub(crate) fn begin(writes: bool, limits: Limits) -> String {
    let (access, savepoint) =
        if writes { ("READ WRITE", "SAVEPOINT atlas_migrate_bench;\n") } else { ("READ ONLY", "") };
    let of_transaction = if limits.server_version >= 170_000 { "SET LOCAL transaction_timeout = 0;\n" } else { "" };
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED {access};\nSET LOCAL statement_timeout = {};\nSET LOCAL lock_timeout = {};\n\
         SET LOCAL idle_in_transaction_session_timeout = 0;\n{of_transaction}{}{savepoint}",
        milliseconds(limits.statement),
        milliseconds(limits.lock),
        rules()
    )
}

/// Executes the statement with these parameters. Literals are of no type yet, so that each becomes what the statement takes.
pub(crate) fn execute(parameters: &[Option<String>]) -> String {
    let value = |parameter: &Option<String>| parameter.as_deref().map_or_else(|| "NULL".to_owned(), literal);
    let values: Vec<_> = parameters.iter().map(value).collect();
    let values = if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
    format!("EXECUTE atlas_migrate_bench{values};\n")
}

/// Executes the statement, and gives its plan. Names of schemas are in it only if it is verbose.
pub(crate) fn explain(execution: &str) -> String {
    format!("EXPLAIN (ANALYZE, BUFFERS, VERBOSE, TIMING OFF, FORMAT JSON) {execution}")
}

/// What the indexes and tables that gates name are: for the number of each gate its schema and name, and those of all its
/// partitions and children; of an index also its table's name.
pub(crate) fn named(gates: &[Gate]) -> String {
    let row = |(number, gate): (usize, &Gate)| match gate {
        Gate::UsesIndex(name) => Some(named_row(number, "{i,I}", name)),
        Gate::NoSeqScan(name) => Some(named_row(number, "{r,p,m}", name)),
        Gate::Latency { .. } | Gate::MaxBuffers(_) => None,
    };
    let rows: Vec<_> = gates.iter().enumerate().filter_map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let query = format!(
        "WITH RECURSIVE part (number, oid) AS (\n\
         \x20 SELECT e.number, c.oid FROM (VALUES {}) e (number, kinds, schema, name)\n\
         \x20 JOIN pg_class c ON c.relname = e.name AND c.relkind = ANY (e.kinds::\"char\"[])\n\
         \x20 JOIN pg_namespace n ON n.oid = c.relnamespace\n\
         \x20 WHERE CASE WHEN e.schema IS NULL THEN pg_table_is_visible(c.oid) ELSE n.nspname = e.schema END\n\
         \x20 UNION SELECT p.number, i.inhrelid FROM part p JOIN pg_inherits i ON i.inhparent = p.oid\n\
         ) SELECT p.number AS atlas_named, n.nspname, c.relname, t.relname\n\
         FROM part p JOIN pg_class c ON c.oid = p.oid JOIN pg_namespace n ON n.oid = c.relnamespace\n\
         LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid",
        rows.join(", ")
    );
    answered(&[("atlas_named_relations", &query)])
}

fn named_row(number: usize, kinds: &str, name: &Name) -> String {
    let schema = name.schema.as_deref().map_or_else(|| "NULL".to_owned(), literal);
    format!("({number}, '{kinds}', {schema}::text, {})", literal(&name.name))
}
