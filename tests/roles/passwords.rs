//! Passwords: they work, and nobody gets to see them.

use std::time::Duration;

use atlas_migrate::ephemeral::Server;
use atlas_migrate::roles::Login;

use atlas_migrate_tests::Database;

use super::*;

const SECRET: &str = "pass'w\"ord \\ é\u{a0}$1";

fn roles(site: &Site) -> Roles {
    Roles::owned_by(site.role("owner"))
        .application(Login::new(site.role("app")).password(SECRET))
        .read_only(site.role("reader"))
}

/// On a server that asks for passwords.
#[test]
fn log_in() {
    let server = Server::private().unwrap_or_else(|error| panic!("{error}"));
    let site = Site::of(Database::on(&server));
    let mut superuser = site.superuser(Driver::Postgres);
    superuser.sql("SET password_encryption = md5");
    superuser.apply_roles(&roles(&site)).unwrap();
    let file = superuser.sql("SHOW hba_file");
    let rules = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    std::fs::write(&file, format!("host all postgres all trust\nhost all all all scram-sha-256\n{rules}")).unwrap();
    superuser.sql("SELECT pg_reload_conf()");
    let name: String = site.role("app").bytes().map(|byte| format!("%{byte:02x}")).collect();
    let log_in = |password: &str| {
        let password: String = password.bytes().map(|byte| format!("%{byte:02x}")).collect();
        Driver::Postgres.try_connect(&site.database.url_as(&format!("{name}:{password}")))
    };
    atlas_migrate_tests::wait_for("the server to ask for passwords", Duration::from_secs(10), || {
        log_in("wrong").err().map(drop)
    });
    assert!(log_in(SECRET).is_ok());
    // Without one in the declaration, it stays.
    superuser.apply_roles(&site.roles()).unwrap();
    assert!(log_in(SECRET).is_ok());
    assert_eq!(site.query("SELECT count(*) FROM pg_authid WHERE rolname = '{reader}' AND rolpassword IS NULL")[0], "1");
}

#[test]
fn are_not_told() {
    let site = Site::new();
    let roles = roles(&site);
    let mut superuser = site.superuser(Driver::TokioPostgres);
    let plan = superuser.plan_roles(&roles).unwrap();
    superuser.apply_roles(&roles).unwrap();
    let verifier = site.query("SELECT rolpassword FROM pg_authid WHERE rolname = '{app}'").remove(0);
    assert!(verifier.starts_with("SCRAM-SHA-256$4096:"), "{verifier}");
    // A reader that is a superuser makes it fail; so does a lock, once the statement is under way.
    site.query("ALTER ROLE {reader} SUPERUSER");
    let refused = superuser.apply_roles(&roles).unwrap_err();
    site.query("ALTER ROLE {reader} NOSUPERUSER; CREATE TABLE t (id int)");
    let mut other = site.superuser(Driver::Postgres);
    other.sql("BEGIN; LOCK TABLE t");
    let failed = superuser.apply_roles(&roles.clone().lock_timeout(Duration::from_millis(20))).unwrap_err();
    assert_eq!(failed.sqlstate(), Some("55P03"), "{failed}");
    let texts =
        [format!("{roles:?}"), format!("{plan:?}"), plan.to_string(), refused.to_string(), format!("{failed:?}")];
    for text in texts {
        assert!(!text.contains("word") || !text.contains("SCRAM"), "{text}");
        assert!(!text.contains(SECRET) && !text.contains(&verifier) && !text.contains("4096"), "{text}");
    }
    assert!(plan.to_string().contains("PASSWORD '…'"), "{plan}");
    other.sql("COMMIT");
}

#[test]
fn from_the_environment() {
    let shown = |variable: &str| format!("{:?}", Login::new("app").password_from_env(variable));
    assert_eq!(shown("PATH"), r#"Login { name: "app", password: "given" }"#);
    assert_eq!(shown("ATLAS_MIGRATE_NO_SUCH_VARIABLE"), r#"Login { name: "app", password: "left alone" }"#);
}
