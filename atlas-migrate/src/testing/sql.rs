//! What is sent about databases of tests: their templates, making and removing them.

use crate::postgres::sql::{dollar_quoted, ident, literal};

/// A database of a test, named by a number that its owner holds an advisory lock on while it lives.
const TEST: &str = "atlas_test_";

/// A template; the number says what it was made of.
const TEMPLATE: &str = "atlas_template_";

/// A template that is being made by the owner of this number.
const DRAFT: &str = "atlas_draft_";

/// A copy that was made ahead; between this and its number stands the template's.
const SPARE: &str = "atlas_spare_";

/// The comment of a database that its owner wants to keep, followed by the test that it was for, if that is known.
const KEPT: &str = "atlas-migrate: kept";

fn kept(test: Option<&str>) -> String {
    test.map_or(KEPT.to_owned(), |test| format!("{KEPT}, of {test}"))
}

/// The comment of a template, followed by the day on which it was used last.
const USED: &str = "atlas-migrate: used ";

/// After so many days without use a template goes.
const OLD: u32 = 7;

/// The number at the end of the name of the database `d`, as a lock key.
const NUMBER: &str = "('x' || right(d.datname, 16))::bit(64)::bigint";

/// A number as names have it, and as a lock key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) u64);

impl Number {
    fn key(self) -> i64 {
        self.0.cast_signed()
    }

    /// The lock of whoever makes a spare copy of this template.
    fn spares_key(self) -> i64 {
        Self(!self.0).key()
    }

    /// The lock of whoever notes that this template was used.
    fn note_key(self) -> i64 {
        Self(self.0.rotate_left(32)).key()
    }

    pub(crate) fn test(self) -> String {
        format!("{TEST}{:016x}", self.0)
    }

    pub(crate) fn draft(self) -> String {
        format!("{DRAFT}{:016x}", self.0)
    }

    pub(crate) fn template(self) -> String {
        format!("{TEMPLATE}{:016x}", self.0)
    }

    pub(crate) fn spare_of(self, template: Self) -> String {
        format!("{SPARE}{:016x}_{:016x}", template.0, self.0)
    }
}

/// Puts a session in order that makes databases, whatever the defaults of its role are, and asks what the server is like.
pub(crate) fn open() -> String {
    format!(
        "SET search_path = pg_catalog, pg_temp;\n\
         SET statement_timeout = 0;\n\
         SET lock_timeout = '10min';\n\
         SET default_transaction_read_only = off;\n\
         SET default_transaction_isolation = 'read committed';\n\
         SELECT set_config('idle_session_timeout', '0', false) WHERE {VERSION} >= 140000;\n\
         SELECT set_config('file_copy_method', 'clone', false) WHERE {VERSION} >= 180000\n\
         \x20 AND EXISTS (SELECT FROM pg_settings WHERE name = 'file_copy_method' AND 'clone' = ANY (enumvals));\n\
         SELECT {VERSION} AS atlas_server, current_setting('fsync') = 'on', rolcreatedb OR rolsuper, rolname, current_database()\n\
         \x20 FROM pg_roles WHERE rolname = current_user;\n"
    )
}

const VERSION: &str = "current_setting('server_version_num')::integer";

/// Takes the lock on the number of a new database, and that of a spare one if there is one, and asks for the template, once
/// nobody is making or removing it. It stays as it is until [`let_go`]. Tells, too, whether it is anybody's turn to make a spare
/// one; what was kept of an earlier run of this test; and whether the template has settings.
pub(crate) fn take(number: Number, template: Number, test: Option<&str>) -> String {
    let spares = literal(&format!("{SPARE}{:016x}_", template.0));
    format!(
        "SELECT pg_advisory_lock({}), pg_advisory_lock_shared({});\n\
         SELECT s.datname AS atlas_locked FROM (SELECT d.datname, {NUMBER} AS number FROM pg_database d\n\
         \x20 WHERE starts_with(d.datname, {spares}) AND pg_has_role(d.datdba, 'USAGE') OFFSET 0) s\n\
         \x20 WHERE pg_try_advisory_lock(s.number) LIMIT 1;\n\
         SELECT datname AS atlas_spare FROM pg_database WHERE starts_with(datname, {spares});\n\
         SELECT pg_advisory_unlock({turn}) AS atlas_turn WHERE pg_try_advisory_lock({turn});\n\
         {kept}\
         SELECT 1 AS atlas_settings FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = {name} LIMIT 1;\n\
         SELECT coalesce(s.description, '') = {USED_TODAY} AS atlas_template FROM pg_database d LEFT JOIN pg_shdescription s\n\
         \x20 ON s.objoid = d.oid AND s.classoid = 'pg_database'::regclass WHERE d.datname = {name};\n",
        number.key(),
        template.key(),
        name = literal(&template.template()),
        turn = template.spares_key(),
        kept = test.map_or(String::new(), kept_of),
    )
}

/// The databases that were kept of earlier runs of a test.
fn kept_of(test: &str) -> String {
    format!(
        "SELECT d.datname AS atlas_kept FROM pg_database d WHERE d.datname ~ '^{TEST}[0-9a-f]{{16}}$'\n\
         \x20 AND shobj_description(d.oid, 'pg_database') = {} AND pg_has_role(d.datdba, 'USAGE') LIMIT 20;\n",
        literal(&kept(Some(test)))
    )
}

/// Gives a copy the settings of its template: `CREATE DATABASE` leaves them out. Those of roles too, as far as it may. While a
/// search path of theirs is set, nothing is looked up.
pub(crate) fn copy_settings(template: &str, database: &str) -> String {
    let body = format!(
        "DECLARE\n\
         \x20 atlas_setting record;\n\
         \x20 atlas_name text;\n\
         \x20 atlas_value text;\n\
         \x20 atlas_command text;\n\
         BEGIN\n\
         \x20 FOR atlas_setting IN SELECT r.rolname, c FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase\n\
         \x20   LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) c\n\
         \x20   WHERE d.datname = {} AND (s.setrole = 0 OR r.rolname IS NOT NULL) LOOP\n\
         \x20   atlas_name := split_part(atlas_setting.c, '=', 1);\n\
         \x20   atlas_value := substr(atlas_setting.c, length(atlas_name) + 2);\n\
         \x20   atlas_command := CASE WHEN atlas_setting.rolname IS NULL THEN format('ALTER DATABASE %I', {database})\n\
         \x20     ELSE format('ALTER ROLE %I IN DATABASE %I', atlas_setting.rolname, {database}) END\n\
         \x20     || format(' SET %s FROM CURRENT',\n\
         \x20       (SELECT string_agg(quote_ident(p), '.') FROM unnest(string_to_array(atlas_name, '.')) p));\n\
         \x20   BEGIN\n\
         \x20     PERFORM pg_catalog.set_config(atlas_name, atlas_value, true);\n\
         \x20     EXECUTE atlas_command;\n\
         \x20     PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);\n\
         \x20   EXCEPTION WHEN OTHERS THEN\n\
         \x20     RAISE WARNING 'the database of the test is without the setting %: %', atlas_name, SQLERRM;\n\
         \x20   END;\n\
         \x20 END LOOP;\n\
         END",
        literal(template),
        database = literal(database),
    );
    format!("DO {};\n", dollar_quoted(&body))
}

/// A spare database becomes that of a test.
pub(crate) fn rename(spare: &str, database: &str) -> String {
    format!("ALTER DATABASE {} RENAME TO {}", ident(spare), ident(database))
}

pub(crate) fn unlock_all() -> String {
    "SELECT pg_advisory_unlock_all();\n".to_owned()
}

const USED_TODAY: &str = "'atlas-migrate: used ' || to_char(current_date, 'YYYY-MM-DD')";

/// What is left of processes that have gone, and templates that are not used any more. Takes the locks on their numbers, so
/// that nobody else removes them at the same time.
pub(crate) fn leftovers() -> String {
    format!(
        "WITH leftovers AS MATERIALIZED (\n\
         \x20 SELECT d.datname, {NUMBER} AS number FROM pg_database d WHERE d.datname ~ '^({TEST}|{DRAFT})[0-9a-f]{{16}}$'\n\
         \x20   AND NOT starts_with(coalesce(shobj_description(d.oid, 'pg_database'), ''), '{KEPT}') AND pg_has_role(d.datdba, 'USAGE')\n\
         \x20   AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 1\n\
         \x20     AND (l.classid::bigint << 32) | l.objid::bigint = {NUMBER})\n\
         \x20 UNION ALL SELECT d.datname, {NUMBER} FROM pg_database d WHERE d.datname ~ '^{SPARE}[0-9a-f]{{16}}_[0-9a-f]{{16}}$'\n\
         \x20   AND pg_has_role(d.datdba, 'USAGE') AND NOT EXISTS (SELECT FROM pg_database t WHERE t.datname = '{TEMPLATE}' || substr(d.datname, {digits}, 16))\n\
         \x20 UNION ALL SELECT d.datname, {NUMBER} FROM pg_database d WHERE d.datname ~ '^{TEMPLATE}[0-9a-f]{{16}}$'\n\
         \x20   AND pg_has_role(d.datdba, 'USAGE') AND shobj_description(d.oid, 'pg_database') ~ '^{USED}[0-9-]+$'\n\
         \x20   AND substr(shobj_description(d.oid, 'pg_database'), {day})::date < current_date - {OLD}\n\
         \x20 LIMIT 20)\n\
         SELECT datname AS atlas_leftover FROM leftovers WHERE pg_try_advisory_lock(number);\n",
        digits = SPARE.len() + 1,
        day = USED.len() + 1,
    )
}

/// Looks again, with the lock on its number in hand.
pub(crate) fn is_leftover(database: &str) -> String {
    format!(
        "SELECT datname AS atlas_leftover FROM pg_database WHERE datname = {}\n\
         \x20 AND NOT starts_with(coalesce(shobj_description(oid, 'pg_database'), ''), '{KEPT}')\n\
         \x20 AND coalesce(shobj_description(oid, 'pg_database'), '') <> {USED_TODAY};\n",
        literal(database)
    )
}

/// Others may remove a template again.
pub(crate) fn let_go(template: Number) -> String {
    format!("SELECT pg_advisory_unlock_shared({});\n", template.key())
}

/// Lets one process make a template while others wait, and looks whether one has done so. Not while one has a lock to copy it:
/// two that wait for each other to let go would wait forever.
pub(crate) fn begin_template(template: Number) -> String {
    format!(
        "SELECT pg_advisory_unlock_shared({key}), pg_advisory_lock({key});\n\
         SELECT datname AS atlas_database FROM pg_database WHERE datname = {};\n",
        literal(&template.template()),
        key = template.key()
    )
}

/// Others may copy a template too.
pub(crate) fn end_template(template: Number) -> String {
    format!("SELECT pg_advisory_lock_shared({key}), pg_advisory_unlock({key});\n", key = template.key())
}

/// Takes the lock on the number of a schema.
pub(crate) fn lock(schema: Number) -> String {
    format!("SELECT pg_advisory_lock({});\n", schema.key())
}

/// Takes the lock that lets one process make a spare copy at a time, unless another has it or removes the template, and asks
/// for those that there are.
pub(crate) fn spares(template: Number) -> String {
    format!(
        "SELECT 1 AS atlas_turn WHERE pg_try_advisory_lock({}) AND pg_try_advisory_lock_shared({});\n\
         SELECT datname AS atlas_spare FROM pg_database WHERE starts_with(datname, {});\n",
        template.spares_key(),
        template.key(),
        literal(&format!("{SPARE}{:016x}_", template.0))
    )
}

/// How a database is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// As the server does it.
    Default,
    /// File by file, which is the quicker one where nothing is forced to disk.
    Files,
}

/// The template of an empty database.
pub(crate) const EMPTY: &str = "template0";

pub(crate) fn copy(template: &str, database: &str, strategy: Strategy) -> String {
    let strategy = match strategy {
        Strategy::Default => "",
        Strategy::Files => " STRATEGY FILE_COPY",
    };
    format!("CREATE DATABASE {} TEMPLATE {}{strategy}", ident(database), ident(template))
}

/// Has nobody connect to a draft any more, and ends the sessions that there are: those of extensions that connect to every
/// database, too. Waits until they have gone, and tells of those that have not.
pub(crate) fn close(draft: &str) -> String {
    let database = literal(draft);
    let body = format!(
        "DECLARE\n\
         \x20 atlas_session record;\n\
         BEGIN\n\
         \x20 FOR i IN 1..100 LOOP\n\
         \x20   EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = {database});\n\
         \x20   FOR atlas_session IN SELECT pid FROM pg_stat_activity WHERE datname = {database} AND i % 10 = 6 LOOP\n\
         \x20     BEGIN\n\
         \x20       PERFORM pg_terminate_backend(atlas_session.pid);\n\
         \x20     EXCEPTION WHEN insufficient_privilege THEN\n\
         \x20       NULL;\n\
         \x20     END;\n\
         \x20   END LOOP;\n\
         \x20   PERFORM pg_sleep(CASE WHEN i < 6 THEN 0.01 ELSE 0.05 END), pg_stat_clear_snapshot();\n\
         \x20 END LOOP;\n\
         END"
    );
    format!(
        "BEGIN;\nALTER DATABASE {} ALLOW_CONNECTIONS false;\nCOMMIT;\nDO {};\n{}",
        ident(draft),
        dollar_quoted(&body),
        connected(draft)
    )
}

/// Who is connected to a database.
pub(crate) fn connected(database: &str) -> String {
    format!(
        "SELECT concat(backend_type, ' ', pid, ' (application ' || nullif(application_name, '') || ')') AS atlas_connected\n\
         \x20 FROM pg_stat_activity WHERE datname = {} AND pid <> pg_backend_pid() ORDER BY pid LIMIT 5;\n",
        literal(database)
    )
}

/// Limits how long the statements of the session may take, in milliseconds; zero is without limit.
pub(crate) fn limit(milliseconds: u32) -> String {
    format!("SET statement_timeout = {milliseconds}")
}

/// Makes a template of a draft: from now on nobody connects to it, and it is copied.
pub(crate) fn publish(draft: &str, template: Number) -> String {
    let name = ident(&template.template());
    format!(
        "BEGIN;\nALTER DATABASE {} RENAME TO {name};\nALTER DATABASE {name} IS_TEMPLATE true ALLOW_CONNECTIONS false;\n\
         COMMIT;\n{}",
        ident(draft),
        note_use(template)
    )
}

/// Notes that a template was used today, unless somebody else does so or the role may not.
pub(crate) fn note_use(template: Number) -> String {
    format!(
        "DO $$BEGIN\n\
         \x20 IF pg_try_advisory_xact_lock({}) THEN\n\
         \x20   EXECUTE format('COMMENT ON DATABASE %I IS %L', {}, {USED_TODAY});\n\
         \x20 END IF;\n\
         EXCEPTION WHEN insufficient_privilege THEN\n\
         \x20 NULL;\n\
         END$$;\n",
        template.note_key(),
        literal(&template.template())
    )
}

/// Waits a moment for sessions to end that are being closed: `DROP DATABASE … WITH (FORCE)` takes a tenth of a second where
/// there is still one.
pub(crate) fn await_closed(database: &str) -> String {
    format!(
        "DO $$BEGIN\n\
         \x20 FOR i IN 1..50 LOOP\n\
         \x20   EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = {});\n\
         \x20   PERFORM pg_sleep(0.002), pg_stat_clear_snapshot();\n\
         \x20 END LOOP;\n\
         END$$;\n",
        literal(database)
    )
}

/// What has to be sent, one after the other, to remove a database.
pub(crate) fn remove(database: &str) -> Vec<String> {
    let name = ident(database);
    let ordinary = database.starts_with(TEMPLATE).then(|| format!("ALTER DATABASE {name} IS_TEMPLATE false"));
    ordinary.into_iter().chain([format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")]).collect()
}

pub(crate) fn keep(database: &str, test: Option<&str>) -> String {
    format!("COMMENT ON DATABASE {} IS {};\n", ident(database), literal(&kept(test)))
}

/// The schemas of tests whose owner has gone, in this database, and those that were kept of this test. Takes the locks on their
/// numbers.
pub(crate) fn leftover_schemas(test: Option<&str>) -> String {
    format!(
        "WITH leftovers AS MATERIALIZED (\n\
         \x20 SELECT d.datname, {NUMBER} AS number FROM (SELECT nspname AS datname, oid, nspowner FROM pg_namespace) d\n\
         \x20 WHERE d.datname ~ '^{TEST}[0-9a-f]{{16}}$' AND pg_has_role(d.nspowner, 'USAGE')\n\
         \x20   AND (NOT starts_with(coalesce(obj_description(d.oid, 'pg_namespace'), ''), '{KEPT}')\n\
         \x20     OR obj_description(d.oid, 'pg_namespace') = {}) LIMIT 20)\n\
         SELECT datname AS atlas_leftover FROM leftovers WHERE pg_try_advisory_lock(number);\n",
        test.map_or("NULL".to_owned(), |test| literal(&kept(Some(test))))
    )
}

pub(crate) fn create_schema(schema: &str) -> String {
    format!("CREATE SCHEMA {};\n", ident(schema))
}

pub(crate) fn remove_schema(schema: &str) -> String {
    format!("SET client_min_messages = error;\nDROP SCHEMA IF EXISTS {} CASCADE;\n", ident(schema))
}

pub(crate) fn keep_schema(schema: &str, test: Option<&str>) -> String {
    format!("COMMENT ON SCHEMA {} IS {};\n", ident(schema), literal(&kept(test)))
}
