//! The hint about a pooler leads out.

use super::*;

#[test]
fn one_session() {
    let database = Database::new();
    let bouncer = Bouncer::taking_turns(&database.url(), Turns::RoundRobin);
    bouncer.inspect(&database);
    let set = migrator(&[("1_v.sql", "-- atlas:no-transaction\nCREATE TABLE t (a int);\nVACUUM;")]).role("pg_monitor");
    database.query("GRANT ALL ON SCHEMA public TO pg_monitor");
    let pooled = bouncer.url(&database.url());
    let error = Driver::TokioPostgres.connect(&pooled).run(&set).unwrap_err();
    let hint = "connect to the server itself, or to a pool in session mode, to migrate; or give the role and timeouts to the login \
                with ALTER ROLE … SET";
    assert!(error.to_string().contains(hint), "{error}");
    Driver::TokioPostgres.connect(&database.url()).run(&set).unwrap();
    bouncer.inspect(&database);

    // A login that has the role by itself.
    let name = database.value("SELECT current_database()");
    database.query("DROP TABLE t, schema_migrations");
    database.query(&format!("ALTER ROLE postgres IN DATABASE {name} SET role = 'pg_monitor'"));
    let set = migrator(&[("1_v.sql", "-- atlas:no-transaction\nCREATE TABLE t (a int);\nVACUUM t;")]);
    let bouncer = Bouncer::taking_turns(&database.url(), Turns::RoundRobin);
    Driver::TokioPostgres.connect(&bouncer.url(&database.url())).run(&set).unwrap();
    assert_eq!(database.value("SELECT tableowner FROM pg_tables WHERE tablename = 't'"), "pg_monitor");
}
