//! Text search.

use super::fields;

/// Configurations with what becomes of each sort of token.
pub(crate) const CONFIGURATIONS: &str = r#"
SELECT 'text search configuration', format('%I.%I', s.nspname, c.cfgname), 0, 0, NULL,
  concat_ws(chr(10), (
      SELECT format('parser %I.%I', n.nspname, p.prsname) FROM pg_ts_parser p
        JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE p.oid = c.cfgparser),
    (SELECT string_agg(line, chr(10) ORDER BY line COLLATE "C") FROM (
      SELECT format('%I with %s', t.alias, string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno)) AS line
      FROM pg_ts_config_map m JOIN ts_token_type(c.cfgparser) t ON t.tokid = m.maptokentype
      WHERE m.mapcfg = c.oid GROUP BY t.alias) mappings)),
  'pg_ts_config'::regclass, c.oid, 0, c.cfgowner, NULL, NULL
FROM pg_ts_config c JOIN space s ON s.oid = c.cfgnamespace
"#;

/// Dictionaries.
pub(crate) const DICTIONARIES: &str = r#"
SELECT 'text search dictionary', format('%I.%I', s.nspname, d.dictname), 0, 0, NULL,
  concat_ws(' ', (
      SELECT format('template %I.%I', n.nspname, t.tmplname) FROM pg_ts_template t
        JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE t.oid = d.dicttemplate),
    'options ' || d.dictinitoption),
  'pg_ts_dict'::regclass, d.oid, 0, d.dictowner, NULL, NULL
FROM pg_ts_dict d JOIN space s ON s.oid = d.dictnamespace
"#;

/// Parsers and templates.
pub(crate) fn parsers_and_templates() -> String {
    format!(
        r#"
SELECT 'text search parser', format('%I.%I', s.nspname, p.prsname), 0, 0, NULL,
  {parser}, 'pg_ts_parser'::regclass, p.oid, 0, NULL, NULL, NULL
FROM pg_ts_parser p JOIN space s ON s.oid = p.prsnamespace
UNION ALL
SELECT 'text search template', format('%I.%I', s.nspname, t.tmplname), 0, 0, NULL,
  {template}, 'pg_ts_template'::regclass, t.oid, 0, NULL, NULL, NULL
FROM pg_ts_template t JOIN space s ON s.oid = t.tmplnamespace
"#,
        parser = fields("to_jsonb(p) - ARRAY['oid', 'prsname', 'prsnamespace']"),
        template = fields("to_jsonb(t) - ARRAY['oid', 'tmplname', 'tmplnamespace']"),
    )
}
