//! Hints of what makes databases for tests lead out: each is met, followed to the letter, and arrives.

use std::process::Command;

use atlas_migrate::testing;
use atlas_migrate_tests::migrator;

use crate::place::{Files, MIGRATIONS, Outcome, Place, Tester};

/// What becomes of a process with these variables and no others of the kind.
fn with(variables: &[(&str, &str)]) -> Outcome {
    let files = Files::new(&MIGRATIONS);
    let mut command = Command::new(env!("CARGO_BIN_EXE_tester"));
    command.args(["1", &files.folder(), "drop"]).env_remove("DATABASE_URL").env_remove("PGUSER");
    Tester::of(command.envs(variables.iter().copied())).outcome()
}

#[track_caller]
fn leads_out(fails: &[(&str, &str)], hint: &str, pass: &[(&str, &str)]) {
    let outcome = with(fails);
    let hints: Vec<_> = outcome.stderr.lines().filter(|line| line.contains("hint: ")).collect();
    assert!(hints.len() == 1 && hints[0].contains(hint), "{hint:?} is not the hint of this: {outcome:?}");
    with(pass).assert_passed(1);
}

#[test]
fn a_server_for_tests() {
    let place = Place::new();
    let url = place.url();
    let nowhere = ("ATLAS_MIGRATE_PG_BIN", "/nowhere");
    let named = |url: &str| vec![("DATABASE_URL".to_owned(), url.to_owned())];
    leads_out(&[nowhere], "or let DATABASE_URL name a server", &[nowhere, ("DATABASE_URL", &url)]);
    leads_out(
        &[("DATABASE_URL", "host=localhost")],
        "it looks like postgresql://user:password@host:5432/database",
        &[("DATABASE_URL", &url)],
    );
    let login = |password: &str| named(&url.replacen("postgres@", &format!("postgres:{password}@"), 1));
    let (faulty, right) = (login("a/b@c"), login("a%2Fb%40c"));
    leads_out(
        &[(&faulty[0].0, &faulty[0].1)],
        "percent-encode / as %2F in the user and the password, and @ as %40",
        &[(&right[0].0, &right[0].1)],
    );
}

#[test]
fn a_role_without_rights() {
    let hint = "give the role of DATABASE_URL the right to create databases (ALTER ROLE … CREATEDB), or at least schemas (GRANT \
                CREATE ON DATABASE …); or leave DATABASE_URL out, for a throw-away server";
    for right in ["ALTER ROLE plain CREATEDB", "GRANT CREATE ON DATABASE postgres TO plain"] {
        let place = Place::new();
        place.query("CREATE ROLE plain LOGIN");
        let url = place.url().replacen("postgres@", "plain@", 1);
        let outcome = with(&[("DATABASE_URL", &url)]);
        assert!(outcome.stderr.contains(hint), "{outcome:?}");
        place.query(right);
        with(&[("DATABASE_URL", &url)]).assert_passed(1);
        place.settle();
    }
    with(&[]).assert_passed(1);
}

/// `validate` finds this in the files, and nothing in the others.
#[track_caller]
fn validated(faulty: &[(&str, &str)], hint: &str, right: &[(&str, &str)]) {
    let error = testing::validate(migrator(faulty)).unwrap_err().to_string();
    assert!(error.contains(hint), "{error}");
    testing::validate(migrator(right)).unwrap_or_else(|error| panic!("{hint:?} does not lead out: {error}"));
}

#[test]
fn what_validate_finds() {
    let up = ("1_t.up.sql", "CREATE TABLE t (a int); CREATE TABLE IF NOT EXISTS u (a int);");
    let faulty = [up, ("1_t.down.sql", "DROP TABLE t;")];
    let hint = "fix the file, so that the schema is the same; or leave the object out with `validate_except`";
    validated(&faulty, hint, &[up, ("1_t.down.sql", "DROP TABLE t, u;")]);
    testing::validate_except(migrator(&faulty), |object| object.ends_with("public.u")).unwrap();

    let first = ("R__a.sql", "SELECT 1;");
    let forgets = ("R__b.sql", "DELETE FROM schema_migrations WHERE version = 'R__a';");
    validated(&[first, forgets], "a migration must not change the history", &[first, ("R__b.sql", "SELECT 2;")]);
}
