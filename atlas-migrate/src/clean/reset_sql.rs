//! What is sent to drop all that is in schemas.

use crate::postgres::sql::own_tables::{TOPOLOGY, member};
use crate::postgres::sql::written::{block, expect};
use crate::postgres::sql::{Sql, literal};

/// The catalogs of what is in a schema, each with what may be dropped there.
const OBJECTS: &str = "'pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass, \
    'pg_opclass'::regclass, 'pg_opfamily'::regclass, 'pg_collation'::regclass, 'pg_conversion'::regclass, \
    'pg_statistic_ext'::regclass, 'pg_ts_config'::regclass, 'pg_ts_dict'::regclass, 'pg_ts_parser'::regclass, \
    'pg_ts_template'::regclass";

/// The catalogs of parts of these.
const PARTS: &str = "'pg_constraint'::regclass, 'pg_attrdef'::regclass, 'pg_trigger'::regclass, 'pg_rewrite'::regclass, \
    'pg_policy'::regclass";

impl Sql {
    /// Begins a transaction in which nothing is said of what falls with something else.
    pub(crate) fn begin_reset(&self) -> String {
        self.open() + "SET LOCAL client_min_messages = error;\n"
    }

    /// What is in these schemas, with the statements that drop it, and what is elsewhere and would fall with it.
    ///
    /// The mark of the environment stays. What belongs to another object of the schemas is dropped with that: the sequence of a
    /// column, the constructors of a range.
    pub(crate) fn objects(schemas: &[&str]) -> String {
        let names: Vec<_> = schemas.iter().map(|schema| literal(schema)).collect();
        let inside = format!(
            "WITH RECURSIVE space AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY (ARRAY[{names}]::name[])),\n\
             lodger AS (SELECT d.classid, d.objid FROM pg_depend d JOIN space ON d.refobjid = space.oid\n\
             \x20 WHERE d.refclassid = 'pg_namespace'::regclass AND d.classid IN ({OBJECTS})),\n\
             inside AS (SELECT classid, objid FROM lodger l\n\
             \x20 WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = l.classid AND d.objid = l.objid AND d.objsubid = 0 AND (d.deptype = 'e'\n\
             \x20   OR d.deptype IN ('a', 'i') AND (d.refclassid, d.refobjid) IN (SELECT classid, objid FROM lodger)))\n\
             \x20 AND NOT EXISTS (SELECT FROM pg_class c WHERE l.classid = 'pg_class'::regclass AND c.oid = l.objid\n\
             \x20   AND c.relname = 'schema_environment'))",
            names = names.join(", ")
        );
        format!(
            "{inside}\n\
             SELECT concat_ws(' ', o.type, o.identity) AS atlas_drop, format(E'DROP %s IF EXISTS %s CASCADE;\\n', CASE o.type\n\
             \x20 WHEN 'function' THEN 'routine' WHEN 'procedure' THEN 'routine' WHEN 'aggregate' THEN 'routine'\n\
             \x20 WHEN 'statistics object' THEN 'statistics' WHEN 'composite type' THEN 'type' ELSE o.type END, o.identity)\n\
             FROM inside, pg_identify_object(classid, objid, 0) o ORDER BY classid <> 'pg_class'::regclass, o.type COLLATE \"C\", o.identity COLLATE \"C\";\n\
             {inside},\n\
             fallen AS (SELECT classid, objid FROM inside UNION SELECT d.classid, d.objid FROM pg_depend d\n\
             \x20 JOIN fallen f ON d.refclassid = f.classid AND d.refobjid = f.objid),\n\
             place AS (SELECT o.type, o.identity, coalesce(o.schema, k.connamespace::regnamespace::text,\n\
             \x20   (pg_identify_object_as_address(classid, objid, 0)).object_names[1]) AS schema\n\
             \x20 FROM (SELECT DISTINCT classid, objid FROM fallen WHERE classid IN ({OBJECTS}, {PARTS})) f\n\
             \x20 CROSS JOIN LATERAL pg_identify_object(classid, objid, 0) o\n\
             \x20 LEFT JOIN pg_constraint k ON classid = 'pg_constraint'::regclass AND k.oid = objid)\n\
             SELECT type AS atlas_outside, identity FROM place\n\
             WHERE schema !~ '^\"?pg_' AND schema NOT IN (SELECT unnest(ARRAY[n.nspname, quote_ident(n.nspname)]) FROM pg_namespace n\n\
             \x20 WHERE n.oid IN (SELECT oid FROM space) OR {})\n\
             ORDER BY type COLLATE \"C\", identity COLLATE \"C\" LIMIT 20;\n",
            // What an extension keeps of it elsewhere goes with it.
            member("pg_namespace", "n.oid")
        )
    }

    /// What is of the database and in no schema, each with the statement that drops it; without one if the role may not.
    pub(crate) fn loose_objects() -> String {
        let of_catalog = |(what, catalog, name, owner): (&str, &str, &str, &str)| {
            format!(
                "SELECT '{what} ' || quote_ident(c.{name}) AS name, format(E'DROP {} IF EXISTS %I CASCADE;\\n', c.{name}) AS statement,\n\
                 \x20 c.{owner} AS owner FROM {catalog} c WHERE c.oid >= 16384 AND NOT {}",
                what.to_ascii_uppercase().replace('-', " "),
                member(catalog, "c.oid")
            )
        };
        let named = [
            ("event trigger", "pg_event_trigger", "evtname", "evtowner"),
            ("publication", "pg_publication", "pubname", "pubowner"),
            ("server", "pg_foreign_server", "srvname", "srvowner"),
            ("foreign-data wrapper", "pg_foreign_data_wrapper", "fdwname", "fdwowner"),
            ("language", "pg_language", "lanname", "lanowner"),
        ];
        // A subscription cannot be dropped in a transaction.
        format!(
            "SELECT l.name AS atlas_loose, CASE WHEN pg_has_role(l.owner, 'USAGE') THEN l.statement ELSE '' END FROM (\n\
             {}\n\
             UNION ALL SELECT 'schema ' || quote_ident(n.nspname), format(E'DROP SCHEMA IF EXISTS %I CASCADE;\\n', n.nspname), n.nspowner\n\
             \x20 FROM pg_namespace n WHERE {TOPOLOGY}\n\
             UNION ALL SELECT 'large object ' || c.oid, format(E'SELECT pg_catalog.lo_unlink(%s);\\n', c.oid), c.lomowner FROM pg_largeobject_metadata c\n\
             UNION ALL SELECT 'subscription ' || quote_ident(c.subname), '', c.subowner FROM pg_subscription c\n\
             \x20 WHERE c.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())) l\n\
             ORDER BY l.name COLLATE \"C\";\n",
            named.map(of_catalog).join("\nUNION ALL ")
        )
    }

    /// The tables in which extensions keep rows about objects of users, with the rows that are these: what a dump has of them.
    /// Nothing of TimescaleDB, which removes its own when a table is dropped.
    pub(crate) fn kept_by_extensions() -> String {
        "SELECT format('%I.%I', n.nspname, c.relname) AS atlas_kept, coalesce(x.extcondition[k.place], ''),\n\
         has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'DELETE')\n\
         FROM pg_extension x CROSS JOIN LATERAL unnest(x.extconfig) WITH ORDINALITY k (relation, place)\n\
         JOIN pg_class c ON c.oid = k.relation JOIN pg_namespace n ON n.oid = c.relnamespace\n\
         WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'pg_catalog' AND x.extname <> 'timescaledb' ORDER BY 1;\n"
            .to_owned()
    }

    /// Removes such rows, at once, as they may refer to each other.
    pub(crate) fn forget_kept(kept: &[(String, String)]) -> String {
        let delete = |(number, (table, condition)): (usize, &(String, String))| {
            format!("d{number} AS (DELETE FROM {table} {condition})")
        };
        let with: Vec<_> = kept.iter().enumerate().map(delete).collect();
        if with.is_empty() { String::new() } else { format!("WITH {} SELECT 1;\n", with.join(",\n")) }
    }

    /// Takes back that the migrations of the namespace have run.
    pub(crate) fn forget_history(&self) -> String {
        let history = self.history();
        let rows = format!("FROM {history} WHERE namespace = {}", literal(&self.namespace));
        let holds = format!("NOT EXISTS (SELECT 1 {rows})");
        let complaint = format!("the history {history} does not let go of its rows");
        block(&(format!("DELETE {rows};\n") + &expect(&history, &holds, &complaint)))
    }
}
