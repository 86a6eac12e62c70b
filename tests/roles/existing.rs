//! Databases that were there before.

use super::*;

const THERE: &str = "CREATE EXTENSION pg_trgm; CREATE TABLE users (id serial PRIMARY KEY, m text); CREATE VIEW v AS SELECT * FROM users;
    CREATE MATERIALIZED VIEW m AS SELECT * FROM users; CREATE SEQUENCE s; CREATE TYPE mood AS ENUM ('ok'); CREATE TYPE pair AS (a int);
    CREATE DOMAIN positive AS int; CREATE TYPE span AS RANGE (subtype = int); CREATE FUNCTION f(\"a b\" int, pair) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE p() LANGUAGE sql AS ''; CREATE FUNCTION next(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
    CREATE AGGREGATE number(*) (sfunc = next, stype = int); CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY LIST (id);
    CREATE TABLE part PARTITION OF parted DEFAULT; GRANT ALL ON users TO PUBLIC;
    CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing; CREATE FOREIGN TABLE far (id int) SERVER elsewhere";

#[test]
fn of_a_superuser() {
    let site = Site::new();
    site.query(THERE);
    let mut superuser = site.superuser(Driver::Postgres);
    superuser.apply_roles(&site.roles()).unwrap();
    let plan = superuser.plan_roles(&site.roles()).unwrap();
    assert!(plan.is_empty() && plan.left().is_empty(), "{plan}");
    let proof = superuser.prove_roles(&site.roles()).unwrap();
    assert!(proof.passed(), "{proof}");
    let owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(site.query(owners), [site.role("owner")]);
    assert_eq!(site.connect(Driver::Postgres, "reader").sql("SELECT similarity('a', 'a')"), "1");
    assert_eq!(site.database.errors(), [""; 0]);
}

/// What has an owner and no privileges, as somebody else has made it.
const OTHERS: &str = "CREATE STATISTICS st ON id, m FROM users; CREATE TEXT SEARCH CONFIGURATION cfg (COPY = simple);
    CREATE TEXT SEARCH DICTIONARY \"Dict\" (TEMPLATE = simple); CREATE COLLATION german FROM \"C\";
    CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq); CREATE OPERATOR ## (rightarg = int, function = next);
    CREATE OPERATOR FAMILY fam USING btree; CREATE OPERATOR CLASS cls FOR TYPE int USING btree FAMILY fam AS FUNCTION 1 btint4cmp(int, int);
    CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8; CREATE PUBLICATION pub; SELECT lo_create(4711);
    CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION et();
    CREATE LANGUAGE mine HANDLER plpgsql_call_handler";

#[test]
fn c3_objects_of_every_sort_are_handed_over_or_named() {
    let site = Site::new();
    site.query(THERE);
    site.query(OTHERS);
    let mut superuser = site.superuser(Driver::Postgres);
    superuser.apply_roles(&site.roles()).unwrap();
    let owners = "SELECT DISTINCT pg_get_userbyid(o) FROM (SELECT stxowner FROM pg_statistic_ext UNION ALL SELECT cfgowner FROM pg_ts_config
        WHERE cfgname = 'cfg' UNION ALL SELECT dictowner FROM pg_ts_dict WHERE dictname = 'Dict' UNION ALL SELECT collowner FROM pg_collation
        WHERE collname = 'german' UNION ALL SELECT oprowner FROM pg_operator WHERE oprname IN ('===', '##') AND oid >= 16384 UNION ALL SELECT opfowner FROM pg_opfamily
        WHERE opfname = 'fam' UNION ALL SELECT opcowner FROM pg_opclass WHERE opcname = 'cls' UNION ALL SELECT conowner FROM pg_conversion
        WHERE conname = 'conv') x (o)";
    assert_eq!(site.query(owners), [site.role("owner")]);
    let plan = superuser.plan_roles(&site.roles()).unwrap();
    assert!(plan.is_empty(), "{plan}");
    assert_eq!(
        plan.left(),
        [
            "1 large object belongs to postgres",
            "event trigger et belongs to postgres",
            "language mine belongs to postgres",
            "publication pub belongs to postgres"
        ]
    );
    let proof = superuser.prove_roles(&site.roles()).unwrap();
    assert!(proof.passed(), "{proof}");
    assert_eq!(site.database.errors(), [""; 0]);
    // The proof tells of one that is another's.
    site.query("ALTER COLLATION german OWNER TO postgres");
    let proof = superuser.prove_roles(&site.roles()).unwrap().to_string();
    assert!(proof.contains("public.german: owner"), "{proof}");
    // Unless it is kept.
    let roles = site.roles().keep(["public.german"]);
    let plan = superuser.plan_roles(&roles).unwrap();
    assert!(plan.is_empty(), "{plan}");
    assert!(superuser.prove_roles(&roles).unwrap().passed());
}

/// A continuous aggregate looks like a view, and is not altered as one.
#[test]
fn c3_a_continuous_aggregate() {
    let site = Site::new();
    site.query(
        "CREATE SCHEMA _timescaledb_internal; CREATE TABLE _timescaledb_internal._materialized_hypertable_2 (at int);
         CREATE VIEW hourly AS SELECT at FROM _timescaledb_internal._materialized_hypertable_2; CREATE VIEW plain AS SELECT 1",
    );
    let plan = site.superuser(Driver::Postgres).plan_roles(&site.roles()).unwrap();
    let plan = site.plain(&plan.to_string());
    assert!(plan.contains("ALTER MATERIALIZED VIEW public.hourly OWNER TO"), "{plan}");
    assert!(plan.contains("ALTER TABLE public.plain OWNER TO"), "{plan}");
}

/// A table that nobody may change is left out by name.
#[test]
fn a_table_that_is_kept() {
    let site = Site::new();
    site.query(
        "CREATE TABLE history (id int); CREATE TABLE t (id int); CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS
         'BEGIN IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE objid = ''public.history''::regclass) THEN RAISE ''read only''; END IF; END';
         CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION et()",
    );
    let mut superuser = site.superuser(Driver::Postgres);
    superuser.apply_roles(&site.roles()).unwrap_err();
    let roles = site.roles().keep(["history"]);
    superuser.apply_roles(&roles).unwrap();
    assert!(superuser.plan_roles(&roles).unwrap().is_empty());
    assert!(superuser.prove_roles(&roles).unwrap().passed());
}

/// Somebody else changes roles: it waits, and names who it is when its patience ends.
#[test]
fn c5_waits_its_turn() {
    let site = Site::new();
    let mut holder = site.superuser(Driver::Postgres);
    holder.sql("SET application_name = 'other replica'; BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('atlas-migrate roles', 0))");
    let mut superuser = site.superuser(Driver::TokioPostgres);
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = told.clone();
    let impatient = site.roles().wait_budget(std::time::Duration::from_millis(100)).on_progress(move |event| {
        if let atlas_migrate::Event::Waiting { doing, .. } = event {
            heard.lock().unwrap().push((*doing).to_owned());
        }
    });
    let error = superuser.apply_roles(&impatient).unwrap_err();
    assert_eq!(*told.lock().unwrap(), ["changing roles"]);
    assert_eq!(error.kind(), atlas_migrate::ErrorKind::Busy);
    assert!(error.to_string().contains("other replica"), "{error}");
    let roles = site.roles();
    let waiting = std::thread::spawn(move || superuser.apply_roles(&roles).map(drop));
    atlas_migrate_tests::wait_for("a pause", std::time::Duration::from_secs(20), || {
        let paused =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
        (site.query(paused) == ["1"]).then_some(())
    });
    holder.sql("COMMIT");
    waiting.join().unwrap().unwrap();
    assert_eq!(site.database.errors(), [""; 0]);
}

/// The lock is one for each database, and roles are the server's.
#[test]
fn c5_the_same_roles_in_another_database() {
    let other = atlas_migrate_tests::Database::new();
    for (driver, role) in
        [(Driver::TokioPostgres, "owner"), (Driver::SqlxConnection, "app"), (Driver::Postgres, "reader")]
    {
        let site = Site::new();
        let mut holder = Driver::Postgres.connect(&other.url());
        holder.sql(&format!("BEGIN; CREATE ROLE {} LOGIN", site.quoted(role)));
        let (roles, mut superuser) = (site.roles(), site.superuser(driver));
        let applying = std::thread::spawn(move || superuser.apply_roles(&roles).map(drop));
        atlas_migrate_tests::wait_for("the name", std::time::Duration::from_secs(20), || {
            let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'transactionid'";
            (site.query(waiting) == ["1"]).then_some(())
        });
        holder.sql("COMMIT");
        applying.join().unwrap().unwrap_or_else(|error| panic!("{driver:?} {role}: {error}"));
    }
}
