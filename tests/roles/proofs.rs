//! What a proof finds when something is not as declared.

use super::*;

/// A probe that fails once the statements have run, and how that is shown; and that applying the declaration again mends it.
#[track_caller]
fn check(sabotage: &str, expected: &str, is_mended: bool) {
    let site = Site::new();
    let mut superuser = site.superuser(Driver::Postgres);
    superuser.apply_roles(&site.roles()).unwrap();
    site.connect(Driver::Postgres, "migrator").run(&tables()).unwrap();
    superuser.apply_roles(&site.roles()).unwrap();
    site.query(sabotage);
    let proof = superuser.prove_roles(&site.roles()).unwrap();
    let shown = site.plain(&proof.to_string());
    assert!(!proof.passed(), "{sabotage}");
    assert!(shown.lines().any(|line| line == format!("FAIL {expected}")), "{sabotage}: {shown}");
    if is_mended {
        superuser.apply_roles(&site.roles()).unwrap();
        let proof = superuser.prove_roles(&site.roles()).unwrap();
        assert!(proof.passed(), "{sabotage}: {proof}");
    }
    assert_eq!(site.database.errors(), [""; 0], "{sabotage}");
}

#[test]
fn privileges() {
    check(
        "GRANT TRUNCATE ON users TO {app}",
        "my app on public.users: DELETE INSERT SELECT TRUNCATE UPDATE, expected DELETE INSERT SELECT UPDATE",
        true,
    );
    check(
        "REVOKE INSERT ON posts FROM {app}",
        "my app on public.posts: DELETE SELECT UPDATE, expected DELETE INSERT SELECT UPDATE",
        true,
    );
    check("GRANT INSERT ON users TO PUBLIC", "my reader on public.users: INSERT SELECT, expected SELECT", true);
    check(
        "GRANT EXECUTE ON FUNCTION number TO PUBLIC",
        "my reader on public.number(): EXECUTE, expected nothing",
        true,
    );
    check("GRANT CREATE ON SCHEMA public TO PUBLIC", "my reader: CREATE TABLE in public: done, expected refused", true);
    check("GRANT CREATE ON SCHEMA public TO {app}", "my app on schema public: CREATE USAGE, expected USAGE", true);
    check(
        "GRANT INSERT ON schema_migrations TO {app}",
        "my app on public.schema_migrations: INSERT SELECT, expected SELECT",
        true,
    );
    check(
        "GRANT USAGE ON SEQUENCE users_id_seq TO {reader}",
        "my reader on public.users_id_seq: SELECT USAGE, expected SELECT",
        true,
    );
}

#[test]
fn what_will_be_made() {
    check(
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public REVOKE INSERT ON TABLES FROM {app}",
        "my app: INSERT into a new table in public: refused, expected done",
        true,
    );
    check(
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT DELETE ON TABLES TO {reader}",
        "my reader: DELETE from a new table in public: done, expected refused",
        true,
    );
    check(
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
        "my reader: call of a new function in public: done, expected refused",
        true,
    );
}

#[test]
fn roles() {
    check("ALTER ROLE {app} CREATEROLE", "my app: attributes: LOGIN CREATEROLE, expected LOGIN", true);
    check("ALTER ROLE {owner} LOGIN", "my owner: attributes: LOGIN, expected NOLOGIN", true);
    check("GRANT {owner} TO {app}", "my app: member of my owner: yes, expected no", true);
    check("GRANT {migrator} TO {reader}", "my reader: member of my owner: yes, expected no", true);
    check("REVOKE {owner} FROM {migrator}", "my migrator: member of my owner: no, expected yes", true);
    check(
        "REVOKE {owner} FROM {migrator}; ALTER ROLE {migrator} INHERIT; GRANT {owner} TO {migrator}",
        "my migrator: has what my owner has without acting as it: yes, expected no",
        true,
    );
    check(
        "CREATE ROLE {other}; GRANT INSERT ON users TO {other}; GRANT {other} TO {reader}",
        "my reader on public.users: INSERT SELECT, expected SELECT",
        false,
    );
}

#[test]
fn owners() {
    check("ALTER TABLE users OWNER TO postgres", "public.users: owner: postgres, expected my owner", true);
    check("CREATE TYPE mood AS ENUM ()", "public.mood: owner: postgres, expected my owner", true);
    check(
        "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "public.g(): owner: postgres, expected my owner",
        true,
    );
}

#[test]
fn roles_that_are_not_there() {
    let site = Site::new();
    let proof = site.superuser(Driver::Postgres).prove_roles(&site.roles()).unwrap();
    assert_eq!(
        site.plain(&proof.to_string()),
        "0 of 4 passed\nFAIL role my owner: not there, expected there\nFAIL role my migrator: not there, expected there\n\
         FAIL role my app: not there, expected there\nFAIL role my reader: not there, expected there"
    );
}
