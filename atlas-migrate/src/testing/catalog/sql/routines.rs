//! Functions, operators and what is built on them.

use super::fields;

/// Functions and procedures, except those that come with a range type.
pub(crate) const FUNCTIONS: &str = r#"
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, p.oid::regprocedure::text, 0, 0, NULL,
  pg_get_functiondef(p.oid), 'pg_proc'::regclass, p.oid, 0, p.proowner, p.proacl, acldefault('f', p.proowner)
FROM pg_proc p JOIN space s ON s.oid = p.pronamespace
WHERE p.prokind <> 'a' AND NOT EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
"#;

/// Aggregates, by their parts.
pub(crate) fn aggregates() -> String {
    format!(
        r#"
SELECT 'aggregate', p.oid::regprocedure::text, 0, 0, NULL,
  concat_ws(chr(10),
    format('(%s) returns %s parallel %s', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
      p.proparallel),
    'state ' || format_type(a.aggtranstype, NULL),
    CASE WHEN a.aggmtranstype <> 0 THEN 'moving state ' || format_type(a.aggmtranstype, NULL) END,
    CASE WHEN a.aggsortop <> 0 THEN 'sort operator ' || a.aggsortop::regoperator END,
    {fields}),
  'pg_proc'::regclass, p.oid, 0, p.proowner, p.proacl, acldefault('f', p.proowner)
FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN space s ON s.oid = p.pronamespace
"#,
        fields = fields("to_jsonb(a) - ARRAY['aggfnoid', 'aggtranstype', 'aggmtranstype', 'aggsortop']"),
    )
}

/// Operators.
pub(crate) fn operators() -> String {
    format!(
        r#"
SELECT 'operator', o.oid::regoperator::text, 0, 0, NULL,
  concat_ws(chr(10),
    CASE WHEN o.oprcom <> 0 THEN 'commutator ' || o.oprcom::regoperator END,
    CASE WHEN o.oprnegate <> 0 THEN 'negator ' || o.oprnegate::regoperator END,
    {fields}),
  'pg_operator'::regclass, o.oid, 0, o.oprowner, NULL, NULL
FROM pg_operator o JOIN space s ON s.oid = o.oprnamespace
"#,
        fields = fields(
            "jsonb_build_object('function', o.oprcode, 'restrict', o.oprrest, 'join', o.oprjoin, \
             'hashes', o.oprcanhash, 'merges', o.oprcanmerge)"
        ),
    )
}

/// Operator families with the operators and functions in them.
pub(crate) const OPERATOR_FAMILIES: &str = r#"
SELECT 'operator family', format('%I.%I using %I', s.nspname, f.opfname, m.amname), 0, 0, NULL,
  concat_ws(chr(10),
    (SELECT string_agg(line, chr(10) ORDER BY line COLLATE "C") FROM (
      SELECT concat_ws(' ', 'operator', o.amopstrategy, o.amopopr::regoperator, (
        SELECT format('for order by %I.%I', n.nspname, b.opfname) FROM pg_opfamily b
          JOIN pg_namespace n ON n.oid = b.opfnamespace WHERE b.oid = o.amopsortfamily)) AS line
      FROM pg_amop o WHERE o.amopfamily = f.oid) operators),
    (SELECT string_agg(line, chr(10) ORDER BY line COLLATE "C") FROM (
      SELECT format('function %s (%s, %s) %s', p.amprocnum, format_type(p.amproclefttype, NULL),
        format_type(p.amprocrighttype, NULL), p.amproc::oid::regprocedure) AS line
      FROM pg_amproc p WHERE p.amprocfamily = f.oid) functions)),
  'pg_opfamily'::regclass, f.oid, 0, f.opfowner, NULL, NULL
FROM pg_opfamily f JOIN space s ON s.oid = f.opfnamespace JOIN pg_am m ON m.oid = f.opfmethod
"#;

/// Operator classes. What is in them is told with their families.
pub(crate) const OPERATOR_CLASSES: &str = r#"
SELECT 'operator class', format('%I.%I using %I', s.nspname, c.opcname, m.amname), 0, 0, NULL,
  concat_ws(' ', 'for', format_type(c.opcintype, NULL), CASE WHEN c.opcdefault THEN 'default' END,
    'family', quote_ident(n.nspname) || '.' || quote_ident(f.opfname),
    CASE WHEN c.opckeytype <> 0 THEN 'storage ' || format_type(c.opckeytype, NULL) END),
  'pg_opclass'::regclass, c.oid, 0, c.opcowner, NULL, NULL
FROM pg_opclass c JOIN space s ON s.oid = c.opcnamespace JOIN pg_am m ON m.oid = c.opcmethod
  JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace n ON n.oid = f.opfnamespace
"#;

/// Casts, except those that come with a range type, and for the server's own, whose object ids nothing else ever
/// gets.
pub(crate) const CASTS: &str = r#"
SELECT 'cast', format('%s as %s', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)), 0, 0, NULL,
  concat_ws(' ', CASE c.castmethod WHEN 'i' THEN 'with inout' WHEN 'b' THEN 'without function'
      ELSE 'with function ' || c.castfunc::regprocedure END,
    CASE c.castcontext WHEN 'a' THEN 'as assignment' WHEN 'i' THEN 'as implicit' END),
  'pg_cast'::regclass, c.oid, 0, NULL, NULL, NULL
FROM pg_cast c WHERE c.oid >= 16384 AND NOT EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')
"#;

/// Languages.
pub(crate) const LANGUAGES: &str = r#"
SELECT 'language', quote_ident(l.lanname), 0, 0, NULL,
  concat_ws(' ', CASE WHEN l.lanpltrusted THEN 'trusted' END, 'handler ' || nullif(l.lanplcallfoid, 0)::regprocedure,
    'inline ' || nullif(l.laninline, 0)::regprocedure, 'validator ' || nullif(l.lanvalidator, 0)::regprocedure),
  'pg_language'::regclass, l.oid, 0, l.lanowner, l.lanacl, acldefault('l', l.lanowner)
FROM pg_language l WHERE l.oid >= 16384
"#;

/// Transforms between types and languages.
pub(crate) const TRANSFORMS: &str = r#"
SELECT 'transform', format('for %s language %I', format_type(t.trftype, NULL), l.lanname), 0, 0, NULL,
  concat_ws(' ', 'from SQL ' || nullif(t.trffromsql::oid, 0)::regprocedure,
    'to SQL ' || nullif(t.trftosql::oid, 0)::regprocedure),
  'pg_transform'::regclass, t.oid, 0, NULL, NULL, NULL
FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang
"#;

/// Access methods.
pub(crate) const ACCESS_METHODS: &str = r#"
SELECT 'access method', quote_ident(m.amname), 0, 0, NULL,
  concat_ws(' ', CASE m.amtype WHEN 't' THEN 'table' ELSE 'index' END, 'handler', m.amhandler),
  'pg_am'::regclass, m.oid, 0, NULL, NULL, NULL
FROM pg_am m WHERE m.oid >= 16384
"#;
