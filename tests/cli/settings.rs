//! What the command line does not say: variables, `.env`, `atlas-migrate.toml`.

use atlas_migrate_tests::Database;
use insta::assert_snapshot;

use crate::Program;
use crate::files::PEOPLE;

/// The schemas that have a history, after a run that is told of a schema in these ways.
#[track_caller]
fn check(arguments: &[&str], variable: &str, env_file: &str, file: &str, expected: &str) {
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    let program = if variable.is_empty() { program } else { program.set("ATLAS_MIGRATE_SCHEMA", variable) };
    program.write(".env", env_file);
    program.write("atlas-migrate.toml", file);
    program.out(&[&["run", "--quiet"], arguments].concat());
    let schemas = database.query("SELECT schemaname FROM pg_tables WHERE tablename = 'schema_migrations'");
    assert_eq!(schemas, [expected]);
}

#[test]
fn precedence() {
    check(&[], "", "", "", "public");
    check(&[], "", "", "schema = 'of_file'", "of_file");
    check(&[], "", "ATLAS_MIGRATE_SCHEMA=of_env", "schema = 'of_file'", "of_env");
    check(&[], "of_variable", "ATLAS_MIGRATE_SCHEMA=of_env", "schema = 'of_file'", "of_variable");
    check(&["--schema", "of_flag"], "of_variable", "ATLAS_MIGRATE_SCHEMA=of_env", "schema = 'of_file'", "of_flag");
}

/// Where the database is, said in these ways: each names one that is not there, save for the one that counts.
#[test]
fn precedence_of_databases() {
    #[track_caller]
    fn check(count: usize) {
        let database = Database::new();
        let url = |place: usize| if place == count { database.url() } else { "postgresql://127.0.0.1:1/no".to_owned() };
        let mut program = Program::new(PEOPLE);
        program.write("atlas-migrate.toml", &format!("database-url = '{}'", url(1)));
        if count >= 2 {
            program.write(".env", &format!("DATABASE_URL={}", url(2)));
        }
        if count >= 3 {
            program = program.set("DATABASE_URL", &url(3));
        }
        let flag = format!("--database-url={}", url(4));
        let arguments = if count >= 4 { vec!["run", &flag] } else { vec!["run"] };
        program.out(&arguments);
        assert_eq!(database.history().len(), 3, "{count}");
    }
    (1..=4).for_each(check);
}

#[test]
fn faults() {
    let files = [
        "source = \"db\"\nshcema = \"app\"\n",
        "yes = true\n",
        "format = \"xml\"\nquiet = \"very\"\nschema = [1]\n",
        "wait = \"soon\"\n",
        "[run]\nwait = \"1s\"\n",
        "source =\n",
        "database-url = \"postgres://me:secret@h\n",
        "database-url = [\"postgres://me:secret@h\"]\n",
    ];
    let said = files.map(|file| Program::new(&[("atlas-migrate.toml", file)]).session(&["status"]));
    let said = said.join("\n");
    assert!(!said.contains("secret"), "{said}");
    assert_snapshot!(said);
    let as_json = Program::new(&[("atlas-migrate.toml", files[0])]).session(&["status --format json"]);
    assert_snapshot!(as_json);
}

#[test]
fn faults_of_variables() {
    let said = [
        Program::new(&[]).set("ATLAS_MIGRATE_WAIT", "soon").session(&["status"]),
        Program::new(PEOPLE).set("PGSERVICE", "mine").session(&["status"]),
        Program::new(PEOPLE).set("PGSSLMODE", "required").session(&["status"]),
        Program::new(&[(".env", "PASSWORD=secret\nmy secret\n")]).session(&["status"]),
        Program::new(&[("atlas-migrate.toml", "format = 'json'\n")]).session(&["validate", "nonsense"]),
    ];
    assert_snapshot!(said.join("\n"));
}

/// Flags of the file, and a number of it.
#[test]
fn kinds_of_values() {
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    program.write("atlas-migrate.toml", "quiet = true\nwait = 0\nlock-timeout = '1s'\nsource = 'migrations'\n");
    assert_eq!(program.out(&["run"]), "");
    assert_eq!(database.history().len(), 3);
}
