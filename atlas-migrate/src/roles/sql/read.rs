//! What is asked of the catalog about roles, objects and privileges.

use crate::postgres::sql::own_tables::{SPACE, member, ours};
use crate::postgres::sql::{Sql, literal};

/// What is to be known.
pub(crate) struct Asked<'a> {
    pub(crate) owner: &'a str,
    pub(crate) roles: Vec<&'a str>,
    pub(crate) schemas: &'a [String],
    /// The roles whose privileges in effect are to be known.
    pub(crate) held_by: &'a [&'a str],
}

/// The items of a list of access control items, or of what it is when it was never changed.
fn items(acl: &str, usual: &str) -> String {
    format!(
        "(SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('role', CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END,\n\
         \x20 'privilege', x.privilege_type)), '[]') FROM aclexplode(coalesce({acl}, {usual})) x)"
    )
}

fn names<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<_> = names.iter().map(|name| literal(name.as_ref())).collect();
    format!("ARRAY[{}]::name[]", names.join(", "))
}

/// The relation `c` is a continuous aggregate of TimescaleDB: a view, which changes its owner as a materialized view does.
const AGGREGATED: &str = "c.relkind = 'v' AND EXISTS (SELECT FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass \
    AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass JOIN pg_class h ON h.oid = d.refobjid \
    JOIN pg_namespace i ON i.oid = h.relnamespace WHERE w.ev_class = c.oid AND i.nspname = '_timescaledb_internal' \
    AND starts_with(h.relname, '_materialized_hypertable_'))";

impl Sql {
    /// All that there is.
    pub(crate) fn read_roles(&self, asked: &Asked<'_>) -> String {
        // Since PostgreSQL 16 a member may be one without being able to take the role on.
        let reach = if self.server_version >= 160_000 { "SET" } else { "MEMBER" };
        let of_owner = |sort: &str| {
            let owner = literal(asked.owner);
            format!(
                "coalesce((SELECT pg_has_role(r.oid, o.oid, '{sort}') FROM pg_roles o WHERE o.rolname = {owner}), false)"
            )
        };
        let role = |column: &str, acts_as: &str| {
            format!(
                "SELECT jsonb_build_object('name', r.rolname, 'login', r.rolcanlogin, 'inherit', r.rolinherit,\n\
                 \x20 'above', to_jsonb(array_remove(ARRAY[CASE WHEN r.rolsuper THEN 'SUPERUSER' END,\n\
                 \x20   CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END], NULL)),\n\
                 \x20 'powers', to_jsonb(array_remove(ARRAY[CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,\n\
                 \x20   CASE WHEN r.rolcreatedb THEN 'CREATEDB' END], NULL)),\n\
                 \x20 'member_of', (SELECT coalesce(jsonb_agg(DISTINCT g.rolname), '[]') FROM pg_auth_members m\n\
                 \x20   JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid), 'acts_as', {acts_as},\n\
                 \x20 'in_owner', {member}, 'inherits_owner', {inherits},\n\
                 \x20 'within_reach', pg_has_role(r.oid, '{reach}')) AS {column} FROM pg_roles r",
                member = of_owner("MEMBER"),
                inherits = of_owner("USAGE"),
            )
        };
        let acts_as = "(SELECT substr(c, 6) FROM pg_db_role_setting s, unnest(s.setconfig) c \
            WHERE s.setrole = r.oid AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) \
            AND c LIKE 'role=%')";
        format!(
            "{session} WHERE r.rolname = current_user;\n\
             {role} WHERE r.rolname = ANY ({roles});\n\
             SELECT jsonb_build_object('name', d.datname, 'owner', pg_get_userbyid(d.datdba), 'may_change',\n\
             \x20 pg_has_role(d.datdba, 'USAGE'), 'acl', {database}) AS atlas_database FROM pg_database d\n\
             \x20 WHERE d.datname = current_database();\n\
             SELECT jsonb_build_object('name', n.nspname, 'owner', pg_get_userbyid(n.nspowner), 'may_change',\n\
             \x20 pg_has_role(n.nspowner, 'USAGE'), 'acl', {schema}) AS atlas_schema FROM pg_namespace n\n\
             \x20 WHERE n.nspname = ANY ({schemas}) OR n.nspname = 'public';\n\
             {objects}{loose}\
             SELECT jsonb_build_object('schema', n.nspname, 'kind', CASE d.defaclobjtype WHEN 'r' THEN 'table' WHEN 'S' THEN 'sequence'\n\
             \x20 ELSE 'routine' END, 'acl', {defaults}) AS atlas_default FROM pg_default_acl d\n\
             \x20 LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace WHERE d.defaclobjtype IN ('r', 'S', 'f')\n\
             \x20 AND pg_get_userbyid(d.defaclrole) = {owner};\n",
            session = role("atlas_session", "NULL"),
            role = role("atlas_role", acts_as),
            roles = names(&asked.roles),
            database = items("d.datacl", "acldefault('d', d.datdba)"),
            schema = items("n.nspacl", "acldefault('n', n.nspowner)"),
            schemas = names(asked.schemas),
            objects = objects(asked, self.server_version),
            loose = loose(),
            defaults = items("d.defaclacl", "NULL::aclitem[]"),
            owner = literal(asked.owner),
        )
    }
}

/// What has an owner in the schemas, except what belongs to extensions and what other objects come with.
fn objects(asked: &Asked<'_>, server_version: u32) -> String {
    let maintain = if server_version >= 170_000 { ", 'MAINTAIN'" } else { "" };
    let of_tables = format!("'SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'{maintain}");
    let held = |function: &str, object: &str, privileges: &str| {
        format!(
            "(SELECT coalesce(jsonb_agg(jsonb_build_object('role', h.role, 'privilege', p.privilege)), '[]')\n\
             \x20 FROM unnest({roles}) h (role), unnest(ARRAY[{privileges}]) p (privilege)\n\
             \x20 WHERE {function}(h.role, {object}, p.privilege))",
            roles = names(asked.held_by)
        )
    };
    let select = |kind: &str,
                  keyword: &str,
                  name: &str,
                  quoted: &str,
                  owner: &str,
                  belongs: &str,
                  ours: &str,
                  acl: &str,
                  held: &str| {
        format!(
            "SELECT jsonb_build_object('kind', {kind}, 'keyword', {keyword}, 'schema', n.nspname, 'name', {name}, 'quoted', {quoted},\n\
             \x20 'owner', pg_get_userbyid({owner}), 'may_change', pg_has_role({owner}, 'USAGE'), 'belongs', {belongs},\n\
             \x20 'ours', {ours}, 'acl', {acl}, 'held', {held}) AS atlas_object\n"
        )
    };
    let owned = "EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid \
        AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND c.relkind = 'S')";
    let relations = select(
        "CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END",
        &format!(
            "CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' WHEN {AGGREGATED} THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END"
        ),
        "c.relname",
        "format('%I.%I', n.nspname, c.relname)",
        "c.relowner",
        owned,
        &format!("{} IS NOT NULL", ours()),
        &items("c.relacl", "acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", c.relowner)"),
        &format!(
            "CASE c.relkind WHEN 'S' THEN {} ELSE {} END",
            held("has_sequence_privilege", "c.oid", "'USAGE', 'SELECT', 'UPDATE'"),
            held("has_table_privilege", "c.oid", &of_tables)
        ),
    );
    let routines = select(
        "'routine'",
        "'ROUTINE'",
        "c.proname",
        "format('%I.%I(%s)', n.nspname, c.proname, pg_get_function_identity_arguments(c.oid))",
        "c.proowner",
        "false",
        "false",
        &items("c.proacl", "acldefault('f', c.proowner)"),
        &held("has_function_privilege", "c.oid", "'EXECUTE'"),
    );
    let types = select(
        "'type'",
        "'TYPE'",
        "c.typname",
        "format('%I.%I', n.nspname, c.typname)",
        "c.typowner",
        "false",
        "false",
        "'[]'::jsonb",
        "'[]'::jsonb",
    );
    let schemas = names(asked.schemas);
    let from = |catalog: &str, namespace: &str, condition: &str| {
        format!(
            "  FROM {catalog} c JOIN pg_namespace n ON n.oid = c.{namespace} WHERE n.nspname = ANY ({schemas}) AND {SPACE}\n\
             \x20 AND {condition} AND NOT {member} ORDER BY n.nspname COLLATE \"C\", 1;\n",
            member = member(catalog, "c.oid")
        )
    };
    [
        relations + &from("pg_class", "relnamespace", "c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"),
        routines
            + &from(
                "pg_proc",
                "pronamespace",
                "NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = c.oid AND i.deptype = 'i')",
            ),
        types
            + &from(
                "pg_type",
                "typnamespace",
                "(c.typtype IN ('e', 'd', 'r') OR c.typtype = 'c' \
                 AND (SELECT t.relkind FROM pg_class t WHERE t.oid = c.typrelid) = 'c')",
            ),
        others(from),
    ]
    .concat()
}

/// What has an owner and no privileges: the catalogs, with the columns of schema and owner.
const OTHERS: [(&str, &str, &str); 8] = [
    ("pg_statistic_ext", "stxnamespace", "stxowner"),
    ("pg_ts_config", "cfgnamespace", "cfgowner"),
    ("pg_ts_dict", "dictnamespace", "dictowner"),
    ("pg_collation", "collnamespace", "collowner"),
    ("pg_operator", "oprnamespace", "oprowner"),
    ("pg_opfamily", "opfnamespace", "opfowner"),
    ("pg_opclass", "opcnamespace", "opcowner"),
    ("pg_conversion", "connamespace", "conowner"),
];

fn others(from: impl Fn(&str, &str, &str) -> String) -> String {
    let of_catalog = |(catalog, namespace, owner): (&str, &str, &str)| {
        let object = format!("(pg_identify_object('{catalog}'::regclass, c.oid, 0))");
        format!(
            "SELECT jsonb_build_object('kind', 'other', 'keyword', upper(replace({object}.type, ' object', '')),\n\
             \x20 'schema', n.nspname, 'name', coalesce({object}.name, {object}.identity), 'quoted', {object}.identity,\n\
             \x20 'owner', pg_get_userbyid(c.{owner}), 'may_change', pg_has_role(c.{owner}, 'USAGE'), 'belongs', false,\n\
             \x20 'ours', false, 'acl', '[]'::jsonb) AS atlas_object\n{}",
            from(catalog, namespace, "true")
        )
    };
    OTHERS.into_iter().map(of_catalog).collect()
}

/// What is of the database and in no schema, with its owner. Wrappers of foreign data are none but superusers'.
fn loose() -> String {
    let of_catalog = |(what, catalog, name, owner, condition): (&str, &str, &str, &str, &str)| {
        // No extension has a subscription, whose oid PostgreSQL 13 shows to superusers alone.
        let apart = match catalog {
            "pg_subscription" => String::new(),
            _ => format!(" AND NOT {}", member(catalog, "c.oid")),
        };
        format!(
            "SELECT '{what} ' || quote_ident(c.{name}) AS name, c.{owner} AS owner FROM {catalog} c\n\
             \x20 WHERE {condition}{apart}"
        )
    };
    let named = [
        ("publication", "pg_publication", "pubname", "pubowner", "true"),
        (
            "subscription",
            "pg_subscription",
            "subname",
            "subowner",
            "c.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
        ),
        ("server", "pg_foreign_server", "srvname", "srvowner", "true"),
        ("event trigger", "pg_event_trigger", "evtname", "evtowner", "true"),
        ("language", "pg_language", "lanname", "lanowner", "c.oid >= 16384"),
    ]
    .map(of_catalog);
    format!(
        "SELECT jsonb_build_object('name', l.name, 'is_server', starts_with(l.name, 'server '), 'owner', pg_get_userbyid(l.owner)) AS atlas_loose FROM (\n\
         {}\nUNION ALL SELECT CASE count(*) WHEN 1 THEN '1 large object' ELSE count(*) || ' large objects' END, c.lomowner\n\
         \x20 FROM pg_largeobject_metadata c GROUP BY c.lomowner) l ORDER BY l.name COLLATE \"C\";\n",
        named.join("\nUNION ALL ")
    )
}
