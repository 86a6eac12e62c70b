//! What a role may do, as whom the checks run, and where nothing can be written.

use insta::assert_snapshot;

use super::*;

#[test]
fn privileges() {
    let (database, mut connection) = with(
        Driver::Postgres,
        "CREATE SCHEMA app; CREATE TABLE app.a (id int, name text); CREATE SEQUENCE app.s; CREATE VIEW app.v AS TABLE app.a;
         CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE EXECUTE ON FUNCTION app.f FROM PUBLIC",
    );
    let role = Role::new(&database, "verify_app");
    let name = &role.name;
    database.query(&format!(
        "GRANT USAGE ON SCHEMA app TO {name}; GRANT SELECT, INSERT ON app.a TO {name}; GRANT UPDATE (name) ON app.a TO {name};
         GRANT USAGE ON SEQUENCE app.s TO {name}; GRANT EXECUTE ON FUNCTION app.f TO {name}; GRANT SELECT ON app.v TO PUBLIC"
    ));
    let file = |entries: &[&str]| format!("privilege = [\n{}\n]", entries.join(",\n").replace("ROLE", name));
    let mut told = |entries: &[&str]| {
        role.masked(&told_of_files(&verify(&mut connection, &verifier(&[("a.toml", &file(entries))]))))
    };
    assert_snapshot!(told(&[
        r#"{ role = "ROLE", on = "app.a", may = ["select", "insert"], may-not = ["delete", "truncate"] }"#,
        r#"{ role = "ROLE", on = "schema app", may = ["usage"], may-not = ["create"] }"#,
        r#"{ role = "ROLE", on = "sequence app.s", may = ["usage"], may-not = ["update"] }"#,
        r#"{ role = "ROLE", on = "function app.f(int4)", may = ["execute"] }"#,
        r#"{ role = "ROLE", on = "database", may = ["connect"], may-not = ["create"] }"#,
        r#"{ role = "public", on = "app.v", may = ["select"], may-not = ["insert"] }"#,
    ]), @"
    pass privileges of verify_app on app.a
    pass privileges of verify_app on schema app
    pass privileges of verify_app on sequence app.s
    pass privileges of verify_app on function app.f(int4)
    pass privileges of verify_app on the database
    pass privileges of public on app.v
    ");
    assert_snapshot!(told(&[
        r#"{ role = "ROLE", on = "app.a", may = ["delete", "update"], may-not = ["update", "insert"] }"#.replace("\"delete\", \"update\"", "\"delete\"").as_str(),
        r#"{ role = "ROLE", on = "app.a", may = ["update"] }"#,
        r#"{ role = "ROLE", on = "schema app", may = ["create"] }"#,
        r#"{ role = "public", on = "function app.f(int)", may = ["execute"] }"#,
        r#"{ role = "nobody", on = "app.a", may = ["select"] }"#,
        r#"{ role = "ROLE", on = "app.b", may = ["select"] }"#,
        r#"{ role = "ROLE", on = "sequence app.a", may = ["select"] }"#,
        r#"{ role = "ROLE", on = "schema nowhere", may = ["usage"] }"#,
        r#"{ role = "ROLE", on = "function app.f(text)", may = ["execute"] }"#,
    ]), @"
    fail privileges of verify_app on app.a
      delete on app.a: expected granted, found not granted
      update on app.a: expected not granted, found granted on columns
      insert on app.a: expected not granted, found granted
      at checks/a.toml:2
    fail privileges of verify_app on app.a
      update on app.a: expected granted, found not granted
      at checks/a.toml:3
    fail privileges of verify_app on schema app
      create on schema app: expected granted, found not granted
      at checks/a.toml:4
    fail privileges of public on function app.f(int)
      execute on function app.f(int): expected granted, found not granted
      at checks/a.toml:5
    fail privileges of nobody on app.a
      role nobody: expected a role, found none
      at checks/a.toml:6
    fail privileges of verify_app on app.b
      app.b: expected to be there, found none
      at checks/a.toml:7
    fail privileges of verify_app on sequence app.a
      sequence app.a: expected to be there, found none
      at checks/a.toml:8
    fail privileges of verify_app on schema nowhere
      schema nowhere: expected to be there, found none
      at checks/a.toml:9
    fail privileges of verify_app on function app.f(text)
      function app.f(text): expected to be there, found none
      at checks/a.toml:10
    ");
}

every_driver! {
    /// What the role may not see is skipped, with the reason.
    fn few_rights(driver) {
        let (database, _) = with(
            Driver::Postgres,
            "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('a'); CREATE TABLE app.a (id serial PRIMARY KEY, mood app.mood);
             CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1); CREATE TABLE secured (id int PRIMARY KEY);
             ALTER TABLE secured ENABLE ROW LEVEL SECURITY; REVOKE ALL ON SCHEMA app FROM PUBLIC",
        );
        let migrator = atlas_migrate_tests::migrator(&[("1_a.sql", "SELECT 1")]);
        Driver::Postgres.connect(&database.url()).run(&migrator).unwrap();
        let role = Role::new(&database, "verify_few");
        database.query(&format!("GRANT SELECT ON secured TO {}", role.name));
        let files = [
            ("a.toml", "table = [{ name = \"app.a\", columns = { id = \"int\" } }, { name = \"app.a\", columns = { mood = \"app.mood\" } }]
                function = [{ name = \"app.f(app.mood)\" }]
                rows = [{ table = \"app.a\", max = 1 }, { table = \"b\", min = 1 }, { table = \"secured\", max = 1 }]"),
            ("b.sql", "SELECT * FROM b"),
            ("c.sql", "SELECT 1 WHERE false"),
        ];
        let mut connection = driver.connect(&database.url_as(&role.name));
        let report = verify(&mut connection, &verifier(&files).migrations(&migrator));
        let all: String = report.checks().iter().skip(2).map(told).collect();
        insta::assert_snapshot!("few_rights", all);
        assert!(report.passed() && report.count(Verdict::Skipped) > 0, "{report}");
        drop(connection);
    }
}

#[test]
fn read_only_session() {
    let (database, _) = with(Driver::Postgres, "CREATE TABLE a (id int PRIMARY KEY)");
    let name = database.value("SELECT current_database()");
    database.query(&format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = on;
         ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'; ALTER DATABASE {name} SET statement_timeout = '50ms';
         ALTER DATABASE {name} SET standard_conforming_strings = off"
    ));
    let files = [
        ("a.toml", "rows = [{ table = \"a\", max = 1 }]\ntable = [{ name = '\"a\"' }]"),
        ("b.sql", "SELECT 1 WHERE pg_sleep(0.2)::text <> ''"),
    ];
    let mut connection = Driver::TokioPostgres.connect(&database.url());
    let report = verify(&mut connection, &verifier(&files));
    assert!(checked(&report, "checks/b.sql").verdict() == Verdict::Pass && report.passed(), "{report}");
}
