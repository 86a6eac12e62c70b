//! What any user does.

use super::*;

every_driver! {
    fn from_nothing_to_proof(driver) {
        let site = Site::new();
        let roles = site.roles();
        let mut superuser = site.superuser(driver);
        let plan = superuser.plan_roles(&roles).unwrap();
        assert_eq!(site.query("SELECT FROM pg_roles WHERE rolname = '{owner}'"), [""; 0]);
        assert_eq!(superuser.apply_roles(&roles).unwrap(), plan);
        assert!(superuser.plan_roles(&roles).unwrap().is_empty(), "{}", superuser.plan_roles(&roles).unwrap());

        site.connect(driver, "migrator").run(&tables()).unwrap();
        let owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'";
        assert_eq!(site.query(owners), [site.role("owner")]);
        // Of the history, that is: an application reads it, and does not write to it.
        assert_eq!(superuser.apply_roles(&roles).unwrap().statements().count(), 2);
        assert!(superuser.plan_roles(&roles).unwrap().is_empty());

        let proof = superuser.prove_roles(&roles).unwrap();
        assert!(proof.passed() && proof.probes().len() > 100, "{proof}");
        assert_eq!(site.database.value("SELECT count(*) FROM pg_class WHERE relname ~ 'atlas_probe'"), "0");

        let mut app = site.connect(driver, "app");
        assert_eq!(app.sql("INSERT INTO users (name) VALUES ('Anna') RETURNING id"), "1");
        assert_eq!(app.sql("INSERT INTO posts (author) VALUES (1); SELECT number()"), "1");
        app.check(&tables()).unwrap();
        assert_eq!(site.connect(driver, "reader").sql("SELECT name FROM users"), "Anna");
        assert_eq!(site.database.errors(), [""; 0]);
        drop((superuser, app));
    }
}

#[test]
fn several_of_each_and_schemas_of_their_own() {
    let site = Site::new();
    let roles = Roles::owned_by(site.role("owner"))
        .migrator(site.role("migrator"))
        .application(site.role("app"))
        .application(site.role("other"))
        .schemas(["it's \"a\" schema", "public"]);
    let mut superuser = site.superuser(Driver::Postgres);
    superuser.apply_roles(&roles).unwrap();
    let mut migrator = site.connect(Driver::SqlxPool, "migrator");
    migrator.run(&tables().schema("it's \"a\" schema")).unwrap();
    superuser.apply_roles(&roles).unwrap();
    assert!(superuser.plan_roles(&roles).unwrap().is_empty());
    let proof = superuser.prove_roles(&roles).unwrap();
    assert!(proof.passed(), "{proof}");
    assert_eq!(site.connect(Driver::Postgres, "other").sql("SELECT count(*) FROM posts"), "0");
    assert_eq!(site.database.errors(), [""; 0]);
}

#[test]
fn more_privileges() {
    use atlas_migrate::roles::On;

    let site = Site::new();
    let roles = site
        .roles()
        .grant(site.role("app"), "truncate", On::table("public", "posts"))
        .grant(site.role("app"), "TEMPORARY", On::Database)
        .grant(site.role("reader"), "EXECUTE", On::routine("public", "number"));
    let mut superuser = site.superuser(Driver::TokioPostgres);
    let plan = superuser.apply_roles(&roles).unwrap();
    assert_eq!(plan.left().len(), 2, "{plan}");
    site.connect(Driver::Postgres, "migrator").run(&tables()).unwrap();
    let plan = superuser.apply_roles(&roles).unwrap();
    assert_eq!(plan.left(), [""; 0]);
    assert!(superuser.plan_roles(&roles).unwrap().is_empty());
    let proof = superuser.prove_roles(&roles).unwrap();
    assert!(proof.passed(), "{proof}");
    let mut app = site.connect(Driver::Postgres, "app");
    assert_eq!(app.sql("CREATE TEMPORARY TABLE t (id int); TRUNCATE posts; SELECT count(*) FROM posts"), "0");
    drop(app);
    assert_eq!(site.connect(Driver::Postgres, "reader").sql("SELECT number()"), "0");
    // What is not declared any more is taken back.
    superuser.apply_roles(&site.roles()).unwrap();
    let proof = superuser.prove_roles(&site.roles()).unwrap();
    assert!(proof.passed(), "{proof}");
    assert_eq!(site.database.errors(), [""; 0]);
}

/// Processes that boot at once.
#[test]
fn at_once() {
    let site = Site::new();
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| site.superuser(Driver::Postgres).apply_roles(&site.roles()))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().map(|plan| plan.is_empty())).collect()
    });
    let results: Vec<_> = results.into_iter().map(|result| result.unwrap_or_else(|error| panic!("{error}"))).collect();
    assert_eq!(results.iter().filter(|nothing| !**nothing).count(), 1);
}
