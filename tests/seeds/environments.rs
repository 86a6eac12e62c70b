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
