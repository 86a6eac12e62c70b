//! Applying, and finding that there is nothing to apply.

use atlas_migrate::{ErrorKind, Migrator, Outcome, Target};
use atlas_migrate_tests::{Database, every_driver, migrator};

const USERS: (&str, &str) = ("001_users.sql", "CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);");
const POSTS: (&str, &str) = (
    "002_posts.sql",
    "CREATE TABLE posts (id bigint PRIMARY KEY, author bigint REFERENCES users);\nCREATE INDEX ON posts (author);",
);
const BROKEN: (&str, &str) = ("003_broken.sql", "CREATE TABLE half (id int);\nSELECT * FROM nowhere;");

fn versions(report: &atlas_migrate::Report) -> Vec<String> {
    report.applied().map(|done| done.version().to_string()).collect()
}

fn two() -> Migrator {
    migrator(&[USERS, POSTS])
}

every_driver! {
    /// Of a message that the server cannot read nothing runs, and what comes before the faulty text is applied all the same.
    fn what_comes_before_a_text_that_cannot_be_read(driver) {
        let database = Database::new();
        let files = [
            ("1_a.sql", "CREATE TABLE a ();"),
            ("2_b.sql", "CREATE TABLE b ();"),
            ("3_c.sql", "CREATE TABLE c ();\nCREATE TABL d ();"),
            ("4_e.sql", "CREATE TABLE e ();"),
        ];
        let error = driver.connect(&database.url()).run(&migrator(&files)).unwrap_err();
        assert_eq!(error.sqlstate(), Some("42601"), "{error}");
        assert!(error.to_string().contains("3_c.sql:2:8") && error.to_string().contains("2 b"), "{error}");
        assert_eq!(database.history(), ["1|applied|1", "2|applied|1"]);
    }

    fn fresh(driver) {
        let database = Database::new();
        let report = driver.connect(&database.url()).run(&two()).unwrap();
        assert_eq!(versions(&report), ["001", "002"]);
        assert_eq!(database.history(), ["001|applied|1", "002|applied|2"]);
        assert_eq!(database.value("SELECT count(*) FROM posts"), "0");
    }

    fn again(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&two()).unwrap();
        let before = database.query("SELECT * FROM schema_migrations");
        assert!(connection.run(&two()).unwrap().is_empty());
        assert!(connection.check(&two()).is_ok());
        assert_eq!(database.query("SELECT * FROM schema_migrations"), before);
    }

    fn new_one_added(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        connection.run(&migrator(&[USERS])).unwrap();
        assert_eq!(versions(&connection.run(&two()).unwrap()), ["002"]);
    }

    fn empty_set(driver) {
        let database = Database::new();
        let migrator = Migrator::new(atlas_migrate::Migrations::empty());
        assert!(driver.connect(&database.url()).run(&migrator).unwrap().is_empty());
        assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname = 'schema_migrations'"), "0");
    }

    fn failure_rolls_back_and_stops(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let later = ("004_later.sql", "CREATE TABLE later (id int)");
        let error = connection.run(&migrator(&[USERS, POSTS, BROKEN, later])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert_eq!(error.sqlstate(), Some("42P01"));
        assert_eq!(error.position(), Some(("migrations/003_broken.sql", 2, 15)));
        assert_eq!(versions(error.report()), ["001", "002"]);
        assert_eq!(database.history(), ["001|applied|1", "002|applied|2"]);
        assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname IN ('half', 'later')"), "0");

        let mended = ("003_broken.sql", "CREATE TABLE half (id int);");
        assert_eq!(versions(&connection.run(&migrator(&[USERS, POSTS, mended, later])).unwrap()), ["003", "004"]);
    }

    /// Errors at run time have no position: the statement is told all the same.
    fn failure_names_the_statement(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let text = "CREATE TABLE t (i int PRIMARY KEY);\n\n-- twice\nINSERT INTO t VALUES (1);\n  INSERT INTO t VALUES (1);\n";
        let error = connection.run(&migrator(&[("001_twice.sql", text)])).unwrap_err();
        assert_eq!(error.sqlstate(), Some("23505"));
        assert_eq!(error.position(), Some(("migrations/001_twice.sql", 5, 3)));
    }

    fn target(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        let first = two().target(Target::Version("1".into()));
        assert_eq!(versions(&connection.run(&first).unwrap()), ["001"]);
        assert!(connection.run(&first).unwrap().is_empty());
        let unknown = two().target(Target::Version("7".into()));
        assert_eq!(connection.run(&unknown).unwrap_err().kind(), ErrorKind::UnknownVersion);
        assert_eq!(versions(&connection.run(&two()).unwrap()), ["002"]);
        let kinds = [
            connection.run(&unknown).unwrap_err().kind(),
            connection.plan(&unknown).unwrap_err().kind(),
            connection.check(&unknown).unwrap_err().kind(),
            connection.rehearse(&unknown).unwrap_err().kind(),
        ];
        assert_eq!(kinds, [ErrorKind::UnknownVersion; 4], "where all is up to date");
    }

    fn multi_statement(driver) {
        let database = Database::new();
        // Bodies that are not quoted came in PostgreSQL 14.
        let body = match database.value("SELECT current_setting('server_version_num')::int < 140000").as_str() {
            "t" => "LANGUAGE sql AS 'SELECT 1; SELECT CASE WHEN true THEN 2 END;'",
            _ => "BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END",
        };
        let text = format!("CREATE TABLE t (a text);
            INSERT INTO t VALUES ('semi;colon'), ($$dollar ; $$), (E'it\\'s ; here');
            CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN RETURN 1; END $f$;
            CREATE FUNCTION g() RETURNS int {body};
            SELECT * FROM t; -- the end");
        driver.connect(&database.url()).run(&migrator(&[("001_many.sql", &text)])).unwrap();
        assert_eq!(database.history(), ["001|applied|5"]);
        assert_eq!(database.query("SELECT g()"), ["2"]);
    }

    fn wrapped_in_begin_and_commit(driver) {
        let database = Database::new();
        let text = "-- from another tool\nBEGIN;\nCREATE TABLE t (a int);\nINSERT INTO t VALUES (1);\nCOMMIT;\n";
        driver.connect(&database.url()).run(&migrator(&[("001_wrapped.sql", text)])).unwrap();
        assert_eq!(database.value("SELECT a FROM t"), "1");
    }

    fn only_a_comment(driver) {
        let database = Database::new();
        let migrator = migrator(&[("001_nothing.sql", "-- nothing to do here any more"), ("002_users.sql", USERS.1)]);
        assert_eq!(versions(&driver.connect(&database.url()).run(&migrator).unwrap()), ["001", "002"]);
    }

    fn plan_and_status_write_nothing(driver) {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        assert_eq!(connection.plan(&two()).unwrap().steps().len(), 2);
        assert_eq!(connection.status(&two()).unwrap().pending().count(), 2);
        assert_eq!(connection.check(&two()).unwrap_err().kind(), ErrorKind::Pending);
        assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname = 'schema_migrations'"), "0");
        connection.run(&two()).unwrap();
        assert!(connection.plan(&two()).unwrap().is_empty());
        assert_eq!(connection.status(&two()).unwrap().pending().count(), 0);
    }

    fn baseline(driver) {
        let database = Database::new();
        database.query(USERS.1);
        let mut connection = driver.connect(&database.url());
        let report = connection.baseline(&two(), "1").unwrap();
        assert_eq!(report.migrations().iter().map(|done| done.outcome()).collect::<Vec<_>>(), [Outcome::Baseline]);
        assert!(connection.baseline(&two(), "001").unwrap().is_empty());
        assert_eq!(versions(&connection.run(&two()).unwrap()), ["002"]);
        assert_eq!(database.history(), ["001|baseline|0", "002|applied|2"]);
    }
}
