//! Which databases are emptied without, and which with a confirmation.

use atlas_migrate::ErrorKind;

use super::*;

/// What becomes of a database of this environment, whose name stands for NAME in the confirmation.
#[track_caller]
fn check(environment: Option<&str>, confirmation: Option<&str>, runs: bool) {
    let database = Database::new();
    database.query("CREATE TABLE t AS SELECT 1");
    if let Some(environment) = environment {
        database.query(MARK);
        database.query(&format!("UPDATE schema_environment SET environment = '{environment}'"));
    }
    let name = database.value("SELECT current_database()");
    let mut cleaner = Cleaner::new();
    if let Some(confirmation) = confirmation {
        cleaner = cleaner.confirm(confirmation.replace("NAME", &name));
    }
    let mut connection = Driver::Postgres.connect(&database.url());
    assert!(connection.plan_clean(&cleaner).is_ok());
    let result = connection.clean(&cleaner);
    let case = format!("{environment:?} {confirmation:?}");
    match result {
        Ok(_) => assert!(runs, "{case}"),
        Err(error) => {
            assert_eq!((error.kind(), runs), (ErrorKind::Environment, false), "{case}: {error}");
            assert_eq!(filled(&database), ["public.t 1"], "{case}");
        }
    }
    assert_eq!(database.errors(), [""; 0], "{case}");
}

#[test]
fn confirmations() {
    check(Some("dev"), None, true);
    check(Some("dev"), Some("dev"), true);
    check(Some("dev"), Some("NAME"), true);
    check(Some("dev"), Some("production"), false);
    check(Some("production"), None, false);
    check(Some("production"), Some("NAME"), false);
    check(Some("production"), Some("production"), true);
    check(None, None, false);
    check(None, Some("production"), false);
    check(None, Some("NAME"), true);
}

/// One mark of production is enough, in whatever schema it is, and one that cannot be read may be one.
#[test]
fn marks_in_other_schemas() {
    let (database, mut connection) = with(Driver::Postgres, "CREATE TABLE t AS SELECT 1; CREATE SCHEMA other");
    database.query(&format!("SET search_path = other; {}", MARK.replace("dev", "production")));
    assert_eq!(connection.clean(&Cleaner::new()).unwrap_err().kind(), ErrorKind::Environment);
    let login = format!("clean_mark_{}", std::process::id());
    database.query(&format!("CREATE ROLE {login} LOGIN; GRANT SELECT, DELETE ON t TO {login}"));
    let mut connection = Driver::Postgres.connect(&database.url_as(&login));
    let error = connection.clean(&Cleaner::new().confirm("production")).unwrap_err();
    assert!(error.to_string().contains("may not read the mark"), "{error}");
    assert_eq!(filled(&database), ["public.t 1"]);
    drop(connection);
    database.query(&format!("DROP OWNED BY {login}; DROP ROLE {login}"));
}
