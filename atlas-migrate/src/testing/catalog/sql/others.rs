//! Schemas, and what is in no schema.

use super::sorted;

/// Schemas. The one that the history is in is only told for its comment and privileges: the migrator may have made it.
pub(crate) fn schemas(history: &str) -> String {
    format!(
        r#"
SELECT 'schema', quote_ident(s.nspname), 0, 0, NULL, CASE WHEN s.nspname <> {history} THEN '' END,
  'pg_namespace'::regclass, s.oid, 0, s.nspowner, s.nspacl, acldefault('n', s.nspowner)
FROM space s
"#
    )
}

/// Extensions.
pub(crate) const EXTENSIONS: &str = r#"
SELECT 'extension', quote_ident(e.extname), 0, 0, NULL,
  format('version %s in schema %I', e.extversion, n.nspname), 'pg_extension'::regclass, e.oid, 0, e.extowner, NULL, NULL
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
"#;

/// Privileges that objects have from the start, where a role has changed those for its own.
pub(crate) const DEFAULT_PRIVILEGES: &str = r#"
SELECT 'default privileges',
  concat_ws(' ', 'of', quote_ident(pg_get_userbyid(d.defaclrole)), 'in schema ' || quote_ident(n.nspname), 'on',
    CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
      WHEN 'n' THEN 'schemas' ELSE 'large objects' END),
  0, 0, NULL, NULL, 'pg_default_acl'::regclass, d.oid, 0, d.defaclrole, d.defaclacl,
  CASE WHEN d.defaclnamespace = 0
    THEN acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole) END
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
"#;

/// Event triggers.
pub(crate) fn event_triggers() -> String {
    format!(
        r#"
SELECT 'event trigger', quote_ident(e.evtname), 0, 0, NULL,
  concat_ws(' ', 'on', e.evtevent, 'for ' || {tags}, 'execute', e.evtfoid::oid::regprocedure,
    CASE e.evtenabled WHEN 'D' THEN 'DISABLED' WHEN 'A' THEN 'ENABLED ALWAYS' WHEN 'R' THEN 'ENABLED ON REPLICAS' END),
  'pg_event_trigger'::regclass, e.oid, 0, e.evtowner, NULL, NULL
FROM pg_event_trigger e
"#,
        tags = sorted("e.evttags"),
    )
}

/// Foreign data wrappers, servers, and who is mapped to somebody there. Options of a mapping may be passwords, and are
/// not told.
pub(crate) fn foreign_data() -> String {
    format!(
        r#"
SELECT 'foreign data wrapper', quote_ident(w.fdwname), 0, 0, NULL,
  concat_ws(chr(10), 'handler ' || nullif(w.fdwhandler, 0)::regprocedure,
    'validator ' || nullif(w.fdwvalidator, 0)::regprocedure, 'options ' || {wrapper}),
  'pg_foreign_data_wrapper'::regclass, w.oid, 0, w.fdwowner, w.fdwacl, acldefault('F', w.fdwowner)
FROM pg_foreign_data_wrapper w
UNION ALL
SELECT 'server', quote_ident(s.srvname), 0, 0, NULL,
  concat_ws(chr(10), 'wrapper ' || quote_ident(w.fdwname), 'type ' || quote_literal(s.srvtype),
    'version ' || quote_literal(s.srvversion), 'options ' || {server}),
  'pg_foreign_server'::regclass, s.oid, 0, s.srvowner, s.srvacl, acldefault('S', s.srvowner)
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
UNION ALL
SELECT 'user mapping',
  format('for %s on %I', CASE m.umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(m.usename) END, m.srvname), 0, 0, NULL,
  '', 'pg_user_mapping'::regclass, m.umid, 0, NULL, NULL, NULL
FROM pg_user_mappings m
"#,
        wrapper = sorted("w.fdwoptions"),
        server = sorted("s.srvoptions"),
    )
}

/// Statistics objects.
pub(crate) const STATISTICS: &str = r#"
SELECT 'statistics', format('%I.%I', s.nspname, x.stxname), 0, 0, NULL,
  concat_ws(' ', pg_get_statisticsobjdef(x.oid), 'STATISTICS ' || nullif(x.stxstattarget, -1)),
  'pg_statistic_ext'::regclass, x.oid, 0, x.stxowner, NULL, NULL
FROM pg_statistic_ext x JOIN space s ON s.oid = x.stxnamespace
"#;

/// Publications.
///
/// Row filters, lists of columns and whole schemas came with PostgreSQL 15. Where the catalog does not have the
/// columns, their names are those of `older`; the table of schemas is only met by way of what depends on what.
pub(crate) const PUBLICATIONS: &str = r#"
SELECT 'publication', quote_ident(p.pubname), 0, 0, NULL,
  concat_ws(chr(10),
    CASE WHEN p.puballtables THEN 'all tables' END,
    concat_ws(' ', 'publishes', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
      CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END,
      CASE WHEN p.pubviaroot THEN 'by way of the root' END,
      CASE WHEN to_jsonb(p) ->> 'pubgencols' IN ('s', 'true') THEN 'with generated columns' END),
    (SELECT string_agg('schema ' || quote_ident(n.nspname), chr(10) ORDER BY n.nspname)
      FROM pg_depend d JOIN pg_depend e ON e.classid = d.classid AND e.objid = d.objid
        JOIN pg_namespace n ON n.oid = e.refobjid
      WHERE d.refclassid = 'pg_publication'::regclass AND d.refobjid = p.oid
        AND d.classid::regclass::text = 'pg_publication_namespace' AND e.refclassid = 'pg_namespace'::regclass)),
  'pg_publication'::regclass, p.oid, 0, p.pubowner, NULL, NULL
FROM pg_publication p
UNION ALL
SELECT 'publication', quote_ident(p.pubname), 1, 0, 'table ' || r.prrelid::regclass,
  concat_ws(' ', 'table', r.prrelid::regclass,
    '(' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname) FROM pg_attribute a
      WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)) || ')',
    'where ' || pg_get_expr(r.prqual, r.prrelid)),
  'pg_publication_rel'::regclass, r.oid, 0, NULL, NULL, NULL
FROM pg_publication p CROSS JOIN (SELECT NULL::pg_node_tree AS prqual, NULL::int2vector AS prattrs) older
  CROSS JOIN LATERAL (SELECT t.oid, t.prpubid, t.prrelid, prqual, prattrs FROM pg_publication_rel t) r
WHERE r.prpubid = p.oid
"#;
