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
    check(&[], "", "\u{feff}ATLAS_MIGRATE_SCHEMA=of_env", "schema = 'of_file'", "of_env");
    check(&[], "of_variable", "ATLAS_MIGRATE_SCHEMA=of_env", "schema = 'of_file'", "of_variable");
    check(&["--schema", "of_flag"], "of_variable", "ATLAS_MIGRATE_SCHEMA=of_env", "schema = 'of_file'", "of_flag");
}

/// Where the database is, said in these ways: each names one that is not there, except the one that counts.
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

/// Files in this folder go before files in folders above, and what the process was started with before all of them.
#[test]
fn d4_the_nearest_file_says_which_database() {
    let [here, above, started] = [(); 3].map(|()| Database::new());
    let program = Program::new(&[]);
    let name = |database: &Database| database.value("SELECT current_database()");
    let asked = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = program.command(&[&["clean", "--yes"], arguments].concat());
        let output = command.current_dir(program.folder.join("a/b")).envs(variables.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    program.write(".env", &format!("DATABASE_URL={}\nPGUSER=nobody\n", above.url()));
    program.write("a/b/empty", "");
    #[track_caller]
    fn check(said: &str, database: &str) {
        let host = said.lines().find_map(|line| line.strip_prefix(&format!("database  {database} on 127.0.0.1:")));
        assert!(host.is_some_and(|port| port.parse::<u16>().is_ok()), "{database}: {said}");
    }
    check(&asked(&[], &[]), &name(&above));
    program.write("a/b/atlas-migrate.toml", &format!("database-url = '{}'\n", here.url()));
    check(&asked(&[], &[]), &name(&here));
    check(&asked(&[("PGDATABASE", &name(&started))], &[]), &name(&started));
    check(&asked(&[("PGDATABASE", "nowhere"), ("DATABASE_URL", &started.url())], &[]), &name(&started));
    check(&asked(&[("DATABASE_URL", &above.url())], &["--database-url", &started.url()]), &name(&started));
    // In the same folder the variables come first.
    program.write("a/b/.env", &format!("DATABASE_URL={}\n", above.url()));
    check(&asked(&[], &[]), &name(&above));
    let json = asked(&[], &["--format", "json"]);
    assert!(
        json.contains(&format!("\"database\": \"{}\"", name(&above))) && json.contains("\"host\": \"127.0.0.1:"),
        "{json}"
    );
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
