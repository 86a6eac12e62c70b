//! Whether a table is one that may be read and written without running code of somebody else's.

/// The columns of the tables that are ours, with their types: those of one name are of one type.
const COLUMNS: &str = "('namespace', 'text'::regtype), ('version', 'text'), ('name', 'text'), ('kind', 'text'), ('state', 'text'), \
    ('applied_at', 'timestamptz'), ('applied_by', 'text'), ('execution_time', 'interval'), ('statements', 'integer'), \
    ('compatible', 'boolean'), ('checksum', 'text'), ('fingerprint', 'text'), ('runner', 'text'), ('superseded', 'text'), \
    ('environment', 'text'), ('rows', 'bigint'), ('seeded_at', 'timestamptz'), ('seeded_by', 'text'), \
    ('marked_at', 'timestamptz'), ('marked_by', 'text'), ('one', 'boolean')";

/// The roles that may do anything to the role at hand already, or that it acts as: itself, who has logged in, superusers, the
/// owner of the database, and the roles that one of the latter two has made it a member of. Not every role that it is a
/// member of: before PostgreSQL 15 a role could make anybody a member of itself.
const TRUSTED: &str = "\
    me (oid) AS (SELECT r.oid FROM pg_roles r WHERE r.rolname IN (current_user, session_user)),\n\
    above (oid) AS (SELECT r.oid FROM pg_roles r WHERE r.rolsuper UNION SELECT d.datdba FROM pg_database d\n\
    \x20 WHERE d.datname = current_database()),\n\
    joined (oid) AS (SELECT m.oid FROM me m UNION SELECT g.roleid FROM pg_auth_members g JOIN joined j ON g.member = j.oid\n\
    \x20 WHERE g.grantor IN (SELECT oid FROM above)),\n\
    trusted (oid) AS (SELECT oid FROM joined UNION SELECT oid FROM above)";

/// What may call functions when the table `t` is read or written: each with its address in the catalog.
const CALLERS: &str = "\
    SELECT 'trigger' AS sort, g.tgname AS name, 'pg_trigger'::regclass::oid AS class, g.oid FROM pg_trigger g\n\
    \x20 WHERE g.tgrelid = t.oid AND NOT g.tgisinternal\n\
    UNION ALL SELECT 'rule', r.rulename, 'pg_rewrite'::regclass, r.oid FROM pg_rewrite r WHERE r.ev_class = t.oid\n\
    UNION ALL SELECT 'policy', p.polname, 'pg_policy'::regclass, p.oid FROM pg_policy p WHERE p.polrelid = t.oid\n\
    UNION ALL SELECT 'constraint', k.conname, 'pg_constraint'::regclass, k.oid FROM pg_constraint k WHERE k.conrelid = t.oid\n\
    UNION ALL SELECT 'index', x.relname, 'pg_class'::regclass, x.oid FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid\n\
    \x20 WHERE i.indrelid = t.oid\n\
    UNION ALL SELECT 'statistics object', s.stxname, 'pg_statistic_ext'::regclass, s.oid FROM pg_statistic_ext s\n\
    \x20 WHERE s.stxrelid = t.oid\n\
    UNION ALL SELECT 'default of the column', a.attname, 'pg_attrdef'::regclass, d.oid FROM pg_attrdef d JOIN pg_attribute a\n\
    \x20 ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.adrelid = t.oid";

/// What is said of a trigger that can be put off: what it does then nobody counts.
pub(crate) const AT_COMMIT: &str = "which may run at the commit, when what was written has been counted";

/// Whether a trigger `g` may be put off until the commit.
pub(crate) const DEFERRABLE: &str = "g.tgdeferrable AND NOT g.tgisinternal";

/// The owner of what `d` says that a caller depends on, and what it is.
const CALLED: &str = "\
    SELECT 'a function' AS called, f.proowner AS owner FROM pg_proc f\n\
    \x20 WHERE d.refclassid = 'pg_proc'::regclass AND f.oid = d.refobjid\n\
    UNION ALL SELECT 'an operator', o.oprowner FROM pg_operator o\n\
    \x20 WHERE d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid\n\
    UNION ALL SELECT 'a type', y.typowner FROM pg_type y WHERE d.refclassid = 'pg_type'::regclass AND y.oid = d.refobjid";

/// Whether the owner of a table has to be trusted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Matters,
    /// To a superuser only. Others may read a table that cannot run anything, whoever has it.
    MattersToSuperusers,
}

/// Sets a variable, in a block, to what [`distrust`] gives. The usual table is known to be plain without asking for all that.
pub(crate) fn find_distrust(variable: &str, table: &str, owner: Owner) -> String {
    format!(
        "\x20 IF NOT (SELECT t.relkind = 'r' AND pg_get_userbyid(t.relowner) = current_user AND t.relchecks = 0\n\
         \x20   AND NOT (t.relispartition OR t.relhassubclass OR t.relhasrules OR t.relhastriggers OR t.relrowsecurity)\n\
         \x20   AND NOT EXISTS (SELECT FROM pg_attribute a LEFT JOIN (VALUES {COLUMNS}) c (name, type) ON c.name = a.attname\n\
         \x20     WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped\n\
         \x20     AND (a.atthasdef OR a.atttypid IS DISTINCT FROM c.type::oid))\n\
         \x20   AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))\n\
         \x20   AND NOT EXISTS (SELECT FROM pg_statistic_ext s WHERE s.stxrelid = t.oid)\n\
         \x20   FROM pg_class t WHERE t.oid = {table}) THEN\n\
         \x20   {variable} := {};\n\
         \x20 END IF;\n",
        distrust(table, owner)
    )
}

/// Why the table with the object id `table`, which is called like one of ours, is not used: in words that follow "it"; null if
/// it is used.
pub(crate) fn distrust(table: &str, owner: Owner) -> String {
    let owner_matters = match owner {
        Owner::Matters => "true",
        Owner::MattersToSuperusers => "(SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)",
    };
    format!(
        "(WITH RECURSIVE {TRUSTED} SELECT CASE\n\
         WHEN t.relkind <> 'r' THEN concat('is ', CASE t.relkind WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view'\n\
         \x20 WHEN 'p' THEN 'a partitioned table' WHEN 'f' THEN 'a foreign table' WHEN 'S' THEN 'a sequence'\n\
         \x20 WHEN 'c' THEN 'a type' ELSE 'an index' END, ' of the role ', quote_ident(pg_get_userbyid(t.relowner)))\n\
         WHEN {owner_matters} AND t.relowner NOT IN (SELECT oid FROM trusted)\n\
         \x20 THEN 'belongs to the role ' || quote_ident(pg_get_userbyid(t.relowner))\n\
         WHEN t.relispartition THEN 'is a partition'\n\
         WHEN EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = t.oid) THEN 'has tables that inherit from it'\n\
         ELSE coalesce((SELECT concat('has the column ', quote_ident(a.attname), ' of the type ', a.atttypid::regtype)\n\
         \x20 FROM (VALUES {COLUMNS}) c (name, type) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = c.name\n\
         \x20 WHERE a.atttypid <> c.type AND NOT a.attisdropped LIMIT 1),\n\
         (SELECT concat('has the trigger ', quote_ident(g.tgname), ', {AT_COMMIT}')\n\
         \x20 FROM pg_trigger g WHERE g.tgrelid = t.oid AND {DEFERRABLE} LIMIT 1),\n\
         (SELECT concat('has the ', c.sort, ' ', quote_ident(c.name), ', which needs ', u.called, ' of the role ',\n\
         \x20 quote_ident(pg_get_userbyid(u.owner))) FROM ({CALLERS}) c\n\
         \x20 JOIN pg_depend d ON d.classid = c.class AND d.objid = c.oid\n\
         \x20 CROSS JOIN LATERAL ({CALLED}) u WHERE u.owner NOT IN (SELECT oid FROM trusted) LIMIT 1)) END\n\
         FROM pg_class t WHERE t.oid = {table})"
    )
}
