//! Roles that a file of TOML declares.

use atlas_migrate::ErrorKind;
use atlas_migrate::roles::On;

use super::*;

/// What the roles of a site are in TOML, where their names have quotes of both kinds.
fn declaration(site: &Site) -> String {
    let quoted = |name| format!("'''{}'''", site.role(name));
    format!(
        "[roles]\nowner = {}\nmigrators = [{}]\napplications = [{{ name = {}, password-env = 'PATH' }}]\nread-only = [{}]\n\
         schemas = ['public', 'app']\n[[roles.grants]]\nrole = {}\nprivilege = 'truncate'\non = 'app.queue'\n",
        quoted("owner"),
        quoted("migrator"),
        quoted("app"),
        quoted("reader"),
        quoted("app"),
    )
}

#[test]
fn the_same_as_by_the_builder() {
    let site = Site::new();
    let by_file = Roles::from_toml("atlas-migrate.toml", declaration(&site)).unwrap();
    let by_builder =
        site.roles().schemas(["public", "app"]).grant(site.role("app"), "TRUNCATE", On::table("app", "queue"));
    let mut superuser = site.superuser(Driver::Postgres);
    let plan = superuser.apply_roles(&by_file).unwrap();
    assert!(!plan.is_empty());
    site.query("CREATE TABLE app.queue ()");
    superuser.apply_roles(&by_file).unwrap();
    let rest = superuser.plan_roles(&by_builder).unwrap();
    assert!(rest.is_empty(), "{rest}");
    let verifier = site.query("SELECT starts_with(rolpassword, 'SCRAM') FROM pg_authid WHERE rolname = '{app}'");
    assert_eq!(verifier, ["t"]);
}

#[test]
fn faults() {
    let error = Roles::from_toml("roles.toml", "owner = 'o'\nmigrator = ['m']").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Source);
    insta::assert_snapshot!(error, @"
    unknown setting `migrator`
     --> roles.toml:2:1
      |
    2 | migrator = [***]
      | ^^^^^^^^
      |
      = hint: did you mean `migrators`?
    ");
}
