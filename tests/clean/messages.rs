//! What people read when a database is not emptied. The snapshots are meant to be read.

use super::*;
use atlas_migrate::clean::Resetter;
use atlas_migrate::{Migrations, Migrator};

/// Compares with the snapshot of this name.
#[track_caller]
fn check(name: &str, text: impl std::fmt::Display) {
    insta::assert_snapshot!(name.replace(' ', "_"), text);
}

#[track_caller]
fn error(cleaner: &Cleaner, tables: &str) -> String {
    let (database, mut connection) = with(Driver::TokioPostgres, tables);
    let name = database.value("SELECT current_database()");
    connection.clean(cleaner).unwrap_err().to_string().replace(&name, "app")
}

#[test]
fn names() {
    const USERS: &str = "CREATE TABLE users (id int); CREATE SCHEMA app; CREATE TABLE app.users (id int)";
    check("no schema", error(&Cleaner::new().schemas(["App"]), USERS));
    check("no table", error(&Cleaner::new().keep(["user"]), USERS));
    check("capitals", error(&Cleaner::new().schemas(["app"]).keep(["Users"]), USERS));
    check("several tables", error(&Cleaner::new().tables(["users"]), USERS));
    check("mark", error(&Cleaner::new().tables(["schema_environment"]), USERS));
}

#[test]
fn what_stays() {
    const POSTS: &str = "CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (author int REFERENCES users);
        INSERT INTO users VALUES (1); INSERT INTO posts VALUES (1)";
    check("referred", error(&Cleaner::new().keep(["posts"]), POSTS));
    check(
        "foreign partition",
        error(
            &Cleaner::new(),
            "CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
             CREATE TABLE t (id int) PARTITION BY LIST (id); CREATE FOREIGN TABLE far PARTITION OF t DEFAULT SERVER elsewhere",
        ),
    );
    check(
        "refilled",
        error(
            &Cleaner::new(),
            "CREATE TABLE t AS SELECT 1 AS id; CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
             CREATE TRIGGER never BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION never()",
        ),
    );
}

#[test]
fn guards() {
    const PRODUCTION: &str = "UPDATE schema_environment SET environment = 'production'";
    check("production", error(&Cleaner::new(), PRODUCTION));
    check("another confirmation", error(&Cleaner::new().confirm("staging"), PRODUCTION));
    check("no mark", error(&Cleaner::new(), "DELETE FROM schema_environment"));
    check("confirmation of another", error(&Cleaner::new().confirm("production"), ""));
}

#[test]
fn locked() {
    let (database, mut connection) = with(Driver::TokioPostgres, "CREATE TABLE t AS SELECT 1");
    let mut other = Driver::Postgres.connect(&database.url());
    other.sql("BEGIN; INSERT INTO t VALUES (2)");
    let cleaner = Cleaner::new().lock_timeout(std::time::Duration::from_millis(20));
    let error = connection.clean(&cleaner).unwrap_err().to_string();
    let (holder, rest): (Vec<_>, Vec<_>) = error.lines().partition(|line| line.contains("is locked by"));
    assert!(holder.len() == 1 && holder[0].contains("t is locked by pid"), "{error}");
    check("locked", rest.join("\n"));
    other.sql("COMMIT");
    // Nobody can even look at it.
    other.sql("BEGIN; LOCK TABLE t");
    let short = std::time::Duration::from_millis(20);
    let resetter = Resetter::new(Migrator::new(Migrations::empty()).lock_timeout(short));
    for error in [
        connection.plan_clean(&cleaner).unwrap_err(),
        connection.clean(&cleaner).unwrap_err(),
        connection.reset(&resetter).unwrap_err(),
    ] {
        assert_eq!(error.kind(), atlas_migrate::ErrorKind::LockTimeout);
        assert!(error.to_string().contains("t is locked by pid"), "{error}");
    }
    other.sql("COMMIT");
    connection.sql("SET default_transaction_read_only = on");
    check("read only", connection.clean(&cleaner).unwrap_err());
    let report = Driver::Postgres.connect(&database.url()).clean(&cleaner).unwrap();
    assert_eq!(report.to_string(), "emptied public.t: 2 rows, DELETE");
}
