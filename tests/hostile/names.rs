//! Whatever things are called, they are what they are called, and nothing else comes into being.

use atlas_migrate::clean::{Cleaner, Resetter};
use atlas_migrate::roles::Roles;
use atlas_migrate::seed::{Seeder, Seeds};
use atlas_migrate::{ErrorKind, Migrator, Revert};
use atlas_migrate_tests::{DRIVERS, Database, Driver, migrator};

const UP: &str = "CREATE TABLE a (id int);";
const DOWN: &str = "DROP TABLE a;";

fn set() -> Migrator {
    migrator(&[("1_a.sql", UP), ("1_a.down.sql", DOWN)])
}

fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Runs a set twice, looks at it, and takes it back; `tables` are all the tables that there are meanwhile.
#[track_caller]
fn check(driver: Driver, database: &Database, set: &Migrator, tables: &[&str]) {
    let mut connection = driver.connect(&database.url());
    let applied = connection.run(set).unwrap_or_else(|error| panic!("{driver:?}: {error}"));
    assert_eq!(applied.applied().count(), 1, "{driver:?}");
    assert_eq!(database.tables(), tables, "{driver:?}");
    assert!(connection.run(set).unwrap().is_empty(), "{driver:?}");
    assert_eq!(connection.status(set).unwrap().migrations().len(), 1, "{driver:?}");
    connection.check(set).unwrap();
    assert_eq!(connection.revert(set, Revert::All).unwrap().reverted().count(), 1, "{driver:?}");
    assert_eq!(connection.run(set).unwrap().applied().count(), 1, "{driver:?}");
    assert_eq!(database.tables(), tables, "{driver:?}");
}

/// The name of everything that can have one.
#[track_caller]
fn check_name(name: &str) {
    // Roles belong to the whole server, which other processes test on as well.
    let role = format!("{}{name}", std::process::id());
    let role = &role[..role.floor_char_boundary(63)];
    for driver in DRIVERS {
        let database = Database::new();
        database.query(&format!("CREATE ROLE {} SUPERUSER", ident(role)));
        let set = set().schema(name).table(name).namespace(name).role(role);
        let history = format!("{name}.{name}");
        let mut tables = [history.as_str(), "public.a"];
        tables.sort_unstable();
        check(driver, &database, &set, &tables);
        let rows = database.query(&format!("SELECT namespace FROM {0}.{0}", ident(name)));
        assert_eq!(rows, [name], "{driver:?}");
        assert_eq!(database.value("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'a'"), role);
        database.query(&format!("DROP OWNED BY {0} CASCADE; DROP ROLE {0}", ident(role)));
    }
}

#[test]
fn quotes() {
    check_name(r#"it's "quoted""#);
}

#[test]
fn injection_into_a_literal() {
    check_name("'; CREATE TABLE injected (); --");
}

#[test]
fn injection_into_an_identifier() {
    check_name("\"; CREATE TABLE injected (); --");
}

#[test]
fn injection_behind_a_backslash() {
    check_name(r"\'; CREATE TABLE injected (); --");
}

#[test]
fn dollar_quotes() {
    check_name("$$ $atlas$ $atlas_$ $1");
}

#[test]
fn format_strings_and_backslashes() {
    check_name(r"100%s %I %% \n C:\temp\");
}

#[test]
fn comments() {
    check_name("a--b /* c");
}

#[test]
fn spaces_and_line_ends() {
    check_name(" a \t b\r\nc ");
}

#[test]
fn other_alphabets() {
    check_name("Größe 漢字 🙂 e\u{301}");
}

#[test]
fn as_long_as_can_be() {
    check_name(&"n".repeat(63));
}

#[test]
fn as_long_as_can_be_in_three_bytes_each() {
    check_name(&"漢".repeat(21));
}

/// What PostgreSQL would cut is refused before anything is sent; a namespace is no name.
#[test]
fn too_long() {
    let database = Database::new();
    let before = database.snapshot();
    for name in ["n".repeat(64), "n".repeat(70), "漢".repeat(21) + "n", "漢".repeat(22), "é".repeat(32)] {
        for driver in DRIVERS {
            let mut connection = driver.connect(&database.url());
            let bytes = name.len();
            for (option, set) in
                [("schema", set().schema(&name)), ("table", set().table(&name)), ("role", set().role(&name))]
            {
                let expected = format!(
                    "the name of the {option} has {bytes} bytes, and PostgreSQL would cut it after 63\n  \
                     = hint: give a shorter name"
                );
                for result in
                    [connection.run(&set).map(drop), connection.status(&set).map(drop), connection.check(&set)]
                {
                    let error = result.expect_err("a name that is too long");
                    assert_eq!((error.kind(), error.to_string()), (ErrorKind::Usage, expected.clone()), "{driver:?}");
                }
            }
        }
    }
    assert_eq!(database.snapshot(), before);
    let namespace = "漢字 ' \\ ".repeat(1_000);
    check(Driver::Postgres, &database, &set().namespace(namespace), &["public.a", "public.schema_migrations"]);
}

/// Namespaces that a careless comparison would take for each other, or for all of them.
#[test]
fn namespaces_side_by_side() {
    let namespaces = ["a", "A", "a ", " a", "a'", "a''", r"a\", r"a\\", "a' OR '1'='1", "%", "_", "a\u{301}", "\u{e1}"];
    for driver in DRIVERS {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        for (index, namespace) in namespaces.iter().enumerate() {
            let table = format!("CREATE TABLE t_{index} (id int);");
            let drop = format!("DROP TABLE t_{index};");
            let set = migrator(&[("1_t.sql", table.as_str()), ("1_t.down.sql", &drop)]).namespace(*namespace);
            assert_eq!(connection.run(&set).unwrap().applied().count(), 1, "{driver:?} {namespace:?}");
            assert!(connection.run(&set).unwrap().is_empty(), "{driver:?} {namespace:?}");
            if index % 2 == 1 {
                connection.revert(&set, Revert::All).unwrap();
            }
        }
        let rows = database.query("SELECT namespace FROM schema_migrations ORDER BY applied_at");
        let expected: Vec<&str> = namespaces.iter().step_by(2).copied().collect();
        assert_eq!(rows, expected, "{driver:?}");
    }
}

/// Files, their names and what they say of themselves.
#[test]
fn files() {
    let name = r#"it's "$$" \ % ; -- 漢字 $atlas$"#;
    let up = format!("-- Migration: {name}\n-- Description: {name}\n-- atlas:require true | {name}\n-- {name}\n{UP}");
    let (up_path, down_path) = (format!("1_{name}.up.sql"), format!("1_{name}.down.sql"));
    let set = migrator(&[(up_path.as_str(), up.as_str()), (&down_path, DOWN)]);
    for driver in DRIVERS {
        let database = Database::new();
        check(driver, &database, &set, &["public.a", "public.schema_migrations"]);
        assert_eq!(database.value("SELECT name FROM schema_migrations"), name, "{driver:?}");
        let status = driver.connect(&database.url()).status(&set).unwrap();
        assert!(status.to_string().contains(name), "{driver:?}: {status}");
        let failing = format!("1_{name}.sql");
        let error = driver.connect(&database.url()).run(&migrator(&[(failing.as_str(), "SELECT 2")])).unwrap_err();
        assert!(error.is_drift() && error.to_string().contains(name), "{driver:?}: {error}");
    }
}

/// Reports of the library, which programs print as they are.
#[test]
fn d15_reports_steer_no_terminal() {
    let name = "a\u{1b}[2Jb\nc\u{9b}d";
    let database = Database::new();
    let mut connection = Driver::Postgres.connect(&database.url());
    let path = format!("1_{}.sql", name.replace('\n', ""));
    let set =
        migrator(&[(path.as_str(), &format!("CREATE TABLE {0} (id int); INSERT INTO {0} VALUES (1);", ident(name)))]);
    let run = connection.run(&set).unwrap().to_string();
    let status = connection.status(&set).unwrap().to_string();
    let schema = Seeds::from_files("seeds", [(format!("{}.sql", name.replace('\n', "")), "SELECT 1;")]).unwrap();
    let seeds = connection.seed(&Seeder::new(schema, "dev")).unwrap().to_string();
    let owner = format!("d15_{}", std::process::id());
    let roles = connection.plan_roles(&Roles::owned_by(owner)).unwrap().to_string();
    for text in [run, status, seeds, roles] {
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        assert!(text.contains(r"a\u{1b}[2Jb"), "{text}");
    }
    let clean = connection.plan_clean(&Cleaner::new()).unwrap().to_string();
    let reset = connection.plan_reset(&Resetter::new(set.clone())).unwrap().to_string();
    let usage = connection.usage().unwrap().to_string();
    let snapshot = connection.snapshot(&set).unwrap().to_string();
    for text in [clean, reset, usage, snapshot] {
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        assert!(text.contains(r"a\u{1b}[2Jb\nc\u{9b}d"), "{text}");
    }
}

/// A line feed in a name ends no line of an error.
#[test]
fn d15_errors_keep_their_lines() {
    let name = "a\nb";
    let database = Database::new();
    database.query(&format!(
        "CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE {0} (id int REFERENCES users);
         INSERT INTO users VALUES (1); INSERT INTO {0} VALUES (1)",
        ident(name)
    ));
    let mut connection = Driver::Postgres.connect(&database.url());
    let file = format!("{name}.csv");
    let mut seed = |text: &str| {
        let seeds = Seeds::from_files("seeds", [(file.as_str(), text)]).unwrap();
        connection.seed(&Seeder::new(seeds, "dev")).unwrap_err().to_string()
    };
    let mut errors = vec![seed("id\n1\n"), seed("none\n1\n")];
    let database_name = database.value("SELECT current_database()");
    let cleaner = Cleaner::new().confirm(database_name);
    errors.push(connection.clean(&cleaner.clone().keep([name])).unwrap_err().to_string());
    errors.push(connection.clean(&cleaner.tables(["a\nbc"])).unwrap_err().to_string());
    for error in errors {
        assert!(error.contains("a\\nb") && !error.contains(name), "{error}");
    }
}

/// A repeatable migration is known by its name.
#[test]
fn repeatable_files() {
    let name = r"it's \ '; DELETE FROM schema_migrations; --";
    let path = format!("R__{name}.sql");
    let set = migrator(&[("1_a.sql", UP), (path.as_str(), "SELECT 1")]);
    for driver in DRIVERS {
        let database = Database::new();
        let mut connection = driver.connect(&database.url());
        assert_eq!(connection.run(&set).unwrap().applied().count(), 2, "{driver:?}");
        assert!(connection.run(&set).unwrap().is_empty(), "{driver:?}");
        let again = migrator(&[("1_a.sql", UP), (path.as_str(), "SELECT 2")]);
        assert_eq!(connection.run(&again).unwrap().applied().count(), 1, "{driver:?}");
        assert_eq!(
            database.query("SELECT version FROM schema_migrations ORDER BY version"),
            ["1".to_owned(), format!("R__{name}")]
        );
    }
}
