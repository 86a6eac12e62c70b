//! Which data is for which database.

use atlas_migrate::ErrorKind;

use super::*;

const TABLE: &str = "CREATE TABLE t (name text)";
const FILES: [(&str, &str); 6] = [
    ("010_t.csv", "name\nall\n"),
    ("020_all.sql", "-- atlas:production\nINSERT INTO t VALUES ('all and production');"),
    ("030_t.json", "[{\"name\": \"sidecar\"}]"),
    ("030_t.json.toml", "production = true\n"),
    ("dev/010_t.csv", "name\ndev\n"),
    ("production/010_t.csv", "name\nproduction\n"),
];

fn of(environment: &str) -> Seeder {
    Seeder::new(Seeds::from_files("seeds", FILES).unwrap(), environment)
}

#[track_caller]
fn check(environment: &str, names: &[&str]) {
    let (database, mut connection) = with(Driver::Postgres, TABLE);
    connection.seed(&of(environment)).unwrap();
    assert_eq!(database.query("SELECT name FROM t ORDER BY name"), names, "{environment}");
    assert_eq!(database.value("SELECT environment FROM schema_environment"), environment);
}

#[test]
fn folders_are_environments() {
    check("dev", &["all", "all and production", "dev", "sidecar"]);
    check("test", &["all", "all and production", "sidecar"]);
    check("production", &["all and production", "production", "sidecar"]);
}

every_driver! {
    fn of_another_environment(driver) {
        let (database, mut connection) = with(driver, TABLE);
        connection.seed(&of("production")).unwrap();
        let error = connection.seed(&of("dev")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Environment);
        assert_eq!(connection.dry_run(&of("dev")).unwrap_err().kind(), ErrorKind::Environment);
        assert_eq!(database.value("SELECT count(*) FROM t"), "3");
        // It is one now.
        connection.mark(&of("dev")).unwrap();
        connection.seed(&of("dev")).unwrap();
        assert_eq!(connection.seed(&of("production")).unwrap_err().kind(), ErrorKind::Environment);
    }

    /// A database that has nothing to load is guarded as well.
    fn without_seeds(driver) {
        let (database, mut connection) = with(driver, TABLE);
        let none = |environment: &str| Seeder::new(Seeds::from_files("seeds", [("dev/010_t.csv", "name\na\n")]).unwrap(), environment);
        assert!(connection.seed(&none("production")).unwrap().is_empty());
        assert_eq!(connection.seed(&none("dev")).unwrap_err().kind(), ErrorKind::Environment);
        assert_eq!(database.value("SELECT count(*) FROM t"), "0");
    }

    /// Who may do nothing but become the owner.
    fn as_another_role(driver) {
        let database = Database::new();
        let [owner, login] = ["seed_owner", "seed_login"].map(|role| format!("{role}_{}_{driver:?}", std::process::id()).to_lowercase());
        database.query(&format!(
            "CREATE ROLE {owner}; CREATE ROLE {login} LOGIN NOINHERIT; GRANT {owner} TO {login}; CREATE SCHEMA private AUTHORIZATION {owner};
             GRANT CREATE ON SCHEMA public TO {owner}; SET ROLE {owner}; CREATE TABLE private.t (id serial, name text)"
        ));
        let mut connection = driver.connect(&database.url_as(&login));
        let set = seeder(&[("private.t.csv", "id,name\n7,a\n"), ("s.sql", "INSERT INTO private.t (name) VALUES ('b')")]).role(&owner);
        assert_eq!(loaded(&mut connection, &set), ["private.t.csv 1", "s.sql 0"]);
        assert!(connection.seed(&set).unwrap().is_empty());
        assert_eq!(connection.sql("SELECT current_user"), login);
        assert_eq!(database.query("SELECT id, name FROM private.t ORDER BY id"), ["7|a", "8|b"]);
        assert_eq!(database.value("SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE tablename ~ '^schema_'"), owner);
        drop(connection);
        database.query(&format!("DROP OWNED BY {owner}, {login}; DROP ROLE {owner}, {login}"));
    }

    fn of_nobody(driver) {
        let (database, mut connection) = with(driver, "CREATE TABLE t AS SELECT 'there before' AS name");
        let error = connection.seed(&of("dev")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Environment, "{error}");
        assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname = 'schema_seeds'"), "0");
        connection.mark(&of("dev")).unwrap();
        connection.seed(&of("dev")).unwrap();
        assert_eq!(database.value("SELECT count(*) FROM t"), "5");
    }
}

/// A table that does not take what is recorded: nothing is loaded, and no mark is changed.
#[test]
fn d3_a_record_that_is_not_taken() {
    let (database, mut connection) = with(Driver::Postgres, TABLE);
    connection.mark(&of("dev")).unwrap();
    database.query("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
    for (event, table, environment) in [
        ("INSERT OR UPDATE", "schema_seeds", "dev"),
        ("INSERT", "schema_environment", "test"),
        ("DELETE", "schema_environment", "test"),
    ] {
        database.query(&format!("CREATE TRIGGER g BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION f()"));
        let mut verb = || match environment {
            "dev" => connection.seed(&of("dev")).map(drop),
            other => connection.mark(&of(other)),
        };
        let error = verb().unwrap_err();
        assert_eq!(error.sqlstate(), Some("AM003"), "{table}: {error}");
        assert!(error.to_string().contains("drop the rule or trigger"), "{error}");
        assert_eq!(database.value("SELECT environment FROM schema_environment"), "dev");
        assert_eq!(database.value("SELECT count(*) FROM t"), "0");
        database.query(&format!("DROP TRIGGER g ON {table}"));
    }
    connection.seed(&of("dev")).unwrap();
    assert_eq!(database.value("SELECT count(*) FROM t"), "4");
}

/// Capitals do not make another environment of production.
#[test]
fn d5_production_in_capitals() {
    check_capitals("Production", "production");
    check_capitals("production", "PRODUCTION");
}

#[track_caller]
fn check_capitals(mark: &str, asked: &str) {
    let (database, mut connection) = with(Driver::Postgres, TABLE);
    connection.mark(&of("production")).unwrap();
    database.query(&format!("UPDATE schema_environment SET environment = '{mark}'"));
    assert_eq!(connection.seed(&of("dev")).unwrap_err().kind(), ErrorKind::Environment);
    connection.seed(&of(asked)).unwrap();
    assert_eq!(
        database.query("SELECT name FROM t ORDER BY name"),
        ["all and production", "production", "sidecar"],
        "{mark} {asked}"
    );
}
