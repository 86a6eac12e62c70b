//! Types other than composite ones, collations and conversions.

use super::fields;

/// Enums, domains, ranges and base types, except arrays and for what comes with a table or range.
pub(crate) fn types() -> String {
    format!(
        r#"
SELECT CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, format('%I.%I', s.nspname, t.typname), 0, 0, NULL,
  CASE t.typtype
    WHEN 'e' THEN concat_ws(chr(10), 'enum', (
      SELECT string_agg('value ' || quote_literal(e.enumlabel), chr(10) ORDER BY e.enumsortorder)
      FROM pg_enum e WHERE e.enumtypid = t.oid))
    WHEN 'd' THEN concat_ws(' ', format_type(t.typbasetype, t.typtypmod),
      (SELECT 'COLLATE ' || t.typcollation::regcollation FROM pg_type b
        WHERE b.oid = t.typbasetype AND b.typcollation <> t.typcollation),
      'DEFAULT ' || t.typdefault, CASE WHEN t.typnotnull THEN 'NOT NULL' END)
    WHEN 'r' THEN (
      SELECT concat_ws(' ', 'range of', format_type(r.rngsubtype, NULL),
        (SELECT 'COLLATE ' || r.rngcollation::regcollation FROM pg_type b
          WHERE b.oid = r.rngsubtype AND b.typcollation <> r.rngcollation),
        (SELECT format('operator class %I.%I', n.nspname, o.opcname) FROM pg_opclass o
          JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE o.oid = r.rngsubopc AND NOT o.opcdefault),
        'canonical ' || nullif(r.rngcanonical::text, '-'), 'difference ' || nullif(r.rngsubdiff::text, '-'),
        'multirange ' || (to_jsonb(r) ->> 'rngmultitypid')::oid::regtype)
      FROM pg_range r WHERE r.rngtypid = t.oid)
    ELSE concat_ws(chr(10), 'base', CASE WHEN t.typelem <> 0 THEN 'element ' || format_type(t.typelem, NULL) END,
      {fields})
  END,
  'pg_type'::regclass, t.oid, 0, t.typowner, t.typacl, acldefault('T', t.typowner)
FROM pg_type t JOIN space s ON s.oid = t.typnamespace
WHERE t.typtype IN ('e', 'd', 'r', 'b') AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
"#,
        fields = fields(
            "to_jsonb(t) - ARRAY['oid', 'typname', 'typnamespace', 'typowner', 'typtype', 'typisdefined', 'typelem', \
             'typarray', 'typacl', 'typtypmod', 'typdefaultbin']"
        ),
    )
}

/// Types that are declared and not yet defined.
pub(crate) const SHELL_TYPES: &str = r#"
SELECT 'type', format('%I.%I', s.nspname, t.typname), 0, 0, NULL, 'not defined', 'pg_type'::regclass, t.oid, 0,
  t.typowner, NULL, NULL
FROM pg_type t JOIN space s ON s.oid = t.typnamespace WHERE t.typtype = 'p' AND NOT t.typisdefined
"#;

/// The constraints of domains, except those that PostgreSQL makes of `NOT NULL`: the domain says so already.
pub(crate) const DOMAIN_CONSTRAINTS: &str = r#"
SELECT 'domain', format('%I.%I', s.nspname, t.typname), 2, 0, 'constraint ' || quote_ident(k.conname),
  concat_ws(' ', 'constraint', quote_ident(k.conname), pg_get_constraintdef(k.oid)),
  'pg_constraint'::regclass, k.oid, 0, NULL, NULL, NULL
FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN space s ON s.oid = t.typnamespace
WHERE k.contype <> 'n' AND NOT EXISTS (
  SELECT FROM member m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
"#;

/// Collations, except the version of the library that sorts.
pub(crate) fn collations() -> String {
    format!(
        r#"
SELECT 'collation', format('%I.%I', s.nspname, c.collname), 0, 0, NULL,
  coalesce({fields}, ''), 'pg_collation'::regclass, c.oid, 0, c.collowner, NULL, NULL
FROM pg_collation c JOIN space s ON s.oid = c.collnamespace
"#,
        fields = fields(
            "to_jsonb(c) - ARRAY['oid', 'collname', 'collnamespace', 'collowner', 'collencoding', 'collversion']"
        ),
    )
}

/// Conversions.
pub(crate) const CONVERSIONS: &str = r#"
SELECT 'conversion', format('%I.%I', s.nspname, c.conname), 0, 0, NULL,
  concat_ws(' ', CASE WHEN c.condefault THEN 'default' END, 'from', pg_encoding_to_char(c.conforencoding),
    'to', pg_encoding_to_char(c.contoencoding), 'by', c.conproc),
  'pg_conversion'::regclass, c.oid, 0, c.conowner, NULL, NULL
FROM pg_conversion c JOIN space s ON s.oid = c.connamespace
"#;
