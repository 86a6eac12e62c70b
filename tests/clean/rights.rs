//! Roles that may do less than all.

use super::*;

/// Two roles of this test's own, dropped at its end: an owner, and one that logs in.
struct Roles<'d> {
    database: &'d Database,
    owner: String,
    login: String,
}

impl<'d> Roles<'d> {
    fn new(database: &'d Database, test: &str) -> Self {
        let [owner, login] = ["owner", "login"].map(|role| format!("clean_{test}_{role}_{}", std::process::id()));
        database.query(&format!(
            "CREATE ROLE {owner}; CREATE ROLE {login} LOGIN; GRANT CREATE, USAGE ON SCHEMA public TO {owner};
             GRANT SELECT ON schema_environment TO {owner}, {login}; SET ROLE {owner};
             CREATE TABLE a (id serial PRIMARY KEY, n int); CREATE TABLE b (id int REFERENCES a);
             INSERT INTO a (n) SELECT generate_series(1, 300); INSERT INTO b VALUES (1)"
        ));
        Self { database, owner, login }
    }
}

impl Drop for Roles<'_> {
    fn drop(&mut self) {
        let Self { owner, login, .. } = self;
        if !std::thread::panicking() {
            self.database.query(&format!("DROP OWNED BY {owner}, {login}; DROP ROLE {owner}, {login}"));
        }
    }
}

#[test]
fn without_truncate() {
    let (database, _) = with(Driver::Postgres, "");
    let roles = Roles::new(&database, "delete");
    database.query(&format!("GRANT SELECT, DELETE ON a, b TO {}", roles.login));
    let mut connection = Driver::SqlxConnection.connect(&database.url_as(&roles.login));
    assert_eq!(
        emptied(&mut connection, &Cleaner::new()),
        ["1. public.b: 1 row, DELETE", "2. public.a: 300 rows, DELETE"]
    );
    let error = connection.clean(&Cleaner::new().restart_identity()).unwrap_err();
    assert!(error.to_string().contains("may not let sequences begin again: public.a_id_seq"), "{error}");
    database.query(&format!("GRANT UPDATE ON SEQUENCE a_id_seq TO {}", roles.login));
    assert_eq!(connection.clean(&Cleaner::new().restart_identity()).unwrap().sequences(), 1);
    assert_eq!(database.value("INSERT INTO a (n) VALUES (1) RETURNING id"), "1");
    assert_eq!(database.errors(), [""; 0]);
}

#[test]
fn without_delete() {
    let (database, _) = with(Driver::Postgres, "");
    let roles = Roles::new(&database, "nothing");
    let mut connection = Driver::Postgres.connect(&database.url_as(&roles.login));
    let error = connection.clean(&Cleaner::new()).unwrap_err();
    assert!(error.to_string().contains("may not both read and delete rows of public.a, public.b"), "{error}");
    database.query(&format!("GRANT SELECT, DELETE ON a TO {}", roles.login));
    let error = connection.clean(&Cleaner::new().tables(["a"])).unwrap_err();
    assert!(error.to_string().contains("may not read public.b"), "{error}");
    assert_eq!(database.errors(), [""; 0]);
}

#[test]
fn as_the_owner() {
    let (database, _) = with(Driver::Postgres, "");
    let roles = Roles::new(&database, "role");
    database.query(&format!("GRANT {} TO {}; ALTER ROLE {1} NOINHERIT", roles.owner, roles.login));
    let mut connection = Driver::TokioPostgres.connect(&database.url_as(&roles.login));
    assert_eq!(
        emptied(&mut connection, &Cleaner::new().role(&roles.owner).restart_identity()),
        ["1. public.a: 300 rows, TRUNCATE", "1. public.b: 1 row, TRUNCATE"]
    );
    assert_eq!(connection.sql("SELECT current_user"), roles.login);
    assert_eq!(database.errors(), [""; 0]);
}

/// Rows that a policy hides are not left in silence.
#[test]
fn with_policies() {
    let (database, _) = with(Driver::Postgres, "");
    let roles = Roles::new(&database, "policies");
    database.query(&format!(
        "GRANT SELECT, DELETE ON a, b TO {}; ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON a USING (id > 100)",
        roles.login
    ));
    let mut connection = Driver::Postgres.connect(&database.url_as(&roles.login));
    let error = connection.clean(&Cleaner::new()).unwrap_err();
    assert_eq!(error.sqlstate(), Some("42501"), "{error}");
    assert_eq!(filled(&database), ["public.a 300", "public.b 1"]);
}

#[test]
fn reset_as_the_owner() {
    use atlas_migrate::clean::Resetter;

    let (database, _) = with(Driver::Postgres, "CREATE TABLE of_another (id int)");
    let roles = Roles::new(&database, "reset");
    database.query(&format!("GRANT {} TO {}; ALTER ROLE {1} NOINHERIT", roles.owner, roles.login));
    let migrator = atlas_migrate_tests::migrator(&[("1_c.sql", "CREATE TABLE c (id int)")]).role(&roles.owner);
    let mut connection = Driver::SqlxConnection.connect(&database.url_as(&roles.login));
    let error = connection.reset(&Resetter::new(migrator.clone())).unwrap_err();
    assert_eq!(error.sqlstate(), Some("42501"), "{error}");
    assert_eq!(filled(&database), ["public.a 300", "public.b 1"]);
    database.query("DROP TABLE of_another");
    let report = connection.reset(&Resetter::new(migrator)).unwrap();
    assert_eq!(report.dropped(), ["table public.a", "table public.b"]);
    assert_eq!(connection.sql("SELECT current_user"), roles.login);
    assert_eq!(database.value("SELECT tableowner FROM pg_tables WHERE tablename = 'c'"), roles.owner);
}
