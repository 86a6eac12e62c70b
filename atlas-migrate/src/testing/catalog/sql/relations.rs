//! Tables, views, sequences and composite types.

use super::sorted;

/// The relations that are looked at: not those of extensions, and not the history.
pub(crate) fn relation(schema: &str, table: &str) -> String {
    format!(
        r#"relation AS MATERIALIZED (
  SELECT c.*, format('%I.%I', s.nspname, c.relname) AS identity,
    CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
      WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type' ELSE 'table' END AS kind
  FROM pg_class c JOIN space s ON s.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND (s.nspname, c.relname) <> ({schema}, {table})
    AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
    AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_type'::regclass AND m.objid = c.reltype)
)"#
    )
}

/// The definition of a view, without the numbers by which TimescaleDB counts the tables of continuous aggregates: they are others
/// each time that one is made.
fn view(definition: &str) -> String {
    let without = |text: &str, named: &str, number: &str, plain: &str| {
        format!("regexp_replace({text}, '{named}{number}', '{plain}', 'g')")
    };
    let tables = without(definition, "_materialized_hypertable_", "[0-9]+", "_materialized_hypertable_N");
    without(&tables, "cagg_watermark[(]", "[0-9]+", "cagg_watermark(N")
}

/// Tables, partitioned and foreign ones included, and views.
pub(crate) fn relations() -> String {
    format!(
        r#"
SELECT kind, identity, 0 AS rank, 0::bigint AS place, NULL::text AS label,
  concat_ws(chr(10),
    CASE relpersistence WHEN 'u' THEN 'unlogged' END,
    CASE WHEN reloftype <> 0 THEN 'of type ' || format_type(reloftype, NULL) END,
    (SELECT string_agg(concat_ws(' ', CASE WHEN r.relispartition THEN 'partition of' ELSE 'inherits' END,
        i.inhparent::regclass, pg_get_expr(r.relpartbound, r.oid),
        CASE WHEN to_jsonb(i) ->> 'inhdetachpending' = 'true' THEN 'DETACH PENDING' END), chr(10) ORDER BY i.inhseqno)
      FROM pg_inherits i WHERE i.inhrelid = r.oid),
    'partitioned by ' || pg_get_partkeydef(r.oid),
    (SELECT 'access method ' || quote_ident(amname) FROM pg_am WHERE oid = relam AND amname <> 'heap'),
    (SELECT 'tablespace ' || quote_ident(spcname) FROM pg_tablespace WHERE oid = reltablespace),
    'options ' || {options},
    'options of the TOAST table ' || (SELECT {toast_options} FROM pg_class t WHERE t.oid = r.reltoastrelid),
    CASE WHEN relrowsecurity THEN 'row security' END,
    CASE WHEN relforcerowsecurity THEN 'row security for the owner too' END,
    CASE WHEN relkind IN ('v', 'f') THEN NULL WHEN relreplident = 'n' THEN 'replica identity nothing'
      WHEN relreplident = 'f' THEN 'replica identity full' END,
    (SELECT concat_ws(chr(10), 'server ' || quote_ident(s.srvname), 'options of the server''s ' || {foreign_options})
      FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = r.oid),
    CASE WHEN relkind IN ('v', 'm') THEN {view} END) AS definition,
  'pg_class'::regclass::oid AS class, oid AS object, 0 AS sub, relowner AS owner, relacl AS acl,
  acldefault('r', relowner) AS usual
FROM relation r WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
"#,
        view = view("pg_get_viewdef(r.oid)"),
        options = sorted("r.reloptions"),
        toast_options = sorted("t.reloptions"),
        foreign_options = sorted("f.ftoptions"),
    )
}

/// Sequences, except how far they have come.
pub(crate) const SEQUENCES: &str = r#"
SELECT kind, identity, 0, 0, NULL,
  concat_ws(chr(10),
    CASE relpersistence WHEN 'u' THEN 'unlogged' END,
    format('%s start %s increment %s minimum %s maximum %s cache %s', format_type(s.seqtypid, NULL), s.seqstart,
      s.seqincrement, s.seqmin, s.seqmax, s.seqcache) || CASE WHEN s.seqcycle THEN ' cycle' ELSE '' END,
    (SELECT format('%s %s.%I', CASE d.deptype WHEN 'i' THEN 'identity of' ELSE 'owned by' END, d.refobjid::regclass,
        a.attname)
      FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
        AND d.deptype IN ('a', 'i'))),
  'pg_class'::regclass, oid, 0, relowner, relacl, acldefault('s', relowner)
FROM relation r JOIN pg_sequence s ON s.seqrelid = r.oid
"#;

/// Composite types. Their attributes are columns.
pub(crate) const COMPOSITE_TYPES: &str = r#"
SELECT kind, identity, 0, 0, NULL, 'composite', 'pg_type'::regclass, t.oid, 0, t.typowner, t.typacl,
  acldefault('T', t.typowner)
FROM relation r JOIN pg_type t ON t.oid = r.reltype WHERE relkind = 'c'
"#;
