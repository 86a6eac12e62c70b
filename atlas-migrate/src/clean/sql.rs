//! What is sent to empty tables.

use crate::clean::Reference;
use crate::postgres::sql::own_tables::{SPACE, TOPOLOGY, marks, member, numbered_by};
use crate::postgres::sql::path::{OWN_PATH, PATH_AS_IT_IS, PUT_PATH_BACK, TAKE_OWN_PATH};
use crate::postgres::sql::session::milliseconds;
use crate::postgres::sql::written::{block, expect};
use crate::postgres::sql::{Sql, dollar_quoted, literal};

/// How many rows are looked at to know how many a table has.
const SEEN: u64 = 1_001;

/// A table that is to be emptied.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// With its schema.
    pub(crate) quoted: &'a str,
    /// Its partitions are emptied with it.
    pub(crate) partitioned: bool,
    /// Those that inherit from it are tables of their own.
    pub(crate) parent: bool,
}

impl Target<'_> {
    fn only(&self) -> String {
        if self.parent { format!("ONLY {}", self.quoted) } else { self.quoted.to_owned() }
    }
}

impl Sql {
    /// Reads the marks of environments, the schemas, the tables, their sequences and foreign keys. Writes nothing.
    ///
    /// Sequences only if they are asked for, since that takes a look at what depends on each table.
    pub(crate) fn look_at_tables(&self, with_sequences: bool) -> String {
        let body = format!(
            "DECLARE\n\
             {PATH_AS_IT_IS}\
             \x20 atlas_marks pg_catalog.jsonb := '[]';\n\
             \x20 atlas_ours pg_catalog.jsonb := '{{}}';\n\
             \x20 atlas_own pg_catalog.record;\n\
             \x20 atlas_environment pg_catalog.text;\n\
             \x20 atlas_why pg_catalog.text;\n\
             \x20 atlas_foreign pg_catalog.jsonb;\n\
             \x20 atlas_members pg_catalog.oid[];\n\
             \x20 atlas_spaces pg_catalog.oid[];\n\
             \x20 atlas_state pg_catalog.refcursor := 'atlas_state';\n\
             \x20 atlas_tables pg_catalog.refcursor := 'atlas_tables';\n\
             \x20 atlas_references pg_catalog.refcursor := 'atlas_references';\n\
             BEGIN\n\
             {TAKE_OWN_PATH}\
             {role}\
             \x20 PERFORM set_config('jit', 'off', true);\n\
             \x20 PERFORM set_config('lock_timeout', '{lock_timeout}', true);\n\
             {marks}\
             {FIND_OTHERS}\
             \x20 OPEN atlas_state FOR SELECT atlas_marks AS atlas_state, current_database(), current_user,\n\
             \x20   (SELECT coalesce(jsonb_agg(jsonb_build_object('name', n.nspname, 'member', {schema_member} OR {TOPOLOGY})\n\
             \x20     ORDER BY n.nspname COLLATE \"C\"), '[]') FROM pg_namespace n WHERE {SPACE}),\n\
             \x20   pg_is_in_recovery(), current_setting('transaction_read_only'), now() = statement_timestamp(),\n\
             \x20   current_setting('server_version_num'), current_setting('server_version'),\n\
             \x20   CASE WHEN current_setting('is_superuser') = 'on' THEN current_setting('session_replication_role') ELSE '' END,\n\
             \x20   coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'local'),\n\
             \x20   atlas_path;\n\
             \x20 OPEN atlas_tables FOR {tables};\n\
             \x20 OPEN atlas_references FOR {references};\n\
             {PUT_PATH_BACK}\
             END",
            role = self.perform_local_role(),
            lock_timeout = milliseconds(self.lock_timeout),
            marks = marks(),
            schema_member = member("pg_namespace", "n.oid"),
            tables = tables(with_sequences),
            references = references(),
        );
        let cursors = ["atlas_state", "atlas_tables", "atlas_references"];
        let fetch: String = cursors.map(|cursor| format!("FETCH ALL FROM {cursor};\nCLOSE {cursor};\n")).concat();
        format!("DO {};\n{fetch}", dollar_quoted(&body))
    }

    /// Begins a transaction that changes nothing.
    pub(crate) fn begin_reading(&self) -> String {
        let (limit, role) = (self.limit_locks(), self.local_role());
        format!("BEGIN READ ONLY;\n{OWN_PATH}SET LOCAL statement_timeout = 0;\n{limit}{ALL_ROWS}{role}")
    }

    /// Begins a transaction that goes by our settings, and sees all rows or fails.
    pub(crate) fn begin_cleaning(&self) -> String {
        self.open() + ALL_ROWS
    }

    /// Lets nobody else write to the tables, or refer to their rows.
    pub(crate) fn lock_tables(targets: &[Target<'_>]) -> String {
        if targets.is_empty() { String::new() } else { format!("LOCK TABLE {} IN EXCLUSIVE MODE;\n", list(targets)) }
    }

    /// For each table its number, the number of rows as far as they are counted, of the pages that these are on, and of all its
    /// pages.
    pub(crate) fn count_rows<'t>(&self, targets: impl Iterator<Item = (usize, &'t Target<'t>)>) -> String {
        let select = |(number, target): (usize, &Target<'_>)| {
            let name = format!("{}::regclass", literal(target.quoted));
            let size = if target.partitioned {
                format!("(SELECT coalesce(sum(pg_relation_size(t.relid)), 0) FROM pg_partition_tree({name}) t)")
            } else {
                format!("pg_relation_size({name})")
            };
            // Rows come in the order of pages. In PostgreSQL 14 came a highest one.
            let pages_seen = if target.partitioned || self.server_version < 140_000 {
                "count(DISTINCT (s.tableoid, (s.ctid::text::point)[0]))"
            } else {
                "coalesce((max(s.ctid)::text::point)[0]::bigint, 0) + 1"
            };
            format!(
                "SELECT {number} AS atlas_rows, count(*), {pages_seen},\n\
                 ({size} / current_setting('block_size')::bigint)::bigint FROM (SELECT tableoid, ctid FROM {} LIMIT {SEEN}) s",
                target.only()
            )
        };
        united(targets.map(select))
    }

    /// For each table its number and the number of its rows, wherever these are.
    pub(crate) fn count_all<'t>(targets: impl Iterator<Item = (usize, &'t Target<'t>)>) -> String {
        let select = |(number, target): (usize, &Target<'_>)| {
            format!("SELECT {number} AS atlas_rows, count(*), 0, 0 FROM {};\n", target.only())
        };
        targets.map(select).collect()
    }

    /// The numbers of the foreign keys by which there is a row that refers to another.
    pub(crate) fn referring<'r>(references: impl Iterator<Item = &'r Reference>) -> String {
        let select = |reference: &Reference| {
            let Reference { table, columns, .. } = reference;
            format!("SELECT WHERE EXISTS (SELECT 1 FROM {table} WHERE ROW({columns}) IS NOT NULL)")
        };
        numbered("atlas_referring", "", references.map(select))
    }

    /// Namespaces and names of seeds that were loaded, by these tables.
    pub(crate) fn loaded_seeds<'t>(tables: impl Iterator<Item = &'t str>) -> String {
        let select = |table| format!("SELECT namespace, name FROM {table}");
        numbered("atlas_seed", "namespace, name", tables.map(select))
    }

    /// The numbers of the tables that have rows.
    pub(crate) fn filled<'t>(targets: impl Iterator<Item = (usize, &'t Target<'t>)>) -> String {
        let select = |(number, target): (usize, &Target<'_>)| {
            format!("SELECT {number} AS atlas_filled WHERE EXISTS (SELECT 1 FROM {})", target.only())
        };
        united(targets.map(select))
    }

    pub(crate) fn truncate<'t>(targets: impl Iterator<Item = &'t Target<'t>>) -> String {
        format!("TRUNCATE {};\n", targets.map(Target::only).collect::<Vec<_>>().join(", "))
    }

    /// Lets foreign keys be, or sees to them again, until the end of the transaction. Only a superuser may.
    pub(crate) fn replication_role(role: &str) -> String {
        format!("SET LOCAL session_replication_role = {};\n", literal(role))
    }

    /// Lets statements with parameters, such as those that see to foreign keys, be planned once and for all values, until the end
    /// of the transaction.
    pub(crate) fn plan_once() -> String {
        "SET LOCAL plan_cache_mode = force_generic_plan;\n".to_owned()
    }

    /// Removes the rows of a table; or those of several at once, so that they may refer to each other, and tells how many, by the
    /// tables' numbers. Whatever the path is: triggers of users may go by it.
    pub(crate) fn delete<'t>(targets: &[(usize, &'t Target<'t>)]) -> String {
        if let [(_, target)] = targets {
            return format!("DELETE FROM {};\n", target.only());
        }
        let (mut with, mut select) = (Vec::new(), Vec::new());
        for (number, target) in targets {
            with.push(format!("d{number} AS (DELETE FROM {} RETURNING 1)", target.only()));
            select.push(format!("SELECT {number} AS atlas_removed, pg_catalog.count(*) FROM d{number}"));
        }
        format!("WITH {} {};\n", with.join(", "), select.join(" UNION ALL "))
    }

    /// Lets a sequence begin again; with a value if it is somebody else's, which is not undone by a rollback.
    pub(crate) fn restart(sequence: &str, value: Option<i64>) -> String {
        match value {
            None => format!("ALTER SEQUENCE {sequence} RESTART;\n"),
            Some(value) => format!("SELECT setval({}::regclass, {value}, false);\n", literal(sequence)),
        }
    }

    /// Takes back that a seed was loaded.
    pub(crate) fn forget_seed(table: &str, namespace: &str, name: &str) -> String {
        let row = format!("FROM {table} WHERE namespace = {} AND name = {}", literal(namespace), literal(name));
        let holds = format!("NOT EXISTS (SELECT 1 {row})");
        let complaint = format!("{table} does not let go of the row of the seed {name}");
        block(&(format!("DELETE {row};\n") + &expect(table, &holds, &complaint)))
    }
}

/// Where the role would see some rows alone, an error is better. They are seen from the first page on.
const ALL_ROWS: &str = "SET LOCAL row_security = off;\nSET LOCAL synchronize_seqscans = off;\nSET LOCAL jit = off;\n";

fn list(targets: &[Target<'_>]) -> String {
    targets.iter().map(Target::only).collect::<Vec<_>>().join(", ")
}

/// Queries as one, each of whose rows begins with the query's number.
fn numbered(first: &str, columns: &str, queries: impl Iterator<Item = String>) -> String {
    let comma = if columns.is_empty() { "" } else { ", " };
    let query = |(number, query): (usize, String)| {
        format!("SELECT {number} AS {first}{comma}{columns} FROM ({query}) q ({columns})").replace(" q ()", " q")
    };
    united(queries.enumerate().map(query))
}

fn united(queries: impl Iterator<Item = String>) -> String {
    let queries: Vec<_> = queries.collect();
    if queries.is_empty() { String::new() } else { queries.join("\nUNION ALL ") + ";\n" }
}

/// Those that number columns of the table `c`, each with all the tables that it numbers.
fn sequences() -> String {
    format!(
        "(SELECT coalesce(jsonb_agg(jsonb_build_object('quoted', format('%I.%I', m.nspname, s.relname), 'start', q.seqstart,\n\
         \x20   'owned', pg_has_role(s.relowner, 'USAGE'), 'may_update', coalesce(has_sequence_privilege(s.oid, 'UPDATE'), false), 'tables', r.tables)\n\
         \x20   ORDER BY s.oid), '[]') FROM pg_sequence q JOIN pg_class s ON s.oid = q.seqrelid JOIN pg_namespace m ON m.oid = s.relnamespace\n\
         \x20 CROSS JOIN LATERAL (SELECT jsonb_agg(DISTINCT coalesce(pg_partition_root(u.relation)::oid, u.relation)::bigint) AS tables\n\
         \x20   FROM {} u) r WHERE s.oid IN (\n\
         \x20   SELECT d.objid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass\n\
         \x20     AND d.refobjid = c.oid AND d.deptype IN ('a', 'i') UNION ALL SELECT d.refobjid FROM pg_attrdef f\n\
         \x20     JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass\n\
         \x20     WHERE f.adrelid = c.oid))",
        numbered_by("s.oid")
    )
}

/// Without what belongs to tables that were dropped since the query began: of these nothing is known in one of the columns.
fn still_there(columns: &[&str], query: &str) -> String {
    let is_there = columns.iter().map(|column| format!("t.{column} IS NOT NULL")).collect::<Vec<_>>();
    format!("SELECT * FROM ({query} OFFSET 0) t WHERE {}", is_there.join(" AND "))
}

/// Puts into variables which tables and schemas extensions have made, and, by the object ids of partitioned tables, a partition of
/// each that is a foreign table. By queries of one table each, since it takes longer to plan the look than to carry it out.
const FIND_OTHERS: &str = "\x20 atlas_members := ARRAY(SELECT d.objid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e');\n\
     \x20 atlas_spaces := ARRAY(SELECT d.objid FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.deptype = 'e');\n\
     \x20 atlas_foreign := (SELECT jsonb_object_agg(coalesce(pg_partition_root(c.oid)::oid, 0),\n\
     \x20   concat(c.relnamespace::regnamespace, '.', quote_ident(c.relname)) ORDER BY c.relname DESC) FROM pg_class c WHERE c.relkind = 'f' AND c.relispartition);\n";

/// What there is to know of tables: columns, and none of JSON, which takes the server as long as all the rest. It has the variables
/// of [`FIND_OTHERS`], and `atlas_ours`.
fn tables(with_sequences: bool) -> String {
    let sequences = if with_sequences { sequences() } else { "'[]'".to_owned() };
    let query = format!(
        "SELECT c.oid AS atlas_table, n.nspname, c.relname, format('%I.%I', n.nspname, c.relname) AS quoted, c.relkind,\n\
         \x20   atlas_ours -> c.oid::text ->> 0 AS ours, atlas_ours -> c.oid::text ->> 1 AS distrusted,\n\
         \x20   c.oid = ANY (atlas_members) OR n.oid = ANY (atlas_spaces) AS member, atlas_foreign ->> c.oid::text AS foreign_part,\n\
         \x20   {usage} AND has_table_privilege(c.oid, 'SELECT') AS may_read,\n\
         \x20   {usage} AND has_table_privilege(c.oid, 'DELETE') AS may_delete,\n\
         \x20   {usage} AND has_table_privilege(c.oid, 'TRUNCATE') AS may_truncate,\n\
         \x20   CASE WHEN c.relkind = 'p' THEN 1 WHEN c.relam = (SELECT m.oid FROM pg_am m WHERE m.amname = 'heap')\n\
         \x20     THEN pg_relation_size(c.oid) / current_setting('block_size')::bigint ELSE 0 END AS pages,\n\
         \x20   c.reltuples::float8, c.relpages,\n\
         \x20   c.relkind = 'r' AND c.relhassubclass AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid\n\
         \x20     AND (SELECT k.relnamespace FROM pg_class k WHERE k.oid = i.inhrelid) = ANY (atlas_spaces)) AS parent,\n\
         \x20   c.relkind = 'p' OR c.relhasrules OR c.relhastriggers AND EXISTS (SELECT FROM pg_trigger g\n\
         \x20     WHERE g.tgrelid = c.oid AND NOT g.tgisinternal) AS triggers, {sequences} AS sequences\n\
         \x20   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n\
         \x20   WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND {SPACE}\n\
         \x20   ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"",
        usage = "has_schema_privilege(n.oid, 'USAGE')",
    );
    still_there(&["may_read", "may_delete", "may_truncate", "pages"], &query)
}

/// Those of partitions belong to the table that they are of, and so do those of tables that an extension has made of one.
fn references() -> String {
    let query = "SELECT coalesce(pg_partition_root(f.conrelid)::oid, CASE WHEN c.relnamespace = ANY (atlas_spaces)\n\
     \x20     THEN (SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = c.oid LIMIT 1) END, f.conrelid) AS atlas_reference,\n\
     \x20   coalesce(pg_partition_root(f.confrelid)::oid, f.confrelid) AS referred,\n\
     \x20   format('%I.%I', n.nspname, c.relname) AS name, ARRAY(SELECT quote_ident(a.attname) FROM pg_attribute a\n\
     \x20     WHERE a.attrelid = c.oid AND a.attnum = ANY (f.conkey)) AS columns,\n\
     \x20   has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS may_read\n\
     \x20   FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace\n\
     \x20   WHERE f.contype = 'f' AND f.conparentid = 0 ORDER BY f.oid";
    format!(
        "SELECT atlas_reference, referred, name, array_to_string(columns, ', '), may_read\n\x20   FROM ({}) r",
        still_there(&["may_read"], query)
    )
}
