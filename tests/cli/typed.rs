//! What was typed is typed again by hints, and heeded by all that a command does.

use atlas_migrate_tests::{Database, Driver};

use crate::Program;
use crate::files::PEOPLE;
use crate::hints::commands;

/// A URL with a password is said without it: a hint that named no database would be for the one of the environment.
#[test]
fn b3_a_url_with_a_password_still_names_its_database() {
    let (database, other) = (Database::new(), Database::new());
    let program = Program::new(PEOPLE).on(&database);
    let missing = format!("{}_b3", other.url());
    let secret = missing.replacen("postgres@", "postgres:it%2Fs@", 1);
    for url in [format!("--database-url '{secret}'"), format!("--database-url='{secret}'")] {
        let hint = program.hint(&format!("atlas-migrate run {url}"), "make it with ");
        assert_eq!(commands(&hint), [format!("atlas-migrate create --database-url {missing}")], "{hint}");
    }
    let typed = format!("--database-url '{missing}?password=hush' --schema=-x");
    program.passes(&format!("atlas-migrate create {typed}"));
    let hint = program.hint(&format!("atlas-migrate check {typed}"), "run the migrations before this process starts, ");
    assert_eq!(commands(&hint), [format!("atlas-migrate run --database-url {missing} --schema=-x")], "{hint}");
    program.passes(&commands(&hint)[0]);
    program.passes(&format!("atlas-migrate check {typed}"));
    program.passes(&format!("atlas-migrate drop --yes --database-url {missing} --confirm $(basename {missing})"));
    assert_eq!(database.value("SELECT to_regclass('schema_migrations') IS NULL"), "t");
}

/// Commands that ask first read the mark of the database as the role that does the rest.
#[test]
fn c5_the_mark_is_read_as_the_role_that_is_typed() {
    let database = Database::new();
    let owner = format!("owner_{}", database.value("SELECT current_database()"));
    database.query(&format!("CREATE ROLE {owner}; GRANT ALL ON SCHEMA public TO {owner}"));
    let rows = ("seeds/people.csv", "name,age\nAda,36\n");
    let program = Program::new(&[PEOPLE, &[rows]].concat()).on(&database);
    let as_owner = |command: &str| format!("atlas-migrate {command} --yes --role {owner}");
    program.passes(&format!("atlas-migrate run --role {owner}"));
    program.passes(&as_owner("seed --mark --environment dev"));
    program.passes(&format!("atlas-migrate seed --role {owner}"));
    for command in ["clean", "redo", "revert", "reset", "seed --mark --environment test", "drop"] {
        let hint = "if the role that owns it migrates this database, do it as that role, with `--role`";
        // What is looked at first says the same of the history.
        if !command.starts_with("re") || command == "reset" {
            program.hint(&format!("atlas-migrate {command} --yes"), hint);
        }
        program.passes(&as_owner(command));
        program.shell(&format!("atlas-migrate run --role {owner}"));
    }
    Database::new().query(&format!("DROP ROLE {owner}"));
}

/// What the role may not do has nothing to do with the history, and says so.
#[test]
fn b3_rights_that_are_not_of_the_history() {
    let database = Database::new();
    let name = database.value("SELECT current_database()");
    let role = format!("weak_{name}");
    database.query(&format!("CREATE ROLE {role} LOGIN"));
    let rows = ("seeds/people.csv", "name,age\nAda,36\n");
    let program = Program::new(&[PEOPLE, &[rows]].concat()).on(&database);
    program.passes("atlas-migrate run");
    let url = database.url_as(&role);
    let weak = |command: &str| format!("atlas-migrate {command} --database-url {url}");
    program.leads_out(
        &format!("{}_new", weak("create")),
        "connect as a role with CREATEDB",
        &[&format!("psql -qc 'ALTER ROLE {role} CREATEDB' $DATABASE_URL"), &format!("{}_new", weak("create"))],
    );
    program.passes(&format!("{}_new", weak("drop --yes")));
    program.hint(&weak("drop --yes"), "connect as the owner of the database");
    database.query(&format!("GRANT ALL ON people TO {role}"));
    let hint = "let the owner grant the role what it lacks, or name another role with `--role`";
    program.hint(&weak("seed --environment dev"), hint);
    database.query(&format!("GRANT CREATE ON SCHEMA public TO {role}"));
    program.passes(&weak("seed --environment dev"));
    database.query(&format!("REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}"));
}

/// The mark waits for a lock as long as the rest does, and who has it is named.
#[test]
fn c5_the_mark_waits_as_long_as_it_is_told() {
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    program.passes("atlas-migrate run");
    program.passes("atlas-migrate seed --mark --environment dev --yes --seeds .");
    let mut holder = Driver::Postgres.connect(&database.url());
    holder.sql("BEGIN; LOCK TABLE schema_environment");
    for command in ["clean", "reset", "redo", "revert", "seed --mark --environment dev"] {
        let said = program.run(&format!("{command} --yes --lock-timeout 10ms").split(' ').collect::<Vec<_>>());
        assert!(said.err.contains("schema_environment is locked by pid "), "{command}: {said:?}");
        assert!(said.err.contains("or be patient with `--lock-timeout`"), "{command}: {said:?}");
        assert!(!said.err.contains("inline_code_block"), "{command}: {said:?}");
    }
    holder.sql("ROLLBACK");
}

/// How far `check` says that what is pending came.
#[test]
fn b3_check_says_what_stopped() {
    let database = Database::new();
    let alone = "-- atlas:no-transaction\nDO $$ BEGIN COMMIT; PERFORM 1 / 0; END $$;\n";
    let half = "-- atlas:no-transaction\nSELECT 1;\nVACUUM nothing;\n";
    for (text, expected) in [
        (alone, "1 a (it stopped in a statement that may have taken effect in part) has not run"),
        (half, "1 a (it stopped before its end) has not run"),
    ] {
        let program = Program::new(&[("migrations/1_a.sql", text)]).on(&database);
        program.shell("atlas-migrate run");
        let said = program.run(&["check"]);
        assert!(said.err.contains(expected), "{said:?}");
        assert!(said.err.contains("before this process starts, with `atlas-migrate run`"), "{said:?}");
        database.query("DROP TABLE schema_migrations");
    }
}

/// No wait, and none longer than was asked for.
#[test]
fn c5_waits_in_words() {
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    program.passes("atlas-migrate run --target 001");
    let mut holder = Driver::Postgres.connect(&database.url());
    holder.sql(
        "BEGIN; SELECT pg_advisory_xact_lock(
             ('x' || left(encode(sha256('atlas-migrate \"public\" \"schema_migrations\"'), 'hex'), 16))::bit(64)::bigint)",
    );
    for command in ["run", "revert --yes", "redo --yes", "rehearse", "baseline 002", "setup"] {
        let words = |wait: &str| format!("{command} --wait {wait}");
        let said = program.run(&words("0").split(' ').collect::<Vec<_>>());
        assert!(said.err.contains("another process is migrating, and this one is not to wait"), "{command}: {said:?}");
        let said = program.run(&words("40ms").split(' ').collect::<Vec<_>>());
        assert!(said.err.starts_with("waiting for another process that is migrating\n"), "{command}: {said:?}");
        assert!(said.err.contains("another process has been migrating for all of the "), "{command}: {said:?}");
    }
}
