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
fn d5_confirmations() {
    check(Some("dev"), None, true);
    check(Some("dev"), Some("dev"), true);
    check(Some("dev"), Some("NAME"), true);
    check(Some("dev"), Some("production"), false);
    check(Some("production"), None, false);
    check(Some("production"), Some("NAME"), false);
    check(Some("production"), Some("production"), true);
    check(Some("Production"), None, false);
    check(Some("Production"), Some("NAME"), false);
    check(Some("PRODUCTION"), Some("production"), true);
    check(Some("production"), Some("Production"), true);
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

/// What is done to the mark, so that it is not known, and what is said then.
#[track_caller]
fn check_unknown(spoil: &str, said: &str) {
    let (database, mut connection) = with(Driver::Postgres, "CREATE TABLE t AS SELECT 1");
    let login = format!("clean_unknown_{}", std::process::id());
    database.query(&format!(
        "DROP ROLE IF EXISTS {login}; CREATE ROLE {login} LOGIN; GRANT SELECT, DELETE, TRUNCATE ON t TO {login};
         GRANT SELECT ON schema_environment TO {login}; {}",
        spoil.replace("LOGIN", &login)
    ));
    let mut of_login = Driver::Postgres.connect(&database.url_as(&login));
    for cleaner in [Cleaner::new(), Cleaner::new().confirm("dev"), Cleaner::new().confirm("production")] {
        let error = of_login.clean(&cleaner).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Environment, "{error}");
        assert!(error.to_string().contains(said), "{error}");
        let seeds = atlas_migrate::seed::Seeds::from_files("seeds", [("t.csv", "\"?column?\"\n2\n")]).unwrap();
        let error = of_login.seed(&atlas_migrate::seed::Seeder::new(seeds, "dev")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Environment, "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
    // Who only looks is told as well.
    let plan = of_login.plan_clean(&Cleaner::new()).unwrap().to_string();
    assert!(plan.contains("whose mark cannot be read, so that it counts as one in production"), "{plan}");
    assert_eq!(filled(&database), ["public.t 1"]);
    assert_eq!(database.errors(), [""; 0]);
    drop(of_login);
    database.query(
        "ALTER TABLE schema_environment DISABLE ROW LEVEL SECURITY; DELETE FROM schema_environment WHERE environment <> 'dev'",
    );
    connection.clean(&Cleaner::new()).unwrap();
    database.query(&format!("DROP OWNED BY {login}; DROP ROLE {login}"));
}

#[test]
fn d5_marks_that_are_not_known() {
    check_unknown("ALTER TABLE schema_environment ENABLE ROW LEVEL SECURITY", "row-level security hides the mark");
    check_unknown("REVOKE SELECT ON schema_environment FROM LOGIN", "may not read the mark");
    check_unknown(
        "ALTER TABLE schema_environment DROP COLUMN one; INSERT INTO schema_environment VALUES ('production', now(), '')",
        "has more than one row",
    );
}
