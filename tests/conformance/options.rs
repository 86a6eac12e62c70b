//! What the builder's options do.

use std::time::{Duration, Instant};

use atlas_migrate::{ErrorKind, Target, TransactionMode};
use atlas_migrate_tests::{Database, Driver, every_driver, migrator};

const A: (&str, &str) = ("1_a.sql", "CREATE TABLE a (id int);");
const B: (&str, &str) = ("2_b.sql", "CREATE TABLE b (id int);");

every_driver! {
    fn table_in_another_schema(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let set = migrator(&[A, B]).schema("the \"history\"").table("it's mine; $atlas$");
        connection.run(&set).unwrap();
        assert!(connection.run(&set).unwrap().is_empty());
        assert_eq!(database.query(r#"SELECT version FROM "the ""history"""."it's mine; $atlas$" ORDER BY 1"#), ["1", "2"]);
        assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname = 'schema_migrations'"), "0");
    }

    fn namespaces_share_a_table(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let library = migrator(&[("1_jobs.sql", "CREATE TABLE jobs (id int);")]).namespace("job's \\ queue");
        connection.run(&library).unwrap();
        connection.run(&migrator(&[A, B])).unwrap();
        assert!(connection.run(&library).unwrap().is_empty());
        assert_eq!(
            database.query("SELECT namespace, version FROM schema_migrations ORDER BY applied_at"),
            ["job's \\ queue|1", "default|1", "default|2"]
        );
    }

    fn all_in_one_transaction(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let broken = migrator(&[A, B, ("3_c.sql", "SELECT 1 / 0;")]).transaction_mode(TransactionMode::All);
        let error = connection.run(&broken).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert!(error.report().is_empty());
        assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b', 'schema_migrations')"), "0");
        let whole = migrator(&[A, B, ("3_c.sql", "-- atlas:require EXISTS (SELECT FROM pg_class WHERE relname = 'b')\nSELECT 1;")]);
        assert_eq!(connection.run(&whole.transaction_mode(TransactionMode::All)).unwrap().applied().count(), 3);
        assert_eq!(database.value("SELECT count(DISTINCT xmin::text) FROM schema_migrations"), "1");
    }

    fn a_role_with_few_rights(driver) {
        let database = Database::new();
        let role = format!("few_{}_{}", std::process::id(), format!("{driver:?}").to_lowercase());
        database.query(&format!("CREATE ROLE {role} LOGIN; CREATE SCHEMA own AUTHORIZATION {role}"));
        // As PostgreSQL 15 and later have it.
        database.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
        let mut connection = driver.connect(&database.url_as(&role));

        let refused = connection.run(&migrator(&[A])).unwrap_err();
        assert_eq!((refused.kind(), refused.sqlstate()), (ErrorKind::Database, Some("42501")));
        let set = migrator(&[("1_a.sql", "CREATE TABLE own.a (id int);")]).schema("own");
        connection.run(&set).unwrap();
        assert!(connection.run(&set).unwrap().is_empty());
        drop(connection);
        database.query(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}"));
    }

    fn up_to_date_needs_no_more_than_select(driver) {
        let database = Database::new();
        let role = format!("reader_{}_{}", std::process::id(), format!("{driver:?}").to_lowercase());
        driver.connect(&database.url()).run(&migrator(&[A])).unwrap();
        database.query(&format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON schema_migrations TO {role}"));
        let mut connection = driver.connect(&database.url_as(&role));
        assert!(connection.run(&migrator(&[A])).unwrap().is_empty());
        connection.check(&migrator(&[A])).unwrap();
        drop(connection);
        database.query(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    }

    fn runs_as_another_role(driver) {
        let database = Database::new();
        let role = format!("Own er {} {driver:?}", std::process::id());
        database.query(&format!("CREATE ROLE \"{role}\"; GRANT CREATE ON SCHEMA public TO \"{role}\""));
        let mut connection = driver.connect(&database.url());
        let set = migrator(&[
            A,
            ("2_b.sql", "SET ROLE NONE; CREATE TABLE b (id int);"),
            ("3_c.sql", "CREATE TABLE c (id int);"),
            ("4_alone.sql", "CREATE INDEX CONCURRENTLY d ON c (id);\nCREATE INDEX CONCURRENTLY e ON c (id);"),
        ]);
        connection.run(&set.clone().role(&role)).unwrap();
        assert!(connection.run(&set.role(&role)).unwrap().is_empty());
        assert_eq!(
            database.query("SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relname IN ('a', 'b', 'c', 'd', 'e', 'schema_migrations') ORDER BY 1"),
            [format!("a|{role}"), "b|postgres".to_owned(), format!("c|{role}"), format!("d|{role}"), format!("e|{role}"), format!("schema_migrations|{role}")]
        );
        assert_eq!(connection.sql("SELECT current_user"), "postgres");
        drop(connection);
        database.query(&format!("DROP OWNED BY \"{role}\" CASCADE; DROP ROLE \"{role}\""));
    }

    fn read_only_session(driver) {
        let database = Database::new();
        driver.connect(&database.url()).run(&migrator(&[A])).unwrap();
        let name = database.value("SELECT current_database()");
        database.query(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
        let mut connection = driver.connect(&database.url());
        assert!(connection.run(&migrator(&[A])).unwrap().is_empty());
        assert_eq!(connection.run(&migrator(&[A, B])).unwrap_err().kind(), ErrorKind::ReadOnly);
    }

    fn statement_timeout(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let set = migrator(&[("1_slow.sql", "SELECT pg_sleep(5);")]).statement_timeout(Duration::from_millis(100));
        assert_eq!(connection.run(&set).unwrap_err().sqlstate(), Some("57014"));
        let own = migrator(&[("1_slow.sql", "-- atlas:statement-timeout 100ms\nSELECT pg_sleep(5);")]);
        assert_eq!(connection.run(&own).unwrap_err().sqlstate(), Some("57014"));
    }

    /// Those of the database are for the application. Each migration has a transaction of its own, the second one too.
    fn timeouts_of_the_database_are_not_ours(driver) {
        let database = Database::new();
        let name = database.value("SELECT current_database()");
        database.query(&format!("ALTER DATABASE \"{name}\" SET statement_timeout = '300ms'"));
        if database.value("SELECT current_setting('server_version_num')::int >= 170000") == "t" {
            database.query(&format!("ALTER DATABASE \"{name}\" SET transaction_timeout = '300ms'"));
        }
        let slow = "CREATE TABLE IF NOT EXISTS t (); SELECT pg_sleep(0.4);";
        let set = migrator(&[("1_slow.sql", slow), ("2_slow.sql", slow), ("3_slow.sql", slow)]);
        assert_eq!(driver.connect(&database.url()).run(&set).unwrap().applied().count(), 3);
    }

    fn lock_timeout_is_retried_within_the_budget(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[A])).unwrap();
        let mut holder = Driver::Postgres.connect(&database.url());
        holder.sql("BEGIN; LOCK TABLE a");

        let set = migrator(&[A, ("2_alter.sql", "ALTER TABLE a ADD b int;")]).lock_timeout(Duration::from_millis(50));
        let started = Instant::now();
        let error = connection.run(&set.clone().retry_budget(Duration::from_millis(300))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LockTimeout);
        assert!(error.is_busy());
        assert!(error.to_string().contains("a is locked by pid "), "its holder is named: {error}");
        assert!(started.elapsed() > Duration::from_millis(300));

        let retries = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let count = retries.clone();
        let waiting = set.on_progress(move |event| {
            if let atlas_migrate::Event::Retrying { .. } = event {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        });
        let release = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(400));
            holder.sql("COMMIT");
        });
        assert_eq!(connection.run(&waiting).unwrap().applied().count(), 1);
        release.join().unwrap();
        assert!(retries.load(std::sync::atomic::Ordering::Relaxed) > 0);
    }

    fn another_tools_table_is_left_alone(driver) {
        let database = Database::new();
        database.query("CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)");
        let mut connection = driver.connect(&database.url());
        let error = connection.run(&migrator(&[A])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForeignHistory);
        assert!(error.to_string().contains("golang-migrate"), "{error}");
        connection.run(&migrator(&[A]).table("atlas_migrations")).unwrap();
    }

    fn nameless(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        for set in [migrator(&[A]).schema(""), migrator(&[A]).table("a\0b"), migrator(&[A]).role("")] {
            assert_eq!(connection.run(&set).unwrap_err().kind(), ErrorKind::Usage);
        }
    }

    fn repeatables_wait_for_the_last_version(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let set = migrator(&[A, B, ("R__v.sql", "CREATE OR REPLACE VIEW v AS SELECT * FROM b;")]);
        connection.run(&set.clone().target(Target::Version("1".into()))).unwrap();
        assert_eq!(connection.run(&set.target(Target::Version("2".into()))).unwrap().applied().count(), 2);
    }
}

#[test]
fn b15_where_names_without_a_schema_go() {
    let told = "1 a creates something without saying in which schema: by the search path it goes to public; the history is in t1";
    let qualified = ("1_a.sql", "CREATE TABLE t1.a (id int);");
    let set_by_the_file = ("1_a.sql", "SET search_path = t1;\nCREATE TABLE a (id int);");
    let nothing_new = ("1_a.sql", "CREATE SCHEMA other;");
    for (file, schema, path, expected) in [
        (A, "t1", "public", Some(told)),
        (A, "t1", "t1", None),
        (A, "public", "public", None),
        (qualified, "t1", "public", None),
        (set_by_the_file, "t1", "public", None),
        (nothing_new, "t1", "public", None),
    ] {
        let database = Database::new();
        database.query("CREATE SCHEMA t1");
        let url = format!("{}?options=-csearch_path%3D{path}", database.url());
        let set = migrator(&[file, ("2_b.sql", "CREATE TABLE public.b ();")]).schema(schema);
        let rehearsal = Driver::TokioPostgres.connect(&url).rehearse(&set).unwrap();
        let report = Driver::TokioPostgres.connect(&url).run(&set).unwrap();
        let expected: Vec<_> = expected.map(str::to_owned).into_iter().collect();
        assert_eq!(
            (report.warnings(), rehearsal.warnings()),
            (&expected[..], &expected[..]),
            "{file:?}, {schema}, {path}"
        );
    }
}
