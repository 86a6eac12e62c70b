//! What people read. The snapshots are meant to be read.

use atlas_migrate::roles::{Login, On};

use super::*;

/// Compares with the snapshot of this name.
#[track_caller]
fn check(name: &str, text: impl std::fmt::Display) {
    insta::assert_snapshot!(name.replace(' ', "_"), text);
}

#[test]
fn plans() {
    // A schema with a name of its own, whose owner is the same on every version.
    let site = Site::new();
    site.query("DROP SCHEMA public; CREATE SCHEMA public; CREATE EXTENSION pg_trgm");
    let roles = Roles::owned_by(site.role("owner"))
        .migrator(site.role("migrator"))
        .application(Login::new(site.role("app")).password("secret"))
        .read_only(site.role("reader"))
        .schemas(["public", "app"])
        .grant(site.role("app"), "TRUNCATE", On::table("public", "queue"));
    let mut superuser = site.superuser(Driver::Postgres);
    check("plan", site.plain(&superuser.apply_roles(&roles).unwrap().to_string()));
    site.connect(Driver::Postgres, "migrator").run(&tables()).unwrap();
    site.query("CREATE TABLE queue (id int); CREATE FUNCTION f(int, text) RETURNS int LANGUAGE sql AS 'SELECT 1'");
    check("plan of what was made", site.plain(&superuser.apply_roles(&roles).unwrap().to_string()));
    let roles =
        site.roles().schemas(["public", "app"]).grant(site.role("app"), "TRUNCATE", On::table("public", "queue"));
    check("plan of nothing", superuser.plan_roles(&roles).unwrap());
    check("proof", site.plain(&superuser.prove_roles(&roles).unwrap().to_string()).replace(char::is_numeric, "N"));
}

#[track_caller]
fn error(site: &Site, roles: &Roles) -> String {
    let error = site.superuser(Driver::TokioPostgres).plan_roles(roles).unwrap_err();
    site.plain(&error.to_string())
}

#[test]
fn refusals() {
    let site = Site::new();
    let owned = || Roles::owned_by(site.role("owner"));
    check("twice", error(&site, &owned().application(site.role("app")).migrator(site.role("app"))));
    check("reserved", error(&site, &owned().application("pg_monitor")));
    check("too long", error(&site, &owned().application("a".repeat(64))));
    check("schema", error(&site, &owned().schemas(["pg_catalog"])));
    check("privilege", error(&site, &owned().grant("a", "SELCT", On::table("public", "t"))));
    check("empty password", error(&site, &owned().application(Login::new("a").password(""))));
    site.query("CREATE ROLE {app} SUPERUSER BYPASSRLS");
    check("superuser", error(&site, &owned().application(site.role("app"))));
    let mut superuser = site.superuser(Driver::Postgres);
    superuser.sql("SET default_transaction_read_only = on");
    check("read only", superuser.apply_roles(&owned()).unwrap_err());
}

#[test]
fn of_somebody_else() {
    let site = Site::new();
    site.query("DROP SCHEMA public; CREATE SCHEMA public; CREATE ROLE {admin} LOGIN CREATEROLE");
    let mut admin = site.connect(Driver::Postgres, "admin");
    check("database of another", site.plain(&admin.apply_roles(&site.roles()).unwrap_err().to_string()));
}
