//! Hints about roles lead out.

use atlas_migrate::roles::{Login, On, Roles};
use atlas_migrate_tests::Site;

use super::*;

/// A declaration that is refused with this hint, and one that is not.
#[track_caller]
fn declared(refused: impl Fn(&Site) -> Roles, hint: &str, right: impl Fn(&Site) -> Roles) {
    let site = Site::new();
    let mut superuser = site.superuser(Driver::TokioPostgres);
    let error = superuser.plan_roles(&refused(&site)).unwrap_err();
    leads_out(&error, hint, &mut || superuser.plan_roles(&right(&site)).map(drop));
}

fn owned(site: &Site) -> Roles {
    Roles::owned_by(site.role("owner"))
}

#[test]
fn declarations() {
    let app = |site: &Site| owned(site).application(site.role("app"));
    declared(|site| owned(site).application("pg_monitor"), "PostgreSQL keeps it to itself: give another", app);
    declared(
        |site| app(site).migrator(site.role("app")),
        "let each role be one thing",
        |site| app(site).migrator(site.role("migrator")),
    );
    declared(
        |site| app(site).schemas(["pg_catalog"]),
        "name the schemas of the application",
        |site| app(site).schemas(["public"]),
    );
    let password =
        |site: &Site, password: &str| owned(site).application(Login::new(site.role("app")).password(password));
    let hint = "give one; or leave it out, and the password is left alone";
    declared(|site| password(site, ""), hint, |site| password(site, "secret"));
    declared(|site| password(site, ""), hint, app);
    let grant = |site: &Site, privilege: &str| app(site).grant(site.role("app"), privilege, On::Database);
    declared(|site| grant(site, "CONECT"), "there are: ", |site| grant(site, "CONNECT"));
}

#[test]
fn what_roles_have() {
    let site = Site::new();
    site.query("CREATE ROLE {app} SUPERUSER BYPASSRLS");
    let roles = owned(&site).application(site.role("app"));
    let mut superuser = site.superuser(Driver::TokioPostgres);
    let error = superuser.plan_roles(&roles).unwrap_err();
    let hint = "let a superuser take that from it, or declare another role";
    leads_out(&error, hint, &mut || superuser.plan_roles(&owned(&site).application(site.role("other"))).map(drop));
    leads_out(&error, hint, &mut || {
        site.query("ALTER ROLE {app} NOSUPERUSER NOBYPASSRLS");
        superuser.plan_roles(&roles).map(drop)
    });
}

#[test]
fn whose_the_database_is() {
    let site = Site::new();
    let database = site.database.value("SELECT quote_ident(current_database())");
    site.query("CREATE ROLE {admin} LOGIN CREATEROLE; CREATE ROLE {other} LOGIN");
    let mut admin = site.connect(Driver::TokioPostgres, "admin");
    let give = |to: &str| {
        let to = site.quoted(to);
        site.query(&format!("ALTER DATABASE {database} OWNER TO {to}; ALTER SCHEMA public OWNER TO {to}"));
    };
    let error = admin.apply_roles(&site.roles()).unwrap_err();
    leads_out(&error, "run that, or give it to ", &mut || {
        give("admin");
        admin.apply_roles(&site.roles()).map(drop)
    });
    give("other");
    let mut other = site.connect(Driver::TokioPostgres, "other");
    let more = owned(&site).application("more_of_them");
    let error = other.apply_roles(&more).unwrap_err();
    leads_out(&error, "connect as a role with CREATEROLE that owns the database", &mut || {
        give("admin");
        site.query("ALTER ROLE {other} CREATEROLE");
        admin.apply_roles(&site.roles()).map(drop)
    });
}

#[test]
fn what_is_locked() {
    let site = Site::new();
    let mut superuser = site.superuser(Driver::TokioPostgres);
    let mut holder = site.superuser(Driver::Postgres);
    holder.sql("CREATE TABLE t (id int)");
    holder.sql("BEGIN; LOCK TABLE t");
    let hasty = site.roles().schemas(["public"]).lock_timeout(Duration::from_millis(20));
    let error = superuser.apply_roles(&hasty).unwrap_err();
    leads_out(&error, "end the session that has locked a table, or be patient with `lock_timeout(..)`", &mut || {
        holder.sql("ROLLBACK");
        superuser.apply_roles(&hasty).map(drop)
    });
}
