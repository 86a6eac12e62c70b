//! A role that may create roles, owns the database, and is no superuser.

use super::*;

/// The role `admin`, which owns the database and its schema `public`, as it does from PostgreSQL 15 on.
fn with_admin() -> Site {
    let site = Site::new();
    let database = site.database.value("SELECT quote_ident(current_database())");
    site.query(&format!(
        "CREATE ROLE {{admin}} LOGIN CREATEROLE; ALTER DATABASE {database} OWNER TO {{admin}}; ALTER SCHEMA public OWNER TO {{admin}}"
    ));
    site
}

every_driver! {
    fn is_enough(driver) {
        let site = with_admin();
        let roles = site.roles().schemas(["public", "app"]).migrator(atlas_migrate::roles::Login::new(site.role("other")).password("secret"));
        let mut admin = site.connect(driver, "admin");
        // A table that was there before, too.
        admin.sql("CREATE TABLE old (id int)");
        let plan = admin.plan_roles(&roles).unwrap();
        assert_eq!(admin.apply_roles(&roles).unwrap().to_string(), plan.to_string());
        site.connect(driver, "migrator").run(&tables()).unwrap();
        admin.apply_roles(&roles).unwrap();
        let left: Vec<_> = admin.plan_roles(&roles).unwrap().statements().map(str::to_owned).collect();
        assert_eq!(left, [format!("ALTER ROLE {} PASSWORD '…';", site.quoted("other"))]);
        let proof = admin.prove_roles(&roles).unwrap();
        assert!(proof.passed(), "{proof}");
        assert_eq!(site.query("SELECT tableowner FROM pg_tables WHERE tablename IN ('old', 'users')"), [site.role("owner"), site.role("owner")]);
        // What a proof takes on it does not keep.
        let members = "SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member JOIN pg_roles g ON g.oid = m.roleid
            WHERE r.rolname = '{admin}' AND g.rolname = '{app}' AND m.grantor = m.member";
        assert_eq!(site.query(members), [""; 0]);
        assert_eq!(site.database.errors(), [""; 0]);
        drop(admin);
    }
}

#[test]
fn of_a_database_of_somebody_else() {
    let site = Site::new();
    site.query("CREATE ROLE {admin} LOGIN CREATEROLE");
    let mut admin = site.connect(Driver::Postgres, "admin");
    let error = admin.plan_roles(&site.roles()).unwrap_err();
    assert!(error.to_string().contains("belongs to postgres"), "{error}");
    assert_eq!(admin.apply_roles(&site.roles()).unwrap_err().to_string(), error.to_string());
    assert_eq!(site.query("SELECT FROM pg_roles WHERE rolname = '{app}'"), [""; 0]);
    assert_eq!(site.database.errors(), [""; 0]);
}
