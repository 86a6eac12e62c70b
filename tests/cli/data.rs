//! Commands about data: what they say, to people and to programs.

use atlas_migrate_tests::{Database, without_times};
use insta::assert_snapshot;

use crate::Program;
use crate::files::{BROKEN, PEOPLE};

/// Data of a small project.
const DATA: &[(&str, &str)] = &[
    ("seeds/dev/010_people.csv", "name,age\nAnna,30\nBen,40\n"),
    ("seeds/test/010_people.csv", "name,age\nCarla,50\n"),
    (
        "checks/010_people.sql",
        "-- Description: there are people\n-- atlas:check true\nSELECT count(*) > 0 FROM people;\n",
    ),
    ("benchmarks/010_people.sql", "-- atlas:no-seq-scan people\nSELECT name FROM people WHERE age = 30;\n"),
    ("benchmarks/020_one.sql", "SELECT 1;\n"),
];

/// A project with migrations and data, on a database that is migrated.
#[track_caller]
fn project(database: &Database) -> Program {
    let program = Program::new(&[PEOPLE, DATA].concat()).on(database);
    program.out(&["run"]);
    program
}

/// What commands of the project say.
#[track_caller]
fn session(commands: &[&str]) -> String {
    let database = Database::new();
    shown(&project(&database), &database, commands)
}

/// What commands say, without what is different each time and everywhere.
#[track_caller]
fn shown(program: &Program, database: &Database, commands: &[&str]) -> String {
    let said = program.session(commands).replace(&database.value("SHOW server_version"), "[version]");
    without_times(&said)
}

/// Without numbers, which are different each time, and without columns, whose widths go by them.
fn without_numbers(text: &str) -> String {
    let text = &without_times(text);
    let is_number = |word: &str| word.contains('.') && word.parse::<f64>().is_ok();
    let words = text.split_inclusive([' ', '\n', ',', '(']).map(|word| {
        let bare = word.trim_end_matches([' ', '\n', ',', '(']);
        if is_number(bare) { word.replace(bare, "[n]") } else { word.to_owned() }
    });
    let lines = words.collect::<String>();
    lines.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
}

#[test]
fn rehearse() {
    let database = Database::new();
    let program = Program::new(&[PEOPLE, &[BROKEN]].concat()).on(&database);
    program.out(&["run", "--target", "001"]);
    assert_snapshot!(shown(&program, &database, &["rehearse", "run --target 002 --quiet", "rehearse --format json"]));
    std::fs::remove_file(program.folder.join(BROKEN.0)).unwrap();
    assert_snapshot!(
        "rehearsed",
        shown(&program, &database, &["rehearse", "run --quiet", "rehearse", "rehearse --format json"])
    );
}

#[test]
fn seed() {
    assert_snapshot!(session(&[
        "seed",
        "seed --environment dev --dry-run",
        "seed --environment dev",
        "seed",
        "seed --environment test",
        "seed --seeds nowhere",
    ]));
    assert_snapshot!(
        "seed_as_json",
        session(&[
            "seed --format json",
            "seed --environment dev --dry-run --format json",
            "seed --environment dev --format json",
            "seed --format json",
        ])
    );
}

/// A database that has rows is marked, and then it is loaded.
#[test]
fn b3_marked() {
    let database = Database::new();
    let program = project(&database);
    database.query("INSERT INTO people VALUES ('Somebody')");
    assert_snapshot!(shown(
        &program,
        &database,
        &[
            "seed --environment dev",
            "seed --mark",
            "seed --environment dev --mark",
            "seed --environment dev --yes",
            "seed --environment dev --mark --yes --format json",
            "seed --environment dev --quiet",
            "seed --environment production --mark --yes",
            "seed --environment dev --mark --yes",
        ],
    ));
}

/// What the server says while files run, to people and to programs.
#[test]
fn b14_warnings_of_the_server() {
    let database = Database::new();
    let raise = |level: &str, text: &str| format!("DO $$ BEGIN RAISE {level} '{text}'; END $$;\n");
    let files = [
        (
            "migrations/001_a.up.sql",
            format!("CREATE TABLE IF NOT EXISTS people (name text);\n{}", raise("WARNING", "of the migration")),
        ),
        ("migrations/001_a.down.sql", format!("DROP TABLE people;\n{}", raise("WARNING", "of the down file"))),
        (
            "migrations/002_b.up.sql",
            format!("-- atlas:no-transaction\n{}{}", raise("NOTICE", "one by one"), raise("WARNING", "one by one")),
        ),
        ("migrations/002_b.down.sql", "SELECT 1;\n".to_owned()),
        ("seeds/people.sql", format!("INSERT INTO people VALUES ('Ada');\n{}", raise("WARNING", "of the seed"))),
    ];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let program = Program::new(&files).on(&database);
    assert_snapshot!(shown(
        &program,
        &database,
        &[
            "rehearse",
            "run",
            "seed --environment dev",
            "revert --all --yes",
            "run --verbose --no-progress",
            "revert --all --yes --format json",
            "run --format json",
            "seed --environment dev --format json",
        ],
    ));
    program.write("migrations/003_c.up.sql", &format!("{}SELECT 1 / 0;\n", raise("WARNING", "before it fails")));
    assert_snapshot!("b14_warnings_of_what_fails", shown(&program, &database, &["run", "run --format json"]));
}

#[test]
fn verify() {
    assert_snapshot!(session(&[
        "verify",
        "verify --format json",
        "seed --environment dev --quiet",
        "verify",
        "verify --checks no"
    ]));
}

#[test]
fn bench() {
    let database = Database::new();
    let program = project(&database);
    let said = program.run(&["bench", "--save", "before.json"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_snapshot!("bench", without_numbers(&said.out));
    assert!(program.read("before.json").contains("\"name\": \"people\""));
    std::fs::remove_file(program.folder.join("benchmarks/010_people.sql")).unwrap();
    let compared = program.out(&["bench", "--baseline", "before.json"]);
    assert_snapshot!("bench_and_baseline", without_numbers(&compared));
    let json = program.out(&["bench", "--baseline", "before.json", "--format", "json"]);
    assert_snapshot!("bench_as_json", without_numbers(&json));
    assert_snapshot!(
        "bench_without_files",
        program.session(&["bench --baseline nowhere", "bench --save no/where.json"])
    );
}

/// A file that is no baseline is told of before anything is measured, and before there is a connection.
#[test]
fn a_baseline_is_read_first() {
    let program = project(&Database::new());
    program.write("before.json", "{}");
    let nowhere = "bench --baseline before.json --database-url postgres://nobody@127.0.0.1:1/nothing";
    assert_snapshot!(program.session(&[nowhere]));
}

#[test]
fn usage() {
    let said = session(&["seed --environment dev --quiet", "usage", "usage --format json"]);
    // How large things are is the server's business.
    let is_digit = |c: char| c.is_ascii_digit();
    let lines =
        said.lines().map(|line| line.split(is_digit).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("#"));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn setup() {
    let database = Database::new();
    let program = Program::new(&[PEOPLE, DATA].concat()).on(&database);
    assert_snapshot!(shown(
        &program,
        &database,
        &["setup", "setup --environment dev", "setup --environment dev --format json"]
    ));
    assert_eq!(database.value("SELECT count(*) FROM people"), "2");
}

#[test]
fn clean() {
    let database = Database::new();
    let program = project(&database);
    program.out(&["seed", "--environment", "dev"]);
    assert_snapshot!(program.session(&[
        "clean",
        "clean --dry-run",
        "clean --keep nobody --yes",
        "clean --yes --restart-identity",
        "clean --yes --format json",
        "seed --quiet",
        "clean --dry-run --tables people --format json",
        "clean --confirm another",
    ]));
}

#[test]
fn reset() {
    let database = Database::new();
    let program = project(&database);
    assert_snapshot!(program.session(&["reset", "reset --dry-run", "reset --yes", "reset --yes --format json"]));
    assert_eq!(database.history().len(), 3);
}

/// Nothing goes from a database in production unless its name is given.
#[test]
fn production() {
    let database = Database::new();
    let name = database.value("SELECT current_database()");
    let program = project(&database);
    program.out(&["seed", "--environment", "dev"]);
    database.query("UPDATE schema_environment SET environment = 'production'");
    assert_snapshot!(program.session(&["clean --yes", "reset --yes", "drop --yes"]));
    assert_eq!(database.value("SELECT count(*) FROM people"), "2");
    program.out(&["clean", "--confirm", &name]);
    assert_eq!(database.value("SELECT count(*) FROM people"), "0");
    database.query("INSERT INTO people VALUES ('Dora')");
    program.out(&["reset", "--confirm", &name]);
    assert_eq!(database.value("SELECT count(*) FROM people"), "0");
}

/// What one would not type every day.
#[test]
fn settings() {
    let database = Database::new();
    let program = project(&database);
    program.write("data/dev/010_people.csv", "name\nEmil\n");
    program.write("atlas-migrate.toml", "seeds = \"data\"\nenvironment = \"dev\"\nchecks = \"checks\"\n");
    program.out(&["seed"]);
    assert_eq!(database.query("SELECT name FROM people"), ["Emil"]);
    program.write("people/ages.sql", "-- atlas:check no-rows\nSELECT FROM people WHERE age < 0;\n");
    program.write("atlas-migrate.toml", "checks = \"people\"\n");
    assert!(program.run(&["verify"]).out.contains("people/ages.sql"));
}

/// What leads on is typed as it is printed.
#[test]
fn b12_hints_are_followed_as_they_stand() {
    let database = Database::new();
    let program = Program::new(PEOPLE).on(&database);
    let refused = |arguments: &[&str], code: i32, words: &str| {
        let said = program.run(arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {said:?}");
        assert!(said.err.contains(words), "{arguments:?}: {words} is not said in\n{}", said.err);
    };
    refused(&["run", "--namespace", ""], 2, "the name of the namespace is empty");
    let nobody = database.url_as("nobody_at_all");
    refused(&["status", "--database-url", &nobody], 1, "create the role, or connect as another one");
    program.out(&["run"]);
    refused(&["run", "--target", "99"], 2, "no migration has the version 99");
    // Without a folder of checks it is about what holds for every database.
    let said = program.run(&["verify"]);
    assert!(said.out.contains("primary keys") && said.err.is_empty(), "{said:?}");

    let owner = format!("owner_{}", std::process::id());
    database.query(&format!("CREATE ROLE {owner}; ALTER TABLE schema_migrations OWNER TO {owner}"));
    refused(&["status"], 1, &format!("do it as that role, with `--role {owner}`;"));
    program.out(&["status", "--role", &owner]);
    database.query(&format!("ALTER TABLE schema_migrations OWNER TO postgres; DROP ROLE {owner}"));
}

/// Names of tables and schemas, in all that is said about them: no escape and no line of theirs reaches the terminal.
#[test]
fn d15_names_that_steer_a_terminal() {
    const NAME: &str = "\u{1b}[8mn\nerror: all is well";
    let database = Database::new();
    let name = format!("\"{NAME}\"");
    let program = project(&database);
    program.out(&["seed", "--environment", "dev"]);
    program.write("migrations/900_more.sql", &format!("ALTER TABLE {name}.t ADD m int;\n"));
    program.write(&format!("seeds/dev/{NAME}.t.csv"), "none\n1\n");
    database.query(&format!(
        "CREATE SCHEMA {name}; CREATE TABLE {name}.{name} (i int); CREATE INDEX ON {name}.{name} (i);
         INSERT INTO {name}.{name} VALUES (1); CREATE TABLE {name}.t (i int PRIMARY KEY)"
    ));
    let commands: &[&[&str]] = &[
        &["status"],
        &["rehearse"],
        &["seed"],
        &["usage"],
        &["verify"],
        &["clean", "--dry-run"],
        &["clean", "--yes", "--tables", "nothing"],
        &["reset", "--dry-run", "--schemas", NAME],
        &["run", "--schema", NAME],
        &["clean", "--yes"],
        &["reset", "--yes", "--schemas", NAME],
    ];
    for arguments in commands {
        let said = program.run(arguments);
        assert!(!said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'), "{arguments:?}: {said:?}");
        assert!(!said.out.lines().any(|line| line.starts_with("error: all is well")), "{arguments:?}: {said:?}");
    }
}
